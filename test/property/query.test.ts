/** Random queries, their clauses in any order, have the answer that nested loops find. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db, EdnData } from '../../engine/index.ts';
import { asOf, history, kw, printEdn, q, sym } from '../../engine/index.ts';
import type { Fact, ModelDb } from '../model/facts.ts';
import { FIRST_TX, asOfOf, historyOf, presentOf } from '../model/facts.ts';
import { queries, schemas, transactions } from '../model/generate.ts';
import type { ModelQuery } from '../model/query.ts';
import { queryModel } from '../model/query.ts';
import { start, transactBoth, treat, treatments } from './both.ts';

function formOf({ find, with: more, where }: ModelQuery): EdnData {
  return new Map<EdnData, EdnData>([
    [kw('find'), find],
    ...(more.length > 0 ? [[kw('with'), more] as const] : []),
    [kw('in'), [sym('$'), sym('%')]],
    [kw('where'), where],
  ]);
}

const textsOf = (rows: EdnData): string[] => (rows as EdnData[]).map(printEdn).sort();

async function expectSameAnswer(
  db: Db,
  facts: ReadonlyArray<Fact>,
  query: ModelQuery,
): Promise<void> {
  const rows = facts.map(({ e, a, v, tx, added }) => [e, a, v, tx, added]);
  const form = formOf(query);
  const expected = textsOf(queryModel(query, rows));
  expect([printEdn(form), textsOf(await q(form, db, query.rules))]).toEqual([
    printEdn(form),
    expected,
  ]);
}

/** So many entities more that seeks are worth their cost. */
function crowd(size: number): EdnData[] {
  return Array.from(
    { length: size },
    (_, i) =>
      new Map<EdnData, EdnData>([
        [kw('db/id'), 30 + i],
        [kw('x/n'), i % 5],
        [kw('x/tags'), [i % 2 === 0 ? 'a' : 'e', `tag ${i}`]],
        [kw('x/ref'), 8 + (i % 6)],
      ]),
  );
}

const cases = fc.record({
  attributes: schemas,
  crowdSize: fc.constantFrom(0, 0, 30),
  steps: fc.array(fc.tuple(transactions, treatments), { minLength: 1, maxLength: 6 }),
  questions: fc.array(queries, { minLength: 1, maxLength: 4 }),
});

describe('a query', () => {
  it('finds what nested loops find, in memory and over cold trees, now and in the past', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ attributes, crowdSize, steps, questions }) => {
        let both = await start(attributes);
        both = await transactBoth(both, crowd(crowdSize));
        for (const [forms, treatment] of steps) {
          both = await transactBoth(both, forms);
          await treat(both.database, treatment);
        }
        const { database, model } = both;
        const past = FIRST_TX + 1;
        for (const query of questions)
          for (const db of [database.db, await database.restore()])
            for (const [view, facts] of viewsOf(db, model, past))
              await expectSameAnswer(view, facts, query);
      }),
      { numRuns: 120 },
    );
  });
});

function viewsOf(
  db: Db,
  model: ModelDb,
  past: number,
): ReadonlyArray<readonly [Db, ReadonlyArray<Fact>]> {
  return [
    [db, presentOf(model)],
    [asOf(db, past), asOfOf(model, past)],
    [history(db), historyOf(model)],
  ];
}
