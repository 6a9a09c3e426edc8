/**
 * Data patterns `[e a v tx added]`. There are three ways to the datoms that match:
 *
 * - a merge, where entities are bound: one pass over the attribute beside their sorted column;
 * - a seek for each distinct binding, where few bindings stand against many datoms;
 * - a scan with what is constant, joined by hash.
 */
import { countRows } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { PatternClause, Term } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { sourceOf, termIn } from '../context.ts';
import type { KeptPattern } from '../clauses/rule-evaluation.ts';
import { queryError, shown } from '../query-error.ts';
import { distinct, join, joinIndexed, project } from '../relation/algebra.ts';
import type { Relation } from '../relation/relation.ts';
import { PARTS, accessTo } from './components.ts';
import {
  describeJoin,
  describeMerge,
  describeNothing,
  describeScan,
  describeSeek,
  describeUnknown,
} from './describe.ts';
import type { Limits } from './limits.ts';
import { matchTuples } from './match-tuples.ts';
import { mergeByEntity } from './merge.ts';
import { accessFor, areResolved, scanAll, scanAndJoin } from './scan.ts';
import type { SeekKey } from './seek.ts';
import { expectedAnswers, seekAll, seekKey, seekOne } from './seek.ts';
import type { Way } from './way.ts';
import { nothing, wayOf } from './way.ts';

/** A seek costs about as much as scanning so many datoms. */
const SEEK_COST = 40;

/** The bindings joined with all that matches, of that only what is within the limits on the values. */
export function* solvePattern(
  context: Context,
  clause: PatternClause,
  bindings: Relation,
  limits: Limits | undefined,
): Suspended<Relation> {
  const { trace } = context;
  const terms = termsIn(context, clause);
  const source = sourceOf(context, clause.source);
  if (source.kind === 'tuples') {
    trace?.note(`scan of ${clause.source}${describeJoin(terms, bindings)}`);
    return yield* join(bindings, yield* distinct(yield* matchTuples(terms, source.tuples)));
  }
  const { db } = source;
  checkShape(clause, terms);
  const [, a] = terms;
  if (a?.kind === 'constant') trace?.note(describeUnknown(db, a.value));
  const way = bindings.length === 0 ? undefined : yield* wayOf(db, terms, limits);
  if (way === undefined) {
    trace?.note(describeNothing(bindings));
    return nothing(terms, bindings);
  }
  const kept = context.evaluation?.pattern(db, clause);
  if (kept !== undefined && areResolved(way, bindings)) {
    const seeks = bindings.variables.length === 0 ? Infinity : bindings.length;
    const relation = yield* relationOf(way, kept, seeks);
    if (relation !== undefined) {
      trace?.note(`kept from before${describeJoin(terms, bindings)}`);
      return yield* joinIndexed(bindings, relation, kept.indexes);
    }
  }
  if (bindings.variables.length === 0) {
    trace?.note(describeScan(way, yield* accessFor(way), bindings));
    return yield* scanAll(way);
  }
  const key = seekKey(way, bindings);
  if (key !== undefined && bindings.length === 1) {
    trace?.note(describeSeek(way, key));
    return yield* seekOne(way, key, bindings);
  }
  const choice = key === undefined ? 'scan' : yield* chooseWay(way, key, bindings);
  if (key === undefined || choice === 'scan') {
    trace?.note(describeScan(way, yield* accessFor(way), bindings));
    return yield* scanAndJoin(way, bindings);
  }
  if (choice === 'merge' && key.e !== undefined) {
    trace?.note(describeMerge(way, key.e));
    return yield* mergeByEntity(way, key.e, bindings);
  }
  trace?.note(describeSeek(way, key));
  return yield* seekAll(way, key, bindings);
}

/** The least work of the three ways. */
function* chooseWay(
  way: Way,
  key: SeekKey,
  bindings: Relation,
): Suspended<'seek' | 'merge' | 'scan'> {
  const { db, fixed } = way;
  const { order, range } = accessTo(db, fixed);
  const scanCost = yield* countRows(db, order, range);
  if (key.e !== undefined) {
    if (bindings.length * SEEK_COST < scanCost) return 'seek';
    if (fixed.a !== undefined) return 'merge';
  }
  const questions = yield* project(bindings, key.variables);
  const isSought =
    questions.length * SEEK_COST < scanCost &&
    (yield* expectedAnswers(way, key, questions)) < scanCost / 2;
  return isSought ? 'seek' : 'scan';
}

/** @throws BAD_QUERY for more places than a datom has, and for a fifth that says neither true nor false */
function checkShape({ form }: PatternClause, terms: ReadonlyArray<Term>): void {
  if (terms.length <= PARTS.indexOf('added')) return;
  const added = terms[PARTS.indexOf('added')];
  if (terms.length > PARTS.length)
    throw queryError('query/where', 'Pattern mismatch: expected [e a v tx added] at most', form);
  if (added?.kind === 'constant' && typeof added.value !== 'boolean')
    throw queryError(
      'query/where',
      `Pattern mismatch: expected true, false or a variable in the fifth place, got ${shown(added.value)}, in`,
      form,
    );
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
  const way = yield* wayOf(db, clause.terms, undefined);
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
