/** Pull: what entities say, in the shape of a pattern. */
import { readEdn } from '../../schema/edn-read.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Db } from '../db/db.ts';
import { PRESENT } from '../db/db.ts';
import { requireEntity } from '../db/lookup.ts';
import { settle } from '../db/settle.ts';
import type { QueryLimits } from '../shared/budget.ts';
import type { Miss, Suspended } from '../shared/suspend.ts';
import { loadAll, run } from '../shared/suspend.ts';
import type { PullPlan } from './parse.ts';
import { parsePull } from './parse.ts';
import { pullMany as pullLevels, pullNow } from './pull-levels.ts';

/**
 * A map of what the pattern asks of an entity, given by id, ident or lookup ref; null where nothing is there. The keys are keywords, or
 * what `:as` says.
 *
 * @throws ENTITY_NOT_FOUND, BAD_QUERY, SCHEMA_VIOLATION
 */
export async function pull(
  db: Db,
  pattern: EdnData,
  entity: EdnData,
  limits?: QueryLimits,
): Promise<EdnMap | null> {
  const plan = planOf(pattern);
  const isId = typeof entity === 'number' && Number.isInteger(entity) && entity > 0;
  const mayBeNow = isId && db.view === PRESENT;
  for (let round = 0; mayBeNow && round < MAX_ROUNDS; round++) {
    const misses: Miss[] = [];
    const now = pullNow(db, plan, entity, misses);
    if (now !== undefined) return now;
    if (misses.length === 0 || limits !== undefined) break;
    await loadAll(misses);
  }
  const [pulled] = await run(pullAll(db, plan, [entity]), limits);
  return pulled ?? null;
}

/** More than any tree is high: where nodes go as fast as they come, the other way holds those that it has. */
const MAX_ROUNDS = 8;

/** As {@link pull} for many entities, in one pass per level of the pattern: one place for each entity, in order. */
export function pullMany(
  db: Db,
  pattern: EdnData,
  entities: ReadonlyArray<EdnData>,
  limits?: QueryLimits,
): Promise<ReadonlyArray<EdnMap | null>> {
  return run(pullAll(db, planOf(pattern), entities), limits);
}

function* pullAll(
  db: Db,
  plan: PullPlan,
  entities: ReadonlyArray<EdnData>,
): Suspended<ReadonlyArray<EdnMap | null>> {
  const settled = yield* settle(db);
  const ids: number[] = [];
  for (const entity of entities) ids.push(yield* requireEntity(settled, entity));
  return yield* pullLevels(settled, plan, ids);
}

const plans = new WeakMap<object, PullPlan>();

/** Parsed once for each pattern object; texts are read anew. */
function planOf(pattern: EdnData): PullPlan {
  const form = typeof pattern === 'string' ? readEdn(pattern) : pattern;
  if (typeof form !== 'object' || form === null) return parsePull(form);
  let plan = plans.get(form);
  if (plan === undefined) {
    plan = parsePull(form);
    plans.set(form, plan);
  }
  return plan;
}
