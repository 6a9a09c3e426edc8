/**
 * A persistent sorted set of datoms in memory: a B+ tree whose nodes are shared between versions. Changing a set gives a new one;
 * between `edit()` and `seal()` a set is changed in place, copying each node at most once. Idea: transients of Clojure and of
 * tonsky/persistent-sorted-set.
 */
import type { ScanEdge, ScanRange } from '../datom/chunk-cursor.ts';
import type { Bound, Columns } from '../datom/columns.ts';
import { compareDatoms, compareWithBound } from '../datom/compare-datoms.ts';
import type { Datom } from '../datom/datom.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { firstNot } from '../shared/binary-search.ts';

const MAX_LEAF = 256;
const MAX_CHILDREN = 64;

/** Whoever holds the token may change the nodes that carry it. */
type Owner = object;

export interface SetLeaf {
  readonly owner: Owner | undefined;
  readonly datoms: Datom[];
  /** The same rows as columns, made when they are first scanned; dropped by a change. */
  columns: Columns | undefined;
}

interface SetBranch {
  readonly owner: Owner | undefined;
  readonly children: SetNode[];
  /** The last datom below each child. */
  readonly lasts: Datom[];
  size: number;
}

type SetNode = SetLeaf | SetBranch;

/** A datom of a leaf. */
export interface LeafPlace {
  readonly leaf: SetLeaf;
  readonly at: number;
}

export class DatomSet {
  readonly order: IndexOrder;
  #root: SetNode;
  #size: number;
  #owner: Owner | undefined;

  private constructor(order: IndexOrder, root: SetNode, size: number, owner?: Owner) {
    this.order = order;
    this.#root = root;
    this.#size = size;
    this.#owner = owner;
  }

  static empty(order: IndexOrder): DatomSet {
    return new DatomSet(order, leafOf([], undefined), 0);
  }

  get size(): number {
    return this.#size;
  }

  /** A copy that may be changed in place; costs nothing. */
  edit(): DatomSet {
    return new DatomSet(this.order, this.#root, this.#size, {});
  }

  /** Ends the changes: from now on this set is a value. */
  seal(): this {
    this.#owner = undefined;
    return this;
  }

  /** Adds a datom to a set that is being edited; false where it was there. */
  add(datom: Datom): boolean {
    const owner = this.#requireOwner();
    const compare = compareDatoms[this.order];
    const root = insert(this.#root, datom, compare, owner);
    if (root === undefined) return false;
    this.#root = root.split === undefined ? root.node : branchOf([root.node, root.split], owner);
    this.#size++;
    return true;
  }

  /** Takes a datom out of a set that is being edited; false where it was not there. */
  delete(datom: Datom): boolean {
    const owner = this.#requireOwner();
    const root = remove(this.#root, datom, compareDatoms[this.order], owner);
    if (root === undefined) return false;
    this.#root = root === 'empty' ? leafOf([], owner) : root;
    this.#size--;
    return true;
  }

  has(datom: Datom): boolean {
    const compare = compareDatoms[this.order];
    let node = this.#root;
    while ('children' in node) {
      const child = node.children[firstNotBefore(node.lasts, datom, compare)];
      if (child === undefined) return false;
      node = child;
    }
    const found = node.datoms[firstNotBefore(node.datoms, datom, compare)];
    return found !== undefined && compare(found, datom) === 0;
  }

  /** The datoms that match the bound, in order. */
  matching(bound: Bound): Datom[] {
    const compare = compareWithBound[this.order];
    const found: Datom[] = [];
    let place = this.leafAt((datom) => compare(datom, bound) < 0);
    while (place !== undefined) {
      const { datoms } = place.leaf;
      for (let i = place.at; i < datoms.length; i++) {
        const datom = datoms[i]!;
        if (compare(datom, bound) !== 0) return found;
        found.push(datom);
      }
      const last = datoms[datoms.length - 1]!;
      place = this.leafAt((datom) => compareDatoms[this.order](datom, last) <= 0);
    }
    return found;
  }

  /**
   * The leaf and place of the first datom that is not before a point; `isBefore` must be true for a prefix of the set.
   */
  leafAt(isBefore: (datom: Datom) => boolean): LeafPlace | undefined {
    let node = this.#root;
    while ('children' in node) {
      const child = node.children[firstNotIn(node.lasts, isBefore)];
      if (child === undefined) return undefined;
      node = child;
    }
    const leaf = node;
    const at = firstNotIn(leaf.datoms, isBefore);
    if (at >= leaf.datoms.length) return undefined;
    return { leaf, at };
  }

  /** The leaf and place of the last datom for which `isBefore` holds. */
  leafBefore(isBefore: (datom: Datom) => boolean): LeafPlace | undefined {
    let node = this.#root;
    while ('children' in node) {
      // The wanted datom is in the first child that does not end before the point, or, where that one has none, before it.
      const at = Math.min(firstNotIn(node.lasts, isBefore), node.children.length - 1);
      const child: SetNode = node.children[at]!;
      node = at > 0 && !isBefore(firstDatom(child)) ? node.children[at - 1]! : child;
    }
    const leaf = node;
    const at = firstNotIn(leaf.datoms, isBefore) - 1;
    return at < 0 ? undefined : { leaf, at };
  }

  /** How many datoms a range holds: O(log n). */
  countRange({ from, to }: ScanRange): number {
    const start = from === undefined ? 0 : this.#rank(from, from.inclusive);
    const end = to === undefined ? this.#size : this.#rank(to, !to.inclusive);
    return Math.max(0, end - start);
  }

  /** How many datoms come before those that match the edge, or before their end. */
  #rank({ bound }: ScanEdge, isStart: boolean): number {
    const compare = compareWithBound[this.order];
    const limit = isStart ? 0 : 1;
    const isBefore = (datom: Datom): boolean => compare(datom, bound) < limit;
    let rank = 0;
    let node = this.#root;
    while ('children' in node) {
      const at = firstNotIn(node.lasts, isBefore);
      for (let i = 0; i < at; i++) rank += sizeOf(node.children[i]!);
      const child = node.children[at];
      if (child === undefined) return rank;
      node = child;
    }
    return rank + firstNotIn(node.datoms, isBefore);
  }

  /** All datoms, in order. */
  toArray(): Datom[] {
    const datoms: Datom[] = [];
    collect(this.#root, datoms);
    return datoms;
  }

  #requireOwner(): Owner {
    if (this.#owner === undefined) throw new Error('Expected a set that is being edited');
    return this.#owner;
  }
}

type Compare = (a: Datom, b: Datom) => number;

/** The changed node, and the right half of it where it grew too large; undefined where the datom was there. */
function insert(
  node: SetNode,
  datom: Datom,
  compare: Compare,
  owner: Owner,
): { readonly node: SetNode; readonly split: SetNode | undefined } | undefined {
  if ('datoms' in node) return insertIntoLeaf(node, datom, compare, owner);
  const at = Math.min(firstNotBefore(node.lasts, datom, compare), node.children.length - 1);
  const changed = insert(node.children[at]!, datom, compare, owner);
  if (changed === undefined) return undefined;
  const branch = ownedBranch(node, owner);
  branch.size++;
  branch.children[at] = changed.node;
  branch.lasts[at] = lastDatom(changed.node);
  if (changed.split !== undefined) {
    branch.children.splice(at + 1, 0, changed.split);
    branch.lasts.splice(at + 1, 0, lastDatom(changed.split));
  }
  if (branch.children.length <= MAX_CHILDREN) return { node: branch, split: undefined };
  const splitAt = splitPoint(branch.children.length, at);
  branch.lasts.splice(splitAt);
  const split = branchOf(branch.children.splice(splitAt), owner);
  branch.size -= split.size;
  return { node: branch, split };
}

function insertIntoLeaf(
  node: SetLeaf,
  datom: Datom,
  compare: Compare,
  owner: Owner,
): { readonly node: SetNode; readonly split: SetNode | undefined } | undefined {
  const at = firstNotBefore(node.datoms, datom, compare);
  const there = node.datoms[at];
  if (there !== undefined && compare(there, datom) === 0) return undefined;
  const leaf = ownedLeaf(node, owner);
  if (at === leaf.datoms.length) leaf.datoms.push(datom);
  else leaf.datoms.splice(at, 0, datom);
  if (leaf.datoms.length <= MAX_LEAF) return { node: leaf, split: undefined };
  const split = leafOf(leaf.datoms.splice(splitPoint(leaf.datoms.length, at)), owner);
  return { node: leaf, split };
}

/** In the middle; near the end where keys arrive in order, so that nodes fill. */
function splitPoint(length: number, insertedAt: number): number {
  return insertedAt >= length - 2 ? length - 1 - (length >>> 4) : length >>> 1;
}

function remove(
  node: SetNode,
  datom: Datom,
  compare: Compare,
  owner: Owner,
): SetNode | 'empty' | undefined {
  if ('datoms' in node) {
    const at = firstNotBefore(node.datoms, datom, compare);
    const there = node.datoms[at];
    if (there === undefined || compare(there, datom) !== 0) return undefined;
    const leaf = ownedLeaf(node, owner);
    leaf.datoms.splice(at, 1);
    return leaf.datoms.length === 0 ? 'empty' : leaf;
  }
  const at = firstNotBefore(node.lasts, datom, compare);
  const child = node.children[at];
  const changed = child === undefined ? undefined : remove(child, datom, compare, owner);
  if (changed === undefined) return undefined;
  const branch = ownedBranch(node, owner);
  branch.size--;
  if (changed === 'empty') {
    branch.children.splice(at, 1);
    branch.lasts.splice(at, 1);
    return branch.children.length === 0 ? 'empty' : branch;
  }
  branch.children[at] = changed;
  branch.lasts[at] = lastDatom(changed);
  return branch;
}

function leafOf(datoms: Datom[], owner: Owner | undefined): SetLeaf {
  return { owner, datoms, columns: undefined };
}

function branchOf(children: SetNode[], owner: Owner | undefined): SetBranch {
  const size = children.reduce((sum, child) => sum + sizeOf(child), 0);
  return { owner, children, lasts: children.map(lastDatom), size };
}

function sizeOf(node: SetNode): number {
  return 'datoms' in node ? node.datoms.length : node.size;
}

function ownedLeaf(leaf: SetLeaf, owner: Owner): SetLeaf {
  if (leaf.owner !== owner) return leafOf(leaf.datoms.slice(), owner);
  leaf.columns = undefined;
  return leaf;
}

function ownedBranch(branch: SetBranch, owner: Owner): SetBranch {
  return branch.owner === owner
    ? branch
    : { ...branch, owner, children: branch.children.slice(), lasts: branch.lasts.slice() };
}

function lastDatom(node: SetNode): Datom {
  return 'datoms' in node
    ? node.datoms[node.datoms.length - 1]!
    : node.lasts[node.lasts.length - 1]!;
}

function firstDatom(node: SetNode): Datom {
  let first = node;
  while ('children' in first) first = first.children[0]!;
  return first.datoms[0]!;
}

function collect(node: SetNode, into: Datom[]): void {
  if ('datoms' in node) for (const datom of node.datoms) into.push(datom);
  else for (const child of node.children) collect(child, into);
}

function firstNotBefore(datoms: ReadonlyArray<Datom>, datom: Datom, compare: Compare): number {
  return firstNot(0, datoms.length, (i) => compare(datoms[i]!, datom) < 0);
}

function firstNotIn(datoms: ReadonlyArray<Datom>, isBefore: (datom: Datom) => boolean): number {
  return firstNot(0, datoms.length, (i) => isBefore(datoms[i]!));
}
