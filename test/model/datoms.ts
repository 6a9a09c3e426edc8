/** Datoms as a sorted array: what every set, tree and cursor of datoms is compared with. */
import fc from 'fast-check';
import { kw } from '../../schema/keyword.ts';
import { attributeNumber } from '../../engine/datom/attribute-number.ts';
import type { ChunkCursor, ScanEdge, ScanRange } from '../../engine/datom/chunk-cursor.ts';
import type { Bound } from '../../engine/datom/columns.ts';
import { columnsOf } from '../../engine/datom/columns-builder.ts';
import { compareDatoms, compareWithBound } from '../../engine/datom/compare-datoms.ts';
import { Datom, TX0 } from '../../engine/datom/datom.ts';
import type { IndexOrder } from '../../engine/datom/index-order.ts';
import { INDEX_ORDERS } from '../../engine/datom/index-order.ts';
import type { Value } from '../../schema/value.ts';

const ATTRIBUTES = ['t/a', 't/b', 'u', 'a'].map((name) => attributeNumber(kw(name)));

export const orders = fc.constantFrom(...INDEX_ORDERS);

const simpleValues: fc.Arbitrary<Value> = fc.oneof(
  fc.integer({ min: 0, max: 9 }),
  fc.constantFrom('x', 'y', 'z'),
);

/** Datoms over few names and values; `width` entities. */
export function datomsOver(width: number): fc.Arbitrary<Datom> {
  return fc
    .tuple(
      fc.integer({ min: 1, max: width }),
      fc.constantFrom(...ATTRIBUTES),
      simpleValues,
      fc.integer({ min: 1, max: 4 }),
      fc.boolean(),
    )
    .map(([e, a, v, tx, added]) => new Datom(e, a, v, TX0 + tx, added));
}

/** So long that branches keep the start of a text only. */
const LONG = 'text '.repeat(15);

/** Many datoms cheaply: one for each number from `start` on. */
export function datomsInRow(start: number, count: number, step = 1): Datom[] {
  return Array.from({ length: count }, (_, i) => {
    const n = start + i * step;
    return new Datom(n, ATTRIBUTES[n % 2]!, n % 3 === 0 ? `${LONG}${n}` : n, TX0 + 1, true);
  });
}

const LEADING = {
  eavt: ['e', 'a', 'v', 'tx'],
  aevt: ['a', 'e', 'v', 'tx'],
  avet: ['a', 'v', 'e', 'tx'],
} as const;

/** The first components of a datom in the order of an index. */
export function boundOf(datom: Datom, order: IndexOrder, length: number): Bound {
  return Object.fromEntries(LEADING[order].slice(0, length).map((part) => [part, datom[part]]));
}

/** Ranges whose edges are near the datoms given, open or closed, inclusive or not, also empty and reversed ones. */
export function rangesNear(
  datoms: ReadonlyArray<Datom>,
  order: IndexOrder,
): fc.Arbitrary<ScanRange> {
  const edges: fc.Arbitrary<ScanEdge | undefined> = fc.option(
    fc
      .tuple(
        fc.constantFrom(...datoms, ...datomsInRow(5, 1)),
        fc.integer({ min: 1, max: 4 }),
        fc.boolean(),
      )
      .map(([datom, length, inclusive]) => ({ bound: boundOf(datom, order, length), inclusive })),
    { nil: undefined, freq: 4 },
  );
  return fc.record({ from: edges, to: edges });
}

export function isInRange(datom: Datom, order: IndexOrder, { from, to }: ScanRange): boolean {
  const compare = compareWithBound[order];
  const start = from === undefined ? 1 : compare(datom, from.bound);
  const end = to === undefined ? -1 : compare(datom, to.bound);
  return (
    (start > 0 || (start === 0 && from?.inclusive === true)) &&
    (end < 0 || (end === 0 && to?.inclusive === true))
  );
}

export function sortDatoms(datoms: Iterable<Datom>, order: IndexOrder): Datom[] {
  const sorted = [...datoms].sort(compareDatoms[order]);
  return sorted.filter((datom, i) => i === 0 || compareDatoms[order](sorted[i - 1]!, datom) !== 0);
}

/** All rows of a scan in the order in which it visits them. */
export function drain(cursor: ChunkCursor, isReverse: boolean): Datom[] {
  const rows: Datom[] = [];
  for (let step = cursor.next(); step !== 'done'; step = cursor.next()) {
    if (step === 'missing') throw new Error('Expected all nodes in memory');
    const chunk = Array.from({ length: cursor.hi - cursor.lo }, (_, i) =>
      cursor.keys.datom(cursor.lo + i),
    );
    if (chunk.length === 0) throw new Error('Expected at least one row in a chunk');
    rows.push(...(isReverse ? chunk.reverse() : chunk));
  }
  return rows;
}

/** A scan over an array, cut into chunks of the sizes given, in turn. */
export function cursorOver(
  sorted: ReadonlyArray<Datom>,
  sizes: ReadonlyArray<number>,
  isReverse: boolean,
): ChunkCursor {
  const chunks: Datom[][] = [];
  for (let start = 0; start < sorted.length; start += chunks.at(-1)!.length)
    chunks.push(sorted.slice(start, start + sizes[chunks.length % sizes.length]!));
  if (isReverse) chunks.reverse();
  const cursor: { -readonly [K in keyof ChunkCursor]: ChunkCursor[K] } = {
    keys: columnsOf([]),
    lo: 0,
    hi: 0,
    miss: undefined,
    next() {
      const chunk = chunks.shift();
      if (chunk === undefined) return 'done';
      // Rows beside the chunk, which nobody may look at.
      const [first, last] = [chunk[0]!, chunk.at(-1)!];
      cursor.keys = columnsOf([first, ...chunk, last]);
      cursor.lo = 1;
      cursor.hi = chunk.length + 1;
      return 'ready';
    },
  };
  return cursor;
}

/** Equal for datoms that are equal in all five components. */
export function keyOf({ e, a, v, tx, added }: Datom): string {
  return `${e} ${a} ${typeof v} ${String(v)} ${tx} ${added}`;
}
