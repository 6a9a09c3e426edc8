/** Sorting that pauses: all of many rows, or the first few of them. Both are stable. */
import { firstNot } from '../../shared/binary-search.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';

type Compare<T> = (a: T, b: T) => number;

/** Putting one more among the best moves those behind it: with many of them, sorting all is faster. */
const FEW = 10_000;

/** The first `count` items in order; all of them where there is no count. */
export function* sorted<T>(
  items: ReadonlyArray<T>,
  compare: Compare<T>,
  count = Infinity,
): Suspended<T[]> {
  return count <= FEW && count < items.length / 8
    ? yield* smallest(items, compare, count)
    : (yield* sortAll(items, compare)).slice(0, count);
}

/** Keeps the best so far in order; nearly every item is then one comparison with the last of them. */
function* smallest<T>(items: ReadonlyArray<T>, compare: Compare<T>, count: number): Suspended<T[]> {
  const best: T[] = [];
  for (const [i, item] of items.entries()) {
    if (i % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
    if (best.length === count && (count === 0 || compare(item, best[count - 1]!) >= 0)) continue;
    best.splice(
      firstNot(0, best.length, (place) => compare(best[place]!, item) <= 0),
      0,
      item,
    );
    if (best.length > count) best.pop();
  }
  return best;
}

/** Runs of bounded length by the engine of JavaScript, then merges. */
function* sortAll<T>(items: ReadonlyArray<T>, compare: Compare<T>): Suspended<T[]> {
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
  compare: Compare<T>,
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
