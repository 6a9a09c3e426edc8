/**
 * How fast a database of a million datoms is made: of an export, and by transactions of ten thousand entities through a writer, into memory and
 * into PostgreSQL. What it is compared with is the least that has to be done: sorting the same datoms into three orders.
 */
import { randomBytes } from 'node:crypto';
import type { Datom, EdnMap, StoreHost } from '../../engine/index.ts';
import {
  NodeCache,
  createMemoryStoreHost,
  datoms,
  openPostgresStoreHost,
} from '../../engine/index.ts';
import { INDEX_ORDERS } from '../../engine/datom/index-order.ts';
import { compareDatoms } from '../../engine/datom/compare-datoms.ts';
import type { Connection } from '../../services/index.ts';
import {
  connect,
  createDatabase,
  createLog,
  createMemoryBus,
  exportDatabase,
  importDatabase,
  startWriter,
} from '../../services/index.ts';
import { createServers } from '../support/servers.ts';
import type { Result } from './harness.ts';
import { compareRates } from './harness.ts';
import { PEOPLE_SCHEMA, people, personForm } from './people.ts';

/** Of five attributes each, all of them indexed. */
const PEOPLE = 200_000;
const PER_TRANSACTION = 10_000;
const ROUNDS = 3;
const CACHE_BYTES = 256 * 2 ** 20;

const log = createLog({ level: 'silent' });
const bus = createMemoryBus();

export async function importsBench(): Promise<Result[]> {
  const servers = createServers();
  const forms = people(PEOPLE).map(personForm);
  const memory = createMemoryStoreHost();
  const schema = `bench_${randomBytes(6).toString('hex')}`;
  const postgres = await openPostgresStoreHost({ url: await servers.postgresUrl(), schema });
  try {
    const origin = await written(memory, 'origin', forms);
    const db = origin.db();
    const chunks: Uint8Array[] = [];
    for await (const chunk of exportDatabase(db, { format: 'cbor' })) chunks.push(chunk);
    const all: Datom[] = [];
    for await (const datom of datoms(db, 'eavt')) all.push(datom);
    await origin.release();
    const compared = (name: string, ours: () => Promise<unknown>): Promise<Result> =>
      compareRates({
        name,
        peer: 'sorting the datoms into three orders',
        unit: 'datoms/s',
        rounds: ROUNDS,
        ours: async () => {
          await ours();
          return all.length;
        },
        theirs: async () => {
          for (const order of INDEX_ORDERS) [...all].sort(compareDatoms[order]);
          return Promise.resolve(all.length);
        },
      });
    const results: Result[] = [];
    for (const [where, host] of [
      ['memory', memory],
      ['PostgreSQL', postgres],
    ] as const) {
      const name = 'copy';
      results.push(
        await compared(`import of an export into ${where}`, async () => {
          await importDatabase(host, name, source(chunks));
          await host.delete(name);
        }),
        await compared(`transactions of ${PER_TRANSACTION} entities into ${where}`, async () => {
          await (await written(host, name, forms)).release();
          await host.delete(name);
        }),
      );
    }
    return results;
  } finally {
    await postgres.close();
    await servers.stop();
  }
}

/** Through the writer, until all is in the base trees. */
async function written(
  host: StoreHost,
  name: string,
  forms: ReadonlyArray<EdnMap>,
): Promise<Connection> {
  await createDatabase(host, name);
  const store = await host.open(name);
  const nodeCache = new NodeCache(CACHE_BYTES);
  const connection = await connect({ store, bus, nodeCache, pollIntervalMs: 60_000, log });
  const writer = await startWriter({ connection, bus, log });
  await writer.transact({ txData: PEOPLE_SCHEMA });
  const sent: Promise<unknown>[] = [];
  for (let at = 0; at < forms.length; at += PER_TRANSACTION)
    sent.push(writer.transact({ txData: forms.slice(at, at + PER_TRANSACTION) }));
  await Promise.all(sent);
  await writer.stop();
  return connection;
}

async function* source(chunks: ReadonlyArray<Uint8Array>): AsyncIterable<Uint8Array> {
  yield* chunks;
}
