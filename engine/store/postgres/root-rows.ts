/** The row of a branch with the log after it, as one value of a statement that also asks for other things. */
import { decodeSegments } from '../segment-list.ts';
import type { RootWithLog } from '../store.ts';

export interface RootRow {
  readonly version: number;
  readonly root_epoch: number;
  readonly record: Buffer;
  readonly indexed_tx: number;
  readonly segments: Buffer | null;
  readonly [column: string]: unknown;
}

/**
 * What a statement selects of the row `b` of a branch to get its root.
 *
 * @param afterTx an expression: what comes up to there is not asked for
 */
export function rootColumns(schema: string, afterTx: string): string {
  return `b.version, b.root_epoch, b.record, b.indexed_tx, (
    SELECT string_agg(l.bytes, ''::bytea ORDER BY l.last_tx) FROM ${schema}.log l
    WHERE l.database_id = b.database_id AND l.branch_id = b.branch_id
      AND l.last_tx > greatest(b.indexed_tx, ${afterTx})
  ) AS segments`;
}

/** @param afterTx as it was asked for; a row of the log may hold more */
export function rootOf(row: RootRow, afterTx: number): RootWithLog {
  const { version, root_epoch: epoch, record, indexed_tx: indexedTx } = row;
  const logged = row.segments === null ? [] : decodeSegments(row.segments);
  const after = Math.max(indexedTx, afterTx);
  return { version, epoch, record, indexedTx, segments: logged.filter(({ tx }) => tx > after) };
}
