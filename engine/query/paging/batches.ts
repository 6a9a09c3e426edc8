/** Rows of an index in the order that is wanted, so many at a time. */
import type { ChunkCursor } from '../../datom/chunk-cursor.ts';
import { missOf } from '../../datom/chunk-cursor.ts';
import type { Columns } from '../../datom/columns.ts';
import { NO_ROWS } from '../../datom/columns.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { PAUSE } from '../../shared/suspend.ts';
import { isTimeToPause } from '../relation/column.ts';
import { ZigzagCursor } from './zigzag-cursor.ts';

/** Rows `lo <= i < hi` of a chunk. */
export interface Span {
  readonly keys: Columns;
  readonly lo: number;
  readonly hi: number;
  /** Whether the last of them comes first. */
  readonly isBackward: boolean;
}

/** Whether two rows have to be in one batch. */
export type IsTogether = (keys: Columns, row: number, others: Columns, other: number) => boolean;

export class Batches {
  /** How many rows were handed out or passed over. */
  count = 0;
  readonly #rows: ChunkCursor | ZigzagCursor;
  /** Whether the chunk is read from its end. */
  #isBackward: boolean;
  readonly #isTogether: IsTogether | undefined;
  #keys: Columns = NO_ROWS;
  #lo = 0;
  #hi = 0;
  /** Rows that were looked at already, and come next. */
  #held: Span[] = [];

  /** `isReverse`: whether chunks are read from their ends, where they do not say that themselves. */
  constructor(
    rows: ChunkCursor | ZigzagCursor,
    isReverse: boolean,
    isTogether: IsTogether | undefined,
  ) {
    this.#rows = rows;
    this.#isBackward = isReverse;
    this.#isTogether = isTogether;
  }

  /** The next rows, `count` of them and what has to be with the last one; fewer only at the end. */
  *next(count: number): Suspended<Span[]> {
    const spans = this.#held;
    this.#held = [];
    let left = count - rowsIn(spans);
    while (left > 0) {
      if (this.#lo === this.#hi && !(yield* this.#advance())) break;
      const size = Math.min(left, this.#hi - this.#lo);
      spans.push(this.#take(size));
      left -= size;
    }
    if (this.#isTogether !== undefined) yield* this.#complete(spans, this.#isTogether);
    return spans;
  }

  /** Passes over the first rows, so many at most and none that has to be with one that is not passed over; gives how many there were. */
  *skip(count: number): Suspended<number> {
    const rows = this.#rows;
    let left = count;
    if (rows instanceof ZigzagCursor) {
      left -= yield* rows.skip(count);
      this.count += count - left;
    }
    while (left > 0) {
      if (this.#lo === this.#hi && !(yield* this.#advance())) break;
      const size = Math.min(left, this.#hi - this.#lo);
      this.#hold(this.#take(size));
      left -= size;
      if (isTimeToPause(count - left, size)) yield PAUSE;
    }
    return count - left - rowsIn(this.#held);
  }

  /** The places of rows, in their order, that have to be sorted with a neighbour. */
  tiesIn(spans: ReadonlyArray<Span>): number[] {
    const ties: number[] = [];
    const isTogether = this.#isTogether;
    if (isTogether === undefined) return ties;
    let before: Columns | undefined;
    let rowBefore = 0;
    let place = 0;
    for (const { keys, lo, hi, isBackward } of spans)
      for (let i = 0; i < hi - lo; i++, place++) {
        const row = isBackward ? hi - 1 - i : lo + i;
        if (before !== undefined && isTogether(before, rowBefore, keys, row)) {
          if (ties.at(-1) !== place - 1) ties.push(place - 1);
          ties.push(place);
        }
        before = keys;
        rowBefore = row;
      }
    return ties;
  }

  /** Keeps of all rows up to the last of a span those that have to be with that one. */
  #hold(span: Span): void {
    const isTogether = this.#isTogether;
    if (isTogether === undefined) return;
    const { keys, lo, hi, isBackward } = span;
    const last = isBackward ? lo : hi - 1;
    let size = 1;
    const rowBefore = (): number => (isBackward ? lo + size : hi - 1 - size);
    while (size < hi - lo && isTogether(keys, last, keys, rowBefore())) size++;
    const own = isBackward ? { ...span, hi: lo + size } : { ...span, lo: hi - size };
    const before = this.#held.at(-1);
    const goesOn =
      size === hi - lo &&
      before !== undefined &&
      isTogether(before.keys, before.isBackward ? before.lo : before.hi - 1, keys, last);
    if (goesOn) this.#held.push(own);
    else this.#held = [own];
  }

  /** Adds what has to be with the last row of some. */
  *#complete(spans: Span[], isTogether: IsTogether): Suspended<void> {
    const last = spans.at(-1);
    if (last === undefined) return;
    const row = last.isBackward ? last.lo : last.hi - 1;
    for (;;) {
      if (this.#lo === this.#hi && !(yield* this.#advance())) return;
      const size = this.#countTogether(isTogether, last.keys, row);
      if (size === 0) return;
      const isAll = size === this.#hi - this.#lo;
      spans.push(this.#take(size));
      if (!isAll) return;
      if (isTimeToPause(this.count, size)) yield PAUSE;
    }
  }

  /** How many of the next rows belong to a row. */
  #countTogether(isTogether: IsTogether, keys: Columns, row: number): number {
    const size = this.#hi - this.#lo;
    for (let i = 0; i < size; i++) {
      const other = this.#isBackward ? this.#hi - 1 - i : this.#lo + i;
      if (!isTogether(keys, row, this.#keys, other)) return i;
    }
    return size;
  }

  #take(size: number): Span {
    this.count += size;
    const keys = this.#keys;
    const isBackward = this.#isBackward;
    if (isBackward) {
      const hi = this.#hi;
      this.#hi -= size;
      return { keys, lo: this.#hi, hi, isBackward };
    }
    const lo = this.#lo;
    this.#lo += size;
    return { keys, lo, hi: this.#lo, isBackward };
  }

  *#advance(): Suspended<boolean> {
    for (;;) {
      const step = this.#rows.next();
      if (step === 'done') return false;
      if (step === 'ready') break;
      yield missOf(this.#rows);
    }
    this.#keys = this.#rows.keys;
    this.#lo = this.#rows.lo;
    this.#hi = this.#rows.hi;
    if (this.#rows instanceof ZigzagCursor) this.#isBackward = this.#rows.isBackward;
    return true;
  }
}

function rowsIn(spans: ReadonlyArray<Span>): number {
  return spans.reduce((sum, { lo, hi }) => sum + hi - lo, 0);
}
