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
import type { KeptPattern } from '../clauses/rule-evaluation.ts';
import { distinct, join, joinIndexed, project } from '../relation/algebra.ts';
import type { Relation } from '../relation/relation.ts';
import { accessTo, constantsOf } from './components.ts';
import {
  describeJoin,
  describeMerge,
  describeNothing,
  describeScan,
  describeSeek,
  describeUnknown,
} from './describe.ts';
import { matchTuples } from './match-tuples.ts';
import { mergeByEntity } from './merge.ts';
import { areResolved, scanAll, scanAndJoin } from './scan.ts';
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
  if (source.kind === 'tuples') {
    context.trace?.note(`scan of ${clause.source}${describeJoin(clause, bindings)}`);
    return yield* join(bindings, yield* distinct(yield* matchTuples(clause, source.tuples)));
  }
  const { db } = source;
  const [, attribute] = clause.terms;
  if (attribute?.kind === 'constant') context.trace?.note(describeUnknown(db, attribute.value));
  const fixed = yield* constantsOf(db, clause);
  if (fixed === undefined || bindings.length === 0) {
    context.trace?.note(describeNothing(bindings));
    return nothing(clause, bindings);
  }
  const way: Way = { db, clause, fixed };
  const kept = context.evaluation?.pattern(db, clause);
  if (kept !== undefined && areResolved(way, bindings)) {
    const relation = yield* relationOf(way, kept, bindings);
    if (relation !== undefined) {
      context.trace?.note(`kept from before${describeJoin(clause, bindings)}`);
      return yield* joinIndexed(bindings, relation, kept.indexes);
    }
  }
  const key = seekKey(way, bindings);
  const scanned = (): Suspended<Relation> => {
    context.trace?.note(describeScan(way, bindings));
    return scanAndJoin(way, bindings);
  };
  if (key === undefined) return yield* scanned();
  const sought = (): Suspended<Relation> => {
    context.trace?.note(describeSeek(way, key));
    return seekAll(way, key, bindings);
  };
  if (bindings.length <= FEW) return yield* sought();
  const { order, range } = accessTo(db, fixed);
  const scanCost = yield* countRows(db, order, range);
  if (bindings.length * SEEK_COST < scanCost) return yield* sought();
  const entity = key.parts[0] === 'e' && fixed.a !== undefined ? key.variables[0] : undefined;
  if (entity !== undefined) {
    context.trace?.note(describeMerge(way, entity));
    return yield* mergeByEntity(way, entity, bindings);
  }
  const questions = yield* project(bindings, key.variables);
  return yield* questions.length * SEEK_COST < scanCost ? sought() : scanned();
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
    count = yield* countMatches(db, clause);
    if (clause === written) known.set(clause, count);
  }
  return count;
}

/** The pattern with the single inputs as constants. */
function clauseIn(context: Context, clause: PatternClause): PatternClause {
  const { terms } = clause;
  if (!terms.some((term) => termIn(context, term) !== term)) return clause;
  return { ...clause, terms: terms.map((term) => termIn(context, term)) };
}

function* countMatches(db: SettledDb, clause: PatternClause): Suspended<number> {
  const fixed = yield* constantsOf(db, clause);
  if (fixed === undefined) return 0;
  const { a, v } = fixed;
  // A count would cost as much as the answer.
  const isOne = v !== undefined && a !== undefined && db.schema.attribute(a)?.unique !== undefined;
  if (isOne && db.window === undefined) return 1;
  const { order, range } = accessTo(db, fixed);
  return yield* countRows(db, order, range);
}
