/** Whether a page is made by an index that gives it in its order, and by which: the one that is expected to take the least work. */
import { prefixRange } from '../../datom/chunk-cursor.ts';
import type { SettledDb } from '../../db/scan.ts';
import { countRows } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { openNames } from '../answer/find.ts';
import type { Context } from '../context.ts';
import type { Clause, Query } from '../language/ast.ts';
import { variablesOf } from '../language/ast.ts';
import { matchesOf } from '../patterns/estimate.ts';
import { SEEK_COST } from '../patterns/pattern.ts';
import { DriveAccess } from './access.ts';
import { drivesOf } from './drives.ts';

export interface PagePlan {
  readonly access: DriveAccess;
  /** The clauses that are worked out with each batch. */
  readonly rest: ReadonlyArray<Clause>;
  /** About how many rows of the index the page takes. */
  readonly expected: number;
  /** It is not worth more work than this, in rows that are read. */
  readonly most: number;
}

/** What it costs to start, in rows that are read. */
const START_COST = 300;

/** To make a row of the answer and sort it costs as much as to read so many. */
const ROW_COST = 4;

/** What is expected may be wrong: only where all is so many times as much work is a page made by itself. */
const LEAST_GAIN = 3;

/** The share of the work for all that may be for nothing. */
const MOST_WASTE = 0.25;

/** What a predicate is taken to leave. */
const SHARE_OF_TEST = 0.5;

/** `count`: how many rows of the answer are wanted, with those before them. */
export function* planPage(
  context: Context,
  query: Query,
  count: number,
): Suspended<PagePlan | undefined> {
  const db = databaseIn(context, query);
  if (db === undefined || openNames(context, query).length === 0) return undefined;
  let best: { readonly plan: PagePlan; readonly cost: number } | undefined;
  for (const drive of drivesOf(query, db.schema)) {
    const access = yield* DriveAccess.open(context, db, drive);
    if (access === undefined) continue;
    const { rest } = access;
    if (rest.length === 0) {
      const plan = { access, rest, expected: count, most: Infinity };
      if (drive.isWhole) return plan;
      // Rows that are to be sorted among each other may be many.
      if (best === undefined || best.cost > count * ROW_COST)
        best = { plan, cost: count * ROW_COST };
      continue;
    }
    const found = yield* estimated(context, query, access, rest, count);
    if (found !== undefined && (best === undefined || found.cost < best.cost)) best = found;
  }
  return best?.plan;
}

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

function* estimated(
  context: Context,
  { where }: Query,
  access: DriveAccess,
  rest: ReadonlyArray<Clause>,
  count: number,
): Suspended<{ readonly plan: PagePlan; readonly cost: number } | undefined> {
  const { db, order, range, drive, limits } = access;
  const rows = yield* countRows(db, order, range);
  // So few are worked out at once.
  if (rows < START_COST) return undefined;
  const isPart =
    limits !== undefined || drive.isComposite || (drive.by === 'entity' && order === 'avet');
  const a = drive.attribute.number;
  const all = isPart ? yield* countRows(db, 'aevt', prefixRange({ a })) : rows;
  const matches = yield* matchesOf(context, where);
  const share = shareOf(where, rest, matches, drive.e, Math.max(all, 1));
  if (share === 0) return undefined;
  const expected = Math.min(rows, Math.ceil(count / share));
  const plan = { access, rest, expected, most: 0 };
  const cost = START_COST + expected * costPerRow(plan);
  const costOfAll = costOf(where, matches, rows, rows * share);
  return cost * LEAST_GAIN > costOfAll
    ? undefined
    : { plan: { ...plan, most: costOfAll * MOST_WASTE + cost }, cost };
}

/** What it costs to work out the rest for a row of the index. */
export function costPerRow({ access: { drive } }: Pick<PagePlan, 'access'>): number {
  return 1 + SEEK_COST * drive.restWork;
}

/** About which part of the rows of the index the other clauses leave. */
function shareOf(
  where: ReadonlyArray<Clause>,
  rest: ReadonlyArray<Clause>,
  matches: ReadonlyArray<number>,
  entity: string,
  all: number,
): number {
  let share = 1;
  for (const clause of rest) {
    if (clause.kind !== 'pattern') share *= SHARE_OF_TEST;
    else {
      const [e] = clause.terms;
      const isOfEntity = e?.kind === 'variable' && e.name === entity;
      const own = matches[where.indexOf(clause)] ?? Infinity;
      if (isOfEntity) share = Math.min(share, own / all);
    }
  }
  return share;
}

/** About what it costs to work out everything, rather less than more. */
function costOf(
  where: ReadonlyArray<Clause>,
  matches: ReadonlyArray<number>,
  rows: number,
  answers: number,
): number {
  const ofPatterns = matches.filter((_, place) => where[place]?.kind === 'pattern');
  const least = Math.min(rows, ...ofPatterns);
  const joined = ofPatterns.map((own) => Math.min(own, least * SEEK_COST));
  return joined.reduce((sum, cost) => sum + cost, 0) + ROW_COST * Math.min(least, answers);
}
