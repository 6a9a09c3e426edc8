/**
 * Where a branch stands, as one process knows it: a database value and the version of the root that it came from. Writer and readers
 * move it forward by the same two steps: a segment that follows, or a root that was read.
 */
import type { CommitInfo, Db } from '../db/db.ts';
import type { BaseRoots } from '../indices/base-index.ts';
import { addressesOf } from '../indices/base-index.ts';
import type { StoredNodes } from '../indices/node-cache.ts';
import { Novelty } from '../novelty/novelty.ts';
import type { Suspended } from '../shared/suspend.ts';
import { run, runInMemory } from '../shared/suspend.ts';
import type { RootWithLog, Store, StoredSegment } from '../store/store.ts';
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
 * The head after the segments of the next version; undefined where they do not follow it, be it that their commit follows another one, or a node
 * is needed that is not in memory, and the root has to be read.
 */
export function followHead(
  head: Head,
  version: number,
  epoch: number,
  segments: ReadonlyArray<StoredSegment>,
): Head | undefined {
  if (version !== head.version + 1 || epoch < head.epoch) return undefined;
  const db = runInMemory(follow(head.db, segments));
  return db === undefined ? undefined : { ...head, version, epoch, db };
}

/**
 * The head at a root that was read with the segments after the head alone; undefined where they do not follow it, where there are none, or where
 * the root is on other base trees: then all of its segments are needed.
 */
export async function extendHead(head: Head, root: RootWithLog): Promise<Head | undefined> {
  const { roots, indexedTx, purges } = decodeRecord(root.record);
  if (indexedTx !== head.db.indexedTx || purges !== head.purges) return undefined;
  // A store that was set back may come to other trees of the same transactions.
  if (!areSame(roots, head.db.base.roots)) return undefined;
  const { version, epoch, segments } = root;
  const db = await run(follow(head.db, segments));
  return db === undefined ? undefined : { ...head, version, epoch, db };
}

function areSame(roots: BaseRoots, others: BaseRoots): boolean {
  return addressesOf(roots).join() === addressesOf(others).join();
}

/**
 * Whether a root of a branch comes after a head: its log has the commit of the head. Where it has not, the store was set back to an earlier copy
 * and went on from there, or the branch was made anew. The store is asked only where the head is behind the base trees of the root.
 */
export async function comesAfter(
  head: Head,
  root: RootWithLog,
  store: Store,
  branch: string,
): Promise<boolean> {
  if (root.version < head.version) return false;
  const { maxTx, commit } = head.db;
  const { commit: ofTrees } = decodeRecord(root.record);
  // An import has no log of what its trees hold.
  if (maxTx === root.indexedTx && ofTrees !== undefined) return ofTrees.id === commit?.id;
  const [segment] =
    maxTx > root.indexedTx
      ? root.segments.filter(({ tx }) => tx === maxTx)
      : await store.readLog(branch, maxTx, maxTx + 1);
  return segment !== undefined && commitOf(segment.bytes)?.id === commit?.id;
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

/**
 * The database after all segments; undefined where they do not follow it. The first commit among them has to name the one before it, where that
 * is known: where a fork or a backup ends within a commit, the last transaction has none.
 */
function* follow(db: Db, segments: ReadonlyArray<StoredSegment>): Suspended<Db | undefined> {
  let last = db;
  let { commit } = db;
  for (const { tx, bytes } of segments) {
    if (tx !== last.maxTx + 1) return undefined;
    const segment = yield* readSegment(bytes);
    if (segment.commit !== undefined) {
      if (commit !== undefined && !segment.commit.parents.includes(commit.id)) return undefined;
      ({ commit } = segment);
    }
    last = yield* applySegment(last, segment);
  }
  const isWhole = commit === last.commit;
  return last === db || !isWhole ? undefined : last;
}
