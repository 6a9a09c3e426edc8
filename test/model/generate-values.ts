/** Few values of each type, so that they meet; with those that are nearly the same. */
import fc from 'fast-check';
import { parseDecimal } from '../../schema/decimal.ts';
import { kw, sym } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { Uuid } from '../../schema/value.ts';

const decimal = (text: string): EdnData => parseDecimal(text)!;
const uuid = (first: string): EdnData => Uuid.parse(`${first}0000000-0000-4000-8000-000000000000`)!;

export const VALUES: Readonly<Record<string, fc.Arbitrary<EdnData>>> = {
  bigint: fc.constantFrom<EdnData>(1, 1n, 2n ** 53n, 2n ** 53n + 1n, -(2n ** 70n), 2n ** 63n),
  bigdec: fc.constantFrom(...['1', '1.0', '1.50', '-2.25', '9007199254740993'].map(decimal)),
  double: fc.constantFrom<EdnData>(1, 1.5, -0.25, 2 ** 53, 0, -0),
  float: fc.constantFrom<EdnData>(1, 1.5, -0.25),
  number: fc.constantFrom<EdnData>(
    1,
    1n,
    decimal('1.0'),
    1.5,
    decimal('1.5'),
    2n ** 53n + 1n,
    2 ** 53,
  ),
  long: fc.constantFrom<EdnData>(
    0,
    1,
    -1,
    5n,
    2n ** 53n + 1n,
    -(2n ** 63n),
    Number.MAX_SAFE_INTEGER,
  ),
  boolean: fc.boolean().map((flag): EdnData => flag),
  instant: fc.constantFrom<EdnData>(new Date(0), new Date(-1), new Date('2020-01-01')),
  uuid: fc.constantFrom(...['0', '1', '8', 'f'].map(uuid)),
  symbol: fc.constantFrom<EdnData>(sym('b'), sym('a/b'), sym('a/a'), sym('c')),
  keyword: fc.constantFrom<EdnData>(kw('b'), kw('a/b'), kw('c')),
  bytes: fc.constantFrom<EdnData>(
    ...[[], [1], [1, 2], [255], [127]].map((all) => new Uint8Array(all)),
  ),
  'float-array': fc.constantFrom<EdnData>(
    ...[[], [1.5], [1.5, -2], [-1]].map((all) => new Float32Array(all)),
  ),
  'double-array': fc.constantFrom<EdnData>(
    ...[[], [0.1], [0.1, 2], [-1]].map((all) => new Float64Array(all)),
  ),
};

const UNSORTED = new Set(['bytes', 'float-array', 'double-array']);

/** Values of each type that has an order for callers of the gateway. */
export const SORTED: Readonly<Record<string, fc.Arbitrary<EdnData>>> = {
  ...Object.fromEntries(Object.entries(VALUES).filter(([type]) => !UNSORTED.has(type))),
  string: fc.constantFrom<EdnData>('', 'a', 'b', 'é', '"\\', '\u0001', '😀'),
  double: fc.constantFrom<EdnData>(-Infinity, -0.25, 0, -0, 1, 1.5, 2 ** 53, Infinity, NaN),
};

/** Values of any type. */
export const anyValues: fc.Arbitrary<EdnData> = fc.oneof(
  ...Object.values(VALUES),
  fc.constantFrom<EdnData>('a', 'b', ''),
  fc.constantFrom<EdnData>([], [1, 'a'], [null, kw('b')], ['a', [1n, true]]),
);
