/** Random databases with questions, put to the engine and to nested loops. */
import fc from 'fast-check';
import type { Db, EdnData, StoreHost } from '../../engine/index.ts';
import { history, kw, printEdn, run, transact } from '../../engine/index.ts';
import type { ModelDb } from '../model/facts.ts';
import type { Given } from '../model/generate-queries.ts';
import { populations, questions } from '../model/generate-queries.ts';
import { plainWorlds } from '../model/generate-schemas.ts';
import { stepsIn } from '../model/generate-transactions.ts';
import type { ModelInput } from '../model/query-find.ts';
import { databaseOf } from '../model/query-source.ts';
import type { ModelDatabase } from '../model/query-world.ts';
import { factsIn, historyOf, presentOf } from '../model/views.ts';
import type { Both } from './both.ts';
import { start, startInMemory, transactBoth, treat, treatments } from './both.ts';
import { answerOf, expectSame, expectedOf, formOf, withRules } from './query-comparison.ts';
import { nestedViews, possibleViews, seenThrough } from './random-views.ts';

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

export const cases = plainWorlds.chain((world) =>
  fc.record({
    world: fc.constant(world),
    crowdSize: fc.constantFrom(0, 0, 30),
    population: populations,
    steps: fc.array(fc.tuple(stepsIn(world, {}, 1), treatments), { minLength: 1, maxLength: 6 }),
    speculation: stepsIn(world, {}, 1),
    views: fc.oneof(fc.constant([]), nestedViews),
    other: plainWorlds.chain((one) =>
      fc.record({ world: fc.constant(one), steps: stepsIn(one, {}, 3), population: populations }),
    ),
    asked: fc.array(questions, { minLength: 1, maxLength: 5 }),
  }),
);

type Case = typeof cases extends fc.Arbitrary<infer T> ? T : never;

/** A database of the engine and the same of the model. */
interface Pair {
  readonly db: Db;
  readonly model: ModelDatabase;
}

type Sources = Readonly<Record<'present' | 'view' | 'other' | 'history', Pair>>;

async function expectSameAnswers(
  asked: ReadonlyArray<{
    readonly query: Parameters<typeof formOf>[0];
    readonly inputs: ReadonlyArray<Given>;
  }>,
  sources: Sources,
): Promise<void> {
  const isSource = (given: Given): given is { readonly source: keyof Sources } =>
    typeof given === 'object' && given !== null && 'source' in given;
  for (const { query, inputs } of asked) {
    const ofModel = inputs.map((one): ModelInput =>
      isSource(one) ? sources[one.source].model : one,
    );
    const expected = expectedOf(query, ofModel);
    if (expected === undefined) continue;
    const ofEngine = inputs.map((one) => (isSource(one) ? sources[one.source].db : one));
    const shown = inputs.map((one) => (isSource(one) ? one.source : printEdn(one))).join(' ');
    const turned = { ...query, where: [...query.where].reverse() };
    for (const one of [query, turned]) {
      const actual = await answerOf(formOf(one), withRules(one, ofEngine));
      expectSame(one, shown, expected, actual);
    }
  }
}

function historyIn(db: Db, model: ModelDb): Pair {
  return model.config.keepHistory
    ? { db: history(db), model: databaseOf(model, historyOf(model)) }
    : { db, model: databaseOf(model, presentOf(model)) };
}

function sourcesOf(
  db: Db,
  model: ModelDb,
  views: Parameters<typeof factsIn>[1],
  other: Pair,
): Sources {
  const possible = possibleViews(model, views);
  return {
    present: { db, model: databaseOf(model, presentOf(model)) },
    view: { db: seenThrough(db, possible), model: databaseOf(model, factsIn(model, possible)) },
    history: historyIn(db, model),
    other,
  };
}

/** Asks in memory, over cold trees, and after a transaction that nobody stores. */
export async function askBoth(
  { world, crowdSize, population, steps, views, other, asked, speculation }: Case,
  host?: StoreHost,
  name?: string,
): Promise<void> {
  const second = await secondDatabase(other);
  let both = await start(world, host, name);
  both = await transactBoth(both, { forms: crowd(crowdSize), meta: new Map() });
  both = await transactBoth(both, { forms: population, meta: new Map() });
  for (const [[step], treatment] of steps) {
    both = await transactBoth(both, step!);
    await treat(both.database, treatment);
  }
  const { database, model } = both;
  for (const db of [database.db, await database.restore()])
    await expectSameAnswers(asked, sourcesOf(db, model, views, second));
  const next = await speculated(both, speculation[0]!);
  await expectSameAnswers(asked, sourcesOf(next.database.db, next.model, views, second));
}

async function secondDatabase({ world, population, steps }: Case['other']): Promise<Pair> {
  let both = await startInMemory(world);
  both = await transactBoth(both, { forms: population, meta: new Map() });
  for (const step of steps) both = await transactBoth(both, step);
  return { db: both.database.db, model: databaseOf(both.model, presentOf(both.model)) };
}

/** After a transaction that nobody stores. */
async function speculated(
  { database, model }: Both,
  step: Parameters<typeof transactBoth>[1],
): Promise<Both<{ readonly db: Db; readonly transact: Both['database']['transact'] }>> {
  const { db } = database;
  const subject = {
    db,
    async transact(...[txData, now, txMeta]: Parameters<Both['database']['transact']>) {
      const report = await run(
        transact(db, { txData, now: now ?? new Date(), txMeta: txMeta ?? new Map() }),
      );
      subject.db = report.dbAfter;
      return report;
    },
  };
  return transactBoth({ database: subject, model }, step);
}
