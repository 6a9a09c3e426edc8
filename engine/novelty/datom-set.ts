/**
 * A persistent sorted set of datoms in memory: a tree and the changes that are not in it yet.
 *
 *     tree   ....................            sorted, shared between versions
 *     log    [done, done, +d, -d, +d | +d]   unsorted; this version sees up to the bar, the next one further
 *
 * Changing a set only notes the change in the log. The log is sorted and goes into the tree as one batch where somebody reads the set, or
 * where it has grown; so an index that nobody reads while transactions go on costs next to nothing. Reading a value this way changes only
 * how it is held, never what it holds.
 */
import type { ScanEdge, ScanRange } from '../datom/chunk-cursor.ts';
import type { Bound } from '../datom/columns.ts';
import { compareDatoms, compareWithBound } from '../datom/compare-datoms.ts';
import type { Datom } from '../datom/datom.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { sortDatoms } from '../datom/sort-datoms.ts';
import type { DatomTree, IsBefore, LeafPlace } from './datom-tree.ts';
import {
  Departure,
  EMPTY_TREE,
  Owner,
  applyChanges,
  changeTree,
  collect,
  collectMatching,
  hasDatom,
  leafAt,
  leafBefore,
  rankOf,
  sizeOf,
} from './datom-tree.ts';

/** So many changes go into the tree together: less than a millisecond of work. */
const MAX_LOG = 2_048;

/** So few changes are rather looked through than put into the tree, where it is a single datom that is asked for. */
const SHORT_LOG = 16;

/** The log after its changes went into the tree; never appended to. */
const NO_CHANGES: Datom[] = [];

export class DatomSet {
  readonly order: IndexOrder;
  #tree: DatomTree;
  /** Changes, the latest last. Versions share the list: the first to go on from a version appends to it, others copy their part. */
  #log: Datom[];
  /** The place in the log of the first change that is not in the tree. */
  #logStart: number;
  #logEnd: number;
  /** Undefined in the empty set. Nodes that carry it may be changed in place while it is open. */
  readonly #owner: Owner | undefined;

  private constructor(
    order: IndexOrder,
    tree: DatomTree,
    log: Datom[],
    logStart: number,
    logEnd: number,
    owner: Owner | undefined,
  ) {
    this.order = order;
    this.#tree = tree;
    this.#log = log;
    this.#logStart = logStart;
    this.#logEnd = logEnd;
    this.#owner = owner;
  }

  static empty(order: IndexOrder): DatomSet {
    return new DatomSet(order, EMPTY_TREE, NO_CHANGES, 0, 0, undefined);
  }

  /** A copy that may be changed until its owner, which may own other sets too, is closed; costs nothing. */
  edit(owner: Owner): DatomSet {
    return new DatomSet(this.order, this.#tree, this.#log, this.#logStart, this.#logEnd, owner);
  }

  /** Puts a datom into a set that is being edited; nothing where it is there. */
  add(datom: Datom): void {
    this.#note(datom);
  }

  /** Takes a datom out of a set that is being edited; nothing where it is not there. */
  delete({ e, a, v, tx, added }: Datom): void {
    this.#note(new Departure(e, a, v, tx, added));
  }

  get size(): number {
    return sizeOf(this.#settled());
  }

  /** How many datoms and changes are held, without reading the set. */
  get weight(): number {
    return sizeOf(this.#tree) + this.#logEnd - this.#logStart;
  }

  has(datom: Datom): boolean {
    const compare = compareDatoms[this.order];
    const tree = this.#shortened();
    for (let i = this.#logEnd - 1; i >= this.#logStart; i--) {
      const change = this.#log[i]!;
      if (compare(change, datom) === 0) return !(change instanceof Departure);
    }
    return hasDatom(tree, datom, compare);
  }

  /** The datoms that match the bound, in order. */
  matching(bound: Bound): Datom[] {
    const compare = compareWithBound[this.order];
    const found: Datom[] = [];
    collectMatching(this.#shortened(), bound, compare, found);
    let changes: Datom[] | undefined;
    for (let i = this.#logStart; i < this.#logEnd; i++) {
      const change = this.#log[i]!;
      if (compare(change, bound) === 0) (changes ??= []).push(change);
    }
    if (changes !== undefined) {
      const sorted = sortDatoms(changes, this.order);
      applyChanges(found, sorted, compareDatoms[this.order], 0, sorted.length);
    }
    return found;
  }

  /** The leaf and place of the first datom that is not before a point. */
  leafAt(isBefore: IsBefore): LeafPlace | undefined {
    return leafAt(this.#settled(), isBefore);
  }

  /** The leaf and place of the last datom that is before a point. */
  leafBefore(isBefore: IsBefore): LeafPlace | undefined {
    return leafBefore(this.#settled(), isBefore);
  }

  /** How many datoms a range holds: O(log n). */
  countRange({ from, to }: ScanRange): number {
    const start = from === undefined ? 0 : this.#rank(from, from.inclusive);
    const end = to === undefined ? this.size : this.#rank(to, !to.inclusive);
    return Math.max(0, end - start);
  }

  /** All datoms, in order. */
  toArray(): Datom[] {
    const datoms: Datom[] = [];
    collect(this.#settled(), datoms);
    return datoms;
  }

  /** How many datoms come before those that match the edge, or before their end. */
  #rank({ bound }: ScanEdge, isStart: boolean): number {
    const compare = compareWithBound[this.order];
    const limit = isStart ? 0 : 1;
    return rankOf(this.#settled(), (datom) => compare(datom, bound) < limit);
  }

  #note(change: Datom): void {
    if (this.#owner?.isOpen !== true) throw new Error('Expected a set that is being edited');
    if (this.#logStart === this.#logEnd) {
      this.#log = [change];
      this.#logStart = 0;
      this.#logEnd = 1;
      return;
    }
    if (this.#log.length !== this.#logEnd) {
      this.#log = this.#log.slice(this.#logStart, this.#logEnd);
      this.#logEnd -= this.#logStart;
      this.#logStart = 0;
    }
    this.#logEnd = this.#log.push(change);
    if (this.#logEnd - this.#logStart >= MAX_LOG) this.#settled();
  }

  /** The tree, with so few changes left out that they can be looked through. */
  #shortened(): DatomTree {
    return this.#logEnd - this.#logStart > SHORT_LOG ? this.#settled() : this.#tree;
  }

  /** The tree with all changes in it. */
  #settled(): DatomTree {
    if (this.#logStart === this.#logEnd) return this.#tree;
    const isWhole = this.#logStart === 0 && this.#logEnd === this.#log.length;
    const changes = isWhole ? this.#log : this.#log.slice(this.#logStart, this.#logEnd);
    this.#tree = changeTree(
      this.#tree,
      sortDatoms(changes, this.order),
      compareDatoms[this.order],
      this.#owner?.isOpen === true ? this.#owner : new Owner(),
    );
    this.#log = NO_CHANGES;
    this.#logStart = this.#logEnd = 0;
    return this.#tree;
  }
}
