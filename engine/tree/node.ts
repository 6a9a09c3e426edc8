/**
 * Nodes of a persistent B+ tree. A leaf is a run of sorted keys; a branch has the last key, the address and the key count of each
 * child. Shape and order are those of Datahike's persistent-sorted-set. The tree is generic in its keys: it knows no datom and
 * no byte.
 */
import type { NodeLoader } from '../shared/suspend.ts';

/** At most this many keys in a leaf and children in a branch; a node splits earlier where its bytes grow too large. */
export const BRANCHING_FACTOR = 512;

export interface Leaf<K> {
  readonly kind: 'leaf';
  readonly keys: K;
}

export interface Branch<K> {
  readonly kind: 'branch';
  /** 1 above leaves. */
  readonly level: number;
  /** The last key below each child. */
  readonly keys: K;
  readonly addresses: Float64Array;
  /** How many keys there are below each child. */
  readonly counts: Float64Array;
  /** The content hash of each child, where the tree has hashes. */
  readonly hashes?: ReadonlyArray<Uint8Array>;
}

export type Node<K> = Leaf<K> | Branch<K>;

/** A tree as a value. */
export interface TreeRoot {
  /** Undefined for the empty tree. */
  readonly address: number | undefined;
  readonly count: number;
  /** 0 where the root is a leaf. */
  readonly level: number;
  /** The content hash of the root, where the tree has hashes. */
  readonly hash?: Uint8Array;
}

export const EMPTY_TREE: TreeRoot = { address: undefined, count: 0, level: 0 };

/** Where nodes come from. Nodes are immutable: an address stands for the same node for ever. */
export interface NodeSource<K> extends NodeLoader {
  /** The node, if it is in memory. */
  peek(address: number): Node<K> | undefined;
}

/** Keys `lo <= i < hi` of a node. */
export interface KeyRange {
  lo: number;
  hi: number;
}

/**
 * Narrows `range` to the keys that match a bound; where none does, to the empty range at the place where they would be.
 */
export type Locate<K, B> = (keys: K, bound: B, range: KeyRange) => void;
