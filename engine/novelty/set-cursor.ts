/** A scan over a range of a {@link DatomSet}. Never misses anything: the set is in memory. */
import type { ChunkCursor, ScanEdge, ScanRange } from '../datom/chunk-cursor.ts';
import type { Columns } from '../datom/columns.ts';
import { NO_ROWS } from '../datom/columns.ts';
import { columnsOf } from '../datom/columns-builder.ts';
import { compareDatoms, compareWithBound } from '../datom/compare-datoms.ts';
import type { Datom } from '../datom/datom.ts';
import { must } from '../shared/assert.ts';
import type { DatomSet } from './datom-set.ts';
import { firstNotIn } from './datom-tree.ts';
import type { IsBefore, Leaf, LeafPlace } from './datom-tree.ts';

/** A chunk smaller than this share of its leaf is copied; a larger one makes the columns of the whole leaf, once. */
const WHOLE_LEAF_SHARE = 4;

export class SetCursor implements ChunkCursor {
  keys: Columns = NO_ROWS;
  lo = 0;
  hi = 0;
  readonly miss = undefined;

  readonly #set: DatomSet;
  readonly #range: ScanRange;
  readonly #isReverse: boolean;
  /** The datom that the scan reached, undefined before the first chunk. */
  #reached: Datom | undefined;
  #isDone = false;

  constructor(set: DatomSet, range: ScanRange, isReverse: boolean) {
    this.#set = set;
    this.#range = range;
    this.#isReverse = isReverse;
  }

  next(): 'ready' | 'done' {
    if (this.#isDone) return 'done';
    if (this.#reached === undefined && this.#isOfFew && this.#set.isUnsettled)
      return this.#showMatching();
    return this.#isReverse ? this.#previousLeaf() : this.#nextLeaf();
  }

  /** Whether the range is what one entity says, or who has one value. */
  get #isOfFew(): boolean {
    const { from, to } = this.#range;
    return from !== undefined && from === to && (from.bound.e ?? from.bound.v) !== undefined;
  }

  #showMatching(): 'ready' | 'done' {
    const datoms = this.#set.matching(must(this.#range.from, 'an edge').bound);
    this.#isDone = true;
    if (datoms.length === 0) return 'done';
    this.keys = columnsOf(datoms);
    this.lo = 0;
    this.hi = datoms.length;
    return 'ready';
  }

  #nextLeaf(): 'ready' | 'done' {
    const { from, to } = this.#range;
    const place = this.#set.leafAt(
      this.#reached === undefined ? this.#isBefore(from, false) : this.#isUpTo(this.#reached),
    );
    if (place === undefined) return this.#end();
    const { datoms } = place.leaf;
    const end =
      to === undefined ? datoms.length : endOf(datoms, place.at, this.#isBefore(to, true));
    if (end === place.at) return this.#end();
    // Inside of a leaf only the range ends.
    this.#isDone = end < datoms.length;
    this.#reached = datoms[end - 1];
    this.#show(place.leaf, place.at, end);
    return 'ready';
  }

  #previousLeaf(): 'ready' | 'done' {
    const { from, to } = this.#range;
    const place: LeafPlace | undefined = this.#set.leafBefore(
      this.#reached === undefined ? this.#isBefore(to, true) : this.#isBeforeDatom(this.#reached),
    );
    if (place === undefined) return this.#end();
    const { datoms } = place.leaf;
    const start = from === undefined ? 0 : firstNotIn(datoms, this.#isBefore(from, false));
    if (start > place.at) return this.#end();
    this.#isDone = start > 0;
    this.#reached = datoms[start];
    this.#show(place.leaf, start, place.at + 1);
    return 'ready';
  }

  #end(): 'done' {
    this.#isDone = true;
    return 'done';
  }

  /** Whether a datom comes before the range that starts at the edge, or, for its end, still belongs to the range. */
  #isBefore(edge: ScanEdge | undefined, isEnd: boolean): (datom: Datom) => boolean {
    if (edge === undefined) return () => isEnd;
    const compare = compareWithBound[this.#set.order];
    const { bound } = edge;
    return edge.inclusive === isEnd
      ? (datom) => compare(datom, bound) <= 0
      : (datom) => compare(datom, bound) < 0;
  }

  #isUpTo(reached: Datom): (datom: Datom) => boolean {
    const compare = compareDatoms[this.#set.order];
    return (datom) => compare(datom, reached) <= 0;
  }

  #isBeforeDatom(reached: Datom): (datom: Datom) => boolean {
    const compare = compareDatoms[this.#set.order];
    return (datom) => compare(datom, reached) < 0;
  }

  #show(leaf: Leaf, lo: number, hi: number): void {
    if (leaf.columns === undefined && (hi - lo) * WHOLE_LEAF_SHARE < leaf.datoms.length) {
      this.keys = columnsOf(leaf.datoms, lo, hi);
      this.lo = 0;
      this.hi = hi - lo;
      return;
    }
    this.keys = leaf.columns ??= columnsOf(leaf.datoms);
    this.lo = lo;
    this.hi = hi;
  }
}

/** Where a range that starts at a place ends. Most go on beyond the leaf, or end soon. */
function endOf(datoms: ReadonlyArray<Datom>, start: number, isInside: IsBefore): number {
  if (isInside(datoms[datoms.length - 1]!)) return datoms.length;
  let lo = start;
  let step = 1;
  for (; lo + step <= datoms.length && isInside(datoms[lo + step - 1]!); step *= 2) lo += step;
  return firstNotIn(datoms, isInside, lo, Math.min(lo + step - 1, datoms.length));
}
