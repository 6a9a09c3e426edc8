/** How many datoms a database has, in all and of what, as Datahike counts them. */
import type { Datom, Db, EdnData, EdnMap, Keyword, QueryLimits } from '../../engine/index.ts';
import { datoms, history, kw } from '../../engine/index.ts';
import { bounded } from './bounded.ts';

const IDENT = kw('db/ident');

/** Tallies of what is counted one by one. */
class Tally {
  readonly counts = new Map<EdnData, number>();

  add(what: EdnData, amount = 1): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + amount);
  }

  total(isMeant: (what: EdnData) => boolean = () => true): number {
    let total = 0;
    for (const [what, count] of this.counts) if (isMeant(what)) total += count;
    return total;
  }
}

/**
 * `{:per-attr-counts :per-entity-counts :count :avet-count}`, and with history `:temporal-count` and `:temporal-avet-count`: of all assertions and
 * retractions, but for attributes without history, and for values of attributes with many that still hold.
 *
 * @throws DEADLINE_EXCEEDED
 */
export async function metrics(db: Db, limits: QueryLimits): Promise<EdnMap> {
  const [attributes, entities, kept] = [new Tally(), new Tally(), new Tally()];
  const { schema } = db;
  const nameOf = ({ a, attribute }: Datom): EdnData => schema.identOfNumber(a) ?? attribute;
  const isIndexed = (name: EdnData): boolean =>
    name === IDENT || schema.userAttributes.get(name as Keyword)?.indexed === true;
  for await (const datom of bounded(datoms(db, 'eavt'), limits)) {
    attributes.add(nameOf(datom));
    entities.add(datom.e);
    if (schema.attribute(datom.a)?.cardinality === 'many') kept.add(nameOf(datom), -1);
  }
  const counts = new Map<EdnData, EdnData>([
    [kw('per-attr-counts'), attributes.counts],
    [kw('per-entity-counts'), entities.counts],
    [kw('count'), attributes.total()],
    [kw('avet-count'), attributes.total(isIndexed)],
  ]);
  if (!db.config.keepHistory) return counts;
  for await (const datom of bounded(datoms(history(db), 'eavt'), limits))
    if (schema.attribute(datom.a)?.noHistory !== true) kept.add(nameOf(datom));
  return counts
    .set(kw('temporal-count'), kept.total())
    .set(kw('temporal-avet-count'), kept.total(isIndexed));
}
