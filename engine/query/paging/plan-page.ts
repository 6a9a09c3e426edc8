/** Whether a page is made by an index that gives it in its order, and by which: the one that is expected to take the least work. */
import { advance, prefixRange } from '../../datom/chunk-cursor.ts';
import type { SettledDb } from '../../db/scan.ts';
import { countRows, scan } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { openNames } from '../answer/find.ts';
import type { Context } from '../context.ts';
import type { Clause, Query, Variable } from '../language/ast.ts';
import { variablesOf } from '../language/ast.ts';
import { matchesOf } from '../patterns/estimate.ts';
import { DriveAccess } from './access.ts';
import { drivesOf } from './drives.ts';

export interface PagePlan {
  readonly access: DriveAccess;
  /** The clauses that are worked out with each batch. */
  readonly rest: ReadonlyArray<Clause>;
  /** Whether rows of the index that are different make rows of the answer that are. */
  readonly areSeparate: boolean;
  /** Whether each row of the index is one of the answer, at the place that it has in the index but for rows that have to be with it. */
  readonly canSkip: boolean;
  /** About how many rows of the index the page takes. */
  readonly expected: number;
  /** It is not worth more work than this. */
  readonly most: number;
  /** The work of a batch. */
  readonly costOf: (rowCount: number) => number;
}

// Work is told in rows of an index that could be read meanwhile.

/** Of the start, and the first batch. */
const START_COST = 1_500;

/** To find what an entity says, among the costs that a batch has beside. */
const LOOK_COST = 80;

/** To join with one more of many rows, as those do who work out everything. */
const JOIN_COST = 40;

/** To make a row of the answer and sort it. */
const ROW_COST = 4;

/** What is expected may be wrong: a page is made by itself where all is so many times as much work, and until it took such a part of that. */
const LEAST_GAIN = 4;

/** To look for different values batch by batch, against all at once. */
const DISTINCT_COST = 6;

/** What a predicate is taken to leave. */
const SHARE_OF_TEST = 0.5;

export function* planPage(
  context: Context,
  query: Query,
  limit: number,
  offset: number,
): Suspended<PagePlan | undefined> {
  const db = databaseIn(context, query);
  const names = openNames(context, query);
  if (db === undefined || names.length === 0) return undefined;
  let best: PagePlan | undefined;
  let matches: ReadonlyArray<number> | undefined;
  for (const drive of drivesOf(query, db.schema)) {
    const access = yield* DriveAccess.open(context, db, drive);
    if (access === undefined) continue;
    const { rest } = access;
    const areSeparate = access.isDeterminedBy(names);
    const canSkip = areSeparate && access.isExact && rest.every((one) => isLookUp(access, one));
    const count = canSkip ? limit : offset + limit;
    const common = { access, rest, areSeparate, canSkip };
    // No more is looked at than is shown.
    if (canSkip || (rest.length === 0 && areSeparate && drive.isWhole))
      return { expected: count, most: Infinity, costOf: sameCost, ...common };
    if (drive.restWork > 0) {
      matches ??= yield* matchesOf(context, query.where);
      // Few are worked out at once.
      if (Math.min(...matches) * LOOK_COST < START_COST * LEAST_GAIN) return best;
    }
    const wanted = areSeparate ? count : yield* rowsFor(access, names, count);
    const found = yield* estimated(context, query, access, wanted, matches);
    if (found === undefined) continue;
    const { expected, most, costOf: cost } = found;
    const plan = { expected, most, costOf: cost, ...common };
    if (best !== undefined && costOf(best) <= costOf(plan)) continue;
    best = plan;
    // Those that come after it leave as much to do for a row, and take no fewer of them.
    if (best.expected <= count) break;
  }
  return best;
}

/** Whether a clause leaves every row, and adds what its entity has. */
function isLookUp({ drive }: DriveAccess, clause: Clause): boolean {
  return drive.columns.some((column) => column.kind === 'lookUp' && column.clause === clause);
}

function costOf(plan: PagePlan): number {
  return plan.costOf(plan.expected);
}

const sameCost = (rowCount: number): number => rowCount;

/** The database that is asked without a name, where all that is asked is databases and all single inputs have values. */
function databaseIn(
  { sources, constants }: Context,
  { in: inputs, where }: Query,
): SettledDb | undefined {
  for (const { kind } of sources.values()) if (kind !== 'database') return undefined;
  for (const input of inputs) {
    if (input.kind !== 'binding' || input.binding.kind !== 'scalar') continue;
    const { name } = input.binding;
    if (!constants.has(name) && where.some((clause) => variablesOf(clause).has(name)))
      return undefined;
  }
  const source = sources.get('$');
  return source?.kind === 'database' && source.db.window?.history !== true ? source.db : undefined;
}

/** About how many rows of an index there are for so many different values; Infinity where there is no telling. */
function* rowsFor(
  access: DriveAccess,
  names: ReadonlyArray<Variable>,
  count: number,
): Suspended<number> {
  const { db, drive, order, range } = access;
  if (drive.by === 'entity' || drive.v === undefined || !names.includes(drive.v)) return Infinity;
  const rows = scan(db, order, range, drive.isReverse);
  if (!(yield* advance(rows))) return 0;
  const row = drive.isReverse ? rows.hi - 1 : rows.lo;
  return count * (yield* countRows(db, order, access.rangeLike(rows.keys, row)));
}

/** What the other clauses leave of the rows of an index. */
interface Rest {
  readonly share: number;
  /** Into the database for each row, beside patterns. */
  readonly looks: number;
  readonly costOf: (rowCount: number) => number;
}

/** Undefined where the page is not expected to be worth it. `wanted`: how many rows that have what the other clauses ask for. */
function* estimated(
  context: Context,
  { where }: Query,
  access: DriveAccess,
  wanted: number,
  known: ReadonlyArray<number> | undefined,
): Suspended<Pick<PagePlan, 'expected' | 'most' | 'costOf'> | undefined> {
  const { db, order, range, drive, limits, rest } = access;
  const rows = yield* countRows(db, order, range);
  if (rest.length === 0)
    return wanted * DISTINCT_COST > rows
      ? undefined
      : { expected: wanted, most: Infinity, costOf: sameCost };
  if (wanted > rows || rows * LOOK_COST < START_COST * LEAST_GAIN) return undefined;
  const isPart =
    limits !== undefined || drive.isComposite || (drive.by === 'entity' && order === 'avet');
  const { number: a } = drive.attribute;
  const all = isPart ? yield* countRows(db, 'aevt', prefixRange({ a })) : rows;
  const matches = known ?? (yield* matchesOf(context, where));
  const others = restOf(access, where, matches, Math.max(all, 1));
  const expected = Math.ceil(wanted / others.share);
  const most = costOfAll(where, matches, rows, rows * others.share, others.looks) / LEAST_GAIN;
  return expected > rows || START_COST + others.costOf(expected) > most
    ? undefined
    : { expected, most, costOf: others.costOf };
}

/** As if the clauses had nothing to do with each other. `all`: how many entities have the attribute of the index. */
function restOf(
  { drive, rest }: DriveAccess,
  where: ReadonlyArray<Clause>,
  matches: ReadonlyArray<number>,
  all: number,
): Rest {
  let share = 1;
  const ofPatterns: number[] = [];
  for (const clause of rest) {
    const own = matches[where.indexOf(clause)] ?? Infinity;
    if (own !== Infinity) share *= Math.min(1, own / all);
    // What a value is found for goes on being one.
    else if (clause.kind !== 'call' || clause.binding === undefined) share *= SHARE_OF_TEST;
    if (clause.kind === 'pattern') ofPatterns.push(own);
  }
  const looks = drive.restWork - ofPatterns.length;
  // What matches a pattern is read as a whole where that is less.
  const costOf = (rowCount: number): number =>
    ofPatterns.reduce(
      (sum, own) => sum + Math.min(rowCount * LOOK_COST, 2 * own),
      rowCount * (ROW_COST + looks * LOOK_COST),
    );
  return { share, looks, costOf };
}

/** About what it costs to work out everything, rather less than more. */
function costOfAll(
  where: ReadonlyArray<Clause>,
  matches: ReadonlyArray<number>,
  rows: number,
  answers: number,
  looks: number,
): number {
  const ofPatterns = matches.filter((_, place) => where[place]?.kind === 'pattern');
  const least = Math.min(rows, ...ofPatterns);
  return ofPatterns.reduce(
    (sum, own) => sum + Math.min(own, least * JOIN_COST),
    least * looks * JOIN_COST + ROW_COST * Math.min(least, answers),
  );
}
