/** Rows of several databases, each in the same order, as one list in that order. */
import type { Order } from '../read/query/order.ts';
import { compareBy } from '../read/query/order.ts';
import type { Row } from '../read/query/list-query.ts';

/** A row, and which of the lists it is from. */
export interface MergedRow {
  readonly list: number;
  readonly row: Row;
}

/** Lists as one, row by row. Between equals the lists are in their order; in the one of the ids from the highest on, in its reverse. */
export class RowMerge {
  readonly #heads: Heap;

  constructor({ keys, entityDescending }: Order) {
    const comparisons = keys.map(compareBy);
    this.#heads = new Heap((one, other) => {
      for (const [i, compare] of comparisons.entries()) {
        const difference = compare(one.values[i], other.values[i]);
        if (difference !== 0) return difference < 0;
      }
      return entityDescending ? one.list > other.list : one.list < other.list;
    });
  }

  /** The first rows of a list, or those after all that it had. */
  add(list: number, rows: ReadonlyArray<Row>, at = 0): void {
    const row = rows[at];
    if (row !== undefined) this.#heads.push({ list, row, values: row.values(), rows, at });
  }

  /** `isLast`: whether its list has no more rows here; then those that there are have to be added before the next row is taken. */
  next(): (MergedRow & { readonly isLast: boolean }) | undefined {
    const head = this.#heads.pop();
    if (head === undefined) return undefined;
    const { list, row, rows, at } = head;
    this.add(list, rows, at + 1);
    return { list, row, isLast: at + 1 === rows.length };
  }
}

/** Of whole lists the rows from `offset` on. */
export function mergeRows(
  order: Order,
  lists: ReadonlyArray<ReadonlyArray<Row>>,
  { offset, size }: { readonly offset: number; readonly size: number },
): ReadonlyArray<MergedRow> {
  const merge = new RowMerge(order);
  for (const [list, rows] of lists.entries()) merge.add(list, rows);
  const merged: MergedRow[] = [];
  for (let place = 0; place < offset + size; place++) {
    const next = merge.next();
    if (next === undefined) break;
    if (place >= offset) merged.push({ list: next.list, row: next.row });
  }
  return merged;
}

/** The next row of a list. */
interface Head extends MergedRow {
  readonly values: ReturnType<Row['values']>;
  readonly rows: ReadonlyArray<Row>;
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
