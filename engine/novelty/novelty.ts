/**
 * What happened since the base trees were written: for each index the datoms that came and the datoms that went. A snapshot is base
 * plus novelty; a transaction costs a few insertions in memory and no node.
 */
import type { ChunkCursor, ScanRange } from '../datom/chunk-cursor.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { Datom } from '../datom/datom.ts';
import type { Era } from '../indices/base-index.ts';
import type { Change } from './change.ts';
import { DatomSet } from './datom-set.ts';
import { Owner } from './datom-tree.ts';
import { FilterCursor } from './filter-cursor.ts';
import { MergeCursor } from './merge-cursor.ts';
import { SetCursor } from './set-cursor.ts';

/** The novelty of one index: `removed` are datoms of the base, `added` are not in it. */
export interface IndexNovelty {
  readonly added: DatomSet;
  readonly removed: DatomSet;
}

type Indices = Readonly<Record<IndexOrder, IndexNovelty>>;

// Made at its first use: the compiler puts a static field that makes its own class before the class.
let nothing: Novelty | undefined;

export class Novelty {
  readonly eras: Readonly<Record<Era, Indices>>;
  /** Of all sets. */
  readonly #owner: Owner | undefined;
  /** Whether history got a row since this copy was made. */
  #hasNewHistory = false;

  private constructor(eras: Readonly<Record<Era, Indices>>, owner?: Owner) {
    this.eras = eras;
    this.#owner = owner;
  }

  static get empty(): Novelty {
    return (nothing ??= new Novelty({ current: emptyIndices(), temporal: emptyIndices() }));
  }

  /** How many datoms and changes of datoms are held for all indices; what decides when to fold them into the base. */
  get size(): number {
    let size = 0;
    for (const indices of Object.values(this.eras))
      for (const { added, removed } of Object.values(indices))
        size += added.weight + removed.weight;
    return size;
  }

  /** A copy that one transaction may change until it is sealed. */
  edit(): Novelty {
    const { current, temporal } = this.eras;
    const owner = new Owner();
    return new Novelty(
      { current: editIndices(current, owner), temporal: editIndices(temporal, owner) },
      owner,
    );
  }

  /** Ends the changes: from now on this novelty is a value. */
  seal(): this {
    this.#owner?.close();
    return this;
  }

  /** Applies a change to a novelty that is being edited. AVET holds the datom where `isIndexed`. */
  apply(change: Change, isIndexed: boolean): void {
    const { datom } = change;
    if (change.kind === 'purge') {
      this.#remove(change.era, datom, isIndexed);
      return;
    }
    if (change.kind === 'assert') {
      if (this.#isInHistory(datom)) this.#forgetFlip(datom, isIndexed);
      add(this.eras.current, datom, isIndexed);
      return;
    }
    const assertion = new Datom(datom.e, datom.a, datom.v, change.assertedTx, true);
    remove(this.eras.current, assertion, isIndexed);
    const isTurnedAgain = change.assertedTx === datom.tx && this.#isInHistory(datom);
    if (!change.keepsHistory || isTurnedAgain) return;
    this.#hasNewHistory = true;
    add(this.eras.temporal, assertion, isIndexed);
    add(this.eras.temporal, datom, isIndexed);
  }

  /** Adds a row to AVET, or takes it out, where its attribute became indexed or ceased to be. */
  reindex(era: Era, row: Datom, isIndexed: boolean): void {
    const { added, removed } = this.eras[era].avet;
    if (isIndexed) {
      if (!removed.delete(row)) added.add(row);
    } else if (!added.delete(row)) removed.add(row);
  }

  /**
   * A transaction may turn a fact more than once. The rows of its history tell how it ended only while they are at most one assertion
   * and one retraction, of which the first undoes the second or the second the first; so the third turn takes back the two before it.
   */
  #forgetFlip({ e, a, v, tx }: Datom, isIndexed: boolean): void {
    remove(this.eras.temporal, new Datom(e, a, v, tx, true), isIndexed);
    remove(this.eras.temporal, new Datom(e, a, v, tx, false), isIndexed);
  }

  /** Whether history holds a row of the transaction that is applied: none of those can be in the base. */
  #isInHistory(datom: Datom): boolean {
    return this.#hasNewHistory && this.eras.temporal.eavt.added.has(datom);
  }
}

// Whether the base has a datom is asked of EAVT alone: the other indices need not be read to be changed.

function add({ eavt, aevt, avet }: Indices, datom: Datom, isIndexed: boolean): void {
  if (eavt.removed.weight > 0 && eavt.removed.has(datom)) {
    eavt.removed.delete(datom);
    aevt.removed.delete(datom);
    if (isIndexed) avet.removed.delete(datom);
  } else {
    eavt.added.add(datom);
    aevt.added.add(datom);
    if (isIndexed) avet.added.add(datom);
  }
}

function remove({ eavt, aevt, avet }: Indices, datom: Datom, isIndexed: boolean): void {
  if (eavt.added.has(datom)) {
    eavt.added.delete(datom);
    aevt.added.delete(datom);
    if (isIndexed) avet.added.delete(datom);
  } else {
    eavt.removed.add(datom);
    aevt.removed.add(datom);
    if (isIndexed) avet.removed.add(datom);
  }
}

/** A scan of the base as one with what its index's novelty adds and takes away. */
export function overlay(
  base: ChunkCursor,
  { added, removed }: IndexNovelty,
  range: ScanRange,
  isReverse: boolean,
): ChunkCursor {
  const kept =
    removed.weight === 0
      ? base
      : new FilterCursor(base, (keys, row) => !removed.has(keys.datom(row)));
  if (added.weight === 0) return kept;
  return new MergeCursor(added.order, kept, new SetCursor(added, range, isReverse), isReverse);
}

function emptyIndices(): Indices {
  return { eavt: emptyIndex('eavt'), aevt: emptyIndex('aevt'), avet: emptyIndex('avet') };
}

function emptyIndex(order: IndexOrder): IndexNovelty {
  return { added: DatomSet.empty(order), removed: DatomSet.empty(order) };
}

function editIndices({ eavt, aevt, avet }: Indices, owner: Owner): Indices {
  return {
    eavt: editIndex(eavt, owner),
    aevt: editIndex(aevt, owner),
    avet: editIndex(avet, owner),
  };
}

function editIndex({ added, removed }: IndexNovelty, owner: Owner): IndexNovelty {
  return { added: added.edit(owner), removed: removed.edit(owner) };
}
