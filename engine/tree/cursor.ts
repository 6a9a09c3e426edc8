/**
 * A scan over a range of a tree, forward or backward, one chunk of a leaf at a time. `next()` never waits: where a node is not in
 * memory it says so and names what to load, together with the nodes that the scan will visit after it, so that a cold scan costs a
 * few round trips and not one per node.
 */
import type { Miss } from '../shared/suspend.ts';
import { must } from '../shared/assert.ts';
import type { Branch, KeyRange, Locate, Node, NodeSource, TreeRoot } from './node.ts';

/** One end of a range. */
export interface Edge<B> {
  readonly bound: B;
  /** Whether keys that match the bound are in the range. */
  readonly inclusive: boolean;
}

export interface Range<B> {
  readonly from?: Edge<B> | undefined;
  readonly to?: Edge<B> | undefined;
  /** Whether whoever scans is likely to stop long before the end, so that little is asked for at once. */
  readonly isPartial?: boolean | undefined;
}

export type Step = 'ready' | 'missing' | 'done';

/** What a scan asks for at once at first, when its end is known and when it is open, and at most: some twenty megabytes. */
const BATCH_OF_BOUNDED = 128;
const BATCH_OF_OPEN = 2;
const MAX_BATCH = 512;

interface Frame<K> {
  readonly branch: Branch<K>;
  /** The child to visit next. */
  at: number;
  /** The last child to visit. */
  readonly last: number;
}

export class TreeCursor<K extends { readonly length: number }, B> {
  /** After `next()` said ready: the chunk is keys `lo <= i < hi`, ascending also in a backward scan. */
  lo = 0;
  hi = 0;
  /** After `next()` said missing. */
  miss: Miss | undefined;

  readonly #source: NodeSource<K>;
  readonly #locate: Locate<K, B>;
  readonly #range: Range<B>;
  readonly #step: 1 | -1;
  readonly #frames: Frame<K>[] = [];
  #keys: K | undefined;
  #rootAddress: number | undefined;
  /** Whether a leaf was entered. */
  #hasBegun = false;
  #batchSize: number;

  constructor(
    root: TreeRoot,
    source: NodeSource<K>,
    locate: Locate<K, B>,
    range: Range<B>,
    isReverse = false,
  ) {
    this.#source = source;
    this.#locate = locate;
    this.#range = range;
    this.#step = isReverse ? -1 : 1;
    this.#rootAddress = root.address;
    const isBounded = range.isPartial !== true && (isReverse ? range.from : range.to) !== undefined;
    this.#batchSize = isBounded ? BATCH_OF_BOUNDED : BATCH_OF_OPEN;
  }

  get keys(): K {
    return must(this.#keys, 'a chunk');
  }

  next(): Step {
    if (this.#rootAddress !== undefined) {
      const root = this.#source.peek(this.#rootAddress);
      if (root === undefined) return this.#missing([this.#rootAddress]);
      this.#rootAddress = undefined;
      if (this.#enter(root, true, true)) return 'ready';
    }
    for (;;) {
      const frame = this.#frames.at(-1);
      if (frame === undefined) return 'done';
      if (this.#isFinished(frame)) {
        this.#frames.pop();
        continue;
      }
      const child = this.#source.peek(frame.branch.addresses[frame.at]!);
      if (child === undefined) return this.#missing(this.#upcoming(frame));
      const isFirst = !this.#hasBegun;
      frame.at += this.#step;
      if (this.#enter(child, isFirst, this.#isAtEnd())) return 'ready';
    }
  }

  /** Whether what is entered next is the end of the scan: only there does the range have to be looked at. */
  #isAtEnd(): boolean {
    for (const frame of this.#frames) if (!this.#isFinished(frame)) return false;
    return true;
  }

  #isFinished(frame: Frame<K>): boolean {
    return this.#step === 1 ? frame.at > frame.last : frame.at < frame.last;
  }

  /** True where the node is a leaf with keys in the range. It may be the first of the scan, or the last. */
  #enter(node: Node<K>, isFirst: boolean, isLast: boolean): boolean {
    const { from, to } = this.#range;
    const forward = this.#step === 1;
    const length = node.keys.length;
    let first = 0;
    let end = node.kind === 'leaf' ? length : length - 1;
    const hasStart = from !== undefined && (forward ? isFirst : isLast);
    const hasEnd = to !== undefined && (forward ? isLast : isFirst);
    if (hasStart) first = this.#place(node.keys, from, from.inclusive);
    // One edge that is both, as of rows with one prefix, was located already.
    if (hasEnd && hasStart && from === to && to.inclusive) end = Math.min(end, scratch.hi);
    else if (hasEnd) end = Math.min(end, this.#place(node.keys, to, !to.inclusive));
    if (node.kind === 'leaf') {
      this.#hasBegun = true;
      this.#keys = node.keys;
      this.lo = first;
      this.hi = end;
      return first < end;
    }
    if (first <= end) {
      this.#frames.push({ branch: node, at: forward ? first : end, last: forward ? end : first });
    }
    return false;
  }

  /** Where the keys that match the edge begin or end; in a branch that is the child to start or stop at. */
  #place(keys: K, edge: Edge<B>, isStart: boolean): number {
    const range = scratch;
    range.lo = 0;
    range.hi = keys.length;
    this.#locate(keys, edge.bound, range);
    return isStart ? range.lo : range.hi;
  }

  /** Addresses of the children from here on that are not in memory. */
  #upcoming(frame: Frame<K>): number[] {
    const addresses: number[] = [];
    for (let i = frame.at; addresses.length < this.#batchSize; i += this.#step) {
      if (this.#step === 1 ? i > frame.last : i < frame.last) break;
      const address = must(frame.branch.addresses[i], 'an address for each child');
      if (this.#source.peek(address) === undefined) addresses.push(address);
    }
    this.#batchSize = Math.min(this.#batchSize * 2, MAX_BATCH);
    return addresses;
  }

  #missing(addresses: ReadonlyArray<number>): 'missing' {
    this.miss = { source: this.#source, addresses };
    return 'missing';
  }
}

/** Locating never nests, so one range serves all. */
const scratch: KeyRange = { lo: 0, hi: 0 };
