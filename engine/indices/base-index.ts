/**
 * The base trees of a database: three current indices and their temporal twins, as of one transaction. What came after is novelty.
 */
import type { ChunkCursor, ScanRange } from '../datom/chunk-cursor.ts';
import type { Bound, Columns, RowRange } from '../datom/columns.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import { countRange } from '../tree/count.ts';
import { TreeCursor } from '../tree/cursor.ts';
import { findLeaf } from '../tree/find-leaf.ts';
import { EMPTY_TREE } from '../tree/node.ts';
import type { Locate, NodeSource, TreeRoot } from '../tree/node.ts';
import type { Miss } from '../shared/suspend.ts';

/** Current datoms, or what was superseded or retracted together with the retractions. */
export type Era = 'current' | 'temporal';

export const ERAS: ReadonlyArray<Era> = ['current', 'temporal'];

export type BaseRoots = Readonly<Record<Era, Readonly<Record<IndexOrder, TreeRoot>>>>;

export interface BaseIndex {
  readonly roots: BaseRoots;
  readonly source: NodeSource<Columns>;
}

const EMPTY_ROOTS = { eavt: EMPTY_TREE, aevt: EMPTY_TREE, avet: EMPTY_TREE };

/** The addresses of the roots, each once. */
export function addressesOf(roots: BaseRoots): number[] {
  const addresses = ERAS.flatMap((era) =>
    INDEX_ORDERS.flatMap((order) => roots[era][order].address ?? []),
  );
  return [...new Set(addresses)];
}

export const NO_ROOTS: BaseRoots = { current: EMPTY_ROOTS, temporal: EMPTY_ROOTS };

export function scanBase(
  base: BaseIndex,
  era: Era,
  order: IndexOrder,
  range: ScanRange,
  isReverse: boolean,
): ChunkCursor {
  return new BaseCursor(base, base.roots[era][order], order, range, isReverse);
}

/** A scan that keeps what it reads alive: nodes are held for base trees that somebody has, see `StoredNodes.base`. */
class BaseCursor extends TreeCursor<Columns, Bound> {
  readonly base: BaseIndex;

  constructor(
    base: BaseIndex,
    root: TreeRoot,
    order: IndexOrder,
    range: ScanRange,
    isReverse: boolean,
  ) {
    super(root, base.source, LOCATE[order], range, isReverse);
    this.base = base;
  }
}

/** How many rows; nodes that are not in memory are noted in `misses`, and then the number means nothing. */
export function countBase(
  base: BaseIndex,
  era: Era,
  order: IndexOrder,
  range: ScanRange,
  misses: Miss[],
): number {
  const missing: number[] = [];
  const count = countRange(base.roots[era][order], base.source, LOCATE[order], range, missing);
  if (missing.length > 0) misses.push({ source: base.source, addresses: missing });
  return count;
}

/**
 * Of the current rows in an order, the leaf with the first one that is not before the bound; the last leaf where all are. Undefined where there are none, or
 * where a node is not in memory, which is then noted in `misses`.
 */
export function findBaseLeaf(
  { roots, source }: BaseIndex,
  order: IndexOrder,
  bound: Bound,
  misses: Miss[],
): Columns | undefined {
  const missing: number[] = [];
  const leaf = findLeaf(roots.current[order], source, LOCATE[order], bound, missing);
  if (missing.length > 0) misses.push({ source, addresses: missing });
  return leaf;
}

const LOCATE = Object.fromEntries(
  INDEX_ORDERS.map((order) => [
    order,
    (keys: Columns, bound: Bound, range: RowRange) => keys.locate(order, bound, range),
  ]),
) as Record<IndexOrder, Locate<Columns, Bound>>;
