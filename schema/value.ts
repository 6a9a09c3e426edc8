/**
 * The data of EDN as this project holds it in JavaScript. The table that users read is in the root README.
 */
import type { Decimal } from './decimal.ts';
import type { Keyword, Sym } from './keyword.ts';

/** What a datom may hold. A long is a number while it is a safe integer, else a bigint. */
export type Value =
  | string
  | number
  | bigint
  | boolean
  | Date
  | Decimal
  | Keyword
  | Sym
  | Uuid
  | Uint8Array
  | Float32Array
  | Float64Array
  | TupleValue;

/** A tuple value; composite tuples hold `null` for a member that is missing. */
export type TupleValue = ReadonlyArray<Value | null>;

/** Whatever an EDN text can say. Vectors are arrays, maps keep the order in which they were written. */
export type EdnData =
  | Value
  | null
  | EdnDouble
  | EdnList
  | Tagged
  | ReadonlyArray<EdnData>
  | EdnMap
  | ReadonlySet<EdnData>;

export type EdnMap = ReadonlyMap<EdnData, EdnData>;

/** A list in round brackets, `(f ?x)`: a call where a vector is data. */
export class EdnList {
  readonly items: ReadonlyArray<EdnData>;

  constructor(items: ReadonlyArray<EdnData>) {
    this.items = items;
  }
}

/**
 * A floating-point number where it matters that it is none of the integers, as `1.0` in an EDN text is not `1`. Made by `readEdn` where it
 * is asked to tell the two apart; elsewhere both are numbers.
 */
export class EdnDouble {
  readonly value: number;

  constructor(value: number) {
    this.value = value;
  }
}

/** A tagged element that is more than data to somebody: `#datahike/DB {…}`. Only who knows the tag can say what it is. */
export class Tagged {
  readonly tag: string;
  readonly value: EdnData;

  constructor(tag: string, value: EdnData) {
    this.tag = tag;
    this.value = value;
  }
}

const UUID = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/;

/** A UUID, held as its lower-case text. */
export class Uuid {
  readonly text: string;

  private constructor(text: string) {
    this.text = text;
  }

  /** The UUID that a text writes, or undefined where the text is none. */
  static parse(text: string): Uuid | undefined {
    const lower = text.toLowerCase();
    return UUID.test(lower) ? new Uuid(lower) : undefined;
  }

  toString(): string {
    return this.text;
  }

  toJSON(): string {
    return this.text;
  }

  [Symbol.for('nodejs.util.inspect.custom')](): string {
    return `#uuid "${this.text}"`;
  }
}
