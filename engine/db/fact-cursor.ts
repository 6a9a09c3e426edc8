/**
 * Of the rows of each fact `[e a v]`, which stand together in every index, those that a view shows. They may be spread over chunks, so a fact
 * is known when the next one begins.
 */
import type { ChunkCursor } from '../datom/chunk-cursor.ts';
import type { Columns } from '../datom/columns.ts';
import { NO_ROWS } from '../datom/columns.ts';
import { ColumnsBuilder } from '../datom/columns-builder.ts';
import { compareValues } from '../datom/value-order.ts';
import type { Wait } from '../shared/suspend.ts';

/** A row of some chunk. */
interface Row {
  readonly keys: Columns;
  readonly row: number;
}

/** Adds those to `shown` that a view shows of the rows of one fact, which come in the order of their transactions. */
type ChooseRows = (fact: ReadonlyArray<Row>, shown: Row[]) => void;

export class FactCursor implements ChunkCursor {
  keys: Columns = NO_ROWS;
  lo = 0;
  hi = 0;
  miss: Wait | undefined;

  readonly #rows: ChunkCursor;
  readonly #isReverse: boolean;
  readonly #choose: ChooseRows;
  /** The rows so far of the fact that the scan is in. */
  readonly #fact: Row[] = [];
  #isDone = false;

  constructor(rows: ChunkCursor, isReverse: boolean, choose: ChooseRows) {
    this.#rows = rows;
    this.#isReverse = isReverse;
    this.#choose = choose;
  }

  next(): 'ready' | 'missing' | 'done' {
    while (!this.#isDone) {
      const step = this.#rows.next();
      if (step === 'missing') {
        this.miss = this.#rows.miss;
        return step;
      }
      const shown: Row[] = [];
      if (step === 'ready') this.#visitChunk(shown);
      else {
        this.#isDone = true;
        this.#endFact(shown);
      }
      if (shown.length > 0) return this.#show(shown);
    }
    return 'done';
  }

  #visitChunk(shown: Row[]): void {
    const { keys, lo, hi } = this.#rows;
    for (let i = 0; i < hi - lo; i++) {
      const row = this.#isReverse ? hi - 1 - i : lo + i;
      const first = this.#fact[0];
      if (first !== undefined && !isSameFact(first, keys, row)) this.#endFact(shown);
      this.#fact.push({ keys, row });
    }
  }

  #endFact(shown: Row[]): void {
    if (this.#isReverse) {
      const chosen: Row[] = [];
      this.#choose(this.#fact.reverse(), chosen);
      shown.push(...chosen.reverse());
    } else this.#choose(this.#fact, shown);
    this.#fact.length = 0;
  }

  #show(shown: Row[]): 'ready' {
    const builder = new ColumnsBuilder(shown.length);
    for (const { keys, row } of this.#isReverse ? shown.reverse() : shown)
      builder.pushRow(keys, row);
    this.keys = builder.take();
    this.lo = 0;
    this.hi = this.keys.length;
    return 'ready';
  }
}

/**
 * Of assertions and retractions, what held after a transaction. What the last one up to it said of a fact counts, since its last assertion;
 * one that both asserts and retracts a fact leaves it as it was. Rows may be missing that were purged or are of a time after the point, so
 * assertions and retractions do not take turns.
 */
export function heldAt(asOf: number): ChooseRows {
  return (fact, shown) => {
    let isHeld = false;
    let assertion: Row | undefined;
    for (let i = 0; i < fact.length; i++) {
      const one = fact[i]!;
      const tx = txOf(one);
      if (tx > asOf) break;
      const isAdded = one.keys.isAdded(one.row);
      if (isAdded) assertion = one;
      if (txOf(fact[i - 1]) !== tx && txOf(fact[i + 1]) !== tx) isHeld = isAdded;
    }
    if (isHeld && assertion !== undefined) shown.push(assertion);
  };
}

/** What the last transaction said that speaks of the fact. */
export function saidLast(fact: ReadonlyArray<Row>, shown: Row[]): void {
  const last = txOf(fact.at(-1));
  for (const one of fact) if (txOf(one) === last) shown.push(one);
}

function txOf(one: Row | undefined): number {
  return one === undefined ? 0 : one.keys.tx[one.row]!;
}

function isSameFact(fact: Row, keys: Columns, row: number): boolean {
  return (
    fact.keys.e[fact.row] === keys.e[row] &&
    fact.keys.a[fact.row] === keys.a[row] &&
    compareValues(fact.keys.v[fact.row]!, keys.v[row]!) === 0
  );
}
