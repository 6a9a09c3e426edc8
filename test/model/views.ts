/** Views of the model: which of the remembered facts are shown. */
import { kw } from '../../schema/keyword.ts';
import type { Fact, ModelDb } from './facts.ts';
import { TX0, systemName } from './facts.ts';
import { isSameFact } from './order.ts';

export type Point = number | Date;

/** Views that were put on a database, one after the other. */
export type ModelView =
  | { readonly kind: 'asOf' | 'since'; readonly point: Point }
  | { readonly kind: 'history' }
  | { readonly kind: 'validAt'; readonly at: Date }
  | { readonly kind: 'validBetween'; readonly from: Date; readonly to: Date }
  | { readonly kind: 'filter'; readonly isShown: (fact: Fact) => boolean };

export function presentOf(db: ModelDb): ReadonlyArray<Fact> {
  return db.held;
}

/** Every assertion and retraction that is remembered, each once. */
export function historyOf({ log }: ModelDb): ReadonlyArray<Fact> {
  const isRow = (one: Fact, other: Fact): boolean =>
    one.tx === other.tx && one.added === other.added && isSameFact(one, other);
  return log.filter((fact, i) => log.findIndex((one) => isRow(one, fact)) === i);
}

/** What is shown through some views. The order in which they were put on does not matter. */
export function factsIn(db: ModelDb, views: ReadonlyArray<ModelView>): ReadonlyArray<Fact> {
  const pasts = views.flatMap((view) => (view.kind === 'asOf' ? [view.point] : []));
  const sinces = views.flatMap((view) => (view.kind === 'since' ? [view.point] : []));
  const isHistory = views.some(({ kind }) => kind === 'history');
  const isKnown = ({ tx }: Fact): boolean => pasts.every((point) => isUpTo(db, tx, point));
  const all = historyOf(db).filter(isKnown);
  let facts = isHistory ? all : pasts.length === 0 ? presentOf(db) : heldIn(all);
  facts = facts.filter(({ tx }) => !sinces.some((point) => isUpTo(db, tx, point)));
  for (const view of views) {
    if (view.kind !== 'validAt' && view.kind !== 'validBetween') continue;
    const before = facts;
    const time = (tx: number, ident: string): number | undefined => {
      const a = systemName(db.config, kw(ident));
      const said = before.find((fact) => fact.e === tx && fact.a === a);
      return (said?.v as Date | undefined)?.getTime();
    };
    facts = facts.filter(({ tx }) => {
      const from = time(tx, 'db.valid/from') ?? -Infinity;
      const to = time(tx, 'db.valid/to') ?? Infinity;
      return view.kind === 'validAt'
        ? from <= view.at.getTime() && to > view.at.getTime()
        : from < view.to.getTime() && to > view.from.getTime();
    });
  }
  if (isHistory && views.some(({ kind }) => kind === 'validAt')) {
    const shown = facts;
    facts = facts.filter(
      (fact) => !shown.some((other) => other.tx > fact.tx && isSameFact(other, fact)),
    );
  }
  return facts.filter((fact) =>
    views.every((view) => view.kind !== 'filter' || view.isShown(fact)),
  );
}

/** Whether a transaction is one of those up to a point, inclusive. */
function isUpTo({ config, held }: ModelDb, tx: number, point: Point): boolean {
  if (typeof point === 'number') return tx <= point;
  const a = systemName(config, kw('db/txInstant'));
  const time = held.find((fact) => fact.e === tx && fact.a === a);
  return tx === TX0 || (time !== undefined && (time.v as Date) <= point);
}

/** What held after all rows of a history: what its last transaction said of a fact, where that did not both assert and retract it. */
function heldIn(rows: ReadonlyArray<Fact>): ReadonlyArray<Fact> {
  const isPair = (row: Fact): boolean =>
    rows.some((other) => other.tx === row.tx && other !== row && isSameFact(other, row));
  return rows.filter((row) => {
    const ofFact = rows.filter((other) => isSameFact(other, row));
    if (!row.added || ofFact.some(({ tx, added }) => added && tx > row.tx)) return false;
    const last = ofFact
      .filter((other) => !isPair(other))
      .sort((one, other) => one.tx - other.tx)
      .at(-1);
    return last?.added === true;
  });
}
