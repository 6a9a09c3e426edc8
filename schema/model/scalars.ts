/**
 * The scalars of the API: what a value looks like in JSON, how JSON and text become a value again, and which filter operators there
 * are. GraphQL and REST read this one table.
 */
import type { ValueType } from '../attribute.ts';
import { isDecimal, parseDecimal } from '../decimal.ts';
import { DatabaseError } from '../error.ts';
import { isKeywordName, kw, sym } from '../keyword.ts';
import type { EdnData, Value } from '../value.ts';
import { Uuid } from '../value.ts';

export type ScalarName =
  | 'BigDecimal'
  | 'BigInt'
  | 'Boolean'
  | 'Bytes'
  | 'DateTime'
  | 'Float'
  | 'FloatArray'
  | 'Int'
  | 'JSON'
  | 'Keyword'
  | 'Long'
  | 'String'
  | 'Symbol'
  | 'UUID';

export type Operator =
  | 'eq'
  | 'ne'
  | 'in'
  | 'nin'
  | 'lt'
  | 'lte'
  | 'gt'
  | 'gte'
  | 'startsWith'
  | 'endsWith'
  | 'contains'
  | 'matches'
  | 'ns';

export type Json = string | number | boolean | null | ReadonlyArray<Json> | { [key: string]: Json };

export interface Scalar {
  readonly name: ScalarName;
  readonly doc: string;
  readonly operators: ReadonlyArray<Operator>;
  /** The value that a piece of JSON writes, or undefined where it writes none. */
  readonly fromJson: (json: unknown) => Value | undefined;
}

const EQUALITY = ['eq', 'ne', 'in', 'nin'] as const;
const ORDERED = [...EQUALITY, 'lt', 'lte', 'gt', 'gte'] as const;
const TEXT = [...ORDERED, 'startsWith', 'endsWith', 'contains', 'matches'] as const;

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;

export const SCALARS: Readonly<Record<ScalarName, Scalar>> = {
  BigDecimal: {
    name: 'BigDecimal',
    doc: 'A decimal number as a string; its scale is kept.',
    operators: ORDERED,
    fromJson: (json) => (isNumeral(json) ? parseDecimal(String(json)) : undefined),
  },
  BigInt: {
    name: 'BigInt',
    doc: 'A whole number of any size, as a string.',
    operators: ORDERED,
    fromJson: wholeNumber,
  },
  Boolean: {
    name: 'Boolean',
    doc: 'True or false.',
    operators: ['eq', 'ne'],
    fromJson: (json) => (typeof json === 'boolean' ? json : undefined),
  },
  Bytes: {
    name: 'Bytes',
    doc: 'Bytes, written in base64.',
    operators: ['eq', 'ne'],
    fromJson: bytesFromJson,
  },
  DateTime: {
    name: 'DateTime',
    doc: 'An instant, RFC 3339 in UTC with milliseconds: `2026-01-31T12:00:00.000Z`.',
    operators: ORDERED,
    fromJson: dateFromJson,
  },
  Float: {
    name: 'Float',
    doc: 'A floating point number.',
    operators: ORDERED,
    fromJson: (json) => (typeof json === 'number' && Number.isFinite(json) ? json : undefined),
  },
  FloatArray: {
    name: 'FloatArray',
    doc: 'A vector of floating point numbers, as a list.',
    operators: [],
    fromJson: floatsFromJson,
  },
  Int: {
    name: 'Int',
    doc: 'A whole number of 32 bits.',
    operators: ORDERED,
    fromJson: intFromJson,
  },
  JSON: {
    name: 'JSON',
    doc: 'The value of an attribute that has no declared type: text, number or truth value.',
    operators: ['eq', 'ne', 'in', 'nin'],
    fromJson: (json) =>
      typeof json === 'string' || typeof json === 'number' || typeof json === 'boolean'
        ? json
        : undefined,
  },
  Keyword: {
    name: 'Keyword',
    doc: 'A keyword with its colon: `":status/open"`.',
    operators: [...EQUALITY, 'ns'],
    fromJson: (json) =>
      typeof json === 'string' && json.startsWith(':') && isKeywordName(json.slice(1))
        ? kw(json)
        : undefined,
  },
  Long: {
    name: 'Long',
    doc: 'A 64-bit whole number, as a string. A number is accepted where JavaScript holds it exactly.',
    operators: ORDERED,
    fromJson: longFromJson,
  },
  String: {
    name: 'String',
    doc: 'Text.',
    operators: TEXT,
    fromJson: (json) => (typeof json === 'string' ? json : undefined),
  },
  Symbol: {
    name: 'Symbol',
    doc: 'A symbol, as a string.',
    operators: EQUALITY,
    fromJson: (json) => (typeof json === 'string' && /^\S+$/.test(json) ? sym(json) : undefined),
  },
  UUID: {
    name: 'UUID',
    doc: 'A UUID in lower case.',
    operators: EQUALITY,
    fromJson: (json) => (typeof json === 'string' ? Uuid.parse(json) : undefined),
  },
};

const SCALAR_OF_VALUE_TYPE: Readonly<Record<Exclude<ValueType, 'ref' | 'tuple'>, ScalarName>> = {
  bigdec: 'BigDecimal',
  bigint: 'BigInt',
  boolean: 'Boolean',
  bytes: 'Bytes',
  double: 'Float',
  'double-array': 'FloatArray',
  float: 'Float',
  'float-array': 'FloatArray',
  instant: 'DateTime',
  keyword: 'Keyword',
  long: 'Long',
  number: 'Float',
  string: 'String',
  symbol: 'Symbol',
  'store-ref': 'UUID',
  uuid: 'UUID',
};

/** The scalar that shows a value type; undefined for refs and tuples, which are no scalars. */
export function scalarOfValueType(valueType: ValueType | undefined): ScalarName | undefined {
  if (valueType === undefined) return 'JSON';
  return valueType === 'ref' || valueType === 'tuple' ? undefined : SCALAR_OF_VALUE_TYPE[valueType];
}

/**
 * The value that a piece of JSON writes.
 *
 * @throws BAD_USER_INPUT, naming `place`
 */
export function valueFromJson(scalar: ScalarName, json: unknown, place?: string): Value {
  const value = SCALARS[scalar].fromJson(json);
  if (value !== undefined) return value;
  const where = place === undefined ? '' : `${place}: `;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `${where}expected ${scalar} (${SCALARS[scalar].doc}), got ${describe(json)}`,
  );
}

/** As {@link valueFromJson} for the text of a URL, where truth values and numbers are words. */
export function valueFromText(scalar: ScalarName, text: string, place?: string): Value {
  if (scalar === 'Boolean' && (text === 'true' || text === 'false')) return text === 'true';
  if ((scalar === 'Float' || scalar === 'Int') && text.trim() !== '')
    return valueFromJson(scalar, Number(text), place);
  if (scalar === 'FloatArray') return valueFromJson(scalar, text.split(',').map(Number), place);
  return valueFromJson(scalar, text, place);
}

/** What a stored value looks like in JSON. */
export function valueToJson(scalar: ScalarName, value: EdnData): Json {
  switch (scalar) {
    case 'Boolean':
    case 'Float':
    case 'Int':
    case 'String':
      return value as Json;
    case 'Bytes':
      return value instanceof Uint8Array ? Buffer.from(value).toString('base64') : null;
    case 'DateTime':
      return value instanceof Date ? value.toISOString() : null;
    case 'FloatArray':
      return ArrayBuffer.isView(value) ? Array.from(value as Float64Array) : null;
    case 'JSON':
      return looseJson(value);
    case 'BigDecimal':
    case 'BigInt':
    case 'Keyword':
    case 'Long':
    case 'Symbol':
    case 'UUID':
      return value === null ? null : String(value);
  }
}

function looseJson(value: EdnData): Json {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean')
    return value;
  if (value instanceof Date) return value.toISOString();
  if (Array.isArray(value)) return value.map((item: EdnData) => looseJson(item));
  if (isDecimal(value) || typeof value === 'bigint') return String(value);
  return value === null ? null : String(value);
}

function wholeNumber(json: unknown): Value | undefined {
  if (typeof json === 'bigint') return json;
  if (typeof json === 'number') return Number.isSafeInteger(json) ? json : undefined;
  if (typeof json !== 'string' || !/^-?\d{1,400}$/.test(json)) return undefined;
  const number = Number(json);
  return Number.isSafeInteger(number) ? number : BigInt(json);
}

function intFromJson(json: unknown): number | undefined {
  const isInt = typeof json === 'number' && Number.isInteger(json) && Math.abs(json) <= 2 ** 31;
  return isInt && json !== 2 ** 31 ? json : undefined;
}

function longFromJson(json: unknown): Value | undefined {
  const value = wholeNumber(json);
  return typeof value === 'bigint' && (value < MIN_LONG || value > MAX_LONG) ? undefined : value;
}

function isNumeral(json: unknown): boolean {
  if (typeof json === 'number') return Number.isFinite(json);
  // An exponent of four digits would make a number of thousands of digits.
  return typeof json === 'string' && /^-?\d{1,400}(\.\d{1,400})?([eE][+-]?\d{1,3})?$/.test(json);
}

const RFC_3339 = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(:\d\d(\.\d+)?)?([Zz]|[+-]\d\d:\d\d)$/;

function dateFromJson(json: unknown): Date | undefined {
  if (json instanceof Date) return Number.isNaN(json.getTime()) ? undefined : json;
  if (typeof json !== 'string' || !(RFC_3339.test(json) || /^\d{4}-\d\d-\d\d$/.test(json))) {
    return undefined;
  }
  const date = new Date(json);
  return Number.isNaN(date.getTime()) ? undefined : date;
}

function bytesFromJson(json: unknown): Uint8Array | undefined {
  if (typeof json !== 'string' || !/^[A-Za-z0-9+/]*={0,2}$/.test(json)) return undefined;
  return new Uint8Array(Buffer.from(json, 'base64'));
}

function floatsFromJson(json: unknown): Float64Array | undefined {
  const isVector =
    Array.isArray(json) && json.every((item) => typeof item === 'number' && Number.isFinite(item));
  return isVector ? Float64Array.from(json as ReadonlyArray<number>) : undefined;
}

function describe(json: unknown): string {
  const text = typeof json === 'bigint' ? String(json) : (JSON.stringify(json) ?? String(json));
  return text.length > 60 ? `${text.slice(0, 57)}...` : text;
}
