/**
 * What happened since the base trees were written: for each index the datoms that came and the datoms that went. A snapshot is base
 * plus novelty; a transaction costs a few insertions in memory and no node.
 */
import type { ChunkCursor, ScanRange } from '../datom/chunk-cursor.ts';
import type { Bound, Columns } from '../datom/columns.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { Datom } from '../datom/datom.ts';
import type { Era } from '../indices/base-index.ts';
import { isAssertion } from './change.ts';
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

type Side = keyof IndexNovelty;
type Indices = Readonly<Record<IndexOrder, IndexNovelty>>;

/** Indices that nobody else has. */
type OwnIndices = Record<IndexOrder, Record<Side, DatomSet>>;

// Made at its first use: the compiler puts a static field that makes its own class before the class.
let nothing: Novelty | undefined;

export class Novelty {
  readonly #eras: Record<Era, Indices>;
  /** What a copy under change has made its own: an era when it first changes it, a set of it likewise. */
  readonly #own: Partial<Record<Era, OwnIndices>> = {};
  /** Of all sets. */
  readonly #owner: Owner | undefined;
  /** Whether history got a row of the transaction that changes this copy. */
  #hasNewHistory = false;
  /** Whether AVET was told of attributes that became indexed or ceased to be, so that its base holds other rows than that of EAVT. */
  #isAvetApart = false;

  private constructor(eras: Readonly<Record<Era, Indices>>, owner?: Owner) {
    this.#eras = { current: eras.current, temporal: eras.temporal };
    this.#owner = owner;
  }

  get eras(): Readonly<Record<Era, Indices>> {
    return this.#eras;
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
    const copy = new Novelty(this.#eras, new Owner());
    copy.#isAvetApart = this.#isAvetApart;
    return copy;
  }

  /** A copy that the transaction which changed this one goes on to change; this one stays as it is. */
  goOn(): Novelty {
    const copy = this.seal().edit();
    copy.#hasNewHistory = this.#hasNewHistory;
    return copy;
  }

  /** What takes back what this does: what came goes, and what went comes. Of a value. */
  inverse(): Novelty {
    const { current, temporal } = this.eras;
    const inverse = new Novelty({ current: turnRound(current), temporal: turnRound(temporal) });
    inverse.#isAvetApart = this.#isAvetApart;
    return inverse;
  }

  /** Ends the changes: from now on this novelty is a value. */
  seal(): this {
    this.#owner?.close();
    return this;
  }

  /** Applies a change to a novelty that is being edited. AVET holds the datom where `isIndexed`. */
  apply(change: Change, isIndexed: boolean): void {
    if (isAssertion(change)) {
      if (this.#isInHistory(change)) this.#forgetFlip(change, isIndexed);
      this.#add('current', change, isIndexed);
      return;
    }
    const { datom } = change;
    if (change.kind === 'purge') {
      this.#remove(change.era, datom, isIndexed);
      return;
    }
    const assertion = new Datom(datom.e, datom.a, datom.v, change.assertedTx, true);
    this.#remove('current', assertion, isIndexed);
    const isTurnedAgain = change.assertedTx === datom.tx && this.#isInHistory(datom);
    if (!change.keepsHistory || isTurnedAgain) return;
    this.#hasNewHistory = true;
    this.#add('temporal', assertion, isIndexed);
    this.#add('temporal', datom, isIndexed);
  }

  /** Adds a row of either era that is not there yet, as an import does, and changes nothing else. */
  load(era: Era, row: Datom, isIndexed: boolean): void {
    this.#edit(era, 'eavt', 'added').add(row);
    this.#edit(era, 'aevt', 'added').add(row);
    if (isIndexed) this.#edit(era, 'avet', 'added').add(row);
  }

  /** Adds a row to AVET, or takes it out, where its attribute became indexed or ceased to be. */
  reindex(era: Era, row: Datom, isIndexed: boolean): void {
    this.#isAvetApart = true;
    if (isIndexed) this.#putIntoAvet(era, row);
    else this.#takeFromAvet(era, row);
  }

  /**
   * A transaction may turn a fact more than once. The rows of its history tell how it ended only while they are at most one assertion
   * and one retraction, of which the first undoes the second or the second the first; so the third turn takes back the two before it.
   */
  #forgetFlip({ e, a, v, tx }: Datom, isIndexed: boolean): void {
    this.#remove('temporal', new Datom(e, a, v, tx, true), isIndexed);
    this.#remove('temporal', new Datom(e, a, v, tx, false), isIndexed);
  }

  // Whether the base has a datom is asked of EAVT alone, as far as the others agree with it: so they need not be read to be changed.

  #add(era: Era, datom: Datom, isIndexed: boolean): void {
    const { removed } = this.#eras[era].eavt;
    const isOfBase = removed.weight > 0 && removed.has(datom);
    this.#put(era, 'eavt', datom, isOfBase);
    this.#put(era, 'aevt', datom, isOfBase);
    if (!isIndexed) return;
    if (this.#isAvetApart) this.#putIntoAvet(era, datom);
    else this.#put(era, 'avet', datom, isOfBase);
  }

  #remove(era: Era, datom: Datom, isIndexed: boolean): void {
    const isNew = this.#eras[era].eavt.added.has(datom);
    this.#take(era, 'eavt', datom, isNew);
    this.#take(era, 'aevt', datom, isNew);
    if (!isIndexed) return;
    // What is new to EAVT is in no base.
    if (isNew || !this.#isAvetApart) this.#take(era, 'avet', datom, isNew);
    else this.#takeFromAvet(era, datom);
  }

  /** Adds a datom that is not there; the base has it where it was removed from that. */
  #put(era: Era, order: IndexOrder, datom: Datom, isOfBase: boolean): void {
    if (isOfBase) this.#edit(era, order, 'removed').delete(datom);
    else this.#edit(era, order, 'added').add(datom);
  }

  /** Takes out a datom that is there: new, or of the base. */
  #take(era: Era, order: IndexOrder, datom: Datom, isNew: boolean): void {
    if (isNew) this.#edit(era, order, 'added').delete(datom);
    else this.#edit(era, order, 'removed').add(datom);
  }

  #putIntoAvet(era: Era, datom: Datom): void {
    const { removed } = this.#eras[era].avet;
    this.#put(era, 'avet', datom, removed.weight > 0 && removed.has(datom));
  }

  #takeFromAvet(era: Era, datom: Datom): void {
    this.#take(era, 'avet', datom, this.#eras[era].avet.added.has(datom));
  }

  /** A set of this copy, for a change. */
  #edit(era: Era, order: IndexOrder, side: Side): DatomSet {
    const own = (this.#own[era] ??= this.#ownIndices(era));
    const owner = this.#owner;
    if (owner === undefined) throw new Error('Expected novelty that is being edited');
    const index = own[order];
    const set = index[side];
    return set.isOf(owner) ? set : (index[side] = set.edit(owner));
  }

  #ownIndices(era: Era): OwnIndices {
    const { eavt, aevt, avet } = this.#eras[era];
    const own = { eavt: copyOf(eavt), aevt: copyOf(aevt), avet: copyOf(avet) };
    this.#eras[era] = own;
    return own;
  }

  /** Whether history holds a row of the transaction that is applied: none of those can be in the base. */
  #isInHistory(datom: Datom): boolean {
    return this.#hasNewHistory && this.#eras.temporal.eavt.added.has(datom);
  }
}

/** A scan of the base as one with what its index's novelty adds and takes away. */
export function overlay(
  base: ChunkCursor,
  { added, removed }: IndexNovelty,
  range: ScanRange,
  isReverse: boolean,
): ChunkCursor {
  const kept = keptRows(base, removed);
  if (added.weight === 0) return kept;
  return new MergeCursor(added.order, kept, new SetCursor(added, range, isReverse), isReverse);
}

/** Rows of a base without those that were removed from it. */
export function keptRows(base: ChunkCursor, removed: DatomSet): ChunkCursor {
  if (removed.weight === 0) return base;
  return new FilterCursor(
    base,
    (keys, row) => !removed.has(keys.datom(row)),
    // Most chunks lose nothing: one look tells.
    (keys, lo, hi) =>
      hi - lo <= FEW ||
      removed.countRange({
        from: { bound: boundAt(keys, lo), inclusive: true },
        to: { bound: boundAt(keys, hi - 1), inclusive: true },
      }) > 0,
  );
}

/** So few rows are looked at one by one. */
const FEW = 4;

function boundAt(keys: Columns, row: number): Bound {
  return { e: keys.e[row], a: keys.a[row], v: keys.value(row), tx: keys.tx[row] };
}

function emptyIndices(): Indices {
  return { eavt: emptyIndex('eavt'), aevt: emptyIndex('aevt'), avet: emptyIndex('avet') };
}

function emptyIndex(order: IndexOrder): IndexNovelty {
  return { added: DatomSet.empty(order), removed: DatomSet.empty(order) };
}

/** Not a spread, whose result would be slower to make and to read. */
function copyOf({ added, removed }: IndexNovelty): Record<Side, DatomSet> {
  return { added, removed };
}

function turnRound({ eavt, aevt, avet }: Indices): Indices {
  const turned = ({ added, removed }: IndexNovelty): IndexNovelty => ({
    added: removed,
    removed: added,
  });
  return { eavt: turned(eavt), aevt: turned(aevt), avet: turned(avet) };
}
