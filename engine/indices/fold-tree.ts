/**
 * Changes, sorted, into a tree: a new tree that shares with the old one every node that no change touches. A leaf that is touched is
 * merged and written once; from the empty tree this is the bulk build.
 */
import { ColumnsBuilder } from '../datom/columns-builder.ts';
import type { Columns } from '../datom/columns.ts';
import { compareDatoms } from '../datom/compare-datoms.ts';
import type { Datom } from '../datom/datom.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { firstNot } from '../shared/binary-search.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { fetchNode } from '../tree/fetch.ts';
import type { Branch, NodeSource, TreeRoot } from '../tree/node.ts';
import { BRANCHING_FACTOR } from '../tree/node.ts';
import type { KeyOps, NodeSink } from '../tree/tree-writer.ts';
import { TreeWriter } from '../tree/tree-writer.ts';
import { separator } from './separator.ts';

/** Datoms to add and to take out, each sorted in the order of the index. */
export interface TreeChanges {
  readonly added: ReadonlyArray<Datom>;
  readonly removed: ReadonlyArray<Datom>;
}

export function* foldTree(
  order: IndexOrder,
  root: TreeRoot,
  source: NodeSource<Columns>,
  changes: TreeChanges,
  sink: NodeSink<Columns>,
): Suspended<TreeRoot> {
  if (changes.added.length === 0 && changes.removed.length === 0) return root;
  const fold = new Fold(order, source, changes, sink);
  if (root.address === undefined) yield* fold.addRest();
  else yield* fold.node(root.address, undefined);
  return fold.finish();
}

const columnOps = (order: IndexOrder): KeyOps<Columns> => ({
  slice: (keys, lo, hi) => keys.slice(lo, hi),
  gather: (rows) => {
    const builder = new ColumnsBuilder(rows.length);
    for (const { keys, row } of rows) builder.pushRow(keys, row);
    return builder.take();
  },
  separator: (last, first) => separator(order, last, first),
});

/** How many touched children are asked for at once. */
const FETCH_BATCH = 64;

/** A pause after so many new rows: about a millisecond of work. */
const ROWS_PER_PAUSE = 2_048;

/** So many rows wait at most: then the first half of them is as full a leaf as there is. */
const MAX_PENDING = 2 * BRANCHING_FACTOR;

class Fold {
  readonly #compare: (a: Datom, b: Datom) => number;
  readonly #source: NodeSource<Columns>;
  readonly #changes: TreeChanges;
  readonly #writer: TreeWriter<Columns>;
  readonly #rows = new ColumnsBuilder(MAX_PENDING);
  #nextAdded = 0;
  #nextRemoved = 0;

  constructor(
    order: IndexOrder,
    source: NodeSource<Columns>,
    changes: TreeChanges,
    sink: NodeSink<Columns>,
  ) {
    this.#compare = compareDatoms[order];
    this.#source = source;
    this.#changes = changes;
    this.#writer = new TreeWriter(columnOps(order), sink);
  }

  /** Folds into a node all changes up to `last`, or all that are left. */
  *node(address: number, last: Datom | undefined): Suspended<void> {
    const node = yield* fetchNode(this.#source, address);
    if (node.kind === 'leaf') yield* this.#leaf(node.keys, last);
    else yield* this.#branch(node, last);
  }

  /** Appends what is left of the additions. */
  *addRest(): Suspended<void> {
    yield* this.#addUntil(this.#changes.added.length);
  }

  finish(): TreeRoot {
    this.#flushRows(0);
    return this.#writer.finish();
  }

  *#branch(branch: Branch<Columns>, last: Datom | undefined): Suspended<void> {
    const { keys, addresses, counts, hashes, level } = branch;
    for (let i = 0; i < keys.length; i++) {
      const address = addresses[i]!;
      const childLast = i === keys.length - 1 ? last : keys.datom(i);
      if (!this.#isTouched(childLast)) {
        this.#flushRows(0);
        const child = { keys, row: i, address, count: counts[i]!, hash: hashes?.[i] };
        this.#writer.keep(child, level - 1);
        continue;
      }
      if (this.#source.peek(address) === undefined)
        yield { source: this.#source, addresses: this.#touchedFrom(branch, i) };
      yield* this.node(address, childLast);
    }
  }

  /**
   * Which children from one on will be touched by the changes that are left, as far as a batch goes. A child is touched when
   * the next change after its left neighbour is not after its last key.
   */
  #touchedFrom({ keys, addresses }: Branch<Columns>, first: number): number[] {
    const touched: number[] = [];
    const { added, removed } = this.#changes;
    let [a, r] = [this.#nextAdded, this.#nextRemoved];
    for (let i = first; i < keys.length && touched.length < FETCH_BATCH; i++) {
      const last = i === keys.length - 1 ? undefined : keys.datom(i);
      const [startA, startR] = [a, r];
      a = this.#skipTo(added, a, last);
      r = this.#skipTo(removed, r, last);
      const address = addresses[i]!;
      if ((a > startA || r > startR) && this.#source.peek(address) === undefined)
        touched.push(address);
    }
    return touched;
  }

  /** The first place from `start` on whose datom is after `last`. */
  #skipTo(datoms: ReadonlyArray<Datom>, start: number, last: Datom | undefined): number {
    if (last === undefined) return datoms.length;
    return firstNot(start, datoms.length, (i) => this.#compare(datoms[i]!, last) <= 0);
  }

  /** The first place of what is left to add whose datom is not before another one. */
  #placeIn(datoms: ReadonlyArray<Datom>, datom: Datom): number {
    return firstNot(this.#nextAdded, datoms.length, (i) => this.#compare(datoms[i]!, datom) < 0);
  }

  #isTouched(last: Datom | undefined): boolean {
    const added = this.#changes.added[this.#nextAdded];
    const removed = this.#changes.removed[this.#nextRemoved];
    const isUpTo = (datom: Datom | undefined): boolean =>
      datom !== undefined && (last === undefined || this.#compare(datom, last) <= 0);
    return isUpTo(added) || isUpTo(removed);
  }

  *#leaf(keys: Columns, last: Datom | undefined): Suspended<void> {
    const { added, removed } = this.#changes;
    for (let row = 0; row < keys.length; row++) {
      const datom = keys.datom(row);
      if (this.#isNextBefore(datom)) yield* this.#addUntil(this.#placeIn(added, datom));
      if (this.#isRemoved(datom)) continue;
      const same = added[this.#nextAdded];
      if (same !== undefined && this.#compare(same, datom) === 0) this.#nextAdded++;
      this.#push(datom);
    }
    yield* this.#addUntil(this.#skipTo(added, this.#nextAdded, last));
    // What removes nothing is passed over.
    this.#nextRemoved = this.#skipTo(removed, this.#nextRemoved, last);
    yield PAUSE;
  }

  #isNextBefore(datom: Datom): boolean {
    const next = this.#changes.added[this.#nextAdded];
    return next !== undefined && this.#compare(next, datom) < 0;
  }

  /** Adds up to a place in the additions. */
  *#addUntil(end: number): Suspended<void> {
    const { added } = this.#changes;
    while (this.#nextAdded < end) {
      this.#push(added[this.#nextAdded++]!);
      if (this.#nextAdded % ROWS_PER_PAUSE === 0) yield PAUSE;
    }
  }

  #isRemoved(datom: Datom): boolean {
    const { removed } = this.#changes;
    for (;;) {
      const next = removed[this.#nextRemoved];
      const order = next === undefined ? 1 : this.#compare(next, datom);
      if (order > 0) return false;
      this.#nextRemoved++;
      if (order === 0) return true;
    }
  }

  #push(datom: Datom): void {
    this.#rows.push(datom);
    if (this.#rows.length >= MAX_PENDING) this.#flushRows(BRANCHING_FACTOR);
  }

  /** Writes leaves of the rows so far, keeping back what may yet share a leaf with what follows. */
  #flushRows(keep: number): void {
    if (this.#rows.length === 0) return;
    this.#writer.appendLeaves(this.#rows.take(this.#rows.length - keep));
  }
}
