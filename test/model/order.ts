/** The order of facts in the indices, and so which values are the same. */
import { Keyword, Sym } from '../../schema/keyword.ts';
import { isDecimal } from '../../schema/decimal.ts';
import { Uuid } from '../../schema/value.ts';
import type { Value } from '../../schema/value.ts';
import type { IndexOrder } from '../../engine/index.ts';
import type { Fact } from './facts.ts';

export function sortFacts(facts: ReadonlyArray<Fact>, order: IndexOrder): Fact[] {
  const parts = PARTS[order];
  return [...facts].sort((one, other) => {
    for (const part of parts) {
      const difference = compareParts(one[part], other[part]);
      if (difference !== 0) return difference;
    }
    return compareParts(one.tx, other.tx) || compareParts(one.added, other.added);
  });
}

const PARTS = {
  eavt: ['e', 'a', 'v'],
  aevt: ['a', 'e', 'v'],
  avet: ['a', 'v', 'e'],
} as const;

export function isSameValue(one: Value, other: Value): boolean {
  return compareParts(one, other) === 0;
}

export function isSameFact(one: Fact, other: Fact): boolean {
  return one.e === other.e && one.a === other.a && isSameValue(one.v, other.v);
}

const KINDS = [
  'bytes',
  'doubles',
  'floats',
  'keyword',
  'tuple',
  'symbol',
  'boolean',
  'number',
  'string',
  'instant',
  'uuid',
];

export function compareParts(one: Value, other: Value): number {
  const kind = kindOf(one);
  if (kind !== kindOf(other)) return KINDS.indexOf(kind) - KINDS.indexOf(kindOf(other));
  switch (kind) {
    case 'tuple':
      return compareTuples(one as Members, other as Members);
    case 'bytes':
      return compareLists(
        [...new Int8Array(one as Uint8Array)],
        [...new Int8Array(other as Uint8Array)],
      );
    case 'doubles':
    case 'floats':
      return compareLists([...(one as Float64Array)], [...(other as Float64Array)]);
    case 'number':
      return compareNumbers(one, other);
    default:
      return compare(comparable(one), comparable(other));
  }
}

type Members = ReadonlyArray<Value | null>;

/** The shorter one first; nil before anything else. */
function compareTuples(one: Members, other: Members): number {
  if (one.length !== other.length) return one.length - other.length;
  for (const [i, left] of one.entries()) {
    const right = other[i] ?? null;
    const difference =
      left === null || right === null
        ? Number(left !== null) - Number(right !== null)
        : compareParts(left, right);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Element by element, what the other one begins with first. */
function compareLists(one: ReadonlyArray<number>, other: ReadonlyArray<number>): number {
  for (const [i, left] of one.entries()) {
    if (i >= other.length) return 1;
    const difference = compare(left, other[i]!);
    if (difference !== 0) return difference;
  }
  return one.length - other.length;
}

/** Numbers of any type by what they are, exactly: as fractions. */
function compareNumbers(one: Value, other: Value): number {
  const [a, b] = fractionOf(one);
  const [c, d] = fractionOf(other);
  return compare(a * d, c * b);
}

/** Numerator and denominator of a number that is finite. */
function fractionOf(value: Value): readonly [bigint, bigint] {
  if (typeof value === 'bigint') return [value, 1n];
  if (isDecimal(value)) {
    const [, whole = '', part = ''] = /^(-?\d+)\.?(\d*)$/.exec(value.toString())!;
    return [BigInt(whole + part), 10n ** BigInt(part.length)];
  }
  let numerator = value as number;
  let denominator = 1n;
  for (; !Number.isInteger(numerator); numerator *= 2) denominator *= 2n;
  return [BigInt(numerator), denominator];
}

function compare<T extends number | bigint | string | boolean>(left: T, right: T): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function kindOf(value: Value): string {
  if (value instanceof Keyword) return 'keyword';
  if (value instanceof Sym) return 'symbol';
  if (value instanceof Date) return 'instant';
  if (value instanceof Uuid) return 'uuid';
  if (value instanceof Uint8Array) return 'bytes';
  if (value instanceof Float64Array) return 'doubles';
  if (value instanceof Float32Array) return 'floats';
  if (Array.isArray(value)) return 'tuple';
  return typeof value === 'bigint' || isDecimal(value) ? 'number' : typeof value;
}

/** `:b` is before `:a/a`: no namespace is the first namespace. UUIDs are two signed numbers for Java. */
function comparable(value: Value): string | number | boolean | bigint {
  if (value instanceof Keyword || value instanceof Sym) {
    const [name = '', namespace = ''] = String(value).replace(/^:/, '').split('/').reverse();
    return `${namespace} ${name}`;
  }
  if (value instanceof Date) return value.getTime();
  if (!(value instanceof Uuid)) return value as string | number | boolean;
  const digits = value.text.replaceAll('-', '');
  const [high, low] = [BigInt(`0x${digits.slice(0, 16)}`), BigInt(`0x${digits.slice(16)}`)];
  return (BigInt.asIntN(64, high) << 64n) + BigInt.asIntN(64, low);
}
