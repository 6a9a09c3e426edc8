import type { EdnData } from '../../schema/value.ts';
import { run } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Db } from './db.ts';
import { resolveEntity } from './lookup.ts';
import { settle } from './settle.ts';

/** The entity that an id, ident or lookup ref names in a database; undefined where it names none. */
export function resolveEntityId(db: Db, ref: EdnData): Promise<number | undefined> {
  return run(resolve(db, ref));
}

function* resolve(db: Db, ref: EdnData): Suspended<number | undefined> {
  return yield* resolveEntity(yield* settle(db), ref);
}
