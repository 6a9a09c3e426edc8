/** Columns of relations: ids of entities and transactions as integers, all other data as it is. */
import type { EdnData } from '../../../schema/value.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';

export type Column = Int32Array | ReadonlyArray<EdnData>;

/** Numbers of rows, in any order and as often as wanted. */
export type Rows = Int32Array;

/** A pause after so many rows: well below a millisecond of work. */
export const ROWS_PER_PAUSE = 8_192;

/** Whether the last of so many rows, together with those before it in its chunk, is one after which to pause. */
export function isTimeToPause(rowCount: number, chunkSize: number): boolean {
  return rowCount % ROWS_PER_PAUSE < chunkSize;
}

/** The values of a column at some rows. */
export function* gather(column: Column, rows: Rows): Suspended<Column> {
  const isInteger = column instanceof Int32Array;
  const picked = isInteger ? new Int32Array(rows.length) : new Array<EdnData>(rows.length);
  for (let start = 0; start < rows.length; start += ROWS_PER_PAUSE) {
    if (start > 0) yield PAUSE;
    const end = Math.min(rows.length, start + ROWS_PER_PAUSE);
    if (isInteger) gatherIntegers(column, rows, picked as Int32Array, start, end);
    else gatherValues(column, rows, picked as EdnData[], start, end);
  }
  return picked;
}

// Each for one kind of column, so that the engine of JavaScript sees one kind of access in each loop.

function gatherIntegers(
  column: Int32Array,
  rows: Rows,
  picked: Int32Array,
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) picked[i] = column[rows[i]!]!;
}

function gatherValues(
  column: ReadonlyArray<EdnData>,
  rows: Rows,
  picked: EdnData[],
  start: number,
  end: number,
): void {
  for (let i = start; i < end; i++) picked[i] = column[rows[i]!]!;
}

/** The values of columns one after the other. */
export function concat(columns: ReadonlyArray<Column>): Column {
  const [first] = columns;
  if (columns.length === 1 && first !== undefined) return first;
  if (!columns.every((column) => column instanceof Int32Array))
    return joined(
      columns.map((column) => (column instanceof Int32Array ? Array.from(column) : column)),
    );
  const whole = new Int32Array(columns.reduce((length, column) => length + column.length, 0));
  let length = 0;
  for (const column of columns) {
    whole.set(column, length);
    length += column.length;
  }
  return whole;
}

const NO_INTEGERS = new Int32Array(0);
const MIN_CAPACITY = 16;

/** Integers whose number is not known before the last of them came. */
export class IntegerBuffer {
  length = 0;
  #integers: Int32Array;

  constructor(capacity = 0) {
    this.#integers = capacity === 0 ? NO_INTEGERS : new Int32Array(capacity);
  }

  push(integer: number): void {
    if (this.length === this.#integers.length) this.#grow(this.length + 1);
    this.#integers[this.length++] = integer;
  }

  append(integers: Int32Array): void {
    const length = this.length + integers.length;
    if (length > this.#integers.length) this.#grow(length);
    this.#integers.set(integers, this.length);
    this.length = length;
  }

  /** Some integers of a column, `shift` after the numbers of their rows. */
  appendRows(column: Int32Array, rows: Rows, shift: number): void {
    let { length } = this;
    if (length + rows.length > this.#integers.length) this.#grow(length + rows.length);
    const integers = this.#integers;
    for (let i = 0; i < rows.length; i++) integers[length++] = column[rows[i]! + shift]!;
    this.length = length;
  }

  /** Values `lo <= i < hi` as far as they are integers of 32 bits; gives the place of the first that is none, or `hi`. */
  appendIntegers(values: ReadonlyArray<EdnData>, lo: number, hi: number): number {
    if (this.length + hi - lo > this.#integers.length) this.#grow(this.length + hi - lo);
    const integers = this.#integers;
    let { length } = this;
    let i = lo;
    for (; i < hi; i++) {
      const value = values[i];
      if (typeof value !== 'number' || value !== (value | 0)) break;
      integers[length++] = value;
    }
    this.length = length;
    return i;
  }

  clear(): void {
    this.length = 0;
  }

  /** The integers so far; good until the next change. */
  view(): Int32Array {
    const isFull = this.length === this.#integers.length;
    return isFull ? this.#integers : this.#integers.subarray(0, this.length);
  }

  #grow(length: number): void {
    // A single integer, as in most answers to a question for one entity, needs no room for more.
    const least = length === 1 ? 1 : MIN_CAPACITY;
    const larger = new Int32Array(Math.max(least, length, 2 * this.#integers.length));
    larger.set(this.#integers);
    this.#integers = larger;
  }
}

/**
 * The values of a column as they come. Where integers are expected they stay in a typed array for as long as there are only such: a large
 * array of values is as slow to make as to read.
 */
export class ColumnBuffer {
  #integers: IntegerBuffer | undefined;
  /** Runs of values, put together once. */
  readonly #runs: Array<ReadonlyArray<EdnData>> = [];

  constructor(areIntegersExpected: boolean, capacity: number) {
    this.#integers = areIntegersExpected ? new IntegerBuffer(capacity) : undefined;
  }

  appendIntegers(integers: Int32Array): void {
    if (this.#integers !== undefined) this.#integers.append(integers);
    else this.#runs.push([...integers]);
  }

  /** Those of some rows, each `shift` further. */
  appendIntegersAt(integers: Int32Array, rows: Rows, shift: number): void {
    if (this.#integers !== undefined) this.#integers.appendRows(integers, rows, shift);
    else this.#runs.push(Array.from(rows, (row) => integers[row + shift]!));
  }

  /** Values of some rows, each `shift` further. */
  appendAt(values: ReadonlyArray<EdnData>, rows: Rows, shift: number): void {
    const picked = new Array<EdnData>(rows.length);
    for (let i = 0; i < rows.length; i++) picked[i] = values[rows[i]! + shift]!;
    this.append(picked, 0, picked.length);
  }

  /** Values `lo <= i < hi`. */
  append(values: ReadonlyArray<EdnData>, lo: number, hi: number): void {
    let start = lo;
    if (this.#integers !== undefined) {
      start = this.#integers.appendIntegers(values, lo, hi);
      if (start === hi) return;
      this.#runs.push([...this.#integers.view()]);
      this.#integers = undefined;
    }
    const isWhole = start === 0 && hi === values.length;
    this.#runs.push(isWhole ? values : values.slice(start, hi));
  }

  /** All values so far. */
  column(): Column {
    if (this.#integers !== undefined) return this.#integers.view();
    if (this.#runs.length > 1) this.#runs.splice(0, this.#runs.length, joined(this.#runs));
    return this.#runs[0] ?? [];
  }
}

/** So many arrays are arguments of one call. */
const MAX_RUNS = 1_024;

function joined(runs: ReadonlyArray<ReadonlyArray<EdnData>>): ReadonlyArray<EdnData> {
  const none: EdnData[] = [];
  if (runs.length <= MAX_RUNS) return none.concat(...runs);
  const parts: Array<ReadonlyArray<EdnData>> = [];
  for (let start = 0; start < runs.length; start += MAX_RUNS)
    parts.push(joined(runs.slice(start, start + MAX_RUNS)));
  return joined(parts);
}
