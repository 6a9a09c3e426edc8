/** Aggregates of numbers, folded over a column in one pass for all groups. */
import type { EdnData } from '../../../schema/value.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Column } from '../relation/column.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';
import type { Piece } from '../relation/piecewise.ts';
import { quotient } from './quotient.ts';

/** Which rows belong together. */
export interface Grouping {
  readonly count: number;
  readonly length: number;
  /** The group of each row, 0 … `count - 1`; undefined where all are one group. */
  readonly groupOf: Int32Array | undefined;
}

/** One pass over values `lo <= i < hi`. */
interface Fold {
  readonly start: number;
  /** All into one total; NaN where one of them is no number. */
  readonly whole: (total: number, values: Column, lo: number, hi: number) => number;
  /** Each into the total of its group, which stands in `groupOf` at `i + shift`. False where one of them is no number. */
  readonly groups: (
    totals: Float64Array,
    groupOf: Int32Array,
    shift: number,
    values: Column,
    lo: number,
    hi: number,
  ) => boolean;
}

const SUM: Fold = {
  start: 0,
  whole(total, values, lo, hi) {
    let sum = total;
    for (let i = lo; i < hi; i++) {
      const value = values[i];
      if (typeof value !== 'number') return NaN;
      sum += value;
    }
    return sum;
  },
  groups(totals, groupOf, shift, values, lo, hi) {
    for (let i = lo; i < hi; i++) {
      const value = values[i];
      if (!isNumber(value)) return false;
      totals[groupOf[i + shift]!]! += value;
    }
    return true;
  },
};

const MIN: Fold = {
  start: Infinity,
  whole(total, values, lo, hi) {
    let least = total;
    for (let i = lo; i < hi; i++) {
      const value = values[i];
      if (!isNumber(value)) return NaN;
      if (value < least) least = value;
    }
    return least;
  },
  groups(totals, groupOf, shift, values, lo, hi) {
    for (let i = lo; i < hi; i++) {
      const value = values[i];
      if (!isNumber(value)) return false;
      const group = groupOf[i + shift]!;
      if (value < totals[group]!) totals[group] = value;
    }
    return true;
  },
};

const MAX: Fold = {
  start: -Infinity,
  whole(total, values, lo, hi) {
    let greatest = total;
    for (let i = lo; i < hi; i++) {
      const value = values[i];
      if (!isNumber(value)) return NaN;
      if (value > greatest) greatest = value;
    }
    return greatest;
  },
  groups(totals, groupOf, shift, values, lo, hi) {
    for (let i = lo; i < hi; i++) {
      const value = values[i];
      if (!isNumber(value)) return false;
      const group = groupOf[i + shift]!;
      if (value > totals[group]!) totals[group] = value;
    }
    return true;
  },
};

/** NaN is none: it has no place in an order. */
function isNumber(value: EdnData | undefined): value is number {
  return typeof value === 'number' && value === value;
}

const FOLDS: ReadonlyMap<string, Fold> = new Map([
  ['sum', SUM],
  ['avg', SUM],
  ['min', MIN],
  ['max', MAX],
]);

/**
 * The aggregate of each group. Undefined for another aggregate, for values that are not all numbers, and for sums that a number cannot hold
 * exactly: those have to be worked out value by value.
 */
export function* foldGroups(
  name: string,
  column: ReadonlyArray<Piece>,
  grouping: Grouping,
): Suspended<EdnData[] | undefined> {
  if (name === 'count') return [...sizesOf(grouping)];
  const fold = FOLDS.get(name);
  if (fold === undefined) return undefined;
  const { groupOf, count } = grouping;
  const totals = new Float64Array(count).fill(fold.start);
  let [row, pauseAt] = [0, ROWS_PER_PAUSE];
  for (const piece of column)
    for (let lo = piece.lo; lo < piece.hi; lo += ROWS_PER_PAUSE) {
      const hi = Math.min(piece.hi, lo + ROWS_PER_PAUSE);
      if (groupOf === undefined) totals[0] = fold.whole(totals[0]!, piece.column, lo, hi);
      else if (!fold.groups(totals, groupOf, row - lo, piece.column, lo, hi)) return undefined;
      row += hi - lo;
      if (row < pauseAt) continue;
      pauseAt = row + ROWS_PER_PAUSE;
      yield PAUSE;
    }
  if (groupOf === undefined && !isNumber(totals[0])) return undefined;
  if (name === 'avg') {
    const sizes = sizesOf(grouping);
    return Array.from(totals, (total, group) => quotient(total, sizes[group]!));
  }
  const isExact =
    name !== 'sum' || totals.every((total) => Math.abs(total) <= Number.MAX_SAFE_INTEGER);
  return isExact ? [...totals] : undefined;
}

/** How many rows there are in each group. */
function sizesOf({ groupOf, count, length }: Grouping): Float64Array {
  const sizes = new Float64Array(count);
  if (groupOf === undefined) sizes[0] = length;
  else for (let row = 0; row < length; row++) sizes[groupOf[row]!]!++;
  return sizes;
}
