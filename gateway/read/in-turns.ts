/** Work on long lists, a part at a time: others have their turns in between, and it ends when the time of the request does. */
import type { QueryLimits } from '../../services/reader/reader.ts';
import { giveWay, waitWithin } from '../../services/reader/reader.ts';

/** What is done with so many takes a few milliseconds. */
const PART = 1_000;

/** What each item comes to. @throws DEADLINE_EXCEEDED, CANCELLED */
export async function mapInTurns<T, U>(
  items: ReadonlyArray<T>,
  limits: QueryLimits,
  map: (item: T) => U,
): Promise<ReadonlyArray<U>> {
  if (items.length <= PART) return items.map(map);
  const mapped: U[] = [];
  for (let from = 0; from < items.length; from += PART) {
    for (const item of items.slice(from, from + PART)) mapped.push(map(item));
    await waitWithin(giveWay(), limits);
  }
  return mapped;
}

/** The first `count` items in an order; equal ones as they came. @throws DEADLINE_EXCEEDED, CANCELLED */
export async function firstInOrder<T>(
  items: ReadonlyArray<T>,
  limits: QueryLimits,
  compare: (a: T, b: T) => number,
  count: number,
): Promise<ReadonlyArray<T>> {
  // What is not among the first of some is not among the first of all.
  const size = Math.max(PART, count);
  let first: ReadonlyArray<T> = [];
  for (let from = 0; from < items.length; from += size) {
    const some = [...first, ...items.slice(from, from + size)];
    first = some.toSorted(compare).slice(0, count);
    if (items.length > PART) await waitWithin(giveWay(), limits);
  }
  return first;
}
