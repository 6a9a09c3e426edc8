/**
 * The request of the README over the whole world: "the ten most populous cities of the neighbours of a country, with their languages",
 * through the gateway, with no node in memory and with all of them, and what it reads from the store.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import supertest from 'supertest';
import { NodeCache, openFileStoreHost } from '../../engine/index.ts';
import type { Store } from '../../engine/index.ts';
import { importWorld } from '../../examples/world/import-world.ts';
import { createApp } from '../../gateway/index.ts';
import { alwaysOpen } from '../support/served.ts';
import {
  connect,
  createDatabase,
  createLocalReader,
  createLog,
  createMemoryBus,
  startWriter,
} from '../../services/index.ts';
import type { Connection } from '../../services/index.ts';
import { countReads } from '../support/counting-store.ts';
import type { Result } from './harness.ts';

const QUERY = `{ cityConnection(first: 10, orderBy: [{population: DESC}],
  where: {country: {borders: {some: {cca2: {eq: "FR"}}}}}) {
    nodes { name population country { name languages { name } } } } }`;

const ROUNDS = 7;
const log = createLog({ level: 'silent' });
const bus = createMemoryBus();

export async function worldBench(): Promise<Result[]> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-world-'));
  const host = await openFileStoreHost(folder);
  try {
    await createDatabase(host, 'world');
    const store = countReads(await host.open('world'));
    const importing = await importAll(store);
    const runs: Array<{ readonly cold: number; readonly warm: number }> = [];
    let reads = '';
    for (let round = 0; round < ROUNDS; round++) {
      const connection = await open(store);
      const ask = await gatewayOf(connection);
      store.reset();
      const cold = await ask();
      reads = `cold ${store.roundTrips} store reads of ${store.nodesRead} nodes together`;
      store.reset();
      const warm = await ask();
      reads += `, warm ${store.roundTrips}`;
      runs.push({ cold, warm });
      await connection.release();
    }
    const [cold, warm] = [median(runs.map((run) => run.cold)), median(runs.map((run) => run.warm))];
    const name = `ten cities of the neighbours through GraphQL, cold (${reads})`;
    return [
      importing,
      { name, ours: cold, peer: 'the same, warm', theirs: warm, ratio: warm / cold, unit: 'ms' },
    ];
  } finally {
    await host.close();
    await rm(folder, { recursive: true });
  }
}

function open(store: Store): Promise<Connection> {
  return connect({
    store,
    bus,
    nodeCache: new NodeCache(256 * 2 ** 20),
    pollIntervalMs: 60_000,
    log,
  });
}

/** Through the writer, as `npm start` does; the longest time that nothing else could run is measured beside it. */
async function importAll(store: Store): Promise<Result> {
  const connection = await open(store);
  const writer = await startWriter({ connection, bus, log, leaseTtlMs: 10_000, address: null });
  const startedAt = performance.now();
  const datoms = await importWorld({ reader: createLocalReader(connection), writer });
  const rate = datoms / ((performance.now() - startedAt) / 1_000);
  await writer.stop();
  await connection.release();
  const name = `import of the world through the writer into files (${datoms} datoms)`;
  return {
    name,
    ours: rate,
    peer: 'the goal of 1 million in 60 s',
    theirs: 1e6 / 60,
    ratio: rate / (1e6 / 60),
    unit: 'datoms/s',
  };
}

async function gatewayOf(connection: Connection): Promise<() => Promise<number>> {
  const reader = createLocalReader(connection);
  const writer = { transact: () => Promise.reject(new Error('Nothing is written here')) };
  const { app } = createApp({
    databases: alwaysOpen(new Map([['world', { reader, writer }]])),
    defaultDatabase: 'world',
    development: false,
    log,
  });
  return async () => {
    const startedAt = performance.now();
    const { body } = await supertest(app).post('/graphql').send({ query: QUERY });
    if (body.data?.cityConnection.nodes.length !== 10) throw new Error(JSON.stringify(body));
    return performance.now() - startedAt;
  };
}

function median(values: ReadonlyArray<number>): number {
  return [...values].sort((a, b) => a - b)[values.length >>> 1] ?? NaN;
}
