/**
 * What happened since the base trees were written: for each index the datoms that came and the datoms that went. A snapshot is base
 * plus novelty; a transaction costs a few insertions in memory and no node.
 */
import type { ChunkCursor, ScanRange } from '../datom/chunk-cursor.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import { Datom } from '../datom/datom.ts';
import type { Era } from '../indices/base-index.ts';
import type { Change } from './change.ts';
import { DatomSet } from './datom-set.ts';
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

  private constructor(eras: Readonly<Record<Era, Indices>>) {
    this.eras = eras;
  }

  static get empty(): Novelty {
    return (nothing ??= new Novelty({ current: emptyIndices(), temporal: emptyIndices() }));
  }

  /** How many datoms the novelty of all indices holds; what decides when to fold it into the base. */
  get size(): number {
    let size = 0;
    for (const indices of Object.values(this.eras))
      for (const { added, removed } of Object.values(indices)) size += added.size + removed.size;
    return size;
  }

  /** A copy that may be changed in place until it is sealed. */
  edit(): Novelty {
    return this.#map((set) => set.edit());
  }

  seal(): this {
    for (const indices of Object.values(this.eras))
      for (const { added, removed } of Object.values(indices)) {
        added.seal();
        removed.seal();
      }
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
      this.#forgetFlip(datom, isIndexed);
      this.#add('current', datom, isIndexed);
      return;
    }
    const assertion = new Datom(datom.e, datom.a, datom.v, change.assertedTx, true);
    this.#remove('current', assertion, isIndexed);
    const isTurnedAgain = change.assertedTx === datom.tx && this.#isInHistory(datom);
    if (!change.keepsHistory || isTurnedAgain) return;
    this.#add('temporal', assertion, isIndexed);
    this.#add('temporal', datom, isIndexed);
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
  #forgetFlip(assertion: Datom, isIndexed: boolean): void {
    if (!this.#isInHistory(assertion)) return;
    this.#remove('temporal', assertion, isIndexed);
    this.#remove(
      'temporal',
      new Datom(assertion.e, assertion.a, assertion.v, assertion.tx, false),
      isIndexed,
    );
  }

  /** Whether history holds a row of the transaction that is applied: none of those can be in the base. */
  #isInHistory(datom: Datom): boolean {
    return this.eras.temporal.eavt.added.has(datom);
  }

  #add(era: Era, datom: Datom, isIndexed: boolean): void {
    for (const order of ordersOf(isIndexed)) {
      const { added, removed } = this.eras[era][order];
      if (removed.size === 0 || !removed.delete(datom)) added.add(datom);
    }
  }

  #remove(era: Era, datom: Datom, isIndexed: boolean): void {
    for (const order of ordersOf(isIndexed)) {
      const { added, removed } = this.eras[era][order];
      if (!added.delete(datom)) removed.add(datom);
    }
  }

  #map(change: (set: DatomSet) => DatomSet): Novelty {
    const indices = (era: Era): Indices => ({
      eavt: mapIndex(this.eras[era].eavt, change),
      aevt: mapIndex(this.eras[era].aevt, change),
      avet: mapIndex(this.eras[era].avet, change),
    });
    return new Novelty({ current: indices('current'), temporal: indices('temporal') });
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
    removed.size === 0
      ? base
      : new FilterCursor(base, (keys, row) => !removed.has(keys.datom(row)));
  if (added.size === 0) return kept;
  return new MergeCursor(added.order, kept, new SetCursor(added, range, isReverse), isReverse);
}

function ordersOf(isIndexed: boolean): ReadonlyArray<IndexOrder> {
  return isIndexed ? INDEX_ORDERS : UNINDEXED;
}

const UNINDEXED: ReadonlyArray<IndexOrder> = ['eavt', 'aevt'];

function emptyIndices(): Indices {
  return { eavt: emptyIndex('eavt'), aevt: emptyIndex('aevt'), avet: emptyIndex('avet') };
}

function emptyIndex(order: IndexOrder): IndexNovelty {
  return { added: DatomSet.empty(order), removed: DatomSet.empty(order) };
}

function mapIndex(
  { added, removed }: IndexNovelty,
  change: (set: DatomSet) => DatomSet,
): IndexNovelty {
  return { added: change(added), removed: change(removed) };
}
