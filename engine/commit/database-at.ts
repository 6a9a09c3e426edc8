/** The database of a branch as it was after a transaction: from its root forward, or back from its base trees. */
import type { Db } from '../db/db.ts';
import type { StoredNodes } from '../indices/node-cache.ts';
import { run } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Store, StoredSegment } from '../store/store.ts';
import { restore } from './restore.ts';
import { rewind } from './rewind.ts';
import type { Segment } from './segment.ts';
import { readSegment } from './segment.ts';

/** Undefined where the branch is not there or has no such transaction. */
export async function databaseAt(
  store: Store,
  nodes: StoredNodes,
  branch: string,
  tx: number,
): Promise<Db | undefined> {
  const root = await store.readRoot(branch);
  if (root === undefined) return undefined;
  const lastTx = root.segments.at(-1)?.tx ?? root.indexedTx;
  if (tx > lastTx) return undefined;
  if (tx >= root.indexedTx) {
    const segments = root.segments.filter((segment) => segment.tx <= tx);
    return run(restore(root.record, segments, nodes));
  }
  const [last, ...since] = await store.readLog(branch, tx, root.indexedTx + 1);
  if (last?.tx !== tx) return undefined;
  const base = await run(restore(root.record, [], nodes));
  return run(rewindTo(base, since, last));
}

function* rewindTo(
  base: Db,
  since: ReadonlyArray<StoredSegment>,
  last: StoredSegment,
): Suspended<Db> {
  const segments: Segment[] = [];
  for (const { bytes } of since) segments.push(yield* readSegment(bytes));
  return yield* rewind(base, segments, yield* readSegment(last.bytes));
}
