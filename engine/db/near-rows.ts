/**
 * Reads the rows of many prefixes that lie near each other, as those of the entities on a page do: the leaf that the last one was found in is
 * looked at first, and where nothing new concerns it, its rows are handed out as they are. Everything else is an ordinary scan.
 */
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import { prefixRange } from '../datom/chunk-cursor.ts';
import type { Bound, Columns, RowRange } from '../datom/columns.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { findBaseLeaf } from '../indices/base-index.ts';
import type { DatomSet } from '../novelty/datom-set.ts';
import type { Miss } from '../shared/suspend.ts';
import { missesOf } from '../shared/suspend.ts';
import type { SettledDb } from './scan.ts';
import { scan } from './scan.ts';

/** Is handed the rows `lo <= row < hi`, at least one; says whether it wants more. */
export type VisitRows = (keys: Columns, lo: number, hi: number) => boolean;

export class NearRows {
  readonly #db: SettledDb;
  readonly #order: IndexOrder;
  /** Whether leaves of the base may be looked at without a scan. */
  readonly #isPlain: boolean;
  /** Whether novelty has to be asked about a leaf. */
  readonly #hasNovelty: boolean;
  /** That the last rows were found in, unless something is new in it. */
  #leaf: Columns | undefined;
  /** The last leaves of which it is known. */
  #touched: Columns | undefined;
  #untouched: Columns | undefined;
  readonly #range: RowRange = { lo: 0, hi: 0 };

  constructor(db: SettledDb, order: IndexOrder) {
    this.#db = db;
    this.#order = order;
    this.#isPlain = db.window === undefined && db.base.roots.current[order].count > 0;
    const { added, removed } = db.novelty.eras.current[order];
    this.#hasNovelty = added.weight > 0 || removed.weight > 0;
  }

  /** Visits the rows of a prefix in order. False where nodes are not in memory, which are noted; some rows may have been visited by then. */
  visit(bound: Bound, visit: VisitRows, misses: Miss[]): boolean {
    const leaf = this.find(bound, misses);
    if (leaf !== undefined) {
      if (this.lo < this.hi) visit(leaf, this.lo, this.hi);
      return true;
    }
    if (misses.length > 0) return false;
    return visitScan(scan(this.#db, this.#order, prefixRange(bound)), visit, misses);
  }

  /**
   * The leaf that has all rows of a prefix, from {@link lo} up to {@link hi}, and nothing new among them. Undefined where a scan has to tell; where
   * nodes are not in memory they are noted, in a list that has to come empty.
   */
  find(bound: Bound, misses: Miss[]): Columns | undefined {
    if (!this.#isPlain) return undefined;
    const near = this.#leaf;
    if (near !== undefined && this.#isNear(near, bound) && this.#isWithin(near, bound, false)) {
      if (this.#isUntouched(near)) return near;
      this.#leaf = undefined;
    }
    const leaf = findBaseLeaf(this.#db.base, this.#order, bound, misses);
    if (leaf === undefined) return undefined;
    if (leaf !== this.#touched) this.#leaf = leaf;
    if (!this.#isWithin(leaf, bound, !this.#hasNovelty)) return undefined;
    return this.#hasNewRows(bound, bound) ? undefined : leaf;
  }

  /** The first row that was found. */
  get lo(): number {
    return this.#range.lo;
  }

  /** One past the last row that was found. */
  get hi(): number {
    return this.#range.hi;
  }

  /** False where a look at both ends of the leaf tells that the bound is elsewhere. */
  #isNear({ e, length }: Columns, bound: Bound): boolean {
    if (this.#order !== 'eavt' || bound.e === undefined) return true;
    return e[0]! < bound.e && bound.e < e[length - 1]!;
  }

  /**
   * Whether all rows of the bound, also new ones, have their place between two rows of the leaf. They may be its first ones where the leaf is
   * known to be the one in which they begin, and nothing is new.
   */
  #isWithin(leaf: Columns, bound: Bound, mayBeFirst: boolean): boolean {
    const range = this.#range;
    range.lo = 0;
    range.hi = leaf.length;
    leaf.locate(this.#order, bound, range);
    return range.hi < leaf.length && (range.lo > 0 || mayBeFirst);
  }

  /** Whether nothing came or went about what a leaf begins or ends with, or between the two. It is asked of leaves that are met again. */
  #isUntouched(leaf: Columns): boolean {
    if (leaf === this.#untouched) return true;
    const isTouched = this.#hasNewRows(
      this.#subjectOf(leaf, 0),
      this.#subjectOf(leaf, leaf.length - 1),
    );
    if (isTouched) this.#touched = leaf;
    else this.#untouched = leaf;
    return !isTouched;
  }

  /** Between what matches two bounds, inclusive. */
  #hasNewRows(first: Bound, last: Bound): boolean {
    if (!this.#hasNovelty) return false;
    const { added, removed } = this.#db.novelty.eras.current[this.#order];
    return hasAny(added, first, last) || hasAny(removed, first, last);
  }

  /** The leading components of a row, as many as tell a few rows from all others. */
  #subjectOf(leaf: Columns, row: number): Bound {
    const [e, a] = [leaf.e[row]!, leaf.a[row]!];
    if (this.#order === 'eavt') return { e };
    return this.#order === 'aevt' ? { a, e } : { a, v: leaf.v[row]! };
  }
}

function hasAny(rows: DatomSet, first: Bound, last: Bound): boolean {
  return rows.weight > 0 && rows.hasAny(first, last);
}

function visitScan(rows: ChunkCursor, visit: VisitRows, misses: Miss[]): boolean {
  for (let step = rows.next(); step !== 'done'; step = rows.next()) {
    if (step === 'missing') {
      misses.push(...missesOf(rows.miss));
      return false;
    }
    if (!visit(rows.keys, rows.lo, rows.hi)) return true;
  }
  return true;
}
