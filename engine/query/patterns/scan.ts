/** A pattern by one scan with what is constant in it, joined by hash. */
import { missOf } from '../../datom/chunk-cursor.ts';
import { countRows, scan } from '../../db/scan.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Variable } from '../language/ast.ts';
import { combine, distinct, join } from '../relation/algebra.ts';
import type { Column } from '../relation/column.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';
import { Relation } from '../relation/relation.ts';
import type { Access } from './components.ts';
import { accessTo } from './components.ts';
import { rangeWithin } from './limits.ts';
import { Matches } from './matches.ts';
import { dependenciesOf, isDistinct } from './traits.ts';
import type { Way } from './way.ts';
import { entityIds, isRef } from './way.ts';

const NONE_KNOWN: ReadonlyArray<Variable> = [];

/** All bindings of the pattern alone. */
export function* scanAll(way: Way): Suspended<Relation> {
  const { db, terms } = way;
  const access = way.limits === undefined ? accessTo(db, way.fixed) : yield* accessFor(way);
  const { order, range, isLimited } = access;
  const matches = new Matches(way, access, NONE_KNOWN);
  const rows = scan(db, order, range);
  let sincePause = 0;
  for (let step = rows.next(); step !== 'done'; step = rows.next()) {
    if (step === 'missing') {
      yield missOf(rows);
      continue;
    }
    matches.addRange(rows.keys, rows.lo, rows.hi);
    sincePause += rows.hi - rows.lo;
    if (sincePause < ROWS_PER_PAUSE) continue;
    sincePause = 0;
    yield PAUSE;
  }
  const [e] = terms;
  if (matches.length === 1) return matches.relation();
  const found = matches.relation({
    sortedBy: order !== 'eavt' && !isLimited && e?.kind === 'variable' ? e.name : undefined,
    dependencies: dependenciesOf(way),
  });
  return isDistinct(way) ? found : yield* distinct(found);
}

/** To put entities in their order costs about as much as reading so many times as many of them. */
const ORDER_COST = 4;

/** By the limits on the values where these leave so few that it is worth to have them in their order. */
export function* accessFor({ db, fixed, limits }: Way): Suspended<Access> {
  const access = accessTo(db, fixed);
  const { a } = fixed;
  if (limits === undefined || access.order !== 'aevt' || a === undefined || !db.schema.isIndexed(a))
    return access;
  const range = rangeWithin(a, limits);
  const within = yield* countRows(db, 'avet', range);
  const all = yield* countRows(db, access.order, access.range);
  return within * (limits.isOrderWanted ? ORDER_COST : 1) < all
    ? { order: 'avet', prefix: { a }, range, isLimited: true }
    : access;
}

/** Names the row of the bindings that a joined row came from. */
const ROW = 'row';

/**
 * The bindings joined with all that matches. What stands for entities but is no id (idents and lookup refs that came in as inputs) is
 * joined by the id and stays what the caller gave.
 */
export function* scanAndJoin(way: Way, bindings: Relation): Suspended<Relation> {
  const found = yield* scanAll(way);
  const columns = yield* resolvedColumns(way, bindings);
  if (columns === undefined) return yield* join(bindings, found);
  const numbers = Int32Array.from(bindings.columns[0] ?? [], (_, row) => row);
  const numbered = new Relation(
    [...bindings.variables, ROW],
    [...columns, numbers],
    bindings.length,
  );
  const joined = yield* join(numbered, found);
  const added = joined.variables.filter((name) => name !== ROW && !bindings.has(name));
  const rowsOfBindings = Int32Array.from(joined.column(ROW) as ArrayLike<number>);
  return yield* combine(bindings, joined.select(added), rowsOfBindings);
}

/** Columns in which entities are ids; undefined where all are. */
function* resolvedColumns(
  way: Way,
  bindings: Relation,
): Suspended<ReadonlyArray<Column> | undefined> {
  const places = unresolvedPlaces(way, bindings);
  if (places.length === 0) return undefined;
  const columns = [...bindings.columns];
  for (const place of places) columns[place] = yield* entityIds(way.db, columns[place]!);
  return columns;
}

/** Whether all that stands for entities in the bindings is ids. */
export function areResolved(way: Way, bindings: Relation): boolean {
  return unresolvedPlaces(way, bindings).length === 0;
}

/** The columns of the bindings that stand for entities by something else than ids. */
function unresolvedPlaces({ terms, attribute }: Way, bindings: Relation): number[] {
  return (isRef(attribute) ? [0, 2] : [0]).flatMap((place) => {
    const term = terms[place];
    const own = term?.kind === 'variable' ? bindings.variables.indexOf(term.name) : -1;
    const column = bindings.columns[own];
    const isById =
      column === undefined ||
      column instanceof Int32Array ||
      column.every((value) => typeof value === 'number');
    return isById ? [] : [own];
  });
}
