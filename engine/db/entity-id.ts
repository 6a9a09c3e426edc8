import type { EdnData } from '../../schema/value.ts';
import type { QueryLimits } from '../shared/budget.ts';
import { run } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Db } from './db.ts';
import { resolveEntity } from './lookup.ts';
import { settle } from './settle.ts';

/** The entity that an id, ident or lookup ref names in a database; undefined where it names none. */
export function resolveEntityId(
  db: Db,
  ref: EdnData,
  limits?: QueryLimits,
): Promise<number | undefined> {
  return run(resolve(db, ref), limits);
}

function* resolve(db: Db, ref: EdnData): Suspended<number | undefined> {
  return yield* resolveEntity(yield* settle(db), ref);
}
