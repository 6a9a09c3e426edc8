/**
 * A persistent sorted set of datoms in memory: a tree and the changes that are not in it yet.
 *
 *     tree   ....................   sorted, its nodes shared between versions
 *     log    [+d -d +d +d | -d +d]   as it came; this version sees it up to the bar, a later one further
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
import { PAUSE, runSync } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { DatomTree, IsBefore, LeafPlace } from './datom-tree.ts';
import {
  Departure,
  EMPTY_TREE,
  Owner,
  applyChanges,
  changeTree,
  leavesOf,
  collectMatching,
  hasDatom,
  leafAt,
  leafBefore,
  rankOf,
  sizeOf,
} from './datom-tree.ts';

/** So many changes go into the tree together: less than a millisecond of work. */
const MAX_LOG = 2_048;

/**
 * What is asked for one datom or a few rather looks through a short log than puts it into the tree, until it has looked at so many changes as
 * that would have been worth.
 */
const LOOKS_PER_SETTLING = 1_024;
const SHORT_LOG = 64;

/** A few milliseconds of work. */
const LEAVES_PER_PAUSE = 64;

/** The log after its changes went into the tree; never appended to. */
const NO_CHANGES: Datom[] = [];

export class DatomSet {
  readonly order: IndexOrder;
  #tree: DatomTree;
  /** Changes, the latest last. Versions share the list: the first to go on from a version appends to it, others copy its part. */
  #log: Datom[];
  /** How much of the list is of this version. */
  #logLength: number;
  /** How many changes were looked at since the last ones went into the tree. */
  #looks: number;
  /** Undefined in the empty set. Nodes that carry it may be changed in place while it is open. */
  readonly #owner: Owner | undefined;

  private constructor(
    order: IndexOrder,
    tree: DatomTree,
    log: Datom[],
    logLength: number,
    looks: number,
    owner: Owner | undefined,
  ) {
    this.order = order;
    this.#tree = tree;
    this.#log = log;
    this.#logLength = logLength;
    this.#looks = looks;
    this.#owner = owner;
  }

  static empty(order: IndexOrder): DatomSet {
    return new DatomSet(order, EMPTY_TREE, NO_CHANGES, 0, 0, undefined);
  }

  /** A copy that may be changed until its owner, which may own other sets too, is closed; costs nothing. */
  edit(owner: Owner): DatomSet {
    return new DatomSet(this.order, this.#tree, this.#log, this.#logLength, this.#looks, owner);
  }

  /** Whether it is the copy that the owner changes. */
  isOf(owner: Owner): boolean {
    return this.#owner === owner;
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
    return sizeOf(this.#tree) + this.#logLength;
  }

  has(datom: Datom): boolean {
    const compare = compareDatoms[this.order];
    const tree = this.#shortened();
    for (let i = this.#logLength - 1; i >= 0; i--) {
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
    for (let i = 0; i < this.#logLength; i++) {
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

  /** Whether it holds any datom between those that match two bounds, inclusive: O(log n). */
  hasAny(first: Bound, last: Bound): boolean {
    const compare = compareWithBound[this.order];
    const found = leafAt(this.#settled(), (datom) => compare(datom, first) < 0);
    return found !== undefined && compare(found.leaf.datoms[found.at]!, last) <= 0;
  }

  /** How many datoms a range holds: O(log n). */
  countRange({ from, to }: ScanRange): number {
    const start = from === undefined ? 0 : this.#rank(from, from.inclusive);
    const end = to === undefined ? this.size : this.#rank(to, !to.inclusive);
    return Math.max(0, end - start);
  }

  /** All datoms, in order. */
  toArray(): Datom[] {
    return runSync(this.gather());
  }

  /** As {@link toArray}, with pauses. */
  *gather(): Suspended<Datom[]> {
    const tree = this.#settled();
    // Of the right length at once: an array that grows is copied in one go each time.
    const datoms = new Array<Datom>(sizeOf(tree));
    let count = 0;
    let leaves = 0;
    for (const leaf of leavesOf(tree)) {
      for (const datom of leaf.datoms) datoms[count++] = datom;
      if (++leaves % LEAVES_PER_PAUSE === 0) yield PAUSE;
    }
    return datoms;
  }

  /** How many datoms come before those that match the edge, or before their end. */
  #rank({ bound }: ScanEdge, isStart: boolean): number {
    const compare = compareWithBound[this.order];
    const limit = isStart ? 0 : 1;
    return rankOf(this.#settled(), (datom) => compare(datom, bound) < limit);
  }

  #note(change: Datom): void {
    if (!this.#isEdited) throw new Error('Expected a set that is being edited');
    if (this.#logLength === 0) this.#log = [];
    else if (this.#log.length > this.#logLength) this.#log = this.#log.slice(0, this.#logLength);
    this.#logLength = this.#log.push(change);
    if (this.#logLength >= MAX_LOG) this.#settled();
  }

  get #isEdited(): boolean {
    return this.#owner?.isOpen === true;
  }

  /** Whether a few datoms are better asked for by {@link matching} than by place. */
  get isUnsettled(): boolean {
    return this.#logLength > 0 && this.#logLength <= SHORT_LOG && this.#looks < LOOKS_PER_SETTLING;
  }

  /** The tree, or the tree without changes that are about to be looked through. */
  #shortened(): DatomTree {
    if (!this.isUnsettled) return this.#settled();
    this.#looks += this.#logLength;
    return this.#tree;
  }

  /** The tree with all changes in it. */
  #settled(): DatomTree {
    if (this.#logLength === 0) return this.#tree;
    const isWhole = this.#log.length === this.#logLength;
    const changes = isWhole ? this.#log : this.#log.slice(0, this.#logLength);
    this.#tree = changeTree(
      this.#tree,
      sortDatoms(changes, this.order),
      compareDatoms[this.order],
      (this.#isEdited && this.#owner) || new Owner(),
    );
    this.#log = NO_CHANGES;
    this.#logLength = 0;
    this.#looks = 0;
    return this.#tree;
  }
}
