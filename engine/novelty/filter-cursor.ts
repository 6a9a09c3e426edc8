/** The rows of a scan that a test lets through. Chunks that lose nothing are handed on as they are. */
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import type { Columns } from '../datom/columns.ts';
import { NO_ROWS } from '../datom/columns.ts';
import { ColumnsBuilder } from '../datom/columns-builder.ts';
import type { Wait } from '../shared/suspend.ts';

export type KeepRow = (keys: Columns, row: number) => boolean;

/** Whether the test may fail for one of rows `lo <= i < hi`. */
export type TouchesRows = (keys: Columns, lo: number, hi: number) => boolean;

export class FilterCursor implements ChunkCursor {
  keys: Columns = NO_ROWS;
  lo = 0;
  hi = 0;
  miss: Wait | undefined;

  readonly #inner: ChunkCursor;
  readonly #keep: KeepRow;
  readonly #touches: TouchesRows | undefined;

  constructor(inner: ChunkCursor, keep: KeepRow, touches?: TouchesRows) {
    this.#inner = inner;
    this.#keep = keep;
    this.#touches = touches;
  }

  next(): 'ready' | 'missing' | 'done' {
    for (;;) {
      const step = this.#inner.next();
      if (step === 'missing') this.miss = this.#inner.miss;
      if (step !== 'ready') return step;
      if (this.#select(this.#inner.keys, this.#inner.lo, this.#inner.hi)) return 'ready';
    }
  }

  #select(keys: Columns, lo: number, hi: number): boolean {
    let row = this.#touches?.(keys, lo, hi) === false ? hi : lo;
    while (row < hi && this.#keep(keys, row)) row++;
    if (row === hi) {
      this.keys = keys;
      this.lo = lo;
      this.hi = hi;
      return true;
    }
    const builder = new ColumnsBuilder(hi - lo);
    for (let kept = lo; kept < row; kept++) builder.pushRow(keys, kept);
    for (row++; row < hi; row++) if (this.#keep(keys, row)) builder.pushRow(keys, row);
    this.keys = builder.take();
    this.lo = 0;
    this.hi = this.keys.length;
    return this.hi > 0;
  }
}
