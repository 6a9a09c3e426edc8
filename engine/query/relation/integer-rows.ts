/**
 * Rows of integers, and where those are that are equal in some of their columns. Hash tables with open addressing hold numbers of rows and
 * nothing else: what is compared are the columns themselves.
 */
import type { EdnData } from '../../../schema/value.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Column } from './column.ts';
import { ROWS_PER_PAUSE } from './column.ts';

export type IntegerColumns = ReadonlyArray<Int32Array>;

const MIN_CAPACITY = 256;
const MIN_INDEXED = 32;
const NONE: Int32Array = new Int32Array(0);
/** Places of which none is taken. */
const EMPTY: Int32Array = new Int32Array(1);

/** Of no row. */
export const NO_ROW = -1;

/** The columns as integers where all their values are such, ids or others. */
export function integersOf(columns: ReadonlyArray<Column>): IntegerColumns | undefined {
  if (columns.every((column) => column instanceof Int32Array)) return columns;
  const integers: Int32Array[] = [];
  for (const column of columns) {
    if (!(column instanceof Int32Array || column.every(isInteger))) return undefined;
    integers.push(Int32Array.from(column as ArrayLike<number>));
  }
  return integers;
}

function isInteger(value: EdnData): boolean {
  return typeof value === 'number' && Object.is(value, value | 0);
}

/** Arrays of some lengths, all zero. To make one costs more than to cut it out of another, unless it is large. */
export function integerArrays(...lengths: ReadonlyArray<number>): Int32Array[] {
  const whole = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  let start = 0;
  return lengths.map((length) => whole.subarray(start, (start += length)));
}

/** Distinct rows to which others can be added. */
export class IntegerRows {
  length: number;
  /** Of these, the first places are taken, as many as there are rows. Arrays that were too short stay as they were. */
  columns: IntegerColumns;
  /** Number and one of a row, 0 where the place is free. */
  #places = NONE;
  readonly #indexes = new Map<string, IntegerIndex>();

  /** The rows that there are at first are distinct. */
  constructor(columns: IntegerColumns, length: number) {
    this.columns = columns;
    this.length = length;
  }

  static empty(columnCount: number): IntegerRows {
    return new IntegerRows(
      Array.from({ length: columnCount }, () => NONE),
      0,
    );
  }

  /** Of rows `from <= i < to` those that are new. There is room for all. */
  add(added: IntegerColumns, from: number, to: number): void {
    const { columns } = this;
    const places = this.#places;
    const mask = places.length - 1;
    let { length } = this;
    for (let row = from; row < to; row++) {
      let place = hashOf(added, row) & mask;
      let known = places[place]!;
      while (known > 0 && !areEqual(columns, known - 1, added, row)) {
        place = (place + 1) & mask;
        known = places[place]!;
      }
      if (known > 0) continue;
      for (let i = 0; i < columns.length; i++) columns[i]![length] = added[i]![row]!;
      places[place] = ++length;
    }
    this.length = length;
  }

  /** The rows by the values of the columns in some places; it knows the rows that it was told of. */
  indexOn(keys: ReadonlyArray<number>): IntegerIndex {
    const name = keys.join(' ');
    let index = this.#indexes.get(name);
    if (index === undefined) this.#indexes.set(name, (index = new IntegerIndex(this, keys)));
    return index;
  }

  hasRoomFor(count: number): boolean {
    return 2 * (this.length + count) <= this.#places.length;
  }

  /** Makes room for so many rows: twice as many places as rows, and columns as long as that allows. */
  *makeRoom(count: number): Suspended<void> {
    const { length } = this;
    // Of rows without columns there is one.
    let capacity = this.columns.length === 0 ? 1 : MIN_CAPACITY;
    while (capacity < length + count) capacity *= 2;
    const [places, ...columns] = integerArrays(2 * capacity, ...this.columns.map(() => capacity));
    for (const [i, column] of this.columns.entries()) columns[i]!.set(column.subarray(0, length));
    for (let start = 0; start < length; start += ROWS_PER_PAUSE) {
      if (start > 0) yield PAUSE;
      putAll(columns, start, Math.min(length, start + ROWS_PER_PAUSE), places!);
    }
    this.columns = columns;
    this.#places = places!;
  }
}

/** Puts rows that differ into free places. */
function putAll(columns: IntegerColumns, from: number, to: number, places: Int32Array): void {
  const mask = places.length - 1;
  for (let row = from; row < to; row++) {
    let place = hashOf(columns, row) & mask;
    while (places[place] !== 0) place = (place + 1) & mask;
    places[place] = row + 1;
  }
}

/** Chains of the rows that are equal in some columns, from the last to the first. */
export class IntegerIndex {
  readonly rows: IntegerRows;
  /** How many rows it knows. */
  length = 0;
  /** For each row the one before it in its chain, or {@link NO_ROW}. */
  before = NONE;
  readonly #keys: ReadonlyArray<number>;
  #columns: IntegerColumns = [];
  /** Number and one of the last row of each chain, 0 where the place is free. */
  #places = EMPTY;

  constructor(rows: IntegerRows, keys: ReadonlyArray<number>) {
    this.rows = rows;
    this.#keys = keys;
  }

  /** Makes it know the first so many rows. */
  *extend(length: number): Suspended<void> {
    this.#columns = this.#keys.map((key) => this.rows.columns[key]!);
    if (length > this.before.length) this.#clear(length);
    while (this.length < length) {
      const end = Math.min(length, this.length + ROWS_PER_PAUSE);
      this.#chain(this.length, end);
      this.length = end;
      if (end < length) yield PAUSE;
    }
  }

  /**
   * Puts the last of the rows that are equal to each row `from <= i < to` of other columns into `found`, {@link NO_ROW} where there is none.
   */
  find(values: IntegerColumns, from: number, to: number, found: Int32Array): void {
    const columns = this.#columns;
    const places = this.#places;
    const mask = places.length - 1;
    for (let row = from; row < to; row++) {
      let place = hashOf(values, row) & mask;
      let known = places[place]!;
      while (known > 0 && !areEqual(columns, known - 1, values, row)) {
        place = (place + 1) & mask;
        known = places[place]!;
      }
      found[row - from] = known - 1;
    }
  }

  /** Room for so many rows; the chains are made anew. */
  #clear(length: number): void {
    let capacity = Math.max(MIN_INDEXED, this.before.length);
    while (capacity < length) capacity *= 2;
    const [before, places] = integerArrays(capacity, 2 * capacity);
    this.before = before!;
    this.#places = places!;
    this.length = 0;
  }

  #chain(start: number, end: number): void {
    const { before } = this;
    const columns = this.#columns;
    const places = this.#places;
    const mask = places.length - 1;
    for (let row = start; row < end; row++) {
      let place = hashOf(columns, row) & mask;
      let known = places[place]!;
      while (known > 0 && !areEqual(columns, known - 1, columns, row)) {
        place = (place + 1) & mask;
        known = places[place]!;
      }
      before[row] = known - 1;
      places[place] = row + 1;
    }
  }
}

const GOLDEN = 0x9e3779b1;

function hashOf(columns: IntegerColumns, row: number): number {
  let hash = 0;
  for (let i = 0; i < columns.length; i++) hash = Math.imul(hash ^ columns[i]![row]!, GOLDEN);
  return hash ^ (hash >>> 15);
}

function areEqual(
  columns: IntegerColumns,
  row: number,
  others: IntegerColumns,
  other: number,
): boolean {
  for (let i = 0; i < columns.length; i++) if (columns[i]![row] !== others[i]![other]) return false;
  return true;
}
