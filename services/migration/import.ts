/**
 * A stream of an export as a new database. What is loaded is stored as it comes, and no root names it: the one commit at the end makes the
 * database, so until then there is none for anybody.
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { ExportHeader, Store, StoreHost, StoredNodes } from '../../engine/index.ts';
import {
  BulkLoad,
  DatabaseError,
  MAIN_BRANCH,
  NodeCache,
  badExport,
  rowOfItem,
  run,
} from '../../engine/index.ts';
import type { Log } from '../shared/log.ts';
import { createLog } from '../shared/log.ts';
import { collectNodes } from '../maintenance/collect.ts';
import type { LeaseKeeper } from '../writer/lease-keeper.ts';
import { takeLease } from '../writer/lease-keeper.ts';
import type { Progress } from './export.ts';
import type { ByteSource, RowBatch } from './export-reader.ts';
import { readExport } from './export-reader.ts';

export interface ImportOptions {
  /** Called after each batch. */
  readonly onProgress?: (progress: Progress) => void;
  /** Rows that are folded into the indices together; 300,000 by default, which take some 200 MB. */
  readonly batchRows?: number;
  /** Nothing is logged by default. */
  readonly log?: Log;
}

export interface Imported {
  readonly datoms: number;
  readonly maxTx: number;
}

const BATCH_ROWS = 300_000;

/** Long enough for a machine that is busy with the import itself. */
const LEASE_TTL_MS = 30_000;

/**
 * Makes the database that was exported: entity and transaction ids, times and history are those of the source, and its export is the same
 * again, byte for byte. Where it fails there is no database; what a process left behind that was killed meanwhile is taken over by the next
 * import of the same name.
 *
 * @throws DATABASE_EXISTS, BAD_EXPORT, BRANCH_LOCKED where another import of the name goes on
 */
export async function importDatabase(
  host: StoreHost,
  name: string,
  source: ByteSource,
  options: ImportOptions = {},
): Promise<Imported> {
  const { header, batches } = await readExport(source);
  const store = await createOrTakeOver(host, name);
  try {
    const { log = createLog({ level: 'silent' }) } = options;
    const nodes = new NodeCache(0).open(store);
    const owner = `import:${hostname()}:${process.pid}:${randomUUID()}`;
    const lease = await takeLease({
      store,
      branch: MAIN_BRANCH,
      owner,
      address: null,
      ttlMs: LEASE_TTL_MS,
      log,
    });
    try {
      await requireEmpty(store, name);
      const load = await loadAll(store, nodes, lease, header, batches, options).catch(
        async (error: unknown) => {
          // While the lease is held nobody else can have made the database.
          if (await lease.ensureHeld()) await host.delete(name);
          throw error;
        },
      );
      await commit(store, name, lease, load);
      // The database is there, whatever becomes of what was written for a batch and again for a later one.
      await collectNodes(store).catch((error: unknown) =>
        log.error({ event: 'an import left nodes behind', error }),
      );
    } finally {
      await lease.release().catch(() => undefined);
    }
  } finally {
    await store.close();
  }
  return { datoms: header.datomCount, maxTx: header.maxTx };
}

/** A database that was made, but never committed to, is what an import leaves that did not end. */
async function createOrTakeOver(host: StoreHost, name: string): Promise<Store> {
  try {
    return await host.create(name);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'DATABASE_EXISTS') throw error;
    const store = await host.open(name);
    await requireEmpty(store, name).catch(async (reason: unknown) => {
      await store.close();
      throw reason;
    });
    return store;
  }
}

async function requireEmpty(store: Store, name: string): Promise<void> {
  if ((await store.readVersion(MAIN_BRANCH)) > 0)
    throw new DatabaseError(
      'DATABASE_EXISTS',
      `Expected a new database to import into, got ${name}, which exists: choose another name, or delete it first`,
      { data: { database: name } },
    );
}

async function loadAll(
  store: Store,
  nodes: StoredNodes,
  lease: LeaseKeeper,
  header: ExportHeader,
  batches: AsyncIterable<RowBatch>,
  { onProgress, batchRows = BATCH_ROWS }: ImportOptions,
): Promise<BulkLoad> {
  // Each lease has addresses of its own, so what an earlier import left is never met.
  let nextAddress = lease.epoch * 2 ** 32;
  const load = new BulkLoad({
    header,
    nodes,
    newAddress: () => nextAddress++,
    write: (nodes) => store.write(nodes),
  });
  const { datomCount: ofDatoms } = header;
  let datoms = 0;
  for await (const { at, rows } of batches) {
    for (const [i, item] of rows.entries()) load.add(rowOfItem(item, header, at + i), at + i);
    datoms += rows.length;
    if (load.pending >= batchRows) await run(load.fold());
    onProgress?.({ datoms, ofDatoms });
  }
  await run(load.fold());
  for (const [count, what] of [
    [datoms, 'rows'],
    [load.datomCount, 'different rows'],
  ] as const)
    if (count !== ofDatoms)
      throw badExport(`Expected ${ofDatoms} ${what}, as the header says, got ${count}`, datoms + 2);
  return load;
}

async function commit(
  store: Store,
  name: string,
  lease: LeaseKeeper,
  load: BulkLoad,
): Promise<void> {
  const isCommitted =
    (await lease.ensureHeld()) &&
    (await store.commit({
      branch: MAIN_BRANCH,
      expectedVersion: 0,
      epoch: lease.epoch,
      ...load.commit(randomUUID()),
    }));
  if (!isCommitted)
    throw new DatabaseError(
      'WRITER_DEPOSED',
      `Another process took over database ${name} during the import; nothing was imported. Import it again`,
    );
}
