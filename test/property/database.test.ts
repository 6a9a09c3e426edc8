/** After every random transaction the engine and the model agree on every index and every view, however the database is held. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Db } from '../../engine/index.ts';
import { asOf, history, since } from '../../engine/index.ts';
import { verifyDatabase } from '../../services/index.ts';
import type { ModelDb } from '../model/facts.ts';
import { TX0 } from '../model/facts.ts';
import { worlds } from '../model/generate-schemas.ts';
import type { Mix } from '../model/generate-transactions.ts';
import { stepsIn } from '../model/generate-transactions.ts';
import type { ModelView } from '../model/views.ts';
import { factsIn, presentOf } from '../model/views.ts';
import { runs } from '../support/runs.ts';
import { start, startInMemory, transactBoth, treat, treatments } from './both.ts';
import { ORDERS, expectedRows, rowsOf } from './comparison.ts';

/** The present, history, and the past at each transaction. */
async function expectSameIndices(db: Db, model: ModelDb, hasPast = true): Promise<void> {
  await expectSameRows('present', db, model, []);
  if (!model.config.keepHistory) return;
  const at = TX0 + 2;
  await expectSameRows('history', history(db), model, [{ kind: 'history' }]);
  await expectSameRows('since', since(db, at), model, [{ kind: 'since', point: at }]);
  if (!hasPast) return;
  for (let tx = TX0 + 1; tx < model.maxTx; tx++)
    await expectSameRows(`as of ${tx}`, asOf(db, tx), model, [{ kind: 'asOf', point: tx }]);
}

async function expectSameRows(
  name: string,
  view: Db,
  model: ModelDb,
  views: ReadonlyArray<ModelView>,
): Promise<void> {
  const facts = views.length === 0 ? presentOf(model) : factsIn(model, views);
  for (const order of ORDERS)
    expect([name, order, await rowsOf(view, order)]).toEqual([
      name,
      order,
      expectedRows(model, facts, order),
    ]);
}

const histories = (mix: Mix) =>
  worlds.chain((world) =>
    fc.record({
      world: fc.constant(world),
      steps: stepsIn(world, mix).chain((steps) =>
        fc.tuple(...steps.map((step) => fc.tuple(fc.constant(step), treatments))),
      ),
    }),
  );

describe('a database', () => {
  it.each<readonly [string, Mix, number]>([
    ['transactions of all kinds', { times: true }, 80],
    ['changes of the schema', { schema: true }, 80],
    ['attributes that get other idents', { schema: true, renames: true }, 60],
  ])(
    'agrees with the model in memory, by its log, and restored from folded trees: %s',
    async (_, mix, count) => {
      await fc.assert(
        fc.asyncProperty(histories(mix), async ({ world, steps }) => {
          let both = await start(world);
          for (const [step, treatment] of steps) {
            both = await transactBoth(both, step);
            await treat(both.database, treatment);
          }
          const { database, model } = both;
          await expectSameIndices(database.db, model);
          await expectSameIndices(database.reader, model);
          await expectSameIndices(await database.restore(), model);
          await database.fold();
          expect((await verifyDatabase(database.store)).faults).toEqual([]);
        }),
        runs(count),
      );
    },
  );

  it.each<readonly [string, Mix, number]>([
    ['changes of the schema', { schema: true, renames: true }, 60],
    ['purges', { purges: true, times: true }, 70],
    ['assertions of an earlier transaction', { explicitTx: true }, 40],
  ])('agrees with the model as a value: %s', async (_, mix, count) => {
    await fc.assert(
      fc.asyncProperty(histories(mix), async ({ world, steps }) => {
        let both = await startInMemory(world);
        for (const [step] of steps) {
          both = await transactBoth(both, step);
          await expectSameIndices(both.database.db, both.model, mix.explicitTx !== true);
        }
      }),
      runs(count),
    );
  });
});
