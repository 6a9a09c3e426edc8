/** Whether a value fits the type of its attribute, and the one form in which it is stored. */
import type { TupleDefinition, ValueType } from '../../schema/attribute.ts';
import { isDecimal } from '../../schema/decimal.ts';
import { Keyword, Sym } from '../../schema/keyword.ts';
import { EdnDouble, EdnList, Uuid } from '../../schema/value.ts';
import type { EdnData, EdnMap, TupleValue, Value } from '../../schema/value.ts';

/** What a value has to be, for messages. */
export interface Expectation {
  /** For people. */
  readonly words: string;
  /** As Datahike says it: a predicate of Clojure. */
  readonly predicate: string;
}

const EXPECTATIONS: Readonly<Record<ValueType, Expectation>> = {
  bigdec: { words: 'a decimal such as 1.50M', predicate: 'decimal?' },
  bigint: { words: 'an integer', predicate: 'integer?' },
  boolean: { words: 'true or false', predicate: 'boolean?' },
  bytes: { words: 'bytes', predicate: 'bytes?' },
  double: { words: 'a number', predicate: 'double?' },
  'double-array': { words: 'an array of doubles', predicate: 'double-array?' },
  float: { words: 'a number', predicate: 'float?' },
  'float-array': { words: 'an array of floats', predicate: 'float-array?' },
  instant: { words: 'an instant', predicate: '(= (class %) java.util.Date)' },
  keyword: { words: 'a keyword', predicate: 'keyword?' },
  long: { words: 'an integer of 64 bits', predicate: '(= (class %) java.lang.Long)' },
  number: { words: 'a number', predicate: 'number?' },
  ref: { words: 'an entity id', predicate: '(or (= (class %) java.lang.Long) string?)' },
  'store-ref': { words: 'a UUID', predicate: 'uuid?' },
  string: { words: 'a string', predicate: 'string?' },
  symbol: { words: 'a symbol', predicate: 'symbol?' },
  tuple: { words: 'a tuple', predicate: 'vector?' },
  uuid: { words: 'a UUID', predicate: 'uuid?' },
};

const ANY: Expectation = { words: 'a value', predicate: 'any?' };

export function expectationOf(type: ValueType | undefined): Expectation {
  return type === undefined ? ANY : EXPECTATIONS[type];
}

/** The value as it is stored, or undefined where it does not fit. A whole number fits a double. */
export function conform(
  value: EdnData,
  type: ValueType | undefined,
  tuple?: TupleDefinition,
): Value | undefined {
  if (value instanceof EdnDouble) return conformDouble(value.value, type);
  switch (type) {
    case undefined:
      return conformAny(value);
    case 'string':
      return typeof value === 'string' ? value : undefined;
    case 'boolean':
      return typeof value === 'boolean' ? value : undefined;
    case 'keyword':
      return value instanceof Keyword ? value : undefined;
    case 'symbol':
      return value instanceof Sym ? value : undefined;
    case 'uuid':
    case 'store-ref':
      return value instanceof Uuid ? value : undefined;
    case 'instant':
      return value instanceof Date && !Number.isNaN(value.getTime()) ? value : undefined;
    case 'bytes':
      return value instanceof Uint8Array ? new Uint8Array(value) : undefined;
    case 'float-array':
      return value instanceof Float32Array ? value : undefined;
    case 'double-array':
      return value instanceof Float64Array ? value : undefined;
    case 'tuple':
      return conformTuple(value, tuple);
    default:
      return conformNumber(value, type);
  }
}

/** What was written as a floating-point number is no integer. */
function conformDouble(value: number, type: ValueType | undefined): Value | undefined {
  const isDouble = type === undefined || type === 'double' || type === 'float' || type === 'number';
  return isDouble ? value : undefined;
}

/**
 * Whether a number that was read from a text which tells floating-point numbers from integers is of the other kind than its attribute.
 */
export function isOtherNumber(value: EdnData, type: ValueType | undefined): boolean {
  if (type === 'double' || type === 'float')
    return Number.isInteger(value) || typeof value === 'bigint';
  return type === 'long' && typeof value === 'bigint' && Number.isSafeInteger(Number(value));
}

/** Any data but nil, in its stored form: lists are vectors, and bytes are plain bytes whatever class they came in. */
function conformAny(value: EdnData): Value | undefined {
  if (value instanceof EdnList) return conformAll(value.items);
  if (Array.isArray(value)) return conformAll(value as ReadonlyArray<EdnData>);
  if (value instanceof Map) {
    const keys = conformAll([...(value as EdnMap).keys()]);
    const values = conformAll([...(value as EdnMap).values()]);
    if (keys === undefined || values === undefined) return undefined;
    return new Map(keys.map((key, i) => [key, values[i] ?? null])) as unknown as Value;
  }
  if (value instanceof Set) {
    const items = conformAll([...(value as ReadonlySet<EdnData>)]);
    return items === undefined ? undefined : (new Set(items) as unknown as Value);
  }
  return conform(value, typeOf(value));
}

function conformAll(items: ReadonlyArray<EdnData>): TupleValue | undefined {
  const conformed: Array<Value | null> = [];
  for (const item of items) {
    const member = item === null ? null : conformAny(item);
    if (member === undefined) return undefined;
    conformed.push(member);
  }
  return conformed;
}

/** The type that a single value has by itself. */
export function typeOf(value: EdnData): ValueType {
  if (typeof value === 'string') return 'string';
  if (typeof value === 'boolean') return 'boolean';
  if (value instanceof EdnDouble) return 'double';
  if (value instanceof Keyword) return 'keyword';
  if (value instanceof Sym) return 'symbol';
  if (value instanceof Uuid) return 'uuid';
  if (value instanceof Date) return 'instant';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Float32Array) return 'float-array';
  return value instanceof Float64Array ? 'double-array' : 'number';
}

const LONG_MAX = 9_223_372_036_854_775_807n;
const LONG_MIN = -9_223_372_036_854_775_808n;

function conformNumber(
  value: EdnData,
  type: 'bigdec' | 'bigint' | 'double' | 'float' | 'long' | 'number' | 'ref',
): Value | undefined {
  switch (type) {
    case 'double':
    case 'float':
      return typeof value === 'number' ? value : undefined;
    case 'ref':
      return Number.isInteger(value) ? (value as number) : undefined;
    case 'long':
      if (typeof value === 'bigint') return conformLong(value);
      return Number.isSafeInteger(value) ? (value as number) : undefined;
    case 'bigint':
      if (typeof value === 'bigint') return value;
      return Number.isSafeInteger(value) ? BigInt(value as number) : undefined;
    case 'bigdec':
      return isDecimal(value) ? value : undefined;
    case 'number':
      return typeof value === 'number' || typeof value === 'bigint' || isDecimal(value)
        ? value
        : undefined;
  }
}

/** A long is a number while that is exact. */
function conformLong(value: bigint): Value | undefined {
  if (value > LONG_MAX || value < LONG_MIN) return undefined;
  const number = Number(value);
  return Number.isSafeInteger(number) ? number : value;
}

/** The members in their stored form; how many there may be is for whoever writes to check. */
function conformTuple(value: EdnData, tuple: TupleDefinition | undefined): Value | undefined {
  if (!Array.isArray(value)) return undefined;
  if (tuple === undefined) return conformAny(value);
  const items = value as ReadonlyArray<EdnData>;
  const members: Array<Value | null> = [];
  for (const [i, item] of items.entries()) {
    const type =
      tuple.kind === 'homogeneous'
        ? tuple.type
        : tuple.kind === 'heterogeneous'
          ? tuple.types[i]
          : undefined;
    const member = item === null ? null : conform(item, type);
    if (member === undefined) return undefined;
    members.push(member);
  }
  return members satisfies TupleValue;
}
