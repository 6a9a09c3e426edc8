/**
 * Data patterns `[e a v tx added]`. There are three ways to the datoms that match:
 *
 * - a merge, where entities are bound: one pass over the attribute beside their sorted column;
 * - a seek for each distinct binding, where few bindings stand against many datoms;
 * - a scan with what is constant, joined by hash.
 */
import { countRows } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { PatternClause, Term } from '../ast.ts';
import type { Context } from '../context.ts';
import { sourceOf, termIn } from '../context.ts';
import type { KeptPattern } from '../clauses/rule-evaluation.ts';
import { distinct, join, joinIndexed, project } from '../relation/algebra.ts';
import type { Relation } from '../relation/relation.ts';
import { accessTo } from './components.ts';
import { matchTuples } from './match-tuples.ts';
import { mergeByEntity } from './merge.ts';
import { areResolved, scanAll, scanAndJoin } from './scan.ts';
import { seekAll, seekKey, seekOne } from './seek.ts';
import type { Way } from './way.ts';
import { nothing, wayOf } from './way.ts';

/** A seek costs about as much as scanning so many datoms. */
const SEEK_COST = 12;

export function* solvePattern(
  context: Context,
  clause: PatternClause,
  bindings: Relation,
): Suspended<Relation> {
  const terms = termsIn(context, clause);
  const source = sourceOf(context, clause.source);
  if (source.kind === 'tuples')
    return yield* join(bindings, yield* distinct(matchTuples(terms, source.tuples)));
  const { db } = source;
  const way = bindings.length === 0 ? undefined : yield* wayOf(db, terms);
  if (way === undefined) return nothing(terms, bindings);
  const kept = context.evaluation?.pattern(db, clause);
  if (kept !== undefined && areResolved(way, bindings)) {
    const relation = yield* relationOf(
      way,
      kept,
      bindings.variables.length === 0 ? Infinity : bindings.length,
    );
    if (relation !== undefined) return yield* joinIndexed(bindings, relation, kept.indexes);
  }
  const key = bindings.variables.length === 0 ? undefined : seekKey(way, bindings);
  if (key === undefined) return yield* scanAndJoin(way, bindings);
  if (bindings.length === 1) return yield* seekOne(way, key, bindings);
  const { fixed } = way;
  const { order, range } = accessTo(db, fixed);
  const scanCost = yield* countRows(db, order, range);
  if (bindings.length * SEEK_COST < scanCost) return yield* seekAll(way, key, bindings);
  if (key.e !== undefined && fixed.a !== undefined)
    return yield* mergeByEntity(way, key.e, bindings);
  const questions = yield* project(bindings, key.variables);
  if (questions.length * SEEK_COST < scanCost) return yield* seekAll(way, key, bindings);
  return yield* scanAndJoin(way, bindings);
}

/** A pattern within rules that so many rows meet, and all its bindings if they are worth it; undefined where it can be none. */
export function* keptPattern(
  context: Context,
  clause: PatternClause,
  rowCount: number,
): Suspended<KeptPattern | undefined> {
  const source = sourceOf(context, clause.source);
  if (source.kind === 'tuples') return undefined;
  const { db } = source;
  const kept = context.evaluation?.pattern(db, clause);
  if (kept === undefined || kept.relation !== undefined) return kept;
  const way = yield* wayOf(db, clause.terms);
  if (way === undefined) return undefined;
  yield* relationOf(way, kept, rowCount);
  return kept;
}

/** All bindings of a pattern that is met round after round, once seeks have cost as much as reading them. */
function* relationOf(
  way: Way,
  kept: KeptPattern,
  rowCount: number,
): Suspended<Relation | undefined> {
  if (kept.relation !== undefined) return kept.relation;
  const { order, range } = accessTo(way.db, way.fixed);
  kept.spent += rowCount * SEEK_COST;
  if (kept.spent < (yield* countRows(way.db, order, range))) return undefined;
  return (kept.relation = yield* scanAll(way));
}

/** The terms of a pattern with the single inputs as constants. */
export function termsIn(context: Context, { terms }: PatternClause): ReadonlyArray<Term> {
  const { constants } = context;
  if (constants.size === 0) return terms;
  for (const term of terms)
    if (term.kind === 'variable' && constants.has(term.name))
      return terms.map((one) => termIn(context, one));
  return terms;
}
