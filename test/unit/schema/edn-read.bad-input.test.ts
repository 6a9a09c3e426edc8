/** Texts that somebody may send and that are refused, quickly and with a place. */
import { describe, expect, it } from 'vitest';
import { readEdn } from '../../../schema/edn-read.ts';
import { DatabaseError } from '../../../schema/error.ts';

function refusal(text: string): DatabaseError {
  try {
    readEdn(text);
  } catch (error) {
    if (error instanceof DatabaseError) return error;
    throw error;
  }
  throw new Error('Expected the text to be refused');
}

const refused: ReadonlyArray<readonly [what: string, texts: ReadonlyArray<string>]> = [
  ['100,000 nested brackets', ['['.repeat(100_000), '{:a '.repeat(100_000), '#{'.repeat(100_000)]],
  ['100,000 nested discards or tags', ['#_'.repeat(100_000), '#inst '.repeat(100_000)]],
  ['an unterminated string, map, set or list', ['"abc', '{:a 1', '#{1', '(1', '[1', '"\\']],
  ['a map with a key and no value', ['{:a}', '{:a 1 :b}']],
  ['an element or key twice', ['#{1 1}', '#{[1] [1]}', '{:a 1 :a 2}', '{1 :a 1.0 :b}']],
  [
    'an unknown tag, which is never evaluated',
    ['#=(java.lang.Runtime/getRuntime)', '#eval 1', '#js {}', '#my/tag 1'],
  ],
  [
    'no date and no UUID',
    [
      '#inst "not a date"',
      '#inst "9999999-01-01"',
      '#inst "2021-02-29"',
      '#inst "2021-13-01"',
      '#inst 5',
      '#uuid "zz"',
      '#uuid 1',
    ],
  ],
  [
    'a number that cannot be held',
    ['1e999999', '1/2', '1/0', '01', '010', '1.2.3', '1e', '0x', '1Z', '1e9999999999M'],
  ],
  [
    '10 MB in one token',
    ['a'.repeat(10_000_000), `:${'a'.repeat(10_000_000)}`, `\\${'a'.repeat(10_000_000)}`],
  ],
  ['an integer of a million digits', ['9'.repeat(1_000_000), `${'9'.repeat(1_000_000)}N`]],
  [
    'an escape or character that is none',
    ['"\\x"', '"\\u12"', '"\\ud8"', '\\newlinex', '\\u12', '\\ab', '\\'],
  ],
  [
    'a keyword or symbol that is none',
    [':', '::a', ':a/b/c', ':/a', 'a/', '/a', ':a/', 'a/b/c', '#', '##x', '##'],
  ],
  ['metadata and reader macros of Clojure', ['^{:a 1} []', '@a', '`a', '~a']],
  ['nothing, or more than one datum', ['', ' ; only a comment', '#_ a', '1 2', ']', '[1]]']],
];

describe('readEdn refuses', () => {
  it.each(refused)('%s', (_, texts) => {
    for (const text of texts) {
      const { code, data } = refusal(text);
      expect(code).toBe('BAD_EDN');
      expect(data['offset']).toBeGreaterThanOrEqual(0);
    }
  });

  it('and says where', () => {
    expect(refusal('[1 2 "abc').message).toBe('Expected a closing quote, at offset 5');
    expect(refusal('{:a 1 ]').data).toEqual({ offset: 6 });
  });
});

describe('readEdn takes as it is', () => {
  it.each([
    ['a lone surrogate', '"\\ud800"', '\ud800'],
    ['NUL', '"a\u0000b"', 'a\u0000b'],
    ['a long beyond 2^53', '9223372036854775808', 9223372036854775808n],
    ['a hexadecimal long', '0x7fffffffffffffff', 0x7fffffffffffffffn],
    ['negative zero', '-0.0', -0],
    ['a string of 1 MB', `"${'a'.repeat(1_000_000)}"`, 'a'.repeat(1_000_000)],
  ])('%s', (_, text, datum) => {
    expect(Object.is(readEdn(text), datum)).toBe(true);
  });
});
