/** A column that is still where it was found: stretches of other columns, which are put together when somebody needs that. */
import type { EdnData } from '../../../schema/value.ts';
import type { Column, Rows } from './column.ts';
import { ColumnBuffer } from './column.ts';

/** Values `lo <= i < hi` of a column. */
export interface Piece {
  readonly column: Column;
  readonly lo: number;
  readonly hi: number;
}

export class PiecewiseColumn {
  readonly pieces: ReadonlyArray<Piece>;
  readonly #length: number;
  readonly #hasIntegers: boolean;
  #whole: Column | undefined;

  /** `hasIntegers`: whether integers of 32 bits are expected. */
  constructor(pieces: ReadonlyArray<Piece>, length: number, hasIntegers: boolean) {
    this.pieces = pieces;
    this.#length = length;
    this.#hasIntegers = hasIntegers;
  }

  whole(): Column {
    if (this.#whole !== undefined) return this.#whole;
    const buffer = new ColumnBuffer(this.#hasIntegers, this.#length);
    for (const piece of this.pieces) appendPiece(buffer, piece);
    return (this.#whole = buffer.column());
  }

  /** The values of some rows, which are in their order. */
  pick(rows: Rows): Column {
    const buffer = new ColumnBuffer(this.#hasIntegers, rows.length);
    let [first, next] = [0, 0];
    for (const { column, lo, hi } of this.pieces) {
      const from = next;
      const end = first + hi - lo;
      while (next < rows.length && rows[next]! < end) next++;
      if (next > from) appendPicked(buffer, column, rows.subarray(from, next), lo - first);
      if (next === rows.length) break;
      first = end;
    }
    return buffer.column();
  }
}

export function appendPiece(buffer: ColumnBuffer, { column, lo, hi }: Piece): void {
  if (column instanceof Int32Array) buffer.appendIntegers(column.subarray(lo, hi));
  else buffer.append(column, lo, hi);
}

/** The values of a column at some rows, each `shift` further. */
function appendPicked(buffer: ColumnBuffer, column: Column, rows: Rows, shift: number): void {
  if (column instanceof Int32Array) buffer.appendIntegersAt(column, rows, shift);
  else buffer.appendAt(column as ReadonlyArray<EdnData>, rows, shift);
}
