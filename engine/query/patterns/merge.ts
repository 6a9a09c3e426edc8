/** A pattern whose entities are bound, by one pass over its attribute beside the sorted column of the entities. */
import { valueEquals } from '../../../schema/value-key.ts';
import type { ScanRange } from '../../datom/chunk-cursor.ts';
import { advance } from '../../datom/chunk-cursor.ts';
import { scan } from '../../db/scan.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Variable } from '../ast.ts';
import { arrange, combine, distinct, take } from '../relation/algebra.ts';
import type { Column, Rows } from '../relation/column.ts';
import { IntegerBuffer, ROWS_PER_PAUSE, gather } from '../relation/column.ts';
import type { Relation } from '../relation/relation.ts';
import { sortRows } from '../relation/sort-rows.ts';
import type { Access } from './components.ts';
import { accessTo, isRef } from './components.ts';
import { EntityMerge } from './entity-merge.ts';
import { Matches } from './matches.ts';
import { dependenciesOf, isDistinct } from './traits.ts';
import type { Way } from './way.ts';
import { entityIds, nothing } from './way.ts';

export function* mergeByEntity(
  way: Way,
  entity: Variable,
  unsorted: Relation,
): Suspended<Relation> {
  const { db, clause, fixed } = way;
  const { bindings, ids } = yield* sortedByEntity(way, entity, unsorted);
  const last = ids.at(-1) ?? -1;
  if (last < 0) return nothing(clause, bindings);
  const access = accessTo(db, fixed);
  const matches = new Matches(db, clause, fixed, access.prefix, new Set([entity]));
  const merge = new EntityMerge(ids);
  const at = new IntegerBuffer(ids.length);
  const rows = scan(db, access.order, rangeOfEntities(access, Math.max(0, ids[0]!), last));
  let sincePause = 0;
  while (yield* advance(rows)) {
    merge.visit(rows.keys.e, rows.lo, rows.hi);
    matches.addMerged(rows.keys, merge);
    at.append(merge.at.subarray(0, merge.count));
    sincePause += rows.hi - rows.lo;
    if (sincePause < ROWS_PER_PAUSE) continue;
    sincePause = 0;
    yield PAUSE;
  }
  const merged = yield* besides(way, bindings, matches.relation(), at.view());
  return isDistinct(db, clause, fixed) ? merged : yield* distinct(merged);
}

/** The bindings in the order of their entities, and the ids of these. */
function* sortedByEntity(
  way: Way,
  entity: Variable,
  bindings: Relation,
): Suspended<{ readonly bindings: Relation; readonly ids: Int32Array }> {
  const column = bindings.column(entity);
  const ids = yield* entityIds(way.db, column);
  if (bindings.sortedBy === entity) return { bindings, ids };
  const rows = yield* sortRows(ids);
  const sortedBy = column === ids ? entity : undefined;
  return {
    bindings: yield* arrange(bindings, rows, sortedBy),
    ids: (yield* gather(ids, rows)) as Int32Array,
  };
}

/** The rows of an attribute, or of one value of it, from one entity to another. */
function rangeOfEntities({ prefix }: Access, first: number, last: number): ScanRange {
  return {
    from: { bound: { ...prefix, e: first }, inclusive: true },
    to: { bound: { ...prefix, e: last }, inclusive: true },
  };
}

/** What was found beside the bindings that it was found for; where both bind a variable they have to agree. */
function* besides(way: Way, bindings: Relation, found: Relation, at: Rows): Suspended<Relation> {
  const { db, clause, fixed } = way;
  const dependencies = dependenciesOf(db, clause, fixed);
  const added = found.variables.filter((name) => !bindings.has(name));
  const both = yield* combine(bindings, found.select(added), at, undefined, dependencies);
  let equal: Rows | undefined;
  for (const name of found.variables) {
    if (added.includes(name)) continue;
    const isValue = clause.terms[2]?.kind === 'variable' && clause.terms[2].name === name;
    const column = both.column(name);
    const own = isValue && isRef(db, fixed.a) ? yield* entityIds(db, column) : column;
    const rows = rowsOfEqual(own, found.column(name), equal);
    equal = rows;
  }
  return equal === undefined ? both : yield* take(both, equal);
}

/** Of some rows, or of all, those in which two columns have the same value. */
function rowsOfEqual(one: Column, other: Column, rows: Rows | undefined): Rows {
  const equal = new IntegerBuffer(64);
  const count = rows?.length ?? one.length;
  for (let i = 0; i < count; i++) {
    const row = rows === undefined ? i : rows[i]!;
    if (one[row] === other[row] || valueEquals(one[row]!, other[row]!)) equal.push(row);
  }
  return equal.view();
}
