/** Whether a value fits the type of its attribute, and the one form in which it is stored. */
import type { TupleDefinition, ValueType } from '../../schema/attribute.ts';
import { isDecimal } from '../../schema/decimal.ts';
import { Keyword, Sym } from '../../schema/keyword.ts';
import { EdnDouble, EdnList, Uuid } from '../../schema/value.ts';
import type { EdnData, EdnMap, TupleValue, Value } from '../../schema/value.ts';

/** What values of each type are, for messages. */
const EXPECTATIONS: Readonly<Record<ValueType, string>> = {
  bigdec: 'a decimal such as 1.50M',
  bigint: 'an integer',
  boolean: 'true or false',
  bytes: 'bytes',
  double: 'a number',
  'double-array': 'an array of doubles',
  float: 'a number',
  'float-array': 'an array of floats',
  instant: 'an instant',
  keyword: 'a keyword',
  long: 'an integer of 64 bits',
  number: 'a number',
  ref: 'an entity id',
  'store-ref': 'a UUID',
  string: 'a string',
  symbol: 'a symbol',
  tuple: 'a tuple',
  uuid: 'a UUID',
};

export function expectationOf(type: ValueType): string {
  return EXPECTATIONS[type];
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
