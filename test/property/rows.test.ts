/** The pieces that queries handle rows with, against what JavaScript has for the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { run } from '../../engine/index.ts';
import type { EdnData } from '../../engine/index.ts';
import { distinct, join } from '../../engine/query/relation/algebra.ts';
import type { Column } from '../../engine/query/relation/column.ts';
import { KeyMap } from '../../engine/query/relation/key-map.ts';
import { Relation } from '../../engine/query/relation/relation.ts';
import { RowCodes } from '../../engine/query/relation/row-codes.ts';
import { sortRows } from '../../engine/query/relation/sort-rows.ts';
import { sorted } from '../../engine/query/answer/sort.ts';

const items = fc.array(fc.record({ key: fc.integer({ min: 0, max: 9 }), place: fc.nat() }), {
  maxLength: 200,
});
const byKey = (a: { readonly key: number }, b: { readonly key: number }): number => a.key - b.key;

it('sorts as a stable sort does, whole or the first few', async () => {
  await fc.assert(
    fc.asyncProperty(items, fc.option(fc.nat(30), { nil: undefined }), async (rows, count) => {
      const expected = rows.toSorted(byKey).slice(0, count);
      expect(await run(sorted(rows, byKey, count))).toEqual(expected);
    }),
  );
});

it('sorts more rows than fit between two pauses', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => ({ key: (i * 7_919) % 10_007, place: i }));
  expect(await run(sorted(rows, byKey))).toEqual(rows.toSorted(byKey));
  expect(await run(sorted(rows, byKey, 50))).toEqual(rows.toSorted(byKey).slice(0, 50));
});

it('finds every key of a large map, whatever its kind', () => {
  const keys = Array.from({ length: 40_000 }, (_, i) =>
    i % 2 === 0 ? i * 1_000.5 : `key ${i} of many`,
  );
  const map = new KeyMap();
  for (const [i, each] of keys.entries()) map.set(each, i);
  expect(keys.every((each, i) => map.get(each) === i)).toBe(true);
  expect(map.get('no key')).toBeUndefined();
});

const integers = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.integer({ min: -(2 ** 31), max: 2 ** 31 - 1 }),
);
const others = fc.oneof(
  fc.integer({ min: 0, max: 6 }),
  fc.double({ noNaN: true, noDefaultInfinity: true }),
  fc.string({ maxLength: 1 }),
  fc.constantFrom<EdnData>(null, true, false),
);

/** Columns of some length, of integers or of anything. */
const columnsOf = (count: number) =>
  fc
    .array(fc.tuple(...Array.from({ length: count }, () => fc.tuple(integers, others))), {
      maxLength: 60,
    })
    .chain((rows) =>
      fc.tuple(...Array.from({ length: count }, () => fc.boolean())).map((kinds) => ({
        length: rows.length,
        columns: kinds.map((isInteger, place): Column =>
          isInteger
            ? Int32Array.from(rows, (row) => row[place]![0])
            : rows.map((row) => row[place]![1]),
        ),
      })),
    );

const textOf = (columns: ReadonlyArray<Column>, row: number): string =>
  columns
    .map((column) => {
      const value = column[row];
      return `${typeof value} ${Object.is(value, -0) ? 0 : String(value)}`;
    })
    .join('|');

it('gives equal rows one code and tells others apart, in the order in which they come', async () => {
  const cases = fc
    .integer({ min: 1, max: 3 })
    .chain((count) => fc.tuple(columnsOf(count), columnsOf(count), columnsOf(count)));
  await fc.assert(
    fc.asyncProperty(cases, async ([one, other, asked]) => {
      const codes = new RowCodes(one.columns.length);
      const known = new Map<string, number>();
      for (const { columns, length } of [one, other]) {
        const expected = Array.from({ length }, (_, row) => {
          const text = textOf(columns, row);
          if (!known.has(text)) known.set(text, known.size);
          return known.get(text)!;
        });
        expect([...(await run(codes.assign(columns, length)))]).toEqual(expected);
        expect(codes.count).toBe(known.size);
      }
      const found = await run(codes.find(asked.columns, asked.length));
      expect([...found]).toEqual(
        Array.from(
          { length: asked.length },
          (_, row) => known.get(textOf(asked.columns, row)) ?? -1,
        ),
      );
    }),
  );
});

it('joins as nested loops do', async () => {
  const cases = fc.tuple(columnsOf(2), columnsOf(2));
  await fc.assert(
    fc.asyncProperty(cases, async ([one, other]) => {
      const left = await run(distinct(new Relation(['?a', '?b'], one.columns, one.length)));
      const right = await run(distinct(new Relation(['?b', '?c'], other.columns, other.length)));
      const joined = await run(join(left, right));
      const expected: string[] = [];
      for (let i = 0; i < left.length; i++)
        for (let j = 0; j < right.length; j++)
          if (textOf([left.column('?b')], i) === textOf([right.column('?b')], j))
            expected.push(
              textOf(
                [...left.columns, right.column('?c')].map((column, place) => [
                  column[place < 2 ? i : j]!,
                ]),
                0,
              ),
            );
      const found = Array.from({ length: joined.length }, (_, row) =>
        textOf(
          ['?a', '?b', '?c'].map((name) => joined.column(name)),
          row,
        ),
      );
      expect(found.sort()).toEqual(expected.sort());
    }),
  );
});

it('sorts the numbers of rows by an integer, equal ones as they come', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(integers), async (column) => {
      const expected = column.map((_, row) => row).sort((a, b) => column[a]! - column[b]! || a - b);
      expect([...(await run(sortRows(Int32Array.from(column))))]).toEqual(expected);
    }),
  );
});
