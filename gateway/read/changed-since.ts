/** Which entities something was said of since a point in time, as the log tells: that costs what has happened since then, and not what there is. */
import { DatabaseError } from '../../schema/error.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { kw, sym } from '../../schema/keyword.ts';
import type { EntityType } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Snapshot } from '../../services/reader/reader.ts';
import type { AsOf } from './as-of.ts';
import { timePointOf } from './as-of.ts';
import { badInput } from './bad-input.ts';
import { predicate } from './query/query-scope.ts';
import { Slots } from './query/slots.ts';
import type { ReadScope } from './scope.ts';

/** So many entities may have changed, and so much may the log hold since. */
const MAX_ENTITIES = 10_000;
const MAX_CHANGES = 50_000;

/**
 * The entities of a type that are there and may be seen, of which a field that may be seen was asserted or retracted after a point in time.
 *
 * @throws BAD_USER_INPUT, FORBIDDEN, LIMIT_EXCEEDED
 */
export async function changedSince(
  scope: ReadScope,
  type: EntityType,
  since: AsOf,
): Promise<ReadonlyArray<number>> {
  const point = timePointOf(since, 'since');
  if (type.access?.history === false)
    throw new DatabaseError('FORBIDDEN', `The caller may not see what was of ${type.name}`);
  if (!scope.snapshot.config.keepHistory)
    throw badInput('since', 'asks for what this database does not keep, which is its history');
  const from = typeof point === 'number' ? point + 1 : await firstAfter(scope.snapshot, point);
  if (from === undefined || from > scope.snapshot.basisTx) return [];
  const entities = Array.from(await saidOf(scope, attributesOf(type), from));
  if (entities.length === 0) return entities;
  const slots = new Slots([entities, ...scope.claims]);
  const { query, inputs } = scope.lists.members(type);
  return (await scope.snapshot.q(query, inputs(slots.values))) as ReadonlyArray<number>;
}

function attributesOf({ fields }: EntityType): ReadonlySet<Keyword | undefined> {
  const own = Array.from(fields.values()).filter(({ kind }) => kind !== 'reverse');
  return new Set(own.map(({ attribute }) => attribute.ident));
}

async function saidOf(
  { snapshot, asOf, log, limits }: ReadScope,
  attributes: ReadonlySet<unknown>,
  from: number,
): Promise<ReadonlySet<number>> {
  const { basisTx } = snapshot;
  const { instant: until } = asOf ?? {};
  const entities = new Set<number>();
  let changesLeft = MAX_CHANGES;
  // Whoever leaves the loop ends what it goes through.
  const { signal } = new AbortController();
  for await (const { tx, instant, changes } of log.transactions(from, signal, limits)) {
    // As of an instant there are no transactions that were later.
    const isThere = !(until instanceof Date) || (instant !== undefined && instant <= until);
    for (const { e, attribute } of isThere ? changes : [])
      if (attributes.has(attribute)) entities.add(e);
    changesLeft -= changes.length;
    if (entities.size > MAX_ENTITIES || changesLeft < 0) throw tooMuch(tx);
    if (tx >= basisTx) break;
  }
  return entities;
}

function tooMuch(tx: number): DatabaseError {
  return new DatabaseError(
    'LIMIT_EXCEEDED',
    `More than ${MAX_ENTITIES} entities or ${MAX_CHANGES} facts have changed since then, up to transaction ${tx} alone; ask for what changed since a later point, or for everything`,
    { data: { place: 'since', limit: MAX_ENTITIES } },
  );
}

const [TX, INSTANT, POINT] = [sym('?tx'), sym('?instant'), sym('?point')];

const FIRST_AFTER = new Map<EdnData, EdnData>([
  [kw('find'), [TX]],
  [kw('in'), [sym('$'), POINT]],
  [kw('where'), [[TX, kw('db/txInstant'), INSTANT], predicate('>', INSTANT, POINT)]],
  [kw('order-by'), [TX, kw('asc')]],
  [kw('limit'), 1],
]);

/** The first transaction later than an instant. */
async function firstAfter(snapshot: Snapshot, point: Date): Promise<number | undefined> {
  const [first] = (await snapshot.q(FIRST_AFTER, [point])) as ReadonlyArray<readonly [number]>;
  return first?.[0];
}
