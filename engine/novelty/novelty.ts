/**
 * What happened since the base trees were written: for each index the datoms that came and the datoms that went. A snapshot is base
 * plus novelty; a transaction costs a few insertions in memory and no node.
 */
import type { ChunkCursor, ScanRange } from '../datom/chunk-cursor.ts';
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

type Indices = Readonly<Record<IndexOrder, IndexNovelty>>;

// Made at its first use: the compiler puts a static field that makes its own class before the class.
let nothing: Novelty | undefined;

export class Novelty {
  readonly eras: Readonly<Record<Era, Indices>>;
  /** Of all sets. */
  readonly #owner: Owner | undefined;
  /** Whether history got a row of the transaction that changes this copy. */
  #hasNewHistory = false;
  /** Whether AVET was told of attributes that became indexed or ceased to be, so that its base holds other rows than that of EAVT. */
  #isAvetApart = false;

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
    const copy = new Novelty(
      { current: editIndices(current, owner), temporal: editIndices(temporal, owner) },
      owner,
    );
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
    const { eavt, aevt, avet } = this.eras[era];
    eavt.added.add(row);
    aevt.added.add(row);
    if (isIndexed) avet.added.add(row);
  }

  /** Adds a row to AVET, or takes it out, where its attribute became indexed or ceased to be. */
  reindex(era: Era, row: Datom, isIndexed: boolean): void {
    this.#isAvetApart = true;
    if (isIndexed) put(this.eras[era].avet, row);
    else take(this.eras[era].avet, row);
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
    const { eavt, aevt, avet } = this.eras[era];
    const isOfBase = eavt.removed.weight > 0 && eavt.removed.has(datom);
    if (isOfBase) {
      eavt.removed.delete(datom);
      aevt.removed.delete(datom);
    } else {
      eavt.added.add(datom);
      aevt.added.add(datom);
    }
    if (!isIndexed) return;
    if (this.#isAvetApart) put(avet, datom);
    else if (isOfBase) avet.removed.delete(datom);
    else avet.added.add(datom);
  }

  #remove(era: Era, datom: Datom, isIndexed: boolean): void {
    const { eavt, aevt, avet } = this.eras[era];
    const isNew = eavt.added.has(datom);
    if (isNew) {
      eavt.added.delete(datom);
      aevt.added.delete(datom);
    } else {
      eavt.removed.add(datom);
      aevt.removed.add(datom);
    }
    if (!isIndexed) return;
    // What is new to EAVT is in no base.
    if (isNew) avet.added.delete(datom);
    else if (this.#isAvetApart) take(avet, datom);
    else avet.removed.add(datom);
  }

  /** Whether history holds a row of the transaction that is applied: none of those can be in the base. */
  #isInHistory(datom: Datom): boolean {
    return this.#hasNewHistory && this.eras.temporal.eavt.added.has(datom);
  }
}

/** Adds a datom that is not there. */
function put({ added, removed }: IndexNovelty, datom: Datom): void {
  if (removed.weight > 0 && removed.has(datom)) removed.delete(datom);
  else added.add(datom);
}

/** Takes out a datom that is there. */
function take({ added, removed }: IndexNovelty, datom: Datom): void {
  if (added.has(datom)) added.delete(datom);
  else removed.add(datom);
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

function turnRound({ eavt, aevt, avet }: Indices): Indices {
  const turned = ({ added, removed }: IndexNovelty): IndexNovelty => ({
    added: removed,
    removed: added,
  });
  return { eavt: turned(eavt), aevt: turned(aevt), avet: turned(avet) };
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
