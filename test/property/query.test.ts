/** Random queries, their clauses in any order, have the answer that nested loops find. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db, EdnData } from '../../engine/index.ts';
import { EdnList, Keyword, asOf, history, kw, printEdn, q, sym } from '../../engine/index.ts';
import type { Fact, ModelDb } from '../model/facts.ts';
import { FIRST_TX } from '../model/facts.ts';
import { queries } from '../model/generate-queries.ts';
import { plainWorlds } from '../model/generate-schemas.ts';
import { stepsIn } from '../model/generate-transactions.ts';
import type { ModelQuery } from '../model/query.ts';
import { mostBindings, queryModel } from '../model/query.ts';
import { ModelSchema } from '../model/schema.ts';
import { asOfOf, historyOf, presentOf } from '../model/views.ts';
import { runs } from '../support/runs.ts';
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

/** Nested loops over more take too long. */
const MOST_BINDINGS = 100_000;

/** Patterns with attributes as they stand in facts: where those are entities, by their ids. */
function withNames(model: ModelDb, forms: ReadonlyArray<EdnData>): ReadonlyArray<EdnData> {
  const schema = new ModelSchema(model);
  const named = (form: EdnData): EdnData => {
    if (form instanceof EdnList) return new EdnList(form.items.map(named));
    if (!Array.isArray(form)) return form;
    const [e = null, a = null, ...rest] = form as ReadonlyArray<EdnData>;
    return a instanceof Keyword ? [e, schema.nameOf(a) ?? a, ...rest] : form;
  };
  return forms.map(named);
}

async function expectSameAnswer(
  db: Db,
  model: ModelDb,
  facts: ReadonlyArray<Fact>,
  query: ModelQuery,
): Promise<void> {
  const rows = facts.map(({ e, a, v, tx, added }) => [e, a, v, tx, added]);
  const form = formOf(query);
  const named = {
    ...query,
    where: withNames(model, query.where),
    rules: query.rules.map((rule) => withNames(model, rule)),
  };
  if (mostBindings(named, rows) > MOST_BINDINGS) return;
  const expected = textsOf(queryModel(named, rows));
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
        [kw('db/id'), 130 + i],
        [kw('x/n'), i % 5],
        [kw('x/tags'), [i % 2 === 0 ? 'a' : 'e', `tag ${i}`]],
        [kw('x/ref'), 100 + (i % 6)],
      ]),
  );
}

const cases = plainWorlds.chain((world) =>
  fc.record({
    world: fc.constant(world),
    crowdSize: fc.constantFrom(0, 0, 30),
    steps: fc.array(fc.tuple(stepsIn(world, {}, 1), treatments), { minLength: 1, maxLength: 6 }),
    questions: fc.array(queries, { minLength: 1, maxLength: 4 }),
  }),
);

describe('a query', () => {
  it('finds what nested loops find, in memory and over cold trees, now and in the past', async () => {
    await fc.assert(
      fc.asyncProperty(cases, async ({ world, crowdSize, steps, questions }) => {
        let both = await start(world);
        both = await transactBoth(both, { forms: crowd(crowdSize), meta: new Map() });
        for (const [[step], treatment] of steps) {
          both = await transactBoth(both, step!);
          await treat(both.database, treatment);
        }
        const { database, model } = both;
        const past = FIRST_TX + 1;
        for (const query of questions)
          for (const db of [database.db, await database.restore()])
            for (const [view, facts] of viewsOf(db, model, past))
              await expectSameAnswer(view, model, facts, query);
      }),
      runs(80),
    );
  });
});

function viewsOf(
  db: Db,
  model: ModelDb,
  past: number,
): ReadonlyArray<readonly [Db, ReadonlyArray<Fact>]> {
  if (!model.config.keepHistory) return [[db, presentOf(model)]];
  return [
    [db, presentOf(model)],
    [asOf(db, past), asOfOf(model, past)],
    [history(db), historyOf(model)],
  ];
}
