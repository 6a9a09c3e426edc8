/** Collects rows, in index order, into {@link Columns}. */
import type { Value } from '../../schema/value.ts';
import { Columns } from './columns.ts';
import type { Datom } from './datom.ts';

export class ColumnsBuilder {
  readonly #capacity: number;
  #length = 0;
  #e = NONE;
  #a = NONE;
  #tx = NONE;
  #v: Value[] = [];
  /** Rows that are retractions, in order. */
  #retractions: number[] = [];

  /** `capacity`: how many rows there will be at most, until they are taken. */
  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  get length(): number {
    return this.#length;
  }

  push({ e, a, v, tx, added }: Datom): void {
    this.#push(e, a, v, tx, added);
  }

  /** Copies a row. */
  pushRow(columns: Columns, row: number): void {
    const { e, a, v, tx } = columns;
    this.#push(e[row]!, a[row]!, v[row]!, tx[row]!, columns.isAdded(row));
  }

  /** The first rows, all by default; those after them stay. */
  take(count = this.#length): Columns {
    const added = this.#takeAdded(count);
    const [e, a, v, tx] = [this.#e, this.#a, this.#v, this.#tx];
    this.#length -= count;
    if (count === e.length) {
      this.#e = this.#a = this.#tx = NONE;
      this.#v = [];
      return new Columns(e, a, v, tx, added);
    }
    const columns = new Columns(
      e.slice(0, count),
      a.slice(0, count),
      v.slice(0, count),
      tx.slice(0, count),
      added,
    );
    for (const column of [e, a, tx]) column.copyWithin(0, count);
    this.#v = v.slice(count);
    return columns;
  }

  #takeAdded(count: number): Uint8Array | undefined {
    const retractions = this.#retractions;
    if (retractions.length === 0) return undefined;
    const taken = retractions.filter((row) => row < count);
    this.#retractions = retractions.slice(taken.length).map((row) => row - count);
    if (taken.length === 0) return undefined;
    const added = new Uint8Array(count).fill(1);
    for (const row of taken) added[row] = 0;
    return added;
  }

  #makeRoom(): void {
    if (this.#length > this.#capacity) throw new Error(`Expected ${this.#capacity} rows at most`);
    this.#e = new Int32Array(this.#capacity);
    this.#a = new Int32Array(this.#capacity);
    this.#tx = new Int32Array(this.#capacity);
  }

  #push(e: number, a: number, v: Value, tx: number, added: boolean): void {
    const row = this.#length++;
    if (row === this.#e.length) this.#makeRoom();
    this.#e[row] = e;
    this.#a[row] = a;
    this.#tx[row] = tx;
    this.#v.push(v);
    if (!added) this.#retractions.push(row);
  }
}

const NONE = new Int32Array(0);

/** Columns of datoms that are in index order already. */
export function columnsOf(datoms: ReadonlyArray<Datom>, lo = 0, hi = datoms.length): Columns {
  const builder = new ColumnsBuilder(hi - lo);
  for (let i = lo; i < hi; i++) builder.push(datoms[i]!);
  return builder.take();
}
