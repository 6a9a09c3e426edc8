/** The one shape of a scan: chunks of rows in index order, from wherever they come. */
import { must } from '../shared/assert.ts';
import type { Suspended, Wait } from '../shared/suspend.ts';
import type { Bound, Columns } from './columns.ts';

export interface ChunkCursor {
  /** Moves to the next chunk. Never waits: `missing` names in `miss` what has to be loaded before it is called again. */
  next(): 'ready' | 'missing' | 'done';
  /** After ready: rows `lo <= i < hi`, at least one, ascending also in a backward scan. */
  readonly keys: Columns;
  readonly lo: number;
  readonly hi: number;
  readonly miss: Wait | undefined;
}

export interface ScanEdge {
  readonly bound: Bound;
  readonly inclusive: boolean;
}

export interface ScanRange {
  readonly from?: ScanEdge | undefined;
  readonly to?: ScanEdge | undefined;
  /** Whether whoever scans is likely to stop long before the end, so that little is read ahead. */
  readonly isPartial?: boolean | undefined;
}

/** The rows whose leading components are those of the bound. */
export function prefixRange(bound: Bound): ScanRange {
  const edge = { bound, inclusive: true };
  return { from: edge, to: edge };
}

/** What a cursor that said `missing` waits for. */
export function missOf({ miss }: ChunkCursor): Wait {
  return must(miss, 'a missing node to be named');
}

/** Moves a cursor on, suspending where nodes are missing. False at the end. */
export function* advance(cursor: ChunkCursor): Suspended<boolean> {
  for (;;) {
    const step = cursor.next();
    if (step !== 'missing') return step === 'ready';
    yield missOf(cursor);
  }
}
