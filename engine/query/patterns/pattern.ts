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
import type { Limits } from './limits.ts';
import { matchTuples } from './match-tuples.ts';
import { mergeByEntity } from './merge.ts';
import { areResolved, scanAll, scanAndJoin } from './scan.ts';
import { expectedAnswers, seekAll, seekKey, seekOne } from './seek.ts';
import type { Way } from './way.ts';
import { nothing, wayOf } from './way.ts';

/** A seek costs about as much as scanning so many datoms. */
const SEEK_COST = 12;

/** The bindings joined with all that matches, of that only what is within the limits on the values. */
export function* solvePattern(
  context: Context,
  clause: PatternClause,
  bindings: Relation,
  limits: Limits | undefined,
): Suspended<Relation> {
  const terms = termsIn(context, clause);
  const source = sourceOf(context, clause.source);
  if (source.kind === 'tuples')
    return yield* join(bindings, yield* distinct(matchTuples(terms, source.tuples)));
  const { db } = source;
  const way = bindings.length === 0 ? undefined : yield* wayOf(db, terms, limits);
  if (way === undefined) return nothing(terms, bindings);
  const kept = context.evaluation?.pattern(db, clause);
  if (kept !== undefined && areResolved(way, bindings)) {
    const relation = yield* relationOf(way, kept, bindings);
    if (relation !== undefined) return yield* joinIndexed(bindings, relation, kept.indexes);
  }
  const key = bindings.variables.length === 0 ? undefined : seekKey(way, bindings);
  if (key === undefined) return yield* scanAndJoin(way, bindings);
  if (bindings.length === 1) return yield* seekOne(way, key, bindings);
  const { fixed } = way;
  const { order, range } = accessTo(db, fixed);
  const scanCost = yield* countRows(db, order, range);
  if (key.e !== undefined) {
    if (bindings.length * SEEK_COST < scanCost) return yield* seekAll(way, key, bindings);
    if (fixed.a !== undefined) return yield* mergeByEntity(way, key.e, bindings);
  }
  const questions = yield* project(bindings, key.variables);
  const isSought =
    questions.length * SEEK_COST < scanCost &&
    (yield* expectedAnswers(way, key, questions)) < scanCost / 2;
  return isSought ? yield* seekAll(way, key, bindings) : yield* scanAndJoin(way, bindings);
}

/** All bindings of a pattern that is met round after round, once seeks have cost as much as reading them. */
function* relationOf(
  way: Way,
  kept: KeptPattern,
  bindings: Relation,
): Suspended<Relation | undefined> {
  if (kept.relation !== undefined) return kept.relation;
  const { order, range } = accessTo(way.db, way.fixed);
  kept.spent += (bindings.variables.length === 0 ? Infinity : bindings.length) * SEEK_COST;
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
