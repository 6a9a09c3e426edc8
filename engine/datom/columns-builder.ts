/** Collects rows, in index order, into {@link Columns}. */
import type { Value } from '../../schema/value.ts';
import { Columns } from './columns.ts';
import type { Datom } from './datom.ts';

export class ColumnsBuilder {
  #e: number[] = [];
  #a: number[] = [];
  #v: Value[] = [];
  #tx: number[] = [];
  #added: number[] = [];
  #hasRetraction = false;

  get length(): number {
    return this.#e.length;
  }

  push(datom: Datom): void {
    this.#push(datom.e, datom.a, datom.v, datom.tx, datom.added);
  }

  /** Copies rows `lo <= i < hi`. */
  pushRows(columns: Columns, lo: number, hi: number): void {
    const { e, a, v, tx } = columns;
    for (let row = lo; row < hi; row++)
      this.#push(e[row]!, a[row]!, v[row]!, tx[row]!, columns.isAdded(row));
  }

  /** The rows so far; the builder is empty afterwards. */
  take(): Columns {
    const columns = new Columns(
      new Int32Array(this.#e),
      new Int32Array(this.#a),
      this.#v,
      new Int32Array(this.#tx),
      this.#hasRetraction ? new Uint8Array(this.#added) : undefined,
    );
    this.#e = [];
    this.#a = [];
    this.#v = [];
    this.#tx = [];
    this.#added = [];
    this.#hasRetraction = false;
    return columns;
  }

  #push(e: number, a: number, v: Value, tx: number, added: boolean): void {
    this.#e.push(e);
    this.#a.push(a);
    this.#v.push(v);
    this.#tx.push(tx);
    this.#added.push(added ? 1 : 0);
    if (!added) this.#hasRetraction = true;
  }
}

/** Columns of datoms that are in index order already. */
export function columnsOf(datoms: ReadonlyArray<Datom>, lo = 0, hi = datoms.length): Columns {
  const length = hi - lo;
  const e = new Int32Array(length);
  const a = new Int32Array(length);
  const tx = new Int32Array(length);
  const v: Value[] = [];
  let added: Uint8Array | undefined;
  for (let row = 0; row < length; row++) {
    const datom = datoms[lo + row]!;
    e[row] = datom.e;
    a[row] = datom.a;
    tx[row] = datom.tx;
    v.push(datom.v);
    if (!datom.added) (added ??= new Uint8Array(length).fill(1))[row] = 0;
  }
  return new Columns(e, a, v, tx, added);
}
