/**
 * The versions of entities: the last transaction that said something of an entity or of one of its components, what it took back included. So a
 * version changes exactly when what is shown of the whole does, and two readers who see the same version see the same.
 */
import type { QueryLimits } from '../shared/budget.ts';
import type { Miss, Suspended } from '../shared/suspend.ts';
import { PAUSE, run } from '../shared/suspend.ts';
import type { Db } from './db.ts';
import type { VisitRows } from './near-rows.ts';
import { NearRows } from './near-rows.ts';
import { prefetch } from './prefetch.ts';
import type { SettledDb } from './scan.ts';
import { settle } from './settle.ts';

/** Of an entity of which nothing was ever said. */
export const NO_VERSION = 0;

/** A version for each entity. Where the database keeps no history, what was taken back without anything in its place leaves no trace. */
export function entityVersions(
  db: Db,
  entities: ReadonlyArray<number>,
  limits?: QueryLimits,
): Promise<ReadonlyArray<number>> {
  return run(versionsOf(db, entities), limits);
}

/** As {@link entityVersions}, within a computation. */
export function* versionsOf(
  db: Db,
  entities: ReadonlyArray<number>,
): Suspended<ReadonlyArray<number>> {
  const own = new Map<number, number>();
  const components = new Map<number, ReadonlyArray<number>>();
  const { view, config } = db;
  const all = yield* settle(config.keepHistory ? { ...db, view: { ...view, history: true } } : db);
  const present = yield* settle(db);
  // Level by level, so that reads of one level are made together.
  let level: ReadonlyArray<number> = Array.from(new Set(entities));
  while (level.length > 0) {
    yield* visitEach(all, level, (e, keys, lo, hi) => {
      own.set(
        e,
        keys.tx.subarray(lo, hi).reduce((a, b) => Math.max(a, b), own.get(e) ?? NO_VERSION),
      );
    });
    const next = new Set<number>();
    yield* visitEach(present, level, (e, keys, lo, hi) => {
      for (const [i, a] of keys.a.subarray(lo, hi).entries()) {
        if (db.schema.attribute(a)?.component !== true) continue;
        const component = keys.value(lo + i) as number;
        components.set(e, [...(components.get(e) ?? []), component]);
        if (!own.has(component)) next.add(component);
      }
    });
    for (const component of next) own.set(component, NO_VERSION);
    level = Array.from(next);
  }
  return entities.map((entity) => lastOf(entity, own, components));
}

type VisitEntityRows = (e: number, ...rows: Parameters<VisitRows>) => void;

const ENTITIES_PER_PAUSE = 256;

function* visitEach(
  db: SettledDb,
  entities: ReadonlyArray<number>,
  visit: VisitEntityRows,
): Suspended<void> {
  const near = new NearRows(db, 'eavt');
  yield* prefetch(
    db,
    'eavt',
    entities.map((e) => ({ e })),
  );
  for (const [place, e] of entities.entries()) {
    const rows: Array<Parameters<VisitRows>> = [];
    const misses: Miss[] = [];
    const keep: VisitRows = (...some) => rows.push(some) > 0;
    while (!near.visit({ e }, keep, misses)) {
      yield misses.splice(0);
      rows.length = 0;
    }
    for (const some of rows) visit(e, ...some);
    if (place % ENTITIES_PER_PAUSE === ENTITIES_PER_PAUSE - 1) yield PAUSE;
  }
}

/** The latest version of an entity and of all that belongs to it, whatever way around they refer to each other. */
function lastOf(
  entity: number,
  own: ReadonlyMap<number, number>,
  components: ReadonlyMap<number, ReadonlyArray<number>>,
): number {
  const seen = new Set<number>([entity]);
  let last = NO_VERSION;
  for (const each of seen) {
    last = Math.max(last, own.get(each) ?? NO_VERSION);
    for (const component of components.get(each) ?? []) seen.add(component);
  }
  return last;
}
