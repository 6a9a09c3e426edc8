/**
 * Equal rows to equal numbers. Every join, distinct and group goes through here: columns are told apart one after the other, each step by
 * small integers in typed arrays, so that only values that are no integers ever meet a `Map`.
 */
import { Keyword } from '../../../schema/keyword.ts';
import type { EdnData } from '../../../schema/value.ts';
import type { ValueKey } from '../../../schema/value-key.ts';
import { valueKey } from '../../../schema/value-key.ts';
import { budget } from '../../shared/budget.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Column } from './column.ts';
import { ROWS_PER_PAUSE } from './column.ts';
import { IntegerCodes, PairCodes } from './integer-codes.ts';
import { KeyMap } from './key-map.ts';

/** Of a row that is not known. */
export const NO_CODE = -1;

/** What it takes to tell apart one value of one column. */
const BYTES_PER_CODE = 32;

/** Numbers rows 0, 1, 2 … in the order in which new ones are met. All rows have the same variables. */
export class RowCodes {
  readonly #columns: ColumnCodes[];
  readonly #pairs: PairCodes[];

  constructor(columnCount: number) {
    this.#columns = Array.from({ length: columnCount }, () => new ColumnCodes());
    this.#pairs = Array.from({ length: Math.max(0, columnCount - 1) }, () => new PairCodes());
  }

  /** How many different rows were met. */
  get count(): number {
    return (this.#pairs.at(-1) ?? this.#columns[0])?.count ?? 0;
  }

  /** The codes of rows, which become known. */
  assign(columns: ReadonlyArray<Column>, length: number): Suspended<Int32Array> {
    return this.#encode(columns, length, true);
  }

  /** The codes of rows, {@link NO_CODE} for those that are not known. */
  find(columns: ReadonlyArray<Column>, length: number): Suspended<Int32Array> {
    return this.#encode(columns, length, false);
  }

  *#encode(
    columns: ReadonlyArray<Column>,
    length: number,
    isAdding: boolean,
  ): Suspended<Int32Array> {
    const codes = new Int32Array(length);
    // Empty columns are of no kind.
    if (length === 0) return codes;
    if (isAdding) budget().checkBytes(length * columns.length * BYTES_PER_CODE);
    const parts = columns.length > 1 ? new Int32Array(length) : codes;
    for (const [place, column] of columns.entries()) {
      const target = place === 0 ? codes : parts;
      if (isAdding) this.#columns[place]!.prepare(column);
      if (isAdding && place > 0) this.#pairs[place - 1]!.reserve(length);
      for (let start = 0; start < length; start += ROWS_PER_PAUSE) {
        const end = Math.min(length, start + ROWS_PER_PAUSE);
        this.#columns[place]!.encode(column, target, start, end, isAdding);
        if (place > 0 && isAdding) this.#pairs[place - 1]!.add(codes, parts, start, end);
        if (place > 0 && !isAdding) this.#pairs[place - 1]!.find(codes, parts, start, end);
        if (end < length) yield PAUSE;
      }
    }
    return codes;
  }
}

/** The codes of the values of one column. */
class ColumnCodes {
  #integers: IntegerCodes | undefined = new IntegerCodes();
  readonly #others = new KeyMap();
  #otherCount = 0;

  get count(): number {
    return this.#integers?.count ?? this.#otherCount;
  }

  /** Before values are added. Integers stay by themselves until something else comes. */
  prepare(column: Column): void {
    if (column instanceof Int32Array) this.#integers?.prepare(column);
    else if (this.#integers !== undefined) {
      this.#integers.forEach((integer, code) => this.#others.set(integer, code));
      this.#otherCount = this.#integers.count;
      this.#integers = undefined;
    }
  }

  encode(column: Column, codes: Int32Array, start: number, end: number, isAdding: boolean): void {
    if (column instanceof Int32Array && this.#integers !== undefined) {
      if (isAdding) this.#integers.add(column, codes, start, end);
      else this.#integers.find(column, codes, start, end);
    } else
      for (let row = start; row < end; row++) codes[row] = this.#codeOf(column[row]!, isAdding);
  }

  #codeOf(value: EdnData, isAdding: boolean): number {
    const key = keyOf(value);
    if (this.#integers !== undefined)
      return typeof key === 'number' && key === (key | 0) ? this.#integers.get(key) : NO_CODE;
    const code = this.#others.get(key);
    if (code !== undefined) return code;
    if (!isAdding) return NO_CODE;
    this.#others.set(key, this.#otherCount);
    return this.#otherCount++;
  }
}

/** As `valueKey`, with what is most frequent first. */
function keyOf(value: EdnData): ValueKey {
  return typeof value === 'number' || value instanceof Keyword ? value : valueKey(value);
}
