/** Lists in an order of values of any type: their pages, from either end, are what sorting the entities in memory gives. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EdnData, Value } from '../../schema/value.ts';
import { compareValues } from '../../services/reader/reader.ts';
import type { Json, ServedWorld } from '../gateway/served-world.ts';
import { serveDatabase } from '../gateway/served-world.ts';
import { attribute, entity } from '../gateway/world.ts';
import { SORTED } from '../model/generate-values.ts';
import { runs } from '../support/runs.ts';

const TYPES = Object.keys(SORTED);

const ROWS = 40;
const SORTS = ['ASC', 'DESC', 'ASC_NULLS_FIRST', 'DESC_NULLS_FIRST'] as const;

interface Row {
  readonly [type: string]: EdnData | undefined;
}

const rows: fc.Arbitrary<Row> = fc.record(
  Object.fromEntries(TYPES.map((type) => [type, fc.option(SORTED[type]!, { nil: undefined })])),
);
const keys = fc.record({ type: fc.constantFrom(...TYPES), sort: fc.constantFrom(...SORTS) });

const orders = fc.uniqueArray(keys, { minLength: 1, maxLength: 2, selector: ({ type }) => type });

type Key = typeof keys extends fc.Arbitrary<infer K> ? K : never;

/** How two rows follow each other; the one that was written first is before its equals. */
function compareRows(one: Row, other: Row, order: ReadonlyArray<Key>): number {
  for (const { type, sort } of order) {
    const [a, b] = [one[type], other[type]].map((value) =>
      Number.isNaN(value) ? undefined : value,
    );
    const isFirst = sort.endsWith('NULLS_FIRST') ? -1 : 1;
    if (a === undefined || b === undefined) {
      if (a !== b) return a === undefined ? isFirst : -isFirst;
      continue;
    }
    const difference = compareValues(a as Value, b as Value);
    if (difference !== 0) return sort.startsWith('DESC') ? -difference : difference;
  }
  return 0;
}

const SEEDS = Array.from({ length: runs(1).numRuns }, (_, i) => i + 1);

describe.each(
  SEEDS.flatMap((seed) => [
    { seed, isIndexed: true },
    { seed, isIndexed: false },
  ]),
)('lists in an order, $seed, in an index: $isIndexed', ({ seed, isIndexed }) => {
  const all = fc.sample(rows, { seed, numRuns: ROWS });
  let served: ServedWorld;

  beforeAll(async () => {
    const annotations = isIndexed ? { 'db/index': true } : {};
    const schema = TYPES.map((type) => attribute(`t/${type}`, type, annotations));
    served = await serveDatabase('sorted', [
      [...schema, attribute('t/row', 'long')],
      all.map((row, i) => entity({ 't/row': i, ...factsOf(row) })),
    ]);
  });
  afterAll(() => served.stop());

  it('are the same in one piece and in pages, forwards and backwards', () =>
    fc.assert(
      fc.asyncProperty(orders, fc.integer({ min: 5, max: 15 }), async (order, size) => {
        const wanted = all
          .map((_row, i) => i)
          .sort((a, b) => compareRows(all[a]!, all[b]!, order) || a - b);
        const orderBy = `[${order.map(({ type, sort }) => `{${type}: ${sort}}`).join(', ')}]`;
        expect(await inPages(served, orderBy, 'first', ROWS)).toEqual(wanted);
        expect(await inPages(served, orderBy, 'first', size)).toEqual(wanted);
        expect(await inPages(served, orderBy, 'last', size)).toEqual(wanted);
      }),
      { numRuns: 30 },
    ));
});

function factsOf(row: Row): object {
  return Object.fromEntries(
    TYPES.flatMap((type) => (row[type] === undefined ? [] : [[`t/${type}`, row[type]]])),
  );
}

async function inPages(
  served: ServedWorld,
  orderBy: string,
  step: 'first' | 'last',
  size: number,
): Promise<number[]> {
  const isForward = step === 'first';
  const [side, cursor, more] = isForward
    ? ['after', 'endCursor', 'hasNextPage']
    : ['before', 'startCursor', 'hasPreviousPage'];
  const found: number[] = [];
  let at: string | null = null;
  do {
    const { tConnection: page }: Json = await served.data(
      `query ($at: String) { tConnection(orderBy: ${orderBy}, ${step}: ${size}, ${side}: $at) {
        nodes { row } pageInfo { ${cursor} ${more} } } }`,
      { at },
    );
    const part = page.nodes.map(({ row }: Json) => Number(row));
    if (isForward) found.push(...part);
    else found.unshift(...part);
    at = page.pageInfo[more] ? page.pageInfo[cursor] : null;
  } while (at !== null && found.length <= ROWS);
  return found;
}
