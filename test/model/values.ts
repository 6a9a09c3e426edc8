/** Random values of every kind, with those at the edges more often than chance would have it. */
import fc from 'fast-check';
import { parseDecimal } from '../../schema/decimal.ts';
import type { Decimal } from '../../schema/decimal.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { kw, sym } from '../../schema/keyword.ts';
import { EdnList, Uuid } from '../../schema/value.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { valueKey } from '../../schema/value-key.ts';

const names = fc.stringMatching(/^[a-z][a-z0-9.*+!?$%&=<>_-]{0,6}$/);
const qualifiedNames = fc.oneof(
  names,
  fc.tuple(names, names).map(([one, other]) => `${one}/${other}`),
);

/** Any string of code units, so also with lone surrogates. */
export const texts = fc.oneof(
  fc.constantFrom(
    '',
    '\u0000',
    '\ufeff',
    '\ud800',
    '\udc00a',
    '"\\',
    '\n\r\t\f\b',
    'é',
    'e\u0301',
    '😀',
  ),
  fc.string(),
  fc
    .array(fc.integer({ min: 0, max: 0xffff }), { maxLength: 6 })
    .map((units) => String.fromCharCode(...units)),
);

const doubles = fc.oneof(
  fc.constantFrom(
    0,
    -0,
    NaN,
    Infinity,
    -Infinity,
    0.1,
    2 ** 53,
    -(2 ** 53),
    2 ** 70,
    1e300,
    5e-324,
  ),
  fc.constantFrom(Number.MAX_SAFE_INTEGER, Number.MIN_SAFE_INTEGER, Number.MIN_SAFE_INTEGER + 1),
  fc.double(),
  fc.integer(),
);
const bigints = fc.oneof(
  fc.constantFrom(0n, 1n, -1n, 2n ** 53n, 2n ** 63n - 1n, -(2n ** 63n), 2n ** 70n),
  fc.bigInt(),
);

const decimals = fc
  .oneof(
    fc.constantFrom(
      '0',
      '0.0',
      '1',
      '1.0',
      '1.00',
      '-0.1',
      '1E+400',
      '1E+500',
      '1E-400',
      '0.1',
      '9007199254740993',
    ),
    fc
      .tuple(fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n }), fc.integer({ min: -30, max: 30 }))
      .map(([digits, scale]) => `${digits}E${scale}`),
  )
  .map((text): Decimal => parseDecimal(text)!);

const instants = fc.oneof(
  fc
    .constantFrom(0, -1, 8.64e15, -8.64e15, -62_198_755_200_000, 253_402_300_800_000)
    .map((ms) => new Date(ms)),
  fc.date({ noInvalidDate: true }),
);

const uuids = fc.uuid().map((text): Uuid => Uuid.parse(text)!);

/** What EDN can write, collections aside. */
const atoms: fc.Arbitrary<Value> = fc.oneof(
  texts,
  doubles,
  bigints,
  decimals,
  fc.boolean(),
  qualifiedNames.map(kw),
  qualifiedNames.filter((name) => !['nil', 'true', 'false'].includes(name)).map(sym),
  instants,
  uuids,
);

const arrays: fc.Arbitrary<Value> = fc.oneof(
  fc.uint8Array({ maxLength: 4 }),
  fc.float32Array({ maxLength: 3 }),
  fc.float64Array({ maxLength: 3 }),
);

/** What a datom can hold. */
export const values: fc.Arbitrary<Value> = fc.letrec<{ value: Value; tuple: Value }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    { weight: 8, arbitrary: atoms },
    { weight: 2, arbitrary: arrays },
    { weight: 1, arbitrary: tie('tuple') },
  ),
  tuple: fc
    .array(fc.option(tie('value'), { freq: 5 }), { maxLength: 3 })
    .map((items): Value => items),
})).value;

/** Whatever EDN can write. */
export const data: fc.Arbitrary<EdnData> = fc.letrec<{ datum: EdnData; items: EdnData[] }>(
  (tie) => ({
    datum: fc.oneof(
      { maxDepth: 3 },
      { weight: 6, arbitrary: fc.option(atoms, { freq: 9 }).map((atom): EdnData => atom) },
      { weight: 1, arbitrary: tie('items').map((items): EdnData => items) },
      { weight: 1, arbitrary: tie('items').map((items): EdnData => new EdnList(items)) },
      {
        weight: 1,
        arbitrary: fc
          .array(fc.tuple(tie('datum'), tie('datum')), { maxLength: 3 })
          .map((entries): EdnData => new Map(entries)),
      },
      { weight: 1, arbitrary: tie('items').map((items): EdnData => new Set(items)) },
    ),
    items: fc.array(tie('datum'), { maxLength: 3 }),
  }),
).datum;

/** What tells a value from every other one: its text, with the class of what prints as a vector. */
export function exactly(value: EdnData): unknown {
  if (ArrayBuffer.isView(value)) return [value.constructor.name, printEdn(value)];
  return Array.isArray(value) ? (value as ReadonlyArray<EdnData>).map(exactly) : printEdn(value);
}

/** Sets and maps hold each element once by identity; text can hold it once by equality only. */
export function withoutTwins(datum: EdnData): EdnData {
  if (datum instanceof EdnList) return new EdnList(datum.items.map(withoutTwins));
  if (Array.isArray(datum)) return (datum as ReadonlyArray<EdnData>).map(withoutTwins);
  if (datum instanceof Set) {
    const items = [...(datum as ReadonlySet<EdnData>)].map(withoutTwins);
    return new Set(new Map(items.map((item) => [valueKey(item), item])).values());
  }
  if (!(datum instanceof Map)) return datum;
  const entries = Array.from(
    datum as ReadonlyMap<EdnData, EdnData>,
    ([key, value]) => [withoutTwins(key), withoutTwins(value)] as const,
  );
  return new Map(new Map(entries.map((entry) => [valueKey(entry[0]), entry])).values());
}

/** As the text says it, but for what can be written in more than one way. */
export function canonical(datum: EdnData): string {
  if (datum instanceof EdnList) return canonical(datum.items);
  if (Array.isArray(datum))
    return `[${(datum as ReadonlyArray<EdnData>).map(canonical).join(' ')}]`;
  if (datum instanceof Set)
    return `#{${[...new Set([...(datum as ReadonlySet<EdnData>)].map(canonical))].sort().join(' ')}}`;
  if (datum instanceof Map)
    return `{${Array.from(datum as ReadonlyMap<EdnData, EdnData>, (entry) =>
      entry.map(canonical).join(' '),
    )
      .sort()
      .join(', ')}}`;
  if (typeof datum === 'bigint' && Number.isSafeInteger(Number(datum)))
    return printEdn(Number(datum));
  return Object.is(datum, -0) ? '0' : printEdn(datum);
}
