/** A stable sort that pauses: runs of bounded length by the engine of JavaScript, then merges. */
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { ROWS_PER_PAUSE } from './algebra.ts';

export function* sorted<T>(
  items: ReadonlyArray<T>,
  compare: (a: T, b: T) => number,
): Suspended<T[]> {
  let runs: T[][] = [];
  for (let start = 0; start < items.length; start += ROWS_PER_PAUSE) {
    runs.push(items.slice(start, start + ROWS_PER_PAUSE).sort(compare));
    yield PAUSE;
  }
  while (runs.length > 1) {
    const merged: T[][] = [];
    for (let i = 0; i < runs.length; i += 2)
      merged.push(yield* merge(runs[i] ?? [], runs[i + 1] ?? [], compare));
    runs = merged;
  }
  return runs[0] ?? [];
}

function* merge<T>(
  left: ReadonlyArray<T>,
  right: ReadonlyArray<T>,
  compare: (a: T, b: T) => number,
): Suspended<T[]> {
  const merged: T[] = [];
  let [i, j] = [0, 0];
  while (i < left.length || j < right.length) {
    const isLeft = j >= right.length || (i < left.length && compare(left[i]!, right[j]!) <= 0);
    merged.push(isLeft ? left[i++]! : right[j++]!);
    if (merged.length % ROWS_PER_PAUSE === 0) yield PAUSE;
  }
  return merged;
}
