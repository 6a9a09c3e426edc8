/**
 * Data patterns `[e a v tx added]`. There are three ways to the datoms that match:
 *
 * - a merge, where entities are bound: one pass over the attribute beside their sorted column;
 * - a seek for each distinct binding, where few bindings stand against many datoms;
 * - a scan with what is constant, joined by hash.
 */
import type { SettledDb } from '../../db/scan.ts';
import { countRows } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { PatternClause } from '../ast.ts';
import type { Context } from '../context.ts';
import { sourceOf, termIn } from '../context.ts';
import { distinct, join, project } from '../relation/algebra.ts';
import type { Relation } from '../relation/relation.ts';
import { accessTo, constantsOf } from './components.ts';
import { matchTuples } from './match-tuples.ts';
import { mergeByEntity } from './merge.ts';
import { scanAndJoin } from './scan.ts';
import { seekAll, seekKey } from './seek.ts';
import type { Way } from './way.ts';
import { nothing } from './way.ts';

/** A seek costs about as much as scanning so many datoms. */
const SEEK_COST = 12;

/** So few bindings are sought without asking what a scan would cost. */
const FEW = 2;

export function* solvePattern(
  context: Context,
  written: PatternClause,
  bindings: Relation,
): Suspended<Relation> {
  const clause = clauseIn(context, written);
  const source = sourceOf(context, clause.source);
  if (source.kind === 'tuples')
    return yield* join(bindings, yield* distinct(matchTuples(clause, source.tuples)));
  const { db } = source;
  const fixed = yield* constantsOf(db, clause);
  if (fixed === undefined || bindings.length === 0) return nothing(clause, bindings);
  const way: Way = { db, clause, fixed };
  const key = seekKey(way, bindings);
  if (key === undefined) return yield* scanAndJoin(way, bindings);
  if (bindings.length <= FEW) return yield* seekAll(way, key, bindings);
  const { order, range } = accessTo(db, fixed);
  const scanCost = yield* countRows(db, order, range);
  if (bindings.length * SEEK_COST < scanCost) return yield* seekAll(way, key, bindings);
  const entity = key.parts[0] === 'e' && fixed.a !== undefined ? key.variables[0] : undefined;
  if (entity !== undefined) return yield* mergeByEntity(way, entity, bindings);
  const questions = yield* project(bindings, key.variables);
  if (questions.length * SEEK_COST < scanCost) return yield* seekAll(way, key, bindings);
  return yield* scanAndJoin(way, bindings);
}

/** How many datoms patterns match, by database value: neither ever changes. */
const counts = new WeakMap<SettledDb, WeakMap<PatternClause, number>>();

/** How many datoms the constants of a pattern leave; what the planner goes by. */
export function* estimatePattern(context: Context, written: PatternClause): Suspended<number> {
  const clause = clauseIn(context, written);
  const source = sourceOf(context, clause.source);
  if (source.kind === 'tuples') return source.tuples.length;
  const { db } = source;
  let known = counts.get(db);
  if (known === undefined) counts.set(db, (known = new WeakMap()));
  let count = known.get(clause);
  if (count === undefined) {
    const fixed = yield* constantsOf(db, clause);
    const { order, range } = accessTo(db, fixed ?? {});
    count = fixed === undefined ? 0 : yield* countRows(db, order, range);
    known.set(clause, count);
  }
  return count;
}

/** The pattern with the single inputs as constants. */
function clauseIn(context: Context, clause: PatternClause): PatternClause {
  const { terms } = clause;
  if (!terms.some((term) => termIn(context, term) !== term)) return clause;
  return { ...clause, terms: terms.map((term) => termIn(context, term)) };
}
