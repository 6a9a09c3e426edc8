/**
 * Writes a tree from left to right: rows for leaves that are new, references for subtrees that stay as they are. Every node is
 * written once, when it is full; where a kept subtree follows, what is pending is cut into even parts, so that nodes stay at least
 * half full.
 */
import { must } from '../shared/assert.ts';
import { BRANCHING_FACTOR, EMPTY_TREE } from './node.ts';
import type { Branch, Node, TreeRoot } from './node.ts';

/** What the writer has to know of keys. */
export interface KeyOps<K> {
  slice(keys: K, lo: number, hi: number): K;
  /** The given keys, one after the other, as one block. */
  gather(rows: ReadonlyArray<KeyAt<K>>): K;
  /** A key that is not before the last one of a subtree and before the first one of the next. */
  separator(last: KeyAt<K>, first: KeyAt<K>): KeyAt<K>;
}

/** One key in a block. */
export interface KeyAt<K> {
  readonly keys: K;
  readonly row: number;
}

/** A subtree: its last key or a separator after it, where it is, and how many keys it holds. */
export interface Child<K> extends KeyAt<K> {
  readonly address: number;
  readonly hash?: Uint8Array | undefined;
  readonly count: number;
  /** Its first key, where that is known. */
  readonly first?: KeyAt<K> | undefined;
}

/** Where a node is, and its content hash where the tree has hashes. */
export interface NodePlace {
  readonly address: number;
  readonly hash?: Uint8Array;
}

/** Takes a finished node and gives its place, or undefined where its bytes are too many and it must be split. */
export type NodeSink<K> = (node: Node<K>) => NodePlace | undefined;

export class TreeWriter<K extends { readonly length: number }> {
  readonly #ops: KeyOps<K>;
  readonly #sink: NodeSink<K>;
  /** `#pending[n]`: nodes of level n that have no parent yet. */
  readonly #pending: Child<K>[][] = [];

  constructor(ops: KeyOps<K>, sink: NodeSink<K>) {
    this.#ops = ops;
    this.#sink = sink;
  }

  /** Appends keys as leaves, in as few as fit and of even size. */
  appendLeaves(keys: K): void {
    this.#writeEvenly(keys.length, (lo, hi) => {
      const part = lo === 0 && hi === keys.length ? keys : this.#ops.slice(keys, lo, hi);
      return this.#write({ kind: 'leaf', keys: part }, 0, part.length, { keys: part, row: 0 });
    });
  }

  /** Appends a subtree that exists, whose root is at the level given. */
  keep(child: Child<K>, level: number): void {
    for (let below = 0; below < level; below++) this.#flush(below);
    this.#append(child, level);
  }

  finish(): TreeRoot {
    for (let level = 0; ; level++) {
      const isTop = this.#pending.slice(level + 1).every((children) => children.length === 0);
      const children = this.#pendingAt(level);
      if (isTop && children.length === 0) return EMPTY_TREE;
      if (isTop && children.length === 1) {
        const { address, count, hash } = must(children[0], 'the root');
        return { address, count, level, ...(hash === undefined ? {} : { hash }) };
      }
      this.#flush(level);
    }
  }

  /** Writes all pending nodes of a level into branches above them. */
  #flush(level: number): void {
    const children = this.#pendingAt(level).splice(0);
    if (children.length > 0) this.#writeBranches(children, level + 1);
  }

  /** Keeps two nodes' worth pending, so that what is left in the end can be cut in even halves. */
  #cutFull(level: number): void {
    const children = this.#pendingAt(level);
    if (children.length >= 2 * BRANCHING_FACTOR)
      this.#writeBranches(children.splice(0, BRANCHING_FACTOR), level + 1);
  }

  #writeBranches(children: ReadonlyArray<Child<K>>, level: number): void {
    this.#writeEvenly(children.length, (lo, hi) => {
      const part = children.slice(lo, hi);
      const count = part.reduce((sum, child) => sum + child.count, 0);
      const branch: Node<K> = {
        kind: 'branch',
        level,
        keys: this.#ops.gather(part),
        addresses: Float64Array.from(part, (child) => child.address),
        counts: Float64Array.from(part, (child) => child.count),
        ...hashesOf(part),
      };
      return this.#write(branch, level, count, part[0]?.first);
    });
  }

  /** Calls `write` for even parts of `[0, length)`, smaller ones where a part does not fit. */
  #writeEvenly(length: number, write: (lo: number, hi: number) => boolean): void {
    const partCount = Math.ceil(length / BRANCHING_FACTOR);
    const writeWhole = (lo: number, hi: number): void => {
      if (write(lo, hi)) return;
      const middle = (lo + hi) >>> 1;
      writeWhole(lo, middle);
      writeWhole(middle, hi);
    };
    for (let part = 0; part < partCount; part++)
      writeWhole(
        Math.floor((part * length) / partCount),
        Math.floor(((part + 1) * length) / partCount),
      );
  }

  #write(node: Node<K>, level: number, count: number, first: KeyAt<K> | undefined): boolean {
    const place = this.#sink(node);
    if (place === undefined) return false;
    const { keys } = node;
    this.#append({ keys, row: keys.length - 1, ...place, count, first }, level);
    return true;
  }

  /** Pending nodes of a level are neighbours, so that one is known by what separates it from the next. */
  #append(child: Child<K>, level: number): void {
    const children = this.#pendingAt(level);
    const left = children.pop();
    if (left !== undefined && child.first !== undefined)
      children.push({ ...left, ...this.#ops.separator(left, child.first) });
    else if (left !== undefined) children.push(left);
    children.push(child);
    this.#cutFull(level);
  }

  #pendingAt(level: number): Child<K>[] {
    return (this.#pending[level] ??= []);
  }
}

/** The hashes of children, where all have one. */
function hashesOf(children: ReadonlyArray<Child<unknown>>): Pick<Branch<unknown>, 'hashes'> {
  const hashes = children.flatMap(({ hash }) => hash ?? []);
  return hashes.length === children.length ? { hashes } : {};
}
