import { describe, expect, it } from 'vitest';
import { parseDecimal } from '../../../schema/decimal.ts';
import { readEdn } from '../../../schema/edn-read.ts';
import { kw, sym } from '../../../schema/keyword.ts';
import { EdnList, Uuid } from '../../../schema/value.ts';
import type { EdnData } from '../../../schema/value.ts';

const cases: ReadonlyArray<readonly [text: string, datum: EdnData]> = [
  ['nil', null],
  ['true', true],
  ['-42', -42],
  ['+7', 7],
  ['-0', 0],
  ['1.5e3', 1500],
  ['0xff', 255],
  ['12N', 12n],
  ['9007199254740993', 9007199254740993n],
  ['1.50M', parseDecimal('1.50')!],
  ['##-Inf', -Infinity],
  ['"a\\n\\u0041\\""', 'a\nA"'],
  ['\\newline', '\n'],
  ['\\(', '('],
  ['\\u0041', 'A'],
  ['\\😀', '😀'],
  [':a/b', kw('a/b')],
  ['a.b/c', sym('a.b/c')],
  ['/', sym('/')],
  ['...', sym('...')],
  ['?e', sym('?e')],
  ['[1 [2], 3]', [1, [2], 3]],
  ['(f ?x)', new EdnList([sym('f'), sym('?x')])],
  [
    '{:a 1, :b {}}',
    new Map<EdnData, EdnData>([
      [kw('a'), 1],
      [kw('b'), new Map()],
    ]),
  ],
  ['#{1 2}', new Set([1, 2])],
  ['#inst "2020-02-29T12:00:00.123456Z"', new Date('2020-02-29T12:00:00.123Z')],
  ['#inst "2020-01-01T02:00:00+02:00"', new Date('2020-01-01T00:00:00Z')],
  ['#inst "0000-02-29"', new Date('0000-02-29T00:00:00Z')],
  ['#inst "+012345-01-01T00:00:00.000-00:00"', new Date('+012345-01-01T00:00:00Z')],
  ['#inst "2020"', new Date('2020-01-01T00:00:00Z')],
  [
    '#uuid "F81D4FAE-7dec-11d0-a765-00a0c91e6bf6"',
    Uuid.parse('f81d4fae-7dec-11d0-a765-00a0c91e6bf6')!,
  ],
  ['[1 #_ 2 3 ; rest\n 4]', [1, 3, 4]],
  ['[1 #_ #_ 2 3 4]', [1, 4]],
  ['1 ; a comment without a newline', 1],
  ['\ufeff 1', 1],
];

describe('readEdn', () => {
  it.each(cases)('reads %s', (text, datum) => {
    expect(readEdn(text)).toEqual(datum);
  });

  it('keeps one of the elements of a set that are the same value here and two in Clojure', () => {
    expect(readEdn('#{1 1.0}')).toEqual(new Set([1]));
    expect(readEdn('#{[1] [1.0] 2}')).toEqual(new Set([[1], 2]));
  });

  it('keeps the order in which the keys of a map were written', () => {
    expect([...(readEdn('{:b 1 :a 2 :c 3}') as Map<EdnData, EdnData>).keys()]).toEqual([
      kw('b'),
      kw('a'),
      kw('c'),
    ]);
  });

  it('reads nested collections as deep as it is told', () => {
    const text = `${'['.repeat(2_000)}${']'.repeat(2_000)}`;
    expect(() => readEdn(text)).toThrow('at most 128 nested');
    expect(Array.isArray(readEdn(text, { maxDepth: 2_000 }))).toBe(true);
  });

  it('gives further tags to the readers that it is given', () => {
    const tags = new Map([['my/tag', (datum: EdnData): EdnData => [datum]]]);
    expect(readEdn('#my/tag 1', { tags })).toEqual([1]);
  });
});
