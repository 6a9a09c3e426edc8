/** What a function of queries is, and the questions about values that several rooms of functions ask. */
import { isDecimal } from '../../../schema/decimal.ts';
import type { Decimal } from '../../../schema/decimal.ts';
import { Keyword, Sym } from '../../../schema/keyword.ts';
import { EdnList, Uuid } from '../../../schema/value.ts';
import type { EdnData, Value } from '../../../schema/value.ts';

/** Undefined, as nil, is no result: the row is dropped, as where Datahike's function throws or gives nil. */
export type BuiltIn = (...args: ReadonlyArray<EdnData>) => EdnData | undefined;

export type Table = ReadonlyArray<readonly [name: string, fn: BuiltIn]>;

export type Numeric = number | bigint | Decimal;

export function isNumeric(value: EdnData | undefined): value is Numeric {
  return typeof value === 'number' || typeof value === 'bigint' || isDecimal(value);
}

export function isInteger(value: EdnData | undefined): value is number | bigint {
  return typeof value === 'bigint' || (typeof value === 'number' && Number.isInteger(value));
}

/** Whether values of all kinds that an index holds can be put in order with this one. */
export function isComparable(value: EdnData | undefined): value is Value {
  return (
    value !== undefined &&
    value !== null &&
    !(value instanceof EdnList || value instanceof Map || value instanceof Set)
  );
}

/** The kind of a value, by the name of the JavaScript or EDN type that holds it. */
export function typeNameOf(value: EdnData): string {
  if (value === null) return 'nil';
  if (isNumeric(value)) return 'number';
  if (typeof value !== 'object') return typeof value;
  if (value instanceof Keyword) return 'keyword';
  if (value instanceof Sym) return 'symbol';
  if (value instanceof Date) return 'instant';
  if (value instanceof Uuid) return 'uuid';
  if (ArrayBuffer.isView(value)) return 'bytes';
  return Array.isArray(value) ? 'vector' : 'collection';
}

/** The members of a collection, entries of a map as pairs; undefined for what is none. */
export function itemsOf(value: EdnData | undefined): ReadonlyArray<EdnData> | undefined {
  if (Array.isArray(value)) return value as ReadonlyArray<EdnData>;
  if (value instanceof EdnList) return value.items;
  if (value instanceof Set) return [...(value as ReadonlySet<EdnData>)];
  if (value instanceof Map) return [...(value as ReadonlyMap<EdnData, EdnData>)];
  return undefined;
}
