/** Laws of values: their order, their equality, their text and their bytes. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ByteReader, ByteWriter } from '../../engine/codec/bytes.ts';
import { decodeValues, encodeValues } from '../../engine/codec/value-codec.ts';
import { compareValues } from '../../engine/datom/value-order.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { readEdn } from '../../schema/edn-read.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { canonical, data, exactly, texts, values, withoutTwins } from '../model/values.ts';

const RUNS = { numRuns: 2_000 };

describe('the order of values', () => {
  it('is antisymmetric and says zero of a value and itself', () => {
    fc.assert(
      fc.property(values, values, (a, b) => {
        expect(compareValues(a, a)).toBe(0);
        expect(Math.sign(compareValues(a, b)) + Math.sign(compareValues(b, a))).toBe(0);
      }),
      RUNS,
    );
  });

  it('is transitive', () => {
    fc.assert(
      fc.property(values, values, values, (...three) => {
        const [a, b, c] = three.sort(compareValues) as [Value, Value, Value];
        expect(compareValues(a, b)).toBeLessThanOrEqual(0);
        expect(compareValues(b, c)).toBeLessThanOrEqual(0);
        expect(compareValues(a, c)).toBeLessThanOrEqual(0);
        if (compareValues(a, b) === 0)
          expect(Math.sign(compareValues(a, c))).toBe(Math.sign(compareValues(b, c)));
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('the equality of values', () => {
  it('is the equality of their keys', () => {
    fc.assert(
      fc.property(data, data, (a, b) => {
        expect(valueEquals([a], [b])).toBe(canonical(a) === canonical(b));
      }),
      RUNS,
    );
  });

  it('tells sequences apart however their elements are written', () => {
    const nested = fc.array(fc.oneof(texts, fc.array(texts, { maxLength: 2 })), { maxLength: 3 });
    fc.assert(
      fc.property(nested, nested, (a, b) => {
        expect(valueEquals(a, b)).toBe(JSON.stringify(a) === JSON.stringify(b));
      }),
      RUNS,
    );
  });
});

describe('the text of data', () => {
  it('is read back as equal data', () => {
    fc.assert(
      fc.property(data, (datum) => {
        const copy = withoutTwins(datum);
        expect(printEdn(readEdn(printEdn(copy)))).toBe(printEdn(copy));
      }),
      RUNS,
    );
  });

  it('that is not EDN is refused as BAD_EDN', () => {
    const symbols = fc.constantFrom(
      '(',
      ')',
      '[',
      ']',
      '{',
      '}',
      '#',
      '#_',
      '"',
      '\\',
      ':',
      '/',
      ' ',
      ';',
      '#inst',
      '^',
      '-',
      '1',
      'a',
      '\n',
      '##',
      '#{',
      'u12',
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.array(symbols).map((parts) => parts.join('')),
          texts,
        ),
        (text) => {
          try {
            readEdn(text);
          } catch (error) {
            expect(error instanceof DatabaseError && error.code).toBe('BAD_EDN');
          }
        },
      ),
      { numRuns: 5_000 },
    );
  });
});

describe('the bytes of values', () => {
  it('are decoded to the same values of the same kinds', () => {
    fc.assert(
      fc.property(
        fc.array(fc.oneof(values, data as fc.Arbitrary<Value>).filter(isStored)),
        (column) => {
          const writer = new ByteWriter();
          encodeValues(column, writer);
          const decoded = decodeValues(new ByteReader(writer.take()), column.length);
          expect(decoded.map(exactly)).toEqual(column.map(exactly));
        },
      ),
      RUNS,
    );
  });
});

/** Lists are stored as vectors, so none are among the data of datoms. */
function isStored(datum: EdnData): boolean {
  return !printEdn(datum).includes('(');
}
