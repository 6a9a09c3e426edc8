/** After every random transaction the engine and the model agree on every index and every view, however the database is held. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db, EdnData, IndexOrder } from '../../engine/index.ts';
import { valueEquals } from '../../schema/value-key.ts';
import { DatabaseError, asOf, countDatoms, history, pull, since } from '../../engine/index.ts';
import type { Fact, ModelDb } from '../model/facts.ts';
import { FIRST_TX, asOfOf, emptyModel, historyOf, presentOf, sinceOf } from '../model/facts.ts';
import { declaration, ids, pullPatterns, schemas, transactions } from '../model/generate.ts';
import { pullModel } from '../model/pull.ts';
import { transactModel } from '../model/transact.ts';
import { StoredDatabase } from '../support/stored-database.ts';
import {
  ORDERS,
  expectedFacts,
  expectedRows,
  rowsBackFrom,
  rowsFrom,
  rowsOf,
  textOfDatom,
  textOfFact,
} from './comparison.ts';

const instantOf = (step: number): Date => new Date(Date.UTC(2020, 0, 1) + step * 1_000);

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

interface Both {
  readonly database: StoredDatabase;
  readonly model: ModelDb;
}

/** Transacts on both sides; a refusal has to have the same code on both. */
async function transactBoth(
  { database, model }: Both,
  forms: ReadonlyArray<EdnData>,
): Promise<Both> {
  const now = instantOf(model.maxTx - FIRST_TX + 1);
  const wanted = attempt(() => transactModel(model, forms, now));
  const got = await database.transact(forms, now).catch(codeOf);
  if (typeof wanted === 'string' || typeof got === 'string') {
    expect(got).toBe(wanted);
    return { database, model };
  }
  // What ends an entity has no order of its own.
  expect(got.txData.map(textOfDatom).sort()).toEqual(wanted.facts.map(textOfFact).sort());
  expect(got.dbAfter.maxEid).toBe(wanted.after.maxEid);
  for (const [tempid, entity] of wanted.tempids) expect(got.tempids.get(tempid)).toBe(entity);
  return { database, model: wanted.after };
}

function attempt<T>(action: () => T): T | string {
  try {
    return action();
  } catch (error) {
    return codeOf(error);
  }
}

function codeOf(error: unknown): string {
  if (error instanceof DatabaseError) return error.code;
  throw error;
}

/** What is done with a database between two transactions. */
const treatments = fc.constantFrom(
  'nothing',
  'nothing',
  'fold',
  'fold',
  'fold all but one',
  'rebase the reader',
);

async function treat(database: StoredDatabase, treatment: string): Promise<void> {
  if (treatment === 'fold') await database.fold();
  if (treatment === 'fold all but one' && database.db.maxTx > database.db.indexedTx + 1)
    await database.fold(1);
  if (treatment === 'rebase the reader') await database.rebaseReader();
}

const histories = fc.record({
  attributes: schemas,
  steps: fc.array(fc.tuple(transactions, treatments), { minLength: 1, maxLength: 8 }),
});

async function start(attributes: Parameters<typeof declaration>[0]): Promise<Both> {
  const both = { database: await StoredDatabase.create(), model: emptyModel(attributes) };
  return transactBoth(both, declaration(attributes));
}

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
      { numRuns: 8000 },
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
      { numRuns: 200 },
    );
  });
});
