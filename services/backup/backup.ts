/**
 * A database as of a transaction as a stream of its blocks, taken while it is written and read: the nodes that a root leads to, as they are
 * stored, and the log up to the transaction.
 */
import { randomUUID } from 'node:crypto';
import type { Db, KnownNode, RootWithLog, Store } from '../../engine/index.ts';
import {
  AddressSet,
  DatabaseError,
  TX0,
  auditNode,
  decodeRecord,
  encodeRecord,
  giveWay,
  q,
  readNamed,
  restoreHead,
  rootNodes,
} from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import { branchAt, deleteBranch } from '../versions/branches.ts';
import type { Entry } from './backup-format.ts';
import { BACKUP_VERSION, BackupWriter, encodeEntries } from './backup-format.ts';

/** How far a backup or a restore came. */
export interface BackupProgress {
  readonly nodes: number;
  readonly segments: number;
  readonly bytes: number;
}

export interface BackupOptions {
  /** A transaction, or a time; the newest transaction by default. */
  readonly at?: number | Date | undefined;
  /** Called after each block. */
  readonly onProgress?: (progress: BackupProgress) => void;
}

/** What a backup says of itself, as JSON. */
export interface Manifest {
  readonly version: number;
  /** The id of the database that it was taken of. */
  readonly source: string;
  readonly branch: string;
  readonly tx: number;
  readonly indexedTx: number;
  readonly takenAt: string;
  /** The record of the root, in base64. */
  readonly record: string;
}

const BLOCK_BYTES = 1024 * 1024;
const NODES_PER_READ = 128;
const SEGMENTS_PER_READ = 256;

/**
 * The branch of a connection as of a transaction, in blocks of about a megabyte. Takes memory for a few of them, and reads on only while the consumer
 * does. What it reads is held meanwhile.
 *
 * @throws BAD_USER_INPUT where there is no such transaction, STORE_CORRUPT for a node that is missing or damaged
 */
export async function* backupDatabase(
  connection: Connection,
  { at, onProgress }: BackupOptions = {},
): AsyncGenerator<Uint8Array, void, void> {
  const tx = await transactionAt(connection, at);
  const held = await hold(connection, connection.branch, tx);
  if (held !== undefined) {
    yield* backupHeld(connection, held, tx, onProgress);
    return;
  }
  // The root has moved on to other trees: a branch makes and keeps those of then for as long as this takes.
  const branch = `backup-${randomUUID()}`;
  await branchAt(connection, { branch: connection.branch, tx }, branch);
  try {
    const made = await hold(connection, branch, tx);
    if (made === undefined) throw new Error('Expected a branch that nobody writes to stay');
    yield* backupHeld(connection, made, tx, onProgress);
  } finally {
    await deleteBranch(connection, branch);
  }
}

/** A root, and a value of it: while somebody has the value, its nodes are held. */
interface HeldRoot {
  readonly branch: string;
  readonly root: RootWithLog;
  readonly db: Db;
}

/** Undefined where the trees of the branch hold more than the transaction. */
function hold(connection: Connection, branch: string, tx: number): Promise<HeldRoot | undefined> {
  const { store, nodes } = connection;
  return connection.reading(async () => {
    const root = await store.readRoot(branch);
    if (root === undefined || root.indexedTx > tx) return undefined;
    return { branch, root, db: (await restoreHead(root, nodes)).db };
  });
}

async function transactionAt(
  connection: Connection,
  at: number | Date | undefined,
): Promise<number> {
  await connection.refresh();
  const db = connection.db();
  const query = '[:find (max ?tx) . :in $ ?at :where [?tx :db/txInstant ?time] [(<= ?time ?at)]]';
  const tx = at instanceof Date ? await q(query, db, at) : (at ?? db.maxTx);
  if (typeof tx === 'number' && Number.isInteger(tx) && tx > TX0 && tx <= db.maxTx) return tx;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected a transaction from ${TX0 + 1} to ${db.maxTx}, or a time after the first of them, got ${at instanceof Date ? at.toISOString() : at}`,
    { data: { at } },
  );
}

async function* backupHeld(
  connection: Connection,
  { branch, root: { record, indexedTx }, db }: HeldRoot,
  tx: number,
  onProgress: BackupOptions['onProgress'],
): AsyncGenerator<Uint8Array, void, void> {
  const { store } = connection;
  const writer = new BackupWriter();
  let [nodes, segments, bytes] = [0, 0, 0];
  const done = (block: Uint8Array): Uint8Array => {
    bytes += block.length;
    onProgress?.({ nodes, segments, bytes });
    return block;
  };
  const root = decodeRecord(record);
  const manifest: Manifest = {
    version: BACKUP_VERSION,
    source: store.id,
    branch: connection.branch,
    tx,
    indexedTx,
    takenAt: new Date().toISOString(),
    record: Buffer.from(encodeRecord({ ...root, past: undefined })).toString('base64'),
  };
  yield done(writer.block('manifest', Buffer.from(JSON.stringify(manifest))));
  const lists = (root.purge?.lists ?? []).map((address) => ({ address, isList: true }));
  for await (const entries of inBlocks(nodesBelow(store, [...rootNodes(root), ...lists]))) {
    nodes += entries.length;
    yield done(writer.block('nodes', encodeEntries(entries)));
  }
  for await (const entries of inBlocks(logUntil(store, branch, tx))) {
    segments += entries.length;
    yield done(writer.block('log', encodeEntries(entries)));
  }
  const end = { nodes, segments, sha256: writer.sha256() };
  yield done(writer.block('end', Buffer.from(JSON.stringify(end))));
  if (db.maxTx < tx) throw new Error(`Expected a root with transaction ${tx}, got ${db.maxTx}`);
}

/** A node as its parent knows it, or one that lists what was purged. */
type WantedNode =
  (KnownNode & { readonly isList?: never }) | { readonly address: number; readonly isList: true };

/** Every node, each once and with its bytes checked. */
async function* nodesBelow(
  store: Store,
  tops: ReadonlyArray<{ readonly address: number }>,
): AsyncGenerator<Entry> {
  const seen = new AddressSet();
  const pending = tops.filter(({ address }) => seen.add(address)) as WantedNode[];
  while (pending.length > 0) {
    const batch = pending.splice(-NODES_PER_READ);
    const blocks = await store.read(batch.map(({ address }) => address));
    for (const [i, node] of batch.entries()) {
      const bytes = blocks[i];
      if (bytes === undefined) throw new Error('Expected a block for each address');
      yield { key: node.address, bytes };
      if (node.isList === true) continue;
      const children = readNamed(store.id, node.address, () => auditNode(bytes, node));
      for (const child of children) if (seen.add(child.address)) pending.push(child);
      await giveWay();
    }
  }
}

async function* logUntil(store: Store, branch: string, lastTx: number): AsyncGenerator<Entry> {
  for (let tx = TX0; tx <= lastTx; tx += SEGMENTS_PER_READ) {
    const end = Math.min(lastTx + 1, tx + SEGMENTS_PER_READ);
    for (const segment of await store.readLog(branch, tx, end))
      yield { key: segment.tx, bytes: segment.bytes };
    await giveWay();
  }
}

/** Entries together that make a block. */
async function* inBlocks(entries: AsyncIterable<Entry>): AsyncGenerator<Entry[]> {
  let block: Entry[] = [];
  let sizeBytes = 0;
  for await (const entry of entries) {
    block.push(entry);
    sizeBytes += entry.bytes.length;
    if (sizeBytes < BLOCK_BYTES) continue;
    yield block;
    block = [];
    sizeBytes = 0;
  }
  if (block.length > 0) yield block;
}
