/** Distinct rows of any values to which others can be added. */
import type { EdnData } from '../../../schema/value.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Column } from './column.ts';
import { IntegerBuffer, ROWS_PER_PAUSE, gather } from './column.ts';
import { RowCodes } from './row-codes.ts';

export class ValueRows {
  length = 0;
  readonly #codes: RowCodes;
  /** Integers by themselves until something else comes. */
  readonly #columns: Array<IntegerBuffer | EdnData[]>;

  constructor(columnCount: number) {
    this.#codes = new RowCodes(columnCount);
    this.#columns = Array.from({ length: columnCount }, () => new IntegerBuffer());
  }

  /** Those of some rows that are new. */
  *add(columns: ReadonlyArray<Column>, count: number): Suspended<void> {
    let next = this.#codes.count;
    const codes = yield* this.#codes.assign(columns, count);
    const rows = new Int32Array(this.#codes.count - next);
    for (let row = 0, found = 0; found < rows.length; row++) {
      if (codes[row] !== next) continue;
      rows[found++] = row;
      next++;
    }
    for (const [place, column] of columns.entries())
      yield* this.#append(place, rows.length === count ? column : yield* gather(column, rows));
    this.length += rows.length;
  }

  /** Rows `from <= i < to`. */
  columns(from: number, to: number): Column[] {
    return this.#columns.map((column) =>
      column instanceof IntegerBuffer ? column.view().subarray(from, to) : column.slice(from, to),
    );
  }

  *#append(place: number, added: Column): Suspended<void> {
    let column = this.#columns[place]!;
    if (column instanceof IntegerBuffer) {
      if (added instanceof Int32Array) return column.append(added);
      this.#columns[place] = column = Array.from(column.view());
    }
    for (let row = 0; row < added.length; row++) {
      column.push(added[row]!);
      if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
    }
  }
}
