/**
 * Reads the rows of many prefixes that lie near each other, as those of the entities on a page do: the leaf that the last one was found in is
 * looked at first, and where nothing new concerns it, its rows are handed out as they are. Everything else is an ordinary scan.
 */
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import { prefixRange } from '../datom/chunk-cursor.ts';
import type { Bound, Columns, RowRange } from '../datom/columns.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { findBaseLeaf } from '../indices/base-index.ts';
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
  #leaf: Columns | undefined;
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
    if (this.#isPlain) {
      if (
        this.#leaf !== undefined &&
        this.#isNear(this.#leaf, bound) &&
        this.#isWithin(this.#leaf, bound, false)
      )
        return this.#handOut(this.#leaf, visit);
      const leaf = findBaseLeaf(this.#db.base, this.#order, bound, misses);
      if (leaf === undefined) return false;
      this.#leaf = this.#isTouched(leaf) ? undefined : leaf;
      if (this.#leaf !== undefined && this.#isWithin(leaf, bound, !this.#hasNovelty))
        return this.#handOut(leaf, visit);
    }
    return visitScan(scan(this.#db, this.#order, prefixRange(bound)), visit, misses);
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

  #handOut(leaf: Columns, visit: VisitRows): true {
    const { lo, hi } = this.#range;
    if (lo < hi) visit(leaf, lo, hi);
    return true;
  }

  /** Whether something came or went between the first and the last row of a leaf. */
  #isTouched(leaf: Columns): boolean {
    if (!this.#hasNovelty) return false;
    const { added, removed } = this.#db.novelty.eras.current[this.#order];
    const range = {
      from: { bound: leaf.datom(0), inclusive: true },
      to: { bound: leaf.datom(leaf.length - 1), inclusive: true },
    };
    return added.countRange(range) > 0 || removed.countRange(range) > 0;
  }
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
