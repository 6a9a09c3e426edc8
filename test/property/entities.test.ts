/** Pull and entities show what the model shows, in the present, the past and history. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Db, EntityValue, Entity } from '../../engine/index.ts';
import { entity, pull } from '../../engine/index.ts';
import { must } from '../../engine/shared/assert.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { kw } from '../../schema/keyword.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { ModelEntityValue } from '../model/entity.ts';
import { entityKeys, entityValue } from '../model/entity.ts';
import type { Fact, ModelDb } from '../model/facts.ts';
import { pullPatterns } from '../model/generate-pulls.ts';
import { worlds } from '../model/generate-schemas.ts';
import { ids, stepsIn } from '../model/generate-transactions.ts';
import { pullModel } from '../model/pull.ts';
import { factsIn } from '../model/views.ts';
import { runs } from '../support/runs.ts';
import { start, transactBoth } from './both.ts';
import { nestedViews, possibleViews, seenThrough } from './random-views.ts';

const cases = worlds.chain((world) =>
  fc.record({
    world: fc.constant(world),
    steps: stepsIn(world, { times: true }, 6),
    isRestored: fc.boolean(),
    views: fc.oneof(fc.constant([]), nestedViews),
    patterns: fc.array(pullPatterns, { minLength: 1, maxLength: 3 }),
    subjects: fc.uniqueArray(ids, { minLength: 1, maxLength: 3 }),
  }),
);

interface Question {
  readonly db: Db;
  readonly model: ModelDb;
  readonly facts: ReadonlyArray<Fact>;
  readonly patterns: ReadonlyArray<ReadonlyArray<EdnData>>;
  readonly subjects: ReadonlyArray<number>;
}

async function withEach(
  count: number,
  check: (question: Question) => Promise<void>,
): Promise<void> {
  await fc.assert(
    fc.asyncProperty(cases, async ({ world, steps, isRestored, views, ...question }) => {
      let both = await start(world);
      for (const step of steps) both = await transactBoth(both, step);
      const { database, model } = both;
      if (isRestored) await database.fold();
      const possible = possibleViews(model, views);
      const db = seenThrough(isRestored ? await database.restore() : database.db, possible);
      await check({ db, model, facts: factsIn(model, possible), ...question });
    }),
    runs(count),
  );
}

it('pulls what the model pulls', async () => {
  await withEach(180, async ({ db, model, facts, patterns, subjects }) => {
    for (const pattern of patterns)
      for (const e of subjects)
        expect([printEdn(pattern), e, textOfData(await pull(db, pattern, e))]).toEqual([
          printEdn(pattern),
          e,
          textOfData(pullModel(model, facts, pattern, e)),
        ]);
  });
});

/** The keys of a map have no order. */
function textOfData(data: EdnData): string {
  if (Array.isArray(data)) return `[${(data as ReadonlyArray<EdnData>).map(textOfData).join(' ')}]`;
  if (!(data instanceof Map)) return printEdn(data);
  const entries = Array.from(
    data as EdnMap,
    ([key, value]) => `${printEdn(key)} ${textOfData(value)}`,
  );
  return `{${entries.sort().join(', ')}}`;
}

const NAMES = ['x/id', 'x/n', 'x/tags', 'x/ref', 'y/refs', 'x/_ref', 'y/_refs', 'x/_n', 'free'];

it('an entity says what the model says, before and after all of it is read', async () => {
  await withEach(100, async ({ db, model, facts, subjects }) => {
    for (const e of subjects) {
      const known = entityKeys(model, facts, e);
      const names = [...NAMES.map(kw), ...known];
      const expected = names.map((name) => textOf(entityValue(model, facts, e, name)));
      const lazy = must((await entity(db, e)) ?? undefined, 'an entity for an id');
      const read = async (one: Entity): Promise<string[]> =>
        Promise.all(names.map(async (name) => textOf(await one.get(name))));
      expect(await read(lazy)).toEqual(expected);
      const touched = await must((await entity(db, e)) ?? undefined, 'an entity').touch();
      expect(await read(touched)).toEqual(expected);
      const entries = Array.from(await touched.entries(), ([name, value]) => [
        String(name),
        textOf(value),
      ]);
      expect(entries.sort()).toEqual(
        known.map((name) => [String(name), textOf(entityValue(model, facts, e, name))]).sort(),
      );
    }
  });
});

/** Members of sets in any order, entities by their ids. */
function textOf(value: EntityValue | ModelEntityValue): string {
  if (value === undefined) return 'nothing';
  if (value instanceof Set) {
    const members = Array.from(value as ReadonlySet<EntityValue>, textOf);
    return `#{${members.sort().join(' ')}}`;
  }
  const isReference = typeof value === 'object' && 'id' in value;
  return isReference ? `entity ${value.id}` : printEdn(value as EdnData);
}
