/**
 * Where a branch stands, as one process knows it: a database value and the version of the root that it came from. Writer and readers
 * move it forward by the same two steps: a segment that follows, or a root that was read.
 */
import type { CommitInfo, Db } from '../db/db.ts';
import type { StoredNodes } from '../indices/node-cache.ts';
import { Novelty } from '../novelty/novelty.ts';
import type { Suspended } from '../shared/suspend.ts';
import { run, runInMemory } from '../shared/suspend.ts';
import type { RootWithLog, StoredSegment } from '../store/store.ts';
import type { RootRecord } from './record.ts';
import { decodeRecord } from './record.ts';
import { restore } from './restore.ts';
import type { Segment } from './segment.ts';
import { applySegment, commitOf, readSegment } from './segment.ts';

export interface Head {
  /** The version of the root in the store. */
  readonly version: number;
  readonly epoch: number;
  readonly db: Db;
  /** How many purges there were, see `record.ts`. */
  readonly purges: number;
}

/** The last transaction of a stored root, and the commit that it ends. */
export function endOf(root: RootWithLog): {
  readonly tx: number;
  readonly commit: CommitInfo | undefined;
} {
  const last = root.segments.at(-1);
  return last === undefined
    ? { tx: root.indexedTx, commit: decodeRecord(root.record).commit }
    : { tx: last.tx, commit: commitOf(last.bytes) };
}

/** A stored root as a head. */
export async function restoreHead(root: RootWithLog, nodes: StoredNodes): Promise<Head> {
  const { purges } = decodeRecord(root.record);
  const db = await run(restore(root.record, root.segments, nodes));
  return { version: root.version, epoch: root.epoch, db, purges };
}

/**
 * The head after the segments of the next version; undefined where they do not follow it, or a node is needed that is not in memory, and the
 * root has to be read.
 */
export function followHead(
  head: Head,
  version: number,
  epoch: number,
  segments: ReadonlyArray<StoredSegment>,
): Head | undefined {
  if (version !== head.version + 1 || epoch < head.epoch) return undefined;
  const db = applyStored(head.db, segments);
  return db === undefined ? undefined : { ...head, version, epoch, db };
}

/**
 * The head at a root that was read with the segments after the head alone; undefined where the root is on other base trees, and all of its
 * segments are needed.
 */
export async function extendHead(head: Head, root: RootWithLog): Promise<Head | undefined> {
  const { indexedTx, purges } = decodeRecord(root.record);
  const [first] = root.segments;
  const follows = first === undefined || first.tx === head.db.maxTx + 1;
  if (indexedTx !== head.db.indexedTx || purges !== head.purges || !follows) return undefined;
  const { version, epoch, segments } = root;
  return { ...head, version, epoch, db: await run(followAll(head.db, segments)) };
}

/**
 * The head at a root that was read, on the base trees that the root names. Reads no node where the head is not behind the base: what
 * it knows of the schema it keeps.
 */
export async function rebaseHead(head: Head, root: RootWithLog, nodes: StoredNodes): Promise<Head> {
  const record = decodeRecord(root.record);
  if (record.indexedTx > head.db.maxTx) return restoreHead(root, nodes);
  const db = await run(rebase(head.db, record, root.segments, nodes));
  return { version: root.version, epoch: root.epoch, db, purges: record.purges };
}

function* rebase(
  known: Db,
  { roots, indexedTx, maxEid, commit }: RootRecord,
  segments: ReadonlyArray<StoredSegment>,
  source: StoredNodes,
): Suspended<Db> {
  const tail: Segment[] = [];
  for (const { bytes } of segments) tail.push(yield* readSegment(bytes));
  let { schema } = known;
  for (const { tx, changes } of tail.toReversed())
    if (tx <= known.maxTx) schema = schema.undo(changes);
  const novelty = Novelty.empty;
  const base = { ...known, base: source.base(roots), indexedTx, novelty, maxTx: indexedTx };
  let db: Db = { ...base, schema, maxEid, commit };
  for (const segment of tail) {
    const next = yield* applySegment(db, segment);
    // The same object as before, so that whoever goes by it sees that nothing changed.
    db = segment.tx === known.maxTx ? { ...next, schema: known.schema } : next;
  }
  return db.maxTx === known.maxTx ? { ...db, schema: known.schema } : db;
}

function applyStored(db: Db, segments: ReadonlyArray<StoredSegment>): Db | undefined {
  let next: Db | undefined = db;
  for (const { tx, bytes } of segments) {
    if (next === undefined || tx !== next.maxTx + 1) return undefined;
    next = runInMemory(follow(next, bytes));
  }
  return next;
}

function* followAll(db: Db, segments: ReadonlyArray<StoredSegment>): Suspended<Db> {
  let last = db;
  for (const { bytes } of segments) last = yield* follow(last, bytes);
  return last;
}

function* follow(db: Db, bytes: Uint8Array): Suspended<Db> {
  return yield* applySegment(db, yield* readSegment(bytes));
}
