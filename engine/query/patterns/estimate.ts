/** How many datoms the constants of patterns leave: what the planner goes by. */
import type { ScanRange } from '../../datom/chunk-cursor.ts';
import type { IndexOrder } from '../../datom/index-order.ts';
import type { SettledDb } from '../../db/scan.ts';
import { countRowsNow } from '../../db/scan.ts';
import type { Miss, Suspended } from '../../shared/suspend.ts';
import type { Clause, PatternClause, Term } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { databaseOf, sourceOf, valueIn } from '../context.ts';
import type { Relation } from '../relation/relation.ts';
import { accessTo, isLookupRef } from './components.ts';
import { limitsOn, rangeWithin } from './limits.ts';
import { termsIn } from './pattern.ts';
import { expectedAnswers, seekKey } from './seek.ts';
import type { Way } from './way.ts';
import { wayOf } from './way.ts';

/** How many datoms patterns without inputs match, by database value: neither ever changes. */
const counts = new WeakMap<SettledDb, WeakMap<PatternClause, number>>();

/** A range of an index whose rows have to be counted. */
interface Uncounted {
  readonly place: number;
  readonly clause: PatternClause;
  readonly db: SettledDb;
  readonly order: IndexOrder;
  readonly range: ScanRange;
  /** Whether no predicate narrows it. */
  readonly isWhole: boolean;
}

/**
 * About how many bindings each clause has by itself. Of a pattern, that is how many datoms match what is constant in it: exact in the present,
 * at least as many of the past. What has to be read for it is read for all patterns together. Infinity where there is no telling.
 */
export function* matchesOf(context: Context, clauses: ReadonlyArray<Clause>): Suspended<number[]> {
  const matches = new Array<number>(clauses.length).fill(Infinity);
  let misses: Miss[] = [];
  let isHopeless = false;
  let uncounted: Uncounted[] | undefined;
  for (let place = 0; place < clauses.length; place++) {
    const clause = clauses[place]!;
    if (clause.kind === 'given') matches[place] = clause.relation.length;
    if (clause.kind === 'or') matches[place] = yield* matchesOfAny(context, clause.branches);
    if (clause.kind !== 'pattern') continue;
    // A lookup ref is always looked up: one that names nobody is refused.
    const isNamed = hasLookupRef(context, clause);
    // Where one has none there will be none, whatever the others have.
    if (isHopeless && !isNamed) continue;
    const limits = limitsOn(context, clause, clauses);
    const known = limits === undefined && !isNamed ? knownMatches(context, clause) : undefined;
    if (known !== undefined) {
      matches[place] = known;
      isHopeless ||= known === 0;
      continue;
    }
    const db = databaseOf(context, clause.source);
    const way = yield* wayOf(db, termsIn(context, clause), limits);
    if (way === undefined) matches[place] = 0;
    else {
      const one = { place, clause, db, ...rangeOf(way) };
      if (!count(context, one, matches, misses)) (uncounted ??= []).push(one);
    }
    isHopeless ||= matches[place] === 0;
  }
  while (uncounted !== undefined) {
    yield misses;
    misses = [];
    const left: Uncounted[] = [];
    for (const one of uncounted) if (!count(context, one, matches, misses)) left.push(one);
    uncounted = left.length > 0 ? left : undefined;
  }
  return matches;
}

/** Counts where all that it needs is in memory; else notes what is missing. */
function count(context: Context, one: Uncounted, matches: number[], misses: Miss[]): boolean {
  const { place, clause, db, order, range, isWhole } = one;
  const before = misses.length;
  const rows = countRowsNow(db, order, range, misses);
  if (misses.length > before) return false;
  matches[place] = rows;
  if (isWhole && termsIn(context, clause) === clause.terms) remember(db, clause, rows);
  return true;
}

function rangeOf({ db, fixed, limits }: Way): Pick<Uncounted, 'order' | 'range' | 'isWhole'> {
  const { order, range } = accessTo(db, fixed);
  const { a } = fixed;
  return limits !== undefined && order === 'aevt' && a !== undefined && db.schema.isIndexed(a)
    ? { order: 'avet', range: rangeWithin(a, limits), isWhole: false }
    : { order, range, isWhole: true };
}

/** Of alternatives: each has about as many bindings as its smallest part. */
function* matchesOfAny(
  context: Context,
  branches: ReadonlyArray<ReadonlyArray<Clause>>,
): Suspended<number> {
  let sum = 0;
  for (const branch of branches) sum += yield* matchesOfAll(context, branch);
  return sum;
}

/** About how many bindings clauses have together, where they are joined. */
export function* matchesOfAll(context: Context, clauses: ReadonlyArray<Clause>): Suspended<number> {
  return Math.min(...(yield* matchesOf(context, clauses)));
}

/**
 * About how many bindings each pattern makes of those that there are, where only its values are bound: that is how many have such a value,
 * which a few of the bindings tell. Undefined for other clauses.
 */
export function* answersOf(
  context: Context,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
): Suspended<Array<number | undefined>> {
  const answers = new Array<number | undefined>(clauses.length);
  if (bindings.variables.length === 0 || bindings.length === 0) return answers;
  for (let place = 0; place < clauses.length; place++) {
    const clause = clauses[place]!;
    if (clause.kind === 'pattern')
      answers[place] = yield* answersOfPattern(context, clause, bindings);
  }
  return answers;
}

function* answersOfPattern(
  context: Context,
  clause: PatternClause,
  bindings: Relation,
): Suspended<number | undefined> {
  const [e, , v] = clause.terms;
  const isByValue = v?.kind === 'variable' && bindings.has(v.name);
  if (!isByValue || (e?.kind === 'variable' && bindings.has(e.name))) return undefined;
  if (sourceOf(context, clause.source).kind === 'tuples') return undefined;
  const db = databaseOf(context, clause.source);
  const way = yield* wayOf(db, termsIn(context, clause), undefined);
  if (way === undefined) return 0;
  const key = seekKey(way, bindings);
  return key === undefined ? undefined : yield* expectedAnswers(way, key, bindings);
}

function hasLookupRef(context: Context, clause: PatternClause): boolean {
  const { length } = clause.terms;
  for (let place = 0; place < length; place++) {
    const value = valueIn(context, clause.terms[place]!);
    if (value !== undefined && isLookupRef(value)) return true;
  }
  return false;
}

function remember(db: SettledDb, clause: PatternClause, rows: number): void {
  let known = counts.get(db);
  if (known === undefined) counts.set(db, (known = new WeakMap()));
  known.set(clause, rows);
}

/** What is known without a look into an index. */
function knownMatches(context: Context, clause: PatternClause): number | undefined {
  const source = sourceOf(context, clause.source);
  if (source.kind === 'tuples') return source.tuples.length;
  const { db } = source;
  const [, a, v] = clause.terms;
  if (db.window === undefined && a?.kind === 'constant' && isFixed(context, v)) {
    const number = db.schema.numberFor(a.value);
    // A count would cost as much as the answer.
    if (number !== undefined && db.schema.attribute(number)?.unique !== undefined) return 1;
  }
  return termsIn(context, clause) === clause.terms ? counts.get(db)?.get(clause) : undefined;
}

/** Whether a term is a constant of this execution. */
function isFixed({ constants }: Context, term: Term | undefined): boolean {
  return term?.kind === 'constant' || (term?.kind === 'variable' && constants.has(term.name));
}
