/**
 * Sorting of datoms that come as transactions make them: in runs, entity by entity. A stable merge sort that takes what is in order as it
 * is; attributes are told apart before anything is compared. The sort of the language calls its comparator from outside of compiled code,
 * which costs several times as much as the comparison.
 */
import { compareAttributes } from './attribute-number.ts';
import { compareDatoms } from './compare-datoms.ts';
import type { CompareDatoms } from './compare-datoms.ts';
import type { Datom } from './datom.ts';
import type { IndexOrder } from './index-order.ts';

/** The datoms in the order of an index, equal ones in the order in which they came. */
export function sortDatoms(datoms: ReadonlyArray<Datom>, order: IndexOrder): ReadonlyArray<Datom> {
  const compare = compareDatoms[order];
  if (order === 'eavt' || datoms.length <= RUN) return mergeSort(datoms, compare);
  const groups = byAttribute(datoms).map((group) => mergeSort(group, compare));
  return new Array<Datom>().concat(...groups);
}

function byAttribute(datoms: ReadonlyArray<Datom>): Datom[][] {
  const groups = new Map<number, Datom[]>();
  for (const datom of datoms) {
    const group = groups.get(datom.a);
    if (group === undefined) groups.set(datom.a, [datom]);
    else group.push(datom);
  }
  return Array.from(groups)
    .sort(([a], [b]) => compareAttributes(a, b))
    .map(([, group]) => group);
}

/** So few are sorted by insertion. */
const RUN = 8;

function mergeSort(datoms: ReadonlyArray<Datom>, compare: CompareDatoms): ReadonlyArray<Datom> {
  const { length } = datoms;
  if (isSorted(datoms, compare)) return datoms;
  let from = datoms.slice();
  for (let lo = 0; lo < length; lo += RUN) sortRun(from, lo, Math.min(lo + RUN, length), compare);
  if (length <= RUN) return from;
  let to = from.slice();
  for (let width = RUN; width < length; width *= 2) {
    for (let lo = 0; lo < length; lo += 2 * width)
      mergeRuns(
        from,
        lo,
        Math.min(lo + width, length),
        Math.min(lo + 2 * width, length),
        to,
        compare,
      );
    [from, to] = [to, from];
  }
  return from;
}

function isSorted(datoms: ReadonlyArray<Datom>, compare: CompareDatoms): boolean {
  for (let i = 1; i < datoms.length; i++) if (compare(datoms[i - 1]!, datoms[i]!) > 0) return false;
  return true;
}

function sortRun(datoms: Datom[], lo: number, hi: number, compare: CompareDatoms): void {
  for (let i = lo + 1; i < hi; i++) {
    const datom = datoms[i]!;
    let at = i;
    for (; at > lo && compare(datoms[at - 1]!, datom) > 0; at--) datoms[at] = datoms[at - 1]!;
    datoms[at] = datom;
  }
}

/** Two runs that are next to each other, `lo` to `middle` and `middle` to `hi`, as one. */
function mergeRuns(
  from: ReadonlyArray<Datom>,
  lo: number,
  middle: number,
  hi: number,
  to: Datom[],
  compare: CompareDatoms,
): void {
  let left = lo;
  let right = middle;
  const isOrdered = middle >= hi || compare(from[middle - 1]!, from[middle]!) <= 0;
  if (isOrdered) {
    for (let at = lo; at < hi; at++) to[at] = from[at]!;
    return;
  }
  for (let at = lo; at < hi; at++) {
    const isLeft = right >= hi || (left < middle && compare(from[left]!, from[right]!) <= 0);
    to[at] = from[isLeft ? left++ : right++]!;
  }
}
