import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { printEdn } from '../../../../schema/edn-print.ts';
import { kw, sym } from '../../../../schema/keyword.ts';
import { valueFromJson, valueFromText, valueToJson } from '../../../../schema/model/scalars.ts';
import type { ScalarName } from '../../../../schema/model/scalars.ts';
import type { EdnData } from '../../../../schema/value.ts';

describe('a scalar', () => {
  it.each<[ScalarName, unknown, string]>([
    ['Long', '9007199254740993', '9007199254740993N'],
    ['Long', 5, '5'],
    ['Long', '-5', '-5'],
    ['BigInt', '123456789012345678901234567890', '123456789012345678901234567890N'],
    ['BigDecimal', '1.50', '1.50M'],
    ['DateTime', '2026-01-31T12:00:00+02:00', '#inst "2026-01-31T10:00:00.000-00:00"'],
    ['DateTime', '2026-01-31', '#inst "2026-01-31T00:00:00.000-00:00"'],
    ['Keyword', ':status/open', ':status/open'],
    ['Symbol', 'a/b', 'a/b'],
    [
      'UUID',
      'F81D4FAE-7DEC-11D0-A765-00A0C91E6BF6',
      '#uuid "f81d4fae-7dec-11d0-a765-00a0c91e6bf6"',
    ],
    ['String', ':not/a-keyword', '":not/a-keyword"'],
    ['Boolean', false, 'false'],
    ['Float', 1.5, '1.5'],
  ])('%s reads %j as %s', (scalar, json, edn) => {
    expect(printEdn(valueFromJson(scalar, json))).toBe(edn);
  });

  it.each<[ScalarName, unknown]>([
    ['Long', 1.5],
    ['Long', 9007199254740993],
    ['Long', '9223372036854775808'],
    ['Long', '0x10'],
    ['Long', ''],
    ['Long', null],
    ['BigDecimal', '1e99999'],
    ['BigDecimal', 'NaN'],
    ['DateTime', 'yesterday'],
    ['DateTime', '2026-02-31T99:00:00Z'],
    ['DateTime', 5],
    ['Keyword', 'status/open'],
    ['Keyword', ': '],
    ['UUID', '5'],
    ['Bytes', '***'],
    ['Float', 'NaN'],
    ['Float', Infinity],
    ['Boolean', 'true'],
    ['String', { toString: 'x' }],
    ['FloatArray', [1, '2']],
  ])('%s refuses %j', (scalar, json) => {
    expect(() => valueFromJson(scalar, json, 'here')).toThrow(
      expect.objectContaining({
        code: 'BAD_USER_INPUT',
        message: expect.stringMatching(new RegExp(`^here: expected ${scalar}`)) as string,
      }),
    );
  });

  it.each<[ScalarName, string, unknown]>([
    ['Boolean', 'true', true],
    ['Float', '1.5', 1.5],
    ['Long', '18', 18],
    ['Keyword', ':a/b', kw('a/b')],
    ['Symbol', 'a', sym('a')],
    ['FloatArray', '1,2.5', Float64Array.of(1, 2.5)],
  ])('%s reads the text %s', (scalar, text, value) => {
    expect(valueFromText(scalar, text)).toEqual(value);
  });

  it.each<[ScalarName, fc.Arbitrary<EdnData>]>([
    ['Long', fc.oneof(fc.maxSafeInteger(), fc.bigInt({ min: 2n ** 53n, max: 2n ** 63n - 1n }))],
    ['BigInt', fc.bigInt({ min: 2n ** 53n })],
    ['String', fc.string()],
    ['Float', fc.double({ noNaN: true, noDefaultInfinity: true })],
    ['Boolean', fc.boolean()],
    ['Bytes', fc.uint8Array()],
    [
      'DateTime',
      fc.date({ min: new Date(0), max: new Date('9999-12-31T00:00:00Z'), noInvalidDate: true }),
    ],
  ])('%s reads back what it shows', (scalar, arbitrary) => {
    fc.assert(
      fc.property(arbitrary, (value) => {
        expect(valueFromJson(scalar, valueToJson(scalar, value))).toEqual(value);
      }),
    );
  });
});
