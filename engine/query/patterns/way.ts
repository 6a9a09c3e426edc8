/** A pattern on its way to the datoms that match it: what all three ways need. */
import type { ValueKey } from '../../../schema/value-key.ts';
import { valueKey } from '../../../schema/value-key.ts';
import type { Bound } from '../../datom/columns.ts';
import type { SettledDb } from '../../db/scan.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { PatternClause } from '../ast.ts';
import { variablesOf } from '../ast.ts';
import type { Column } from '../relation/column.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';
import { Relation } from '../relation/relation.ts';
import { namedEntity } from './components.ts';

export interface Way {
  readonly db: SettledDb;
  readonly clause: PatternClause;
  /** The constants of the pattern. */
  readonly fixed: Bound;
}

/** What a pattern makes of bindings where nothing matches. */
export function nothing(clause: PatternClause, bindings: Relation): Relation {
  return Relation.empty([...new Set([...bindings.variables, ...variablesOf(clause)])]);
}

/** Stands for no entity at all. */
export const NO_ENTITY = -1;

/** The ids of the entities that the values of a variable name: ids, idents, lookup refs. */
export function* entityIds(db: SettledDb, column: Column): Suspended<Int32Array> {
  if (column instanceof Int32Array) return column;
  const ids = new Int32Array(column.length);
  const known = new Map<ValueKey, number>();
  for (const [row, value] of column.entries()) {
    const key = valueKey(value);
    let id = known.get(key);
    if (id === undefined) known.set(key, (id = (yield* namedEntity(db, value)) ?? NO_ENTITY));
    ids[row] = id;
    if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
  }
  return ids;
}
