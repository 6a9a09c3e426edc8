/** Nested views in any order, and every place of an index in them, forwards and backwards. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { EdnData, IndexOrder } from '../../engine/index.ts';
import { countDatoms, indexRange } from '../../engine/index.ts';
import type { Fact } from '../model/facts.ts';
import { worlds } from '../model/generate-schemas.ts';
import { stepsIn } from '../model/generate-transactions.ts';
import { compareParts } from '../model/order.ts';
import { factsIn, historyOf } from '../model/views.ts';
import { runs } from '../support/runs.ts';
import { start, transactBoth, treat, treatments } from './both.ts';
import {
  ORDERS,
  expectedFacts,
  rowsBackFrom,
  rowsFrom,
  rowsOf,
  textOfFact,
  textsOf,
} from './comparison.ts';
import { nestedViews, possibleViews, seenThrough } from './random-views.ts';

const cases = worlds.chain((world) =>
  fc.record({
    world: fc.constant(world),
    steps: stepsIn(world, { times: true }, 6).chain((steps) =>
      fc.tuple(...steps.map((step) => fc.tuple(fc.constant(step), treatments))),
    ),
    isRestored: fc.boolean(),
    questions: fc.array(
      fc.record({
        views: nestedViews,
        order: fc.constantFrom(...ORDERS),
        place: fc.nat(),
        other: fc.nat(),
        length: fc.integer({ min: 0, max: 4 }),
      }),
      { minLength: 1, maxLength: 4 },
    ),
  }),
);

const PARTS = {
  eavt: ['e', 'a', 'v', 'tx'],
  aevt: ['a', 'e', 'v', 'tx'],
  avet: ['a', 'v', 'e', 'tx'],
} as const;

it('a view shows what the model shows, from any place of an index, in both directions', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ world, steps, isRestored, questions }) => {
      let both = await start(world);
      for (const [step, treatment] of steps) {
        both = await transactBoth(both, step);
        await treat(both.database, treatment);
      }
      const { database, model } = both;
      const present = isRestored ? await database.restore() : database.db;
      for (const { views, order, place, other, length } of questions) {
        const possible = possibleViews(model, views);
        const db = seenThrough(present, possible);
        const facts = expectedFacts(model, factsIn(model, possible), order);
        const places = historyOf(model);
        const one = places[place % places.length]!;
        // Where an attribute has several facts, the place may be one between them.
        const ofAttribute = places.filter(({ a }) => a === one.a);
        const mixed = { ...one, v: ofAttribute[other % ofAttribute.length]!.v };
        const components = PARTS[order].slice(0, length).map((part): EdnData => mixed[part]);
        const at = (fact: Fact): number => compareWith(fact, order, components);
        const texts = (some: ReadonlyArray<Fact>): string[] => some.map(textOfFact);
        const here = texts(facts.filter((fact) => at(fact) === 0));
        expect(await rowsOf(db, order, ...components)).toEqual(here);
        expect(await countDatoms(db, order, ...components)).toBe(here.length);
        expect(await rowsFrom(db, order, ...components)).toEqual(
          texts(facts.filter((fact) => at(fact) >= 0)),
        );
        expect(await rowsBackFrom(db, order, ...components)).toEqual(
          texts(facts.filter((fact) => at(fact) <= 0)).reverse(),
        );
        if (order !== 'avet' || here.length === 0 || length < 2) continue;
        const [from, to] = [mixed.v, one.v].sort(compareParts);
        const isWithin = ({ a, v }: Fact): boolean =>
          a === one.a && compareParts(v, from!) >= 0 && compareParts(v, to!) <= 0;
        expect(await textsOf(indexRange(db, one.a, from!, to!))).toEqual(
          texts(facts.filter(isWithin)),
        );
      }
    }),
    runs(250),
  );
});

function compareWith(fact: Fact, order: IndexOrder, components: ReadonlyArray<EdnData>): number {
  for (const [i, component] of components.entries()) {
    const difference = compareParts(fact[PARTS[order][i]!], component as Fact['v']);
    if (difference !== 0) return difference;
  }
  return 0;
}
