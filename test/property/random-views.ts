/** Random views, put on the database of the engine and described to the model. */
import fc from 'fast-check';
import type { Db } from '../../engine/index.ts';
import { asOf, filter, history, since, validAt, validBetween } from '../../engine/index.ts';
import type { ModelDb } from '../model/facts.ts';
import { TX0 } from '../model/facts.ts';
import { times } from '../model/generate-transactions.ts';
import type { ModelView, Point } from '../model/views.ts';

const points: fc.Arbitrary<Point> = fc.oneof(fc.integer({ min: TX0, max: TX0 + 9 }), times);

const shown = [
  (fact: { readonly e: number }) => fact.e !== 101,
  (fact: { readonly tx: number }) => fact.tx % 3 > 0,
  (fact: { readonly added: boolean }) => fact.added,
] as const;

const views: fc.Arbitrary<ModelView> = fc.oneof(
  { weight: 4, arbitrary: points.map((point): ModelView => ({ kind: 'asOf', point })) },
  { weight: 2, arbitrary: points.map((point): ModelView => ({ kind: 'since', point })) },
  { weight: 2, arbitrary: fc.constant<ModelView>({ kind: 'history' }) },
  {
    weight: 1,
    arbitrary: fc.constantFrom(...shown).map((isShown): ModelView => ({ kind: 'filter', isShown })),
  },
  { weight: 1, arbitrary: times.map((at): ModelView => ({ kind: 'validAt', at })) },
  {
    weight: 1,
    arbitrary: fc
      .tuple(times, times)
      .map(([from, to]): ModelView => ({ kind: 'validBetween', from, to })),
  },
);

/** Up to four views, one upon the other; as-of stands within valid times. */
export const nestedViews: fc.Arbitrary<ReadonlyArray<ModelView>> = fc
  .array(views, { maxLength: 4 })
  .map((all) => [
    ...all.filter(({ kind }) => !kind.startsWith('valid')),
    ...all.filter(({ kind }) => kind.startsWith('valid')),
  ]);

/** Those of the views that a database can have. */
export function possibleViews(
  { config }: ModelDb,
  all: ReadonlyArray<ModelView>,
): ReadonlyArray<ModelView> {
  return all.filter(({ kind }) => config.keepHistory || kind === 'filter');
}

export function seenThrough(db: Db, all: ReadonlyArray<ModelView>): Db {
  return all.reduce(put, db);
}

function put(db: Db, view: ModelView): Db {
  switch (view.kind) {
    case 'asOf':
      return asOf(db, view.point);
    case 'since':
      return since(db, view.point);
    case 'history':
      return history(db);
    case 'filter':
      return filter(db, (_, { e, tx, added }) => view.isShown({ e, a: 0, v: 0, tx, added }));
    case 'validAt':
      return validAt(db, view.at);
    case 'validBetween':
      return validBetween(db, view.from, view.to);
  }
}
