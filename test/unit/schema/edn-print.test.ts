import { expect, it } from 'vitest';
import { parseDecimal } from '../../../schema/decimal.ts';
import { printEdn } from '../../../schema/edn-print.ts';
import { kw, sym } from '../../../schema/keyword.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';

const cases: ReadonlyArray<readonly [datum: EdnData, text: string]> = [
  [null, 'nil'],
  ['a"\\\n', '"a\\"\\\\\\n"'],
  [1, '1'],
  [-0, '-0.0'],
  [2 ** 53, '9007199254740992.0'],
  [1e21, '1e+21'],
  [NaN, '##NaN'],
  [5n, '5N'],
  [parseDecimal('1.50')!, '1.50M'],
  [new Date(0), '#inst "1970-01-01T00:00:00.000-00:00"'],
  [new Date(8.64e15), '#inst "+275760-09-13T00:00:00.000-00:00"'],
  [[1, new EdnList([sym('f')]), new Set([kw('a')])], '[1 (f) #{:a}]'],
  [
    new Map<EdnData, EdnData>([
      [kw('a'), 1],
      ['b', null],
    ]),
    '{:a 1, "b" nil}',
  ],
  [Uint8Array.of(1, 255), '[1 255]'],
];

it.each(cases)('prints %o', (datum, text) => {
  expect(printEdn(datum)).toBe(text);
});

it('prints a date that is none, as errors have to name it', () => {
  expect(printEdn([new Date(NaN)])).toBe('[#inst "invalid"]');
});
