/** Databases for benches of processes: written by a writer, and all in their indices when the processes start. */
import { setTimeout as wait } from 'node:timers/promises';
import type { EdnData } from '../../engine/index.ts';
import { NodeCache, openPostgresStoreHost } from '../../engine/index.ts';
import {
  connect,
  createDatabase,
  createLog,
  createMemoryBus,
  startWriter,
} from '../../services/index.ts';

const CACHE_BYTES = 256 * 2 ** 20;
const FOLD_QUIET_MS = 20;
const POLL_MS = 10;

/** Where a database is made, in a new schema of PostgreSQL. */
export interface Place {
  readonly url: string;
  readonly schema: string;
  readonly name: string;
}

/** Makes a database of some transactions; resolves when all of it is in its indices. Gives the number of datoms. */
export async function writeTransactions(
  { url, schema, name }: Place,
  transactions: Iterable<ReadonlyArray<EdnData>>,
): Promise<number> {
  const host = await openPostgresStoreHost({ url, schema });
  await createDatabase(host, name);
  const store = await host.open(name);
  const [log, bus] = [createLog({ level: 'error' }), createMemoryBus()];
  const nodeCache = new NodeCache(CACHE_BYTES);
  const connection = await connect({ store, bus, nodeCache, pollIntervalMs: 60_000, log });
  const writer = await startWriter({ connection, bus, log, foldQuietMs: FOLD_QUIET_MS });
  let datoms = 0;
  try {
    for (const txData of transactions) datoms += (await writer.transact({ txData })).datomCount;
    while (connection.db().novelty.size > 0) await wait(POLL_MS);
  } finally {
    await writer.stop();
    await connection.release();
    await host.close();
  }
  return datoms;
}
