/**
 * From all assertions and retractions, what held at a point in time. The rows of one fact `[e a v]` stand together in every index. What the
 * last transaction up to that point said of a fact counts, since its last assertion; one that both asserts and retracts a fact leaves it as
 * it was. Rows may be missing that were purged or are of a time after the point, so assertions and retractions do not take turns.
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

export class AsOfCursor implements ChunkCursor {
  keys: Columns = NO_ROWS;
  lo = 0;
  hi = 0;
  miss: Wait | undefined;

  readonly #rows: ChunkCursor;
  readonly #asOf: number;
  readonly #isReverse: boolean;
  /** The fact that the scan is in: it may go on in the next chunk. */
  #fact: Row | undefined;
  /** What is known of the fact from the transactions before the one that the scan is in. */
  #isHeld: boolean | undefined;
  /** The transaction that the scan is in, and what it says of the fact; undefined where it both asserts and retracts it. */
  #tx = 0;
  #isAsserted: boolean | undefined;
  #lastAssertion: Row | undefined;
  #isDone = false;

  /** `rows` are those of a history scan. */
  constructor(rows: ChunkCursor, asOf: number, isReverse: boolean) {
    this.#rows = rows;
    this.#asOf = asOf;
    this.#isReverse = isReverse;
  }

  next(): 'ready' | 'missing' | 'done' {
    while (!this.#isDone) {
      const step = this.#rows.next();
      if (step === 'missing') {
        this.miss = this.#rows.miss;
        return step;
      }
      const held: Row[] = [];
      if (step === 'ready') this.#visitChunk(held);
      else {
        this.#isDone = true;
        this.#endFact(held);
      }
      if (held.length > 0) return this.#show(held);
    }
    return 'done';
  }

  #visitChunk(held: Row[]): void {
    const { keys, lo, hi } = this.#rows;
    for (let i = 0; i < hi - lo; i++) {
      const row = this.#isReverse ? hi - 1 - i : lo + i;
      if (this.#fact === undefined || !isSameFact(this.#fact, keys, row)) {
        this.#endFact(held);
        this.#fact = { keys, row };
      }
      this.#visit(keys, row);
    }
  }

  #visit(keys: Columns, row: number): void {
    const tx = keys.tx[row]!;
    if (tx > this.#asOf) return;
    const isAdded = keys.isAdded(row);
    if (tx === this.#tx) this.#isAsserted = undefined;
    else {
      this.#endTransaction();
      this.#tx = tx;
      this.#isAsserted = isAdded;
    }
    if (!isAdded) return;
    const isLater =
      this.#lastAssertion === undefined ||
      tx > this.#lastAssertion.keys.tx[this.#lastAssertion.row]!;
    if (isLater) this.#lastAssertion = { keys, row };
  }

  /** The last transaction that says something counts: backwards it comes first. */
  #endTransaction(): void {
    if (!this.#isReverse || this.#isHeld === undefined)
      this.#isHeld = this.#isAsserted ?? this.#isHeld;
  }

  #endFact(held: Row[]): void {
    this.#endTransaction();
    if (this.#isHeld === true && this.#lastAssertion !== undefined) held.push(this.#lastAssertion);
    this.#isHeld = undefined;
    this.#tx = 0;
    this.#isAsserted = undefined;
    this.#lastAssertion = undefined;
  }

  #show(held: Row[]): 'ready' {
    const builder = new ColumnsBuilder();
    for (const { keys, row } of this.#isReverse ? held.reverse() : held)
      builder.pushRows(keys, row, row + 1);
    this.keys = builder.take();
    this.lo = 0;
    this.hi = this.keys.length;
    return 'ready';
  }
}

function isSameFact(fact: Row, keys: Columns, row: number): boolean {
  return (
    fact.keys.e[fact.row] === keys.e[row] &&
    fact.keys.a[fact.row] === keys.a[row] &&
    compareValues(fact.keys.v[fact.row]!, keys.v[row]!) === 0
  );
}
