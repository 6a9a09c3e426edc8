/**
 * The total order of values in the indices. Follows Datahike (reference: datahike `datom.cljc`): one kind of value among its own,
 * kinds among each other by the name of the class that holds them on the JVM, so that the same data gives the same order.
 */
import { compareDecimal, isDecimal } from '../../schema/decimal.ts';
import type { Decimal } from '../../schema/decimal.ts';
import { Keyword, Sym } from '../../schema/keyword.ts';
import { valueKey } from '../../schema/value-key.ts';
import { Uuid } from '../../schema/value.ts';
import type { TupleValue, Value } from '../../schema/value.ts';
import { must } from '../shared/assert.ts';

/** Negative, zero or positive. Zero for numbers of one value, whatever their type. */
export function compareValues(a: Value, b: Value): number {
  if (a === b) return 0;
  if (typeof a === 'number' && typeof b === 'number') return compareNumbers(a, b);
  if (typeof a === 'string' && typeof b === 'string') return a < b ? -1 : a > b ? 1 : 0;
  if (Array.isArray(a) && Array.isArray(b)) return compareTuples(a as TupleValue, b as TupleValue);
  const rank = rankOf(a);
  const rankDifference = rank - rankOf(b);
  return rankDifference !== 0 ? rankDifference : compareWithinRank(rank, a, b);
}

/** Not after any other value. */
export const LEAST_VALUE: Value = new Uint8Array(0);

/** Not before any other value: the last kind, and of the UUIDs, whose halves are signed, the greatest. */
export const GREATEST_VALUE: Value = must(
  Uuid.parse('7fffffff-ffff-ffff-7fff-ffffffffffff'),
  'a UUID',
);

const RANK = {
  bytes: 0,
  doubles: 1,
  floats: 2,
  keyword: 3,
  map: 4,
  set: 5,
  tuple: 6,
  symbol: 7,
  boolean: 8,
  number: 9,
  string: 10,
  instant: 11,
  uuid: 12,
} as const;

function rankOf(value: Value): number {
  switch (typeof value) {
    case 'string':
      return RANK.string;
    case 'number':
    case 'bigint':
      return RANK.number;
    case 'boolean':
      return RANK.boolean;
    default:
      return rankOfObject(value);
  }
}

function rankOfObject(value: Exclude<Value, string | number | bigint | boolean>): number {
  if (value instanceof Keyword) return RANK.keyword;
  if (value instanceof Date) return RANK.instant;
  if (value instanceof Uuid) return RANK.uuid;
  if (value instanceof Sym) return RANK.symbol;
  if (isDecimal(value)) return RANK.number;
  if (value instanceof Uint8Array) return RANK.bytes;
  if (value instanceof Float64Array) return RANK.doubles;
  if (value instanceof Float32Array) return RANK.floats;
  if (value instanceof Map) return RANK.map;
  if (value instanceof Set) return RANK.set;
  return RANK.tuple;
}

function compareWithinRank(rank: number, a: Value, b: Value): number {
  switch (rank) {
    case RANK.number:
      return compareAnyNumbers(a as Numeric, b as Numeric);
    case RANK.keyword:
      return compareStrings((a as Keyword).sortKey, (b as Keyword).sortKey);
    case RANK.symbol:
      return compareStrings((a as Sym).sortKey, (b as Sym).sortKey);
    case RANK.instant:
      return (a as Date).getTime() - (b as Date).getTime();
    case RANK.boolean:
      return Number(a) - Number(b);
    case RANK.uuid:
      return compareUuids((a as Uuid).text, (b as Uuid).text);
    case RANK.map:
    case RANK.set:
      // They have no order of their own; any that tells them apart will do.
      return compareStrings(String(valueKey(a)), String(valueKey(b)));
    case RANK.tuple:
      return compareTuples(a as TupleValue, b as TupleValue);
    default:
      return compareArrays(a as Uint8Array, b as Uint8Array, rank === RANK.bytes);
  }
}

type Numeric = number | bigint | Decimal;

function compareAnyNumbers(a: Numeric, b: Numeric): number {
  if (!isFinite(a) || !isFinite(b)) return compareNumbers(outerPlace(a), outerPlace(b));
  if (isDecimal(a) || isDecimal(b)) return compareDecimal(a, b);
  return a < b ? -1 : a > b ? 1 : 0;
}

function isFinite(value: Numeric): boolean {
  return typeof value !== 'number' || Number.isFinite(value);
}

/** Infinities and NaN as they are; all other numbers lie between them at one place. */
function outerPlace(value: Numeric): number {
  return typeof value === 'number' && !Number.isFinite(value) ? value : 0;
}

/** NaN equals itself and comes last, as the index needs a total order. */
function compareNumbers(a: number, b: number): number {
  if (a < b) return -1;
  if (a > b) return 1;
  return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
}

function compareStrings(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** Java compares the two halves of a UUID as signed numbers. */
function compareUuids(a: string, b: string): number {
  return (
    compareSignedHex(a.slice(0, 18), b.slice(0, 18)) || compareSignedHex(a.slice(19), b.slice(19))
  );
}

function compareSignedHex(a: string, b: string): number {
  const isNegativeA = a >= '8';
  const isNegativeB = b >= '8';
  return isNegativeA === isNegativeB ? compareStrings(a, b) : isNegativeA ? -1 : 1;
}

/** Shorter first, then element by element, nil first. */
function compareTuples(a: TupleValue, b: TupleValue): number {
  if (a.length !== b.length) return a.length - b.length;
  for (let i = 0; i < a.length; i++) {
    const left = a[i] ?? null;
    const right = b[i] ?? null;
    const order =
      left === null || right === null
        ? Number(left !== null) - Number(right !== null)
        : compareValues(left, right);
    if (order !== 0) return order;
  }
  return 0;
}

/** Element by element, a prefix first; bytes are signed, and -0 is before 0 as Java's `Double.compare` has it. */
function compareArrays(
  a: Uint8Array | Float64Array,
  b: Uint8Array | Float64Array,
  isBytes: boolean,
): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a[i] ?? 0;
    const right = b[i] ?? 0;
    const order = isBytes
      ? ((left << 24) >> 24) - ((right << 24) >> 24)
      : compareNumbers(left, right) || Number(Object.is(right, -0)) - Number(Object.is(left, -0));
    if (order !== 0) return order;
  }
  return a.length - b.length;
}
