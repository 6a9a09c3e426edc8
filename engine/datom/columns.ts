/**
 * Datoms as columns: what a leaf of an index holds and what a scan hands out. Row i is
 * `[e[i], a[i], v[i], tx[i], added[i]]`; rows are in the order of one index.
 */
import type { Value } from '../../schema/value.ts';
import { firstNot, firstNotNear } from '../shared/binary-search.ts';
import { compareAttributes } from './attribute-number.ts';
import { Datom } from './datom.ts';
import type { IndexOrder } from './index-order.ts';
import { compareValues } from './value-order.ts';

/**
 * Leading components of a row in the order of its index; a component that is undefined, and all after it, match any row.
 */
export interface Bound {
  readonly e?: number | undefined;
  readonly a?: number | undefined;
  readonly v?: Value | undefined;
  readonly tx?: number | undefined;
}

/** Rows `lo <= i < hi`; written by {@link Columns.locate}. */
export interface RowRange {
  lo: number;
  hi: number;
}

/** The values of rows `lo <= i < hi`. */
export type DecodeValues = (lo: number, hi: number) => ReadonlyArray<Value>;

/** So many values are decoded together where one is looked at: most entities have as many. */
const VALUES_PER_LOOK = 16;

/** Who looks at more places than this is given all of them. */
const MAX_LOOKS = 2;

export class Columns {
  readonly length: number;
  readonly e: Int32Array;
  readonly a: Int32Array;
  readonly tx: Int32Array;
  /** Undefined where every row is an assertion, as in all current indices. */
  readonly added: Uint8Array | undefined;
  #values: ReadonlyArray<Value> | DecodeValues;
  /** Values that were decoded for a point read, from row {@link #seenFrom} on. */
  #seen = NO_VALUES;
  #seenFrom = 0;
  #looks = 0;

  /** Values may come as a function, which is called when they are needed. */
  constructor(
    e: Int32Array,
    a: Int32Array,
    values: ReadonlyArray<Value> | DecodeValues,
    tx: Int32Array,
    added?: Uint8Array,
  ) {
    this.length = e.length;
    this.e = e;
    this.a = a;
    this.tx = tx;
    this.added = added;
    this.#values = values;
  }

  /** All values. */
  get v(): ReadonlyArray<Value> {
    const values = this.#values;
    if (typeof values !== 'function') return values;
    this.#seen = NO_VALUES;
    return (this.#values = values(0, this.length));
  }

  /** One value, for whom a few are enough. */
  value(row: number): Value {
    const values = this.#values;
    return typeof values === 'function' ? this.#look(values, row) : values[row]!;
  }

  #look(decode: DecodeValues, row: number): Value {
    const seen = this.#seen[row - this.#seenFrom];
    if (seen !== undefined) return seen;
    if (this.#looks++ === MAX_LOOKS) return this.v[row]!;
    this.#seen = decode(row, Math.min(row + VALUES_PER_LOOK, this.length));
    this.#seenFrom = row;
    return this.#seen[0]!;
  }

  isAdded(row: number): boolean {
    return this.added === undefined || this.added[row] === 1;
  }

  datom(row: number): Datom {
    return new Datom(this.e[row]!, this.a[row]!, this.value(row), this.tx[row]!, this.isAdded(row));
  }

  /**
   * Narrows `range` to the rows that match the bound; where none does, to the empty range at the place where they would be.
   * Takes O(log n) per component and allocates nothing.
   */
  locate(order: IndexOrder, bound: Bound, range: RowRange): void {
    switch (order) {
      case 'eavt':
        if (!this.#locateE(bound.e, range)) return;
        if (!this.#locateA(bound.a, range)) return;
        if (!this.#locateV(bound.v, range)) return;
        break;
      case 'aevt':
        if (!this.#locateA(bound.a, range)) return;
        if (!this.#locateE(bound.e, range)) return;
        if (!this.#locateV(bound.v, range)) return;
        break;
      case 'avet':
        if (!this.#locateA(bound.a, range)) return;
        if (!this.#locateV(bound.v, range)) return;
        if (!this.#locateE(bound.e, range)) return;
        break;
    }
    if (bound.tx !== undefined) locateInteger(this.tx, bound.tx, range);
  }

  slice(lo: number, hi: number): Columns {
    return new Columns(
      this.e.slice(lo, hi),
      this.a.slice(lo, hi),
      this.v.slice(lo, hi),
      this.tx.slice(lo, hi),
      this.added?.slice(lo, hi),
    );
  }

  // Each says whether the next component has to be looked at: the bound goes on and some row matches so far.

  #locateE(e: number | undefined, range: RowRange): boolean {
    if (e === undefined) return false;
    return locateInteger(this.e, e, range);
  }

  #locateA(a: number | undefined, range: RowRange): boolean {
    if (a === undefined) return false;
    const column = this.a;
    if (range.lo < range.hi && column[range.lo] === a && column[range.hi - 1] === a) return true;
    const lo = firstNot(range.lo, range.hi, (row) => compareAttributes(column[row]!, a) < 0);
    range.hi = firstNotNear(lo, range.hi, (row) => column[row] === a);
    range.lo = lo;
    return lo < range.hi;
  }

  #locateV(v: Value | undefined, range: RowRange): boolean {
    if (v === undefined) return false;
    const values = this.v;
    const lo = firstNot(range.lo, range.hi, (row) => compareValues(values[row]!, v) < 0);
    range.hi = firstNotNear(lo, range.hi, (row) => compareValues(values[row]!, v) === 0);
    range.lo = lo;
    return lo < range.hi;
  }
}

const NO_VALUES: ReadonlyArray<Value> = [];

/** No rows. */
export const NO_ROWS = new Columns(new Int32Array(0), new Int32Array(0), [], new Int32Array(0));

/** Compares rows of two blocks; `added` decides between rows that are otherwise equal, retractions first. */
export function compareRows(
  order: IndexOrder,
  a: Columns,
  rowA: number,
  b: Columns,
  rowB: number,
): number {
  const e = a.e[rowA]! - b.e[rowB]!;
  if (order === 'eavt' && e !== 0) return e;
  const attribute = compareAttributes(a.a[rowA]!, b.a[rowB]!);
  if (attribute !== 0) return attribute;
  if (order === 'aevt' && e !== 0) return e;
  return (
    compareValues(a.v[rowA]!, b.v[rowB]!) ||
    e ||
    a.tx[rowA]! - b.tx[rowB]! ||
    Number(a.isAdded(rowA)) - Number(b.isAdded(rowB))
  );
}

/** Written out: every read of an entity goes through it some times. */
function locateInteger(column: Int32Array, wanted: number, range: RowRange): boolean {
  let { lo, hi } = range;
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (column[middle]! < wanted) lo = middle + 1;
    else hi = middle;
  }
  range.lo = lo;
  ({ hi } = range);
  let step = 1;
  let end = lo;
  while (end + step <= hi && column[end + step - 1] === wanted) {
    end += step;
    step *= 2;
  }
  // The step that was too far is the last that has to be looked at.
  hi = Math.min(hi, end + step);
  while (end < hi) {
    const middle = (end + hi) >>> 1;
    if (column[middle] === wanted) end = middle + 1;
    else hi = middle;
  }
  range.hi = end;
  return lo < end;
}
