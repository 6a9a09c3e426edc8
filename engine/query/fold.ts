/** Aggregates of numbers, folded over a column in one pass for all groups. */
import type { EdnData } from '../../schema/value.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Column } from './relation/column.ts';
import { ROWS_PER_PAUSE } from './relation/column.ts';

/** Which rows belong together. */
export interface Grouping {
  readonly count: number;
  readonly length: number;
  /** The group of each row, 0 … `count - 1`; undefined where all are one group. */
  readonly groupOf: Int32Array | undefined;
}

/** Numbers as far as they were looked at. */
type Numbers = ArrayLike<number>;

/** One pass over numbers `start <= row < end`. */
interface Fold {
  readonly start: number;
  /** All into one total. */
  readonly whole: (total: number, numbers: Numbers, start: number, end: number) => number;
  /** Each into the total of its group. */
  readonly groups: (
    totals: Float64Array,
    groupOf: Int32Array,
    numbers: Numbers,
    start: number,
    end: number,
  ) => void;
}

const SUM: Fold = {
  start: 0,
  whole(total, numbers, start, end) {
    let sum = total;
    for (let row = start; row < end; row++) sum += numbers[row]!;
    return sum;
  },
  groups(totals, groupOf, numbers, start, end) {
    for (let row = start; row < end; row++) totals[groupOf[row]!]! += numbers[row]!;
  },
};

const MIN: Fold = {
  start: Infinity,
  whole(total, numbers, start, end) {
    let least = total;
    for (let row = start; row < end; row++) if (numbers[row]! < least) least = numbers[row]!;
    return least;
  },
  groups(totals, groupOf, numbers, start, end) {
    for (let row = start; row < end; row++)
      if (numbers[row]! < totals[groupOf[row]!]!) totals[groupOf[row]!] = numbers[row]!;
  },
};

const MAX: Fold = {
  start: -Infinity,
  whole(total, numbers, start, end) {
    let greatest = total;
    for (let row = start; row < end; row++) if (numbers[row]! > greatest) greatest = numbers[row]!;
    return greatest;
  },
  groups(totals, groupOf, numbers, start, end) {
    for (let row = start; row < end; row++)
      if (numbers[row]! > totals[groupOf[row]!]!) totals[groupOf[row]!] = numbers[row]!;
  },
};

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
  column: Column,
  grouping: Grouping,
): Suspended<EdnData[] | undefined> {
  if (name === 'count') return [...sizesOf(grouping)];
  const fold = FOLDS.get(name);
  if (fold === undefined) return undefined;
  const { groupOf, count, length } = grouping;
  const totals = new Float64Array(count).fill(fold.start);
  for (let start = 0; start < length; start += ROWS_PER_PAUSE) {
    if (start > 0) yield PAUSE;
    const end = Math.min(length, start + ROWS_PER_PAUSE);
    if (!areNumbers(column, start, end)) return undefined;
    if (groupOf === undefined) totals[0] = fold.whole(totals[0]!, column, start, end);
    else fold.groups(totals, groupOf, column, start, end);
  }
  if (name === 'avg') {
    const sizes = sizesOf(grouping);
    return Array.from(totals, (total, group) => total / sizes[group]!);
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

/** NaN is none: it has no place in an order. */
function areNumbers(column: Column, start: number, end: number): column is Column & Numbers {
  if (column instanceof Int32Array) return true;
  for (let row = start; row < end; row++) {
    const value = column[row];
    if (typeof value !== 'number' || value !== value) return false;
  }
  return true;
}
