/** A database in memory with its writer, for tests of what happens around them. */
import type { DatabaseConfig, Store, StoreHost } from '../../engine/index.ts';
import { NodeCache, createMemoryStoreHost, databaseConfig, toTxData } from '../../engine/index.ts';
import type { TxInput } from '../../engine/index.ts';
import type { Bus, Connection, LocalWriter, TransactResult } from '../../services/index.ts';
import {
  connect,
  createDatabase,
  createLog,
  createMemoryBus,
  startWriter,
} from '../../services/index.ts';

export const log = createLog({ level: 'silent' });

export const PERSON_SCHEMA = `[
  {:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :person/age :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`;

export interface WrittenDatabase {
  readonly host: StoreHost;
  readonly store: Store;
  readonly bus: Bus;
  readonly connection: Connection;
  readonly writer: LocalWriter;
  transact(txData: TxInput): Promise<TransactResult>;
  /** Another reader of the same database, as another process would have. */
  reader(options?: { readonly bus?: Bus; readonly pollIntervalMs?: number }): Promise<Connection>;
  close(): Promise<void>;
}

export interface WrittenDatabaseOptions {
  readonly foldThreshold?: number;
  readonly foldQuietMs?: number;
  /** What stands between the writer and the store. */
  readonly wrap?: (store: Store) => Store;
  /** Where the database is made; in memory by default. The caller closes it. */
  readonly host?: StoreHost;
  /** `test` by default. */
  readonly name?: string;
  readonly config?: Partial<DatabaseConfig>;
}

export async function writtenDatabase(
  options: WrittenDatabaseOptions = {},
): Promise<WrittenDatabase> {
  const { foldThreshold, foldQuietMs, wrap = (store) => store, name = 'test' } = options;
  const host = options.host ?? createMemoryStoreHost();
  await createDatabase(host, name, databaseConfig(options.config ?? {}));
  const store = await host.open(name);
  const bus = createMemoryBus();
  const open = (of: Store, over: Bus, pollIntervalMs: number): Promise<Connection> =>
    connect({ store: of, bus: over, nodeCache: new NodeCache(0), pollIntervalMs, log });
  const connection = await open(wrap(store), bus, 60_000);
  const writer = await startWriter({
    connection,
    bus,
    log,
    leaseTtlMs: 60_000,
    address: null,
    ...(foldThreshold === undefined ? {} : { foldThreshold }),
    ...(foldQuietMs === undefined ? {} : { foldQuietMs }),
  });
  const readers: Connection[] = [];
  return {
    host,
    store,
    bus,
    connection,
    writer,
    transact: (txData) => writer.transact({ txData: toTxData(txData) }),
    async reader(over = {}) {
      const reader = await open(store, over.bus ?? bus, over.pollIntervalMs ?? 60_000);
      readers.push(reader);
      return reader;
    },
    async close() {
      await writer.stop();
      for (const each of [...readers, connection]) await each.release();
      if (options.host === undefined) await host.close();
    },
  };
}
