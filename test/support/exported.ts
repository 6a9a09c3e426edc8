/** Exports as bytes, and databases that were imported from them. */
import type { Db, StoreHost } from '../../engine/index.ts';
import { NodeCache, createMemoryStoreHost } from '../../engine/index.ts';
import type { ByteSource, Connection, ExportFormat, ImportOptions } from '../../services/index.ts';
import {
  connect,
  createLog,
  createMemoryBus,
  exportDatabase,
  importDatabase,
} from '../../services/index.ts';

export const FORMATS: ReadonlyArray<ExportFormat> = ['edn', 'cbor'];

export async function exported(db: Db, format: ExportFormat = 'edn'): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of exportDatabase(db, { format })) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A database as a process has it that opens it now. */
export async function connected(host: StoreHost, name: string): Promise<Connection> {
  return connect({
    store: await host.open(name),
    bus: createMemoryBus(),
    nodeCache: new NodeCache(0),
    pollIntervalMs: 60_000,
    log: createLog({ level: 'silent' }),
  });
}

/** What it holds. */
export async function opened(host: StoreHost, name: string): Promise<Db> {
  const connection = await connected(host, name);
  const db = connection.db();
  await connection.release();
  return db;
}

/** A new database in memory. */
export async function imported(source: ByteSource, options: ImportOptions = {}): Promise<Db> {
  const host = createMemoryStoreHost();
  await importDatabase(host, 'copy', source, options);
  return opened(host, 'copy');
}
