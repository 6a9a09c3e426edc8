/** Decimals keep their scale, and are equal as numbers are: for callers `1.0` is `1.00`. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { kw } from '../../schema/keyword.ts';
import { parseDecimal } from '../../schema/decimal.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveDatabase } from './served-world.ts';
import { attribute, entity } from './world.ts';

const PRICES = ['1', '1.0', '1.00', '2', undefined];

let served: ServedWorld;

beforeAll(async () => {
  served = await serveDatabase('shop', [
    [
      attribute('item/row', 'long'),
      attribute('item/price', 'bigdec'),
      attribute('item/listed', 'bigdec', { 'db/index': true }),
      attribute('item/any', 'number'),
      attribute('item/all', 'bigdec', { 'db/cardinality': kw('db.cardinality/many') }),
    ],
    PRICES.map((text, i) => {
      if (text === undefined) return entity({ 'item/row': i });
      const price = parseDecimal(text)!;
      const prices = { 'item/price': price, 'item/listed': price, 'item/any': i === 0 ? 1 : price };
      return entity({ 'item/row': i, 'item/all': [price, parseDecimal('7.50')!], ...prices });
    }),
  ]);
});

afterAll(() => served.stop());

const FIELDS = [
  ['price', (text: string) => `"${text}"`],
  ['listed', (text: string) => `"${text}"`],
  ['any', (text: string) => text],
] as const;

const CASES = FIELDS.flatMap(([field, of]) =>
  [
    [`eq: ${of('1.0')}`, [0, 1, 2]],
    [`ne: ${of('1.0')}`, [3]],
    [`in: [${of('1.000')}, ${of('1')}, ${of('3')}]`, [0, 1, 2]],
    [`nin: [${of('1.000')}, ${of('3')}]`, [3]],
    [`gte: ${of('1.0')}, lte: ${of('1.0')}`, [0, 1, 2]],
    [`gt: ${of('1.0')}`, [3]],
    [`isNull: true`, [4]],
  ].map(([condition, rows]) => [`{ ${field}: { ${condition} } }`, rows] as const),
);

const OF_MANY = [
  ['{ all: { has: "1.000" } }', [0, 1, 2]],
  ['{ all: { hasAll: ["1.000", "7.5"] } }', [0, 1, 2]],
  ['{ all: { hasAny: ["3", "2.0"] } }', [3]],
] as const;

it.each([...CASES, ...OF_MANY])('%s', async (where, rows) => {
  const { itemConnection } = await served.data(
    `{ itemConnection(where: ${where}, orderBy: [{ row: ASC }]) { totalCount nodes { row price } } }`,
  );
  expect(itemConnection.nodes.map(({ row }: Json) => Number(row))).toEqual(rows);
  expect(itemConnection.nodes.map(({ price }: Json) => price ?? undefined)).toEqual(
    (rows as number[]).map((row) => PRICES[row]),
  );
  expect(itemConnection.totalCount).toBe((rows as number[]).length);
});

it('of groups', async () => {
  const { itemGroups } = await served.data(
    `{ itemGroups(by: [{ listed: true }], having: { price: { sum: { eq: "1.000" } } }) { key { listed } } }`,
  );
  expect(itemGroups.map(({ key }: Json) => key.listed)).toEqual(['1', '1.0', '1.00']);
});
