/** What the command line reads and prints, whatever data there is and however its text is cut. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { FormSplitter, START, placeAfter } from '../../gateway/command-line/form-splitter.ts';
import { tableLines } from '../../gateway/command-line/table.ts';
import { displayWidth } from '../../gateway/command-line/terminal.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { readAllEdn } from '../../schema/edn-read.ts';
import { printPlainJson, readPlainJson } from '../../schema/wire/plain-json.ts';
import { canonical, data, withoutTwins } from '../model/values.ts';

/** Pieces of texts that open, close, quote and comment. */
const odd = fc.array(
  fc.constantFrom(
    '[',
    ']',
    '(',
    ')',
    '{',
    '}',
    '"',
    '\\',
    ';',
    '\n',
    ' ',
    'a',
    ':k',
    '#',
    '\\"',
    '\\[',
    '1',
  ),
  { maxLength: 40 },
);

function split(
  text: string,
  cuts: ReadonlyArray<number>,
): ReadonlyArray<{ text: string; place: typeof START }> {
  const splitter = new FormSplitter();
  const places = [0, ...cuts.map((cut) => cut % (text.length + 1)), text.length].sort(
    (a, b) => a - b,
  );
  const parts = places.flatMap((from, i) => [
    ...splitter.push(text.slice(from, places[i + 1] ?? from)),
  ]);
  return [...parts, splitter.end()];
}

const cuts = fc.array(fc.nat(), { maxLength: 5 });

describe('a text that is read form by form', () => {
  it('comes to the same wherever its chunks end, and each part knows its place', () => {
    fc.assert(
      fc.property(odd, cuts, (pieces, at) => {
        const text = pieces.join('');
        const parts = split(text, at);
        expect(parts).toEqual(split(text, []));
        expect(parts.map((part) => part.text).join('')).toBe(text);
        let before = '';
        for (const part of parts) {
          expect(part.place).toEqual(placeAfter(START, before));
          before += part.text;
        }
      }),
    );
  });

  it('gives the data that the whole text gives', () => {
    const separated = fc.array(
      fc.tuple(
        data,
        fc.constantFrom(
          '',
          '\n',
          ' ; ] note "\n',
          '#_[1 "]"] ',
          '#_ #_ [1] [2] ',
          '#_ name ',
          '\\] ',
        ),
      ),
    );
    fc.assert(
      fc.property(separated, cuts, (forms, at) => {
        const text = forms
          .map(([datum, between]) => `[${printEdn(withoutTwins(datum))}]${between}`)
          .join('');
        const parts = split(text, at);
        const read = parts.flatMap((part) => readAllEdn(part.text));
        expect(read.map(canonical)).toEqual(readAllEdn(text).map(canonical));
      }),
    );
  });
});

describe('plain JSON', () => {
  it('is JSON on one line, whatever the data', () => {
    fc.assert(
      fc.property(data, (datum) => {
        const text = printPlainJson(datum);
        expect(text).not.toContain('\n');
        JSON.parse(text);
      }),
    );
  });

  it('keeps every integer', () => {
    fc.assert(
      fc.property(fc.bigInt(), (number) => {
        const read = readPlainJson(printPlainJson([number]));
        expect(read).toEqual([Number.isSafeInteger(Number(number)) ? Number(number) : number]);
      }),
    );
  });
});

describe('a table', () => {
  it('is never wider than its terminal, where that has room for its columns', async () => {
    const cell = fc.record({ text: fc.string({ unit: 'grapheme' }), isNumber: fc.boolean() });
    const shape = fc
      .integer({ min: 1, max: 6 })
      .chain((count) =>
        fc.tuple(
          fc.array(fc.string(), { minLength: count, maxLength: count }),
          fc.array(fc.array(cell, { minLength: count, maxLength: count })),
          fc.integer({ min: count * 6, max: 120 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(shape, async ([columns, rows, width]) => {
        for await (const line of tableLines(columns, rows, { width }))
          expect(displayWidth(line)).toBeLessThanOrEqual(width);
      }),
    );
  });
});
