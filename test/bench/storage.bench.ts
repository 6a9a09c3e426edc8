/**
 * What reading from PostgreSQL costs where a node is not in memory, against a bare client that selects rows of the same size: a point read of
 * which no node is there, and a thousand at random among a million datoms, after which the upper nodes are.
 */
import { randomBytes } from 'node:crypto';
import { Client, Pool } from 'pg';
import { NodeCache, kw, openPostgresStoreHost, pull, q } from '../../engine/index.ts';
import type { Db, EdnMap, Store } from '../../engine/index.ts';
import {
  createMemoryBus,
  connect,
  createDatabase,
  createLog,
  startWriter,
} from '../../services/index.ts';
import { countReads } from '../support/counting-store.ts';
import { createServers } from '../support/servers.ts';
import type { Result } from './harness.ts';
import { compareRates, compareTimes, median } from './harness.ts';
import { Items, itemsHost } from './items.ts';
import { PEOPLE_SCHEMA, people, personForm } from './people.ts';

const COUNT = 20_000;
const NODE_BYTES = 4_000;
const CACHE_BYTES = 64 * 1024 * 1024;

export async function storageBench(): Promise<Result[]> {
  const servers = createServers();
  try {
    const url = await servers.postgresUrl();
    return [...(await people20k(url)), ...(await randomReads(url))];
  } finally {
    await servers.stop();
  }
}

/** What Datahike 0.8 took for the same on a JVM and a PostgreSQL of this machine. */
const DATAHIKE_CONNECT_MS = 61;
const DATAHIKE_FIRST_JOIN_MS = 328;
const OPENINGS = 15;

async function people20k(url: string): Promise<Result[]> {
  const schema = `bench_${randomBytes(6).toString('hex')}`;
  const host = await openPostgresStoreHost({ url, schema });
  const pool = new Pool({ connectionString: url, max: 1 });
  // The server may end before it has taken note that we did.
  pool.on('error', () => undefined);
  try {
    await createDatabase(host, 'people');
    const store = await host.open('people');
    const { db, release } = await importPeople(store);
    await pool.query(`CREATE TABLE ${schema}.bare (id int8 PRIMARY KEY, bytes bytea)`);
    await pool.query(
      `INSERT INTO ${schema}.bare SELECT i, decode(repeat('ab', ${NODE_BYTES}), 'hex') FROM generate_series(1, 1000) i`,
    );
    let next = 0;
    const result = await compareTimes({
      name: 'cold point read from PostgreSQL (tree of two levels)',
      peer: `pg, one row of ${NODE_BYTES} bytes by primary key`,
      ours: async () => {
        const nodes = new NodeCache(CACHE_BYTES).open(store);
        const cold: Db = { ...db, base: { ...db.base, source: nodes } };
        await pull(cold, PATTERN, db.maxEid - (next++ % COUNT));
      },
      theirs: () =>
        pool.query({
          name: 'bare',
          text: `SELECT bytes FROM ${schema}.bare WHERE id = $1`,
          values: [1 + (next++ % 1_000)],
        }),
    });
    await release();
    return [result, ...(await openings(store))];
  } finally {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
    await host.close();
  }
}

/** Of four attributes each: a million datoms. */
const ITEMS = 250_000;
const NOTE_BYTES = 45;
const READS = 1_000;
const WARM_UPS = 10;

async function randomReads(url: string): Promise<Result[]> {
  const { host, schema } = await itemsHost(url);
  const items = await Items.open({ host, foldThreshold: 1 });
  // Texts that are all different, so that the leaves are many.
  await items.load(ITEMS, () => randomBytes(NOTE_BYTES).toString('base64'));
  await items.folded();
  const store = countReads(await host.open('items'));
  const db = items.connection.db();
  const height = db.base.roots.current.eavt.level + 1;
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  // The same bytes, by one number.
  await client.query(
    `CREATE TABLE ${schema}.bare (id int8 PRIMARY KEY, bytes bytea) WITH (toast_tuple_target = 8160);
     ALTER TABLE ${schema}.bare ALTER COLUMN bytes SET STORAGE EXTERNAL;
     INSERT INTO ${schema}.bare SELECT row_number() OVER (), bytes FROM ${schema}.nodes
       WHERE length(bytes) > 6000`,
  );
  const { rows } = await client.query<{ readonly count: string }>(
    `SELECT count(*) FROM ${schema}.bare`,
  );
  const leaves = Number(rows[0]?.count);
  const anyOf = (most: number): number => 1 + Math.floor(Math.random() * most);
  let roundTrips = 0;
  const ours = async (): Promise<number> => {
    const nodes = new NodeCache(CACHE_BYTES).open(store);
    const cold: Db = { ...db, base: { ...db.base, source: nodes } };
    store.reset();
    for (let i = 0; i < READS; i++) {
      const item = await pull(cold, ITEM_PATTERN, db.maxEid - anyOf(ITEMS - 1));
      if (item === null) throw new Error('Expected an item');
    }
    roundTrips = store.roundTrips / READS;
    return READS;
  };
  const theirs = async (): Promise<number> => {
    for (let i = 0; i < READS; i++)
      await client.query({
        name: 'bare',
        text: `SELECT bytes FROM ${schema}.bare WHERE id = $1`,
        values: [anyOf(leaves)],
      });
    return READS;
  };
  // Nodes are cold, code is not.
  for (let round = 0; round < WARM_UPS; round++) await ours().then(theirs);
  const result = await compareRates({
    name: 'cold point reads at random among a million datoms',
    peer: 'pg, rows of the same size by primary key',
    unit: '/s',
    ours,
    theirs,
  });
  await items.close();
  await client.end();
  await host.close();
  return [
    result,
    {
      name: 'round trips of such a read',
      ours: roundTrips,
      peer: 'the height of the tree',
      theirs: height,
      ratio: height / roundTrips,
      unit: 'times',
    },
  ];
}

/** Opening the database, and the first question: a join of which no node is in memory. */
async function openings(store: Store): Promise<Result[]> {
  const log = createLog({ level: 'error' });
  const times: { readonly open: number[]; readonly join: number[] } = { open: [], join: [] };
  for (let i = 0; i < OPENINGS; i++) {
    const startedAt = performance.now();
    const connection = await connect({
      store,
      bus: createMemoryBus(),
      nodeCache: new NodeCache(CACHE_BYTES),
      pollIntervalMs: 60_000,
      log,
    });
    const openedAt = performance.now();
    const rows = (await q(JOIN, connection.db())) as unknown[];
    times.open.push(openedAt - startedAt);
    times.join.push(performance.now() - openedAt);
    if (rows.length < COUNT / 10) throw new Error(`Expected one in eight, got ${rows.length}`);
    await connection.release();
  }
  const result = (name: string, ours: number, theirs: number): Result => ({
    name,
    ours,
    peer: 'Datahike on the JVM, measured before',
    theirs,
    ratio: theirs / ours,
    unit: 'ms',
  });
  return [
    result('opening a database of 20,000 people', median(times.open), DATAHIKE_CONNECT_MS),
    result('its first join, cold', median(times.join), DATAHIKE_FIRST_JOIN_MS),
  ];
}

const JOIN = '[:find ?e ?age :where [?e :name "Ivan"] [?e :age ?age]]';

const ITEM_PATTERN = ['item/name', 'item/note'].map(kw);
const PATTERN = ['name', 'age'].map(kw);

/** Writes people until all of them are in the base trees. */
async function importPeople(
  store: Awaited<ReturnType<Awaited<ReturnType<typeof openPostgresStoreHost>>['open']>>,
): Promise<{ readonly db: Db; readonly release: () => Promise<void> }> {
  const log = createLog({ level: 'error' });
  const bus = createMemoryBus();
  const nodeCache = new NodeCache(CACHE_BYTES);
  const connection = await connect({ store, bus, nodeCache, pollIntervalMs: 60_000, log });
  const writer = await startWriter({
    connection,
    bus,
    log,
    leaseTtlMs: 10_000,
    address: null,
    foldThreshold: 1,
  });
  const write = (txData: ReadonlyArray<EdnMap>): Promise<unknown> => writer.transact({ txData });
  await write(PEOPLE_SCHEMA);
  await write(people(COUNT).map(personForm));
  while (connection.db().novelty.size > 0) await new Promise((resolve) => setImmediate(resolve));
  const release = async (): Promise<void> => {
    await writer.stop();
    await connection.release();
  };
  return { db: connection.db(), release };
}
