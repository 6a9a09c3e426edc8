/** After every random transaction the engine and the model agree on every index and every view, however the database is held. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db, EdnData, IndexOrder } from '../../engine/index.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { asOf, countDatoms, history, pull, since } from '../../engine/index.ts';
import type { Fact, ModelDb } from '../model/facts.ts';
import { FIRST_TX, asOfOf, historyOf, presentOf, sinceOf } from '../model/facts.ts';
import { ids, pullPatterns, schemas, transactions } from '../model/generate.ts';
import { pullModel } from '../model/pull.ts';
import { start, transactBoth, treat, treatments } from './both.ts';
import {
  ORDERS,
  expectedFacts,
  expectedRows,
  rowsBackFrom,
  rowsFrom,
  rowsOf,
  textOfFact,
} from './comparison.ts';

async function expectSameIndices(db: Db, model: ModelDb): Promise<void> {
  const views = [
    ['present', db, presentOf(model)],
    ['history', history(db), historyOf(model)],
    ...Array.from({ length: model.maxTx - FIRST_TX }, (_, i) => {
      const tx = FIRST_TX + i;
      return [`as of ${tx}`, asOf(db, tx), asOfOf(model, tx)] as const;
    }),
    ['since', since(db, FIRST_TX + 1), sinceOf(model, FIRST_TX + 1)],
    [
      'history of the past',
      history(asOf(db, FIRST_TX + 1)),
      historyOf(model).filter(({ tx }) => tx <= FIRST_TX + 1),
    ],
    [
      'history since',
      history(since(db, FIRST_TX + 1)),
      historyOf(model).filter(({ tx }) => tx > FIRST_TX + 1),
    ],
  ] as const;
  for (const [name, view, facts] of views)
    for (const order of ORDERS)
      expect([name, order, await rowsOf(view, order)]).toEqual([
        name,
        order,
        expectedRows(model, facts, order),
      ]);
}

function viewOf(view: string, db: Db, model: ModelDb): readonly [Db, ReadonlyArray<Fact>] {
  const tx = FIRST_TX + 2;
  switch (view) {
    case 'history':
      return [history(db), historyOf(model)];
    case 'as of':
      return [asOf(db, tx), asOfOf(model, tx)];
    case 'since':
      return [since(db, tx), sinceOf(model, tx)];
    default:
      return [db, presentOf(model)];
  }
}

function componentsOf({ e, a, v, tx }: Fact, order: IndexOrder): ReadonlyArray<EdnData> {
  if (order === 'eavt') return [e, a, v, tx];
  return order === 'aevt' ? [a, e, v, tx] : [a, v, e, tx];
}

const histories = fc.record({
  attributes: schemas,
  steps: fc.array(fc.tuple(transactions, treatments), { minLength: 1, maxLength: 8 }),
});

describe('a database', () => {
  it('agrees with the model in memory, by its log, and restored from folded trees', async () => {
    await fc.assert(
      fc.asyncProperty(histories, async ({ attributes, steps }) => {
        let both = await start(attributes);
        for (const [forms, treatment] of steps) {
          both = await transactBoth(both, forms);
          await treat(both.database, treatment);
        }
        const { database, model } = both;
        await expectSameIndices(database.db, model);
        await expectSameIndices(database.reader, model);
        await expectSameIndices(await database.restore(), model);
      }),
      { numRuns: 120 },
    );
  });

  it('seeks, counts and walks back from any place of an index, in every view', async () => {
    const cases = fc.record({
      attributes: schemas,
      steps: fc.array(fc.tuple(transactions, treatments), { minLength: 1, maxLength: 6 }),
      order: fc.constantFrom(...ORDERS),
      row: fc.nat(),
      length: fc.integer({ min: 1, max: 4 }),
      view: fc.constantFrom('present', 'history', 'as of', 'since'),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ attributes, steps, order, row, length, view }) => {
        let both = await start(attributes);
        for (const [forms, treatment] of steps) {
          both = await transactBoth(both, forms);
          await treat(both.database, treatment);
        }
        const { database, model } = both;
        const [db, facts] = viewOf(view, await database.restore(), model);
        const everything = expectedFacts(model, historyOf(model), order);
        const components = componentsOf(everything[row % everything.length]!, order).slice(
          0,
          length,
        );
        const isAt = (fact: Fact): boolean =>
          components.every((part, i) => valueEquals(part, componentsOf(fact, order)[i]!));
        const all = expectedFacts(model, facts, order);
        const places = expectedFacts(model, [...new Set([...everything, ...all])], order);
        const first = places.findIndex(isAt);
        const end = places.findLastIndex(isAt);
        const within = (lo: number, hi: number): string[] =>
          places
            .slice(lo, hi)
            .filter((fact) => all.includes(fact))
            .map(textOfFact);
        expect(await rowsOf(db, order, ...components)).toEqual(within(first, end + 1));
        expect(await rowsFrom(db, order, ...components)).toEqual(within(first, Infinity));
        expect(await rowsBackFrom(db, order, ...components)).toEqual(within(0, end + 1).reverse());
        if (view === 'present')
          expect(await countDatoms(db, order, ...components)).toBe(within(first, end + 1).length);
      }),
      { numRuns: 250 },
    );
  });

  it('pulls what the model pulls, in the present and in the past', async () => {
    const cases = fc.record({
      attributes: schemas,
      steps: fc.array(transactions, { minLength: 1, maxLength: 6 }),
      pattern: pullPatterns,
      entities: fc.array(ids, { minLength: 1, maxLength: 3 }),
      isFolded: fc.boolean(),
    });
    await fc.assert(
      fc.asyncProperty(cases, async ({ attributes, steps, pattern, entities, isFolded }) => {
        let both = await start(attributes);
        for (const forms of steps) both = await transactBoth(both, forms);
        const { database, model } = both;
        if (isFolded) await database.fold();
        const db = isFolded ? await database.restore() : database.db;
        const past = FIRST_TX + 1;
        for (const e of entities) {
          expect(await pull(db, pattern, e)).toEqual(
            pullModel(model, presentOf(model), pattern, e),
          );
          expect(await pull(asOf(db, past), pattern, e)).toEqual(
            pullModel(model, asOfOf(model, past), pattern, e),
          );
        }
      }),
      { numRuns: 250 },
    );
  });
});
