/** The world in a PostgreSQL, imported as `npm start` does, with one country renamed since. */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { NodeCache, kw, openPostgresStoreHost } from '../../../engine/index.ts';
import { importWorld } from '../../../examples/world/import-world.ts';
import type { Connection } from '../../../services/index.ts';
import {
  connect,
  createDatabase,
  createLocalReader,
  createLog,
  createMemoryBus,
  startWriter,
} from '../../../services/index.ts';
import type { CountingStore } from '../../support/counting-store.ts';
import { countReads } from '../../support/counting-store.ts';

/** That of `npm start`. */
const CACHE_BYTES = 256 * 2 ** 20;

const log = createLog({ level: 'silent' });
const bus = createMemoryBus();

export interface StoredWorld {
  readonly store: CountingStore;
  readonly serverVersion: string;
  readonly datomCount: number;
  readonly importMs: number;
  /** The last transaction before the country was renamed. */
  readonly importedTx: number;
  /** As a process that was just started: with no node in memory. */
  connectCold(): Promise<Connection>;
  /** Removes all of it. */
  drop(): Promise<void>;
}

export async function storeWorld(url: string): Promise<StoredWorld> {
  const schema = `bench_${randomBytes(6).toString('hex')}`;
  const host = await openPostgresStoreHost({ url, schema });
  await createDatabase(host, 'world');
  const store = countReads(await host.open('world'));
  const connectCold = (): Promise<Connection> =>
    connect({ store, bus, nodeCache: new NodeCache(CACHE_BYTES), pollIntervalMs: 60_000, log });
  const connection = await connectCold();
  const writer = await startWriter({ connection, bus, log, leaseTtlMs: 10_000, address: null });
  const startedAt = performance.now();
  const datomCount = await importWorld({ reader: createLocalReader(connection), writer });
  const importMs = performance.now() - startedAt;
  const importedTx = connection.db().maxTx;
  const renaming = [
    [kw('country/cca2'), 'SZ'],
    [kw('country/name'), 'Swaziland'],
  ] as const;
  await writer.transact({ txData: [new Map(renaming)] });
  await writer.stop();
  await connection.release();
  const client = new Client({ connectionString: url });
  // The server may end before it has taken note that we did.
  client.on('error', () => undefined);
  await client.connect();
  const { rows } = await client.query<{ readonly server_version: string }>('SHOW server_version');
  return {
    store,
    serverVersion: rows[0]?.server_version ?? 'unknown',
    datomCount,
    importMs,
    importedTx,
    connectCold,
    async drop() {
      await client.query(`DROP SCHEMA ${schema} CASCADE`);
      await client.end();
      await host.close();
    },
  };
}
