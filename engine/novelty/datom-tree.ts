/**
 * A B+ tree of datoms in memory whose versions share nodes. It is changed by sorted batches: one walk down for all changes of a node,
 * which is copied at most once by one owner, however many changes and batches it sees. Idea: transients of Clojure and of
 * tonsky/persistent-sorted-set.
 */
import type { Bound, Columns } from '../datom/columns.ts';
import type { CompareDatoms, CompareWithBound } from '../datom/compare-datoms.ts';
import { Datom } from '../datom/datom.ts';

const MAX_LEAF = 256;
const MAX_CHILDREN = 64;

/** Nodes that carry an owner may be changed in place by whoever holds it, until it is closed: then they are values. */
export class Owner {
  #isOpen = true;

  get isOpen(): boolean {
    return this.#isOpen;
  }

  close(): void {
    this.#isOpen = false;
  }
}

export interface Leaf {
  readonly kind: 'leaf';
  readonly owner: Owner | undefined;
  readonly datoms: Datom[];
  /** The same rows as columns, made when they are first scanned; dropped by a change. */
  columns: Columns | undefined;
}

interface Branch {
  readonly kind: 'branch';
  readonly owner: Owner | undefined;
  readonly children: DatomTree[];
  /** The last datom below each child. */
  readonly lasts: Datom[];
  size: number;
}

/** A tree, or a part of one. */
export type DatomTree = Leaf | Branch;

/** A datom of a leaf. */
export interface LeafPlace {
  readonly leaf: Leaf;
  readonly at: number;
}

/** Among changes, a datom that goes; all others come. */
export class Departure extends Datom {}

export const EMPTY_TREE: DatomTree = leafOf([], undefined);

/** The tree after changes, which are sorted; of changes of one datom the last counts. */
export function changeTree(
  tree: DatomTree,
  changes: ReadonlyArray<Datom>,
  compare: CompareDatoms,
  owner: Owner,
): DatomTree {
  let nodes = changeNode(tree, { changes, compare, owner }, 0, changes.length);
  while (nodes.length > 1)
    nodes = inPieces(nodes, MAX_CHILDREN, false).map((children) => branchOf(children, owner));
  return nodes[0] ?? leafOf([], owner);
}

interface Batch {
  readonly changes: ReadonlyArray<Datom>;
  readonly compare: CompareDatoms;
  readonly owner: Owner;
}

/** What a node becomes by the changes `lo <= i < hi`: itself, none or several. */
function changeNode(node: DatomTree, batch: Batch, lo: number, hi: number): DatomTree[] {
  return node.kind === 'leaf' ? changeLeaf(node, batch, lo, hi) : changeBranch(node, batch, lo, hi);
}

function changeLeaf(before: Leaf, batch: Batch, lo: number, hi: number): Leaf[] {
  const { changes, compare, owner } = batch;
  const leaf = ownedLeaf(before, owner);
  const { datoms } = leaf;
  applyChanges(datoms, changes, compare, lo, hi);
  if (datoms.length === 0) return [];
  if (datoms.length <= MAX_LEAF) return [leaf];
  const changedAt = placeOf(datoms, changes[hi - 1]!, compare, 0, datoms.length);
  return inPieces(datoms, MAX_LEAF, isNearEnd(changedAt, datoms.length)).map((piece) =>
    leafOf(piece, owner),
  );
}

/** Puts the changes `lo <= i < hi` into datoms that are sorted as they are; from the back, so that each datom moves once. */
export function applyChanges(
  datoms: Datom[],
  changes: ReadonlyArray<Datom>,
  compare: CompareDatoms,
  lo: number,
  hi: number,
): void {
  let from = datoms.length;
  for (let i = lo; i < hi; i++) datoms.push(changes[i]!);
  // Between the datoms that may yet move and those in their place there is room for the changes that are left.
  let to = datoms.length;
  for (let i = hi - 1; i >= lo; i--) {
    const change = changes[i]!;
    if (i + 1 < hi && compare(change, changes[i + 1]!) === 0) continue;
    const place = placeOf(datoms, change, compare, 0, from);
    const isThere = place < from && compare(datoms[place]!, change) === 0;
    const kept = isThere ? place + 1 : place;
    while (from > kept) datoms[--to] = datoms[--from]!;
    from = place;
    if (!(change instanceof Departure)) datoms[--to] = change;
  }
  if (from < to) datoms.splice(from, to - from);
}

function changeBranch(before: Branch, batch: Batch, lo: number, hi: number): Branch[] {
  const { changes, compare, owner } = batch;
  const branch = ownedBranch(before, owner);
  const { children, lasts } = branch;
  let at = 0;
  let next = lo;
  while (next < hi) {
    at = placeOf(lasts, changes[next]!, compare, at, lasts.length - 1);
    const isLast = at === children.length - 1;
    const end = isLast ? hi : placeAfter(changes, lasts[at]!, compare, next, hi);
    const child = children[at]!;
    branch.size -= sizeOf(child);
    const nodes = changeNode(child, batch, next, end);
    for (const node of nodes) branch.size += sizeOf(node);
    replaceChild(branch, at, nodes);
    at += nodes.length;
    next = end;
  }
  if (children.length === 0) return [];
  if (children.length <= MAX_CHILDREN) return [branch];
  return inPieces(children, MAX_CHILDREN, isNearEnd(at, children.length)).map((piece) =>
    branchOf(piece, owner),
  );
}

function replaceChild(
  { children, lasts }: Branch,
  at: number,
  nodes: ReadonlyArray<DatomTree>,
): void {
  if (nodes.length === 1) {
    children[at] = nodes[0]!;
    lasts[at] = lastDatom(nodes[0]!);
  } else {
    children.splice(at, 1, ...nodes);
    lasts.splice(at, 1, ...nodes.map(lastDatom));
  }
}

/** Whether the last change of a node was where keys arrive that come in order: its pieces are filled, and room is left in the last. */
function isNearEnd(changedAt: number, length: number): boolean {
  return changedAt >= length - (length >>> 4) - 2;
}

/** Items of a node that is too large, for several: of one size, or all but the last one nearly full. */
function inPieces<T>(items: ReadonlyArray<T>, max: number, isFilled: boolean): T[][] {
  const size = isFilled
    ? max - (max >>> 4)
    : Math.ceil(items.length / Math.ceil(items.length / max));
  const pieces: T[][] = [];
  for (let lo = 0; lo < items.length; lo += size) pieces.push(items.slice(lo, lo + size));
  return pieces;
}

/** The first place from `lo` on whose datom is not before another one. Looks at the end first, where keys arrive that come in order. */
function placeOf(
  datoms: ReadonlyArray<Datom>,
  datom: Datom,
  compare: CompareDatoms,
  lo: number,
  hi: number,
): number {
  if (lo >= hi || compare(datoms[hi - 1]!, datom) < 0) return hi;
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (compare(datoms[middle]!, datom) < 0) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

/** The first place after `lo` whose datom comes after another one, which the datom at `lo` does not. */
function placeAfter(
  datoms: ReadonlyArray<Datom>,
  datom: Datom,
  compare: CompareDatoms,
  lo: number,
  hi: number,
): number {
  let step = 1;
  for (; lo + step < hi && compare(datoms[lo + step]!, datom) <= 0; step *= 2) lo += step;
  return firstNotIn(datoms, (other) => compare(other, datom) <= 0, lo + 1, Math.min(lo + step, hi));
}

/** Whether the tree holds a datom. */
export function hasDatom(tree: DatomTree, datom: Datom, compare: CompareDatoms): boolean {
  let node = tree;
  while (node.kind === 'branch')
    node = node.children[placeOf(node.lasts, datom, compare, 0, node.lasts.length - 1)]!;
  const { datoms } = node;
  const at = placeOf(datoms, datom, compare, 0, datoms.length);
  return at < datoms.length && compare(datoms[at]!, datom) === 0;
}

/** The datoms that match a bound, in order, are appended to an array. */
export function collectMatching(
  tree: DatomTree,
  bound: Bound,
  compare: CompareWithBound,
  into: Datom[],
): void {
  const keys = tree.kind === 'leaf' ? tree.datoms : tree.lasts;
  let at = firstMatch(keys, bound, compare);
  if (tree.kind === 'leaf') {
    for (; at < keys.length && compare(keys[at]!, bound) === 0; at++) into.push(keys[at]!);
    return;
  }
  for (let isMore = true; isMore && at < keys.length; at++) {
    collectMatching(tree.children[at]!, bound, compare, into);
    isMore = compare(keys[at]!, bound) === 0;
  }
}

function firstMatch(datoms: ReadonlyArray<Datom>, bound: Bound, compare: CompareWithBound): number {
  let lo = 0;
  let hi = datoms.length;
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (compare(datoms[middle]!, bound) < 0) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}

/** Whether a datom comes before a point: true for a prefix of a tree. */
export type IsBefore = (datom: Datom) => boolean;

/** The place of the first datom that is not before a point. */
export function leafAt(tree: DatomTree, isBefore: IsBefore): LeafPlace | undefined {
  let node = tree;
  while (node.kind === 'branch') {
    const child = node.children[firstNotIn(node.lasts, isBefore)];
    if (child === undefined) return undefined;
    node = child;
  }
  const at = firstNotIn(node.datoms, isBefore);
  return at < node.datoms.length ? { leaf: node, at } : undefined;
}

/** The place of the last datom that is before a point. */
export function leafBefore(tree: DatomTree, isBefore: IsBefore): LeafPlace | undefined {
  let node = tree;
  while (node.kind === 'branch') {
    // The wanted datom is in the first child that does not end before the point, or, where that one has none, before it.
    const at = Math.min(firstNotIn(node.lasts, isBefore), node.children.length - 1);
    const child: DatomTree = node.children[at]!;
    node = at > 0 && !isBefore(firstDatom(child)) ? node.children[at - 1]! : child;
  }
  const at = firstNotIn(node.datoms, isBefore) - 1;
  return at < 0 ? undefined : { leaf: node, at };
}

/** How many datoms are before a point: O(log n). */
export function rankOf(tree: DatomTree, isBefore: IsBefore): number {
  let rank = 0;
  let node = tree;
  while (node.kind === 'branch') {
    const at = firstNotIn(node.lasts, isBefore);
    for (let i = 0; i < at; i++) rank += sizeOf(node.children[i]!);
    const child = node.children[at];
    if (child === undefined) return rank;
    node = child;
  }
  return rank + firstNotIn(node.datoms, isBefore);
}

export function sizeOf(tree: DatomTree): number {
  return tree.kind === 'leaf' ? tree.datoms.length : tree.size;
}

/** All datoms, in order, are appended to an array. */
export function* leavesOf(tree: DatomTree): Iterable<Leaf> {
  if (tree.kind === 'leaf') yield tree;
  else for (const child of tree.children) yield* leavesOf(child);
}

function leafOf(datoms: Datom[], owner: Owner | undefined): Leaf {
  return { kind: 'leaf', owner, datoms, columns: undefined };
}

function branchOf(children: DatomTree[], owner: Owner): Branch {
  const size = children.reduce((sum, child) => sum + sizeOf(child), 0);
  return { kind: 'branch', owner, children, lasts: children.map(lastDatom), size };
}

function ownedLeaf(leaf: Leaf, owner: Owner): Leaf {
  if (leaf.owner !== owner) return leafOf(leaf.datoms.slice(), owner);
  leaf.columns = undefined;
  return leaf;
}

function ownedBranch(branch: Branch, owner: Owner): Branch {
  if (branch.owner === owner) return branch;
  const { kind, children, lasts, size } = branch;
  return { kind, owner, children: children.slice(), lasts: lasts.slice(), size };
}

function lastDatom(node: DatomTree): Datom {
  return node.kind === 'leaf'
    ? node.datoms[node.datoms.length - 1]!
    : node.lasts[node.lasts.length - 1]!;
}

function firstDatom(node: DatomTree): Datom {
  let first = node;
  while (first.kind === 'branch') first = first.children[0]!;
  return first.datoms[0]!;
}

/** The first place whose datom is not before a point. */
export function firstNotIn(
  datoms: ReadonlyArray<Datom>,
  isBefore: IsBefore,
  lo = 0,
  hi = datoms.length,
): number {
  while (lo < hi) {
    const middle = (lo + hi) >>> 1;
    if (isBefore(datoms[middle]!)) lo = middle + 1;
    else hi = middle;
  }
  return lo;
}
