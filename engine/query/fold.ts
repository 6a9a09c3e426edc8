/** Aggregates of numbers, folded over a column in one pass for all groups. */
import type { EdnData } from '../../schema/value.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Column } from './relation/column.ts';
import { ROWS_PER_PAUSE } from './relation/column.ts';

/** The group of each row, 0 … `count - 1`. */
export interface Grouping {
  readonly groupOf: Int32Array;
  readonly count: number;
}

type Step = (totals: Float64Array, group: number, value: number) => void;

interface Fold {
  readonly start: number;
  readonly step: Step;
  readonly end: (total: number, size: number) => number;
}

const FOLDS: ReadonlyMap<string, Fold> = new Map<string, Fold>([
  ['sum', { start: 0, step: add, end: (total) => total }],
  ['avg', { start: 0, step: add, end: (total, size) => total / size }],
  ['min', { start: Infinity, step: lower, end: (total) => total }],
  ['max', { start: -Infinity, step: raise, end: (total) => total }],
]);

/**
 * The aggregate of each group. Undefined for another aggregate, for values that are not all numbers, and for sums that a number cannot hold
 * exactly: those have to be worked out value by value.
 */
export function* foldGroups(
  name: string,
  column: Column,
  { groupOf, count }: Grouping,
): Suspended<EdnData[] | undefined> {
  const sizes = new Float64Array(count);
  if (name === 'count') {
    for (let row = 0; row < groupOf.length; row++) sizes[groupOf[row]!]!++;
    return [...sizes];
  }
  const fold = FOLDS.get(name);
  if (fold === undefined) return undefined;
  const totals = new Float64Array(count).fill(fold.start);
  for (let start = 0; start < groupOf.length; start += ROWS_PER_PAUSE) {
    if (start > 0) yield PAUSE;
    const end = Math.min(groupOf.length, start + ROWS_PER_PAUSE);
    for (let row = start; row < end; row++) {
      const value = column[row];
      if (typeof value !== 'number' || value !== value) return undefined;
      const group = groupOf[row]!;
      fold.step(totals, group, value);
      sizes[group]!++;
    }
  }
  const isExact =
    name !== 'sum' || totals.every((total) => Math.abs(total) <= Number.MAX_SAFE_INTEGER);
  return isExact ? Array.from(totals, (total, group) => fold.end(total, sizes[group]!)) : undefined;
}

function add(totals: Float64Array, group: number, value: number): void {
  totals[group]! += value;
}

function lower(totals: Float64Array, group: number, value: number): void {
  if (value < totals[group]!) totals[group] = value;
}

function raise(totals: Float64Array, group: number, value: number): void {
  if (value > totals[group]!) totals[group] = value;
}
