/** Rows of several databases, each in the same order, as one list in that order. */
import type { Order } from '../read/query/order.ts';
import { compareBy } from '../read/query/order.ts';
import type { Row } from '../read/query/list-query.ts';

/** A row, and which of the lists it is from. */
export interface MergedRow {
  readonly list: number;
  readonly row: Row;
}

/** The rows from `offset` on. Between equals the lists are in their order; in the one of the ids from the highest on, in its reverse. */
export function mergeRows(
  { keys, entityDescending }: Order,
  lists: ReadonlyArray<ReadonlyArray<Row>>,
  { offset, size }: { readonly offset: number; readonly size: number },
): ReadonlyArray<MergedRow> {
  const comparisons = keys.map(compareBy);
  const isBefore = (one: Head, other: Head): boolean => {
    for (const [i, compare] of comparisons.entries()) {
      const difference = compare(one.values[i], other.values[i]);
      if (difference !== 0) return difference < 0;
    }
    return entityDescending ? one.list > other.list : one.list < other.list;
  };
  const heads = new Heap(isBefore);
  for (const [list, [row]] of lists.entries())
    if (row !== undefined) heads.push({ list, row, values: row.values(), at: 0 });
  const merged: MergedRow[] = [];
  for (let place = 0; place < offset + size; place++) {
    const head = heads.pop();
    if (head === undefined) break;
    if (place >= offset) merged.push({ list: head.list, row: head.row });
    const at = head.at + 1;
    const next = lists[head.list]?.[at];
    if (next !== undefined) heads.push({ list: head.list, row: next, values: next.values(), at });
  }
  return merged;
}

/** The next row of a list. */
interface Head extends MergedRow {
  readonly values: ReturnType<Row['values']>;
  readonly at: number;
}

class Heap {
  readonly #isBefore: (one: Head, other: Head) => boolean;
  readonly #heads: Head[] = [];

  constructor(isBefore: (one: Head, other: Head) => boolean) {
    this.#isBefore = isBefore;
  }

  push(head: Head): void {
    const heads = this.#heads;
    let at = heads.push(head) - 1;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      const above = heads[parent];
      if (above === undefined || !this.#isBefore(head, above)) break;
      heads[at] = above;
      at = parent;
    }
    heads[at] = head;
  }

  pop(): Head | undefined {
    const heads = this.#heads;
    const [least] = heads;
    const last = heads.pop();
    if (last === undefined || heads.length === 0) return least;
    let at = 0;
    for (;;) {
      const below = this.#lesser(2 * at + 1);
      const head = heads[below];
      if (head === undefined || !this.#isBefore(head, last)) break;
      heads[at] = head;
      at = below;
    }
    heads[at] = last;
    return least;
  }

  /** Of two that stand side by side. */
  #lesser(at: number): number {
    const [one, other] = [this.#heads[at], this.#heads[at + 1]];
    return one !== undefined && other !== undefined && this.#isBefore(other, one) ? at + 1 : at;
  }
}
