/** A pattern whose entities are bound, by one pass over its attribute beside the sorted column of the entities. */
import type { ScanRange } from '../../datom/chunk-cursor.ts';
import { advance } from '../../datom/chunk-cursor.ts';
import { scan } from '../../db/scan.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Variable } from '../language/ast.ts';
import { arrange } from '../relation/algebra.ts';
import { IntegerBuffer, ROWS_PER_PAUSE, gather } from '../relation/column.ts';
import type { Relation } from '../relation/relation.ts';
import { sortRows } from '../relation/sort-rows.ts';
import type { Access } from './components.ts';
import { answersBeside } from './beside.ts';
import { accessTo } from './components.ts';
import { EntityMerge } from './entity-merge.ts';
import { Matches } from './matches.ts';
import type { Way } from './way.ts';
import { entityIds, nothing } from './way.ts';

export function* mergeByEntity(
  way: Way,
  entity: Variable,
  unsorted: Relation,
): Suspended<Relation> {
  const { db, terms, fixed } = way;
  const { bindings, ids } = yield* sortedByEntity(way, entity, unsorted);
  const last = ids.at(-1) ?? -1;
  if (last < 0) return nothing(terms, bindings);
  const access = accessTo(db, fixed);
  const matches = new Matches(way, access, [entity]);
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
  return yield* answersBeside(way, bindings, matches.relation(), at.view());
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
