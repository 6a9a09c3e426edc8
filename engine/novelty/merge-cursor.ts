/**
 * Two scans in the same order as one, each row once. Where their chunks do not overlap, as with a few new datoms over a large base
 * nearly always, a chunk is handed on as it is, or a part of it.
 */
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import type { Columns } from '../datom/columns.ts';
import { NO_ROWS, compareRows } from '../datom/columns.ts';
import { ColumnsBuilder } from '../datom/columns-builder.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import type { Wait } from '../shared/suspend.ts';
import { must } from '../shared/assert.ts';
import { firstNot } from '../shared/binary-search.ts';

/** So many rows are worth a chunk of their own. */
const MIN_RUN = 16;

/** What is left of the current chunk of one side. */
interface Side {
  readonly cursor: ChunkCursor;
  keys: Columns | undefined;
  lo: number;
  hi: number;
  isDone: boolean;
}

export class MergeCursor implements ChunkCursor {
  keys: Columns = NO_ROWS;
  lo = 0;
  hi = 0;
  miss: Wait | undefined;

  readonly #order: IndexOrder;
  readonly #isReverse: boolean;
  readonly #left: Side;
  readonly #right: Side;

  constructor(order: IndexOrder, left: ChunkCursor, right: ChunkCursor, isReverse: boolean) {
    this.#order = order;
    this.#isReverse = isReverse;
    this.#left = sideOf(left);
    this.#right = sideOf(right);
  }

  next(): 'ready' | 'missing' | 'done' {
    if (!this.#fill(this.#left) || !this.#fill(this.#right)) return 'missing';
    const left = this.#left;
    const right = this.#right;
    if (left.keys === undefined && right.keys === undefined) return 'done';
    if (right.keys === undefined || (left.keys !== undefined && this.#isAhead(left, right)))
      return this.#handOn(left);
    if (left.keys === undefined || this.#isAhead(right, left)) return this.#handOn(right);
    // Few facts among many: what is between them need not be copied.
    for (const [one, other] of [
      [left, right],
      [right, left],
    ] as const) {
      const count = this.#countAhead(one, other);
      if (count >= MIN_RUN) return this.#handOnPart(one, count);
    }
    return this.#isReverse ? this.#mergeBackward() : this.#mergeForward();
  }

  /** False where nodes are missing. */
  #fill(side: Side): boolean {
    if (side.keys !== undefined || side.isDone) return true;
    switch (side.cursor.next()) {
      case 'missing':
        this.miss = side.cursor.miss;
        return false;
      case 'done':
        side.isDone = true;
        return true;
      case 'ready':
        side.keys = side.cursor.keys;
        side.lo = side.cursor.lo;
        side.hi = side.cursor.hi;
        return true;
    }
  }

  /** Whether all of one chunk is to be visited before all of the other. */
  #isAhead(one: Side, other: Side): boolean {
    return this.#isReverse
      ? this.#compare(one, one.lo, other, other.hi - 1) > 0
      : this.#compare(one, one.hi - 1, other, other.lo) < 0;
  }

  /** How many rows of a chunk are to be visited before any of the other. */
  #countAhead(one: Side, other: Side): number {
    if (this.#isReverse) {
      const last = other.hi - 1;
      return one.hi - firstNot(one.lo, one.hi, (row) => this.#compare(one, row, other, last) <= 0);
    }
    return firstNot(one.lo, one.hi, (row) => this.#compare(one, row, other, other.lo) < 0) - one.lo;
  }

  #compare(one: Side, rowOfOne: number, other: Side, rowOfOther: number): number {
    const keys = must(one.keys, 'a chunk on both sides');
    return compareRows(
      this.#order,
      keys,
      rowOfOne,
      must(other.keys, 'a chunk on both sides'),
      rowOfOther,
    );
  }

  #handOn(side: Side): 'ready' {
    this.keys = must(side.keys, 'a chunk to hand on');
    this.lo = side.lo;
    this.hi = side.hi;
    side.keys = undefined;
    return 'ready';
  }

  #handOnPart(side: Side, count: number): 'ready' {
    this.keys = must(side.keys, 'a chunk to hand on');
    if (this.#isReverse) {
      this.hi = side.hi;
      this.lo = side.hi -= count;
    } else {
      this.lo = side.lo;
      this.hi = side.lo += count;
    }
    if (side.lo === side.hi) side.keys = undefined;
    return 'ready';
  }

  /** Merges until one side is used up. */
  #mergeForward(): 'ready' {
    const [left, right] = [this.#left, this.#right];
    const builder = new ColumnsBuilder(left.hi - left.lo + right.hi - right.lo);
    while (left.lo < left.hi && right.lo < right.hi) {
      const order = this.#compare(left, left.lo, right, right.lo);
      const side = order <= 0 ? left : right;
      builder.pushRow(side.keys!, side.lo);
      side.lo++;
      if (order === 0) right.lo++;
    }
    return this.#show(builder.take());
  }

  #mergeBackward(): 'ready' {
    const [left, right] = [this.#left, this.#right];
    const picked: Array<{ readonly keys: Columns; readonly row: number }> = [];
    while (left.lo < left.hi && right.lo < right.hi) {
      const order = this.#compare(left, left.hi - 1, right, right.hi - 1);
      const side = order >= 0 ? left : right;
      side.hi--;
      picked.push({ keys: side.keys!, row: side.hi });
      if (order === 0) right.hi--;
    }
    const builder = new ColumnsBuilder(picked.length);
    for (const { keys, row } of picked.reverse()) builder.pushRow(keys, row);
    return this.#show(builder.take());
  }

  #show(merged: Columns): 'ready' {
    for (const side of [this.#left, this.#right]) if (side.lo === side.hi) side.keys = undefined;
    this.keys = merged;
    this.lo = 0;
    this.hi = merged.length;
    return 'ready';
  }
}

function sideOf(cursor: ChunkCursor): Side {
  return { cursor, keys: undefined, lo: 0, hi: 0, isDone: false };
}
