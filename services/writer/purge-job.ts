/**
 * Purging a stored branch. First the root moves to base trees without the facts; then they are taken out of the log, and the nodes that no
 * root names any more are deleted. Whoever opens the branch finishes what a crash cut short.
 */
import type { FactHashes, StoredSegment, TxReport } from '../../engine/index.ts';
import { TX0, encodeFacts, fold, readFacts, run, scrubSegment } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import { collectNodes } from '../maintenance/collect.ts';
import { deposed } from './written-branch.ts';
import type { WrittenBranch } from './written-branch.ts';

/** Transactions of the log that are looked at together. */
const SEGMENTS_PER_READ = 512;

export function isPurge({ purged }: TxReport): boolean {
  return purged.length > 0;
}

/** Moves the root to trees without what a transaction purged, and notes what is left to do. */
export async function commitPurge(
  branch: WrittenBranch,
  { store, nodes }: Connection,
  { dbAfter, purged, tx }: TxReport,
  segment: StoredSegment,
): Promise<void> {
  const facts = encodeFacts(purged, branch.newAddress);
  const folded = await run(fold(dbAfter, nodes, branch.newAddress));
  await store.write([...facts, ...folded.nodes]);
  const lists = facts.map(({ address }) => address);
  const record = {
    ...branch.recordWith(folded),
    purges: branch.record.purges + 1,
    purge: { tx, lists: [...lists, ...(branch.record.purge?.lists ?? [])] },
  };
  const { db } = await branch.rebased(record);
  await branch.commit({ db, segments: [segment], record });
}

/** Takes the facts of the last purge out of the log, and the nodes that held them out of store and memory. */
export async function finishPurge(branch: WrittenBranch, connection: Connection): Promise<void> {
  const { store, nodes } = connection;
  const { purge } = branch.record;
  if (purge === undefined) return;
  const facts = await readFacts(store, purge.lists);
  const scrubbed = await scrubLog(connection, facts, purge.tx);
  if (scrubbed.length > 0 && !(await store.rewriteLog(connection.branch, branch.epoch, scrubbed)))
    throw deposed();
  const record = { ...branch.record, purge: undefined };
  await branch.commit({ db: branch.head.db, segments: [], record });
  await collectNodes(store, { isPurge: true });
  nodes.clear();
}

/** The segments before a transaction that say something of the facts, without that. */
async function scrubLog(
  { store, branch }: Connection,
  facts: FactHashes,
  endTx: number,
): Promise<StoredSegment[]> {
  const scrubbed: StoredSegment[] = [];
  for (let tx = TX0; tx < endTx; tx += SEGMENTS_PER_READ) {
    const end = Math.min(endTx, tx + SEGMENTS_PER_READ);
    const segments = await store.readLog(branch, tx, end);
    for (const segment of segments) {
      const bytes = await run(scrubSegment(segment.bytes, facts));
      if (bytes !== undefined) scrubbed.push({ tx: segment.tx, bytes });
    }
  }
  return scrubbed;
}
