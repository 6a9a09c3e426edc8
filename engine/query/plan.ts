/**
 * Which clause comes next. The order in which clauses were written does not count: of those whose inputs are bound, the one that is
 * expected to leave the fewest bindings goes first.
 */
import type { DatabaseError } from '../../schema/error.ts';
import { didYouMean } from '../shared/suggest.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Clause, Variable } from './language/ast.ts';
import { variablesOf } from './language/ast.ts';
import { factsOf } from './clause-facts.ts';
import type { Context } from './context.ts';
import { isBound } from './context.ts';
import { answersOf } from './patterns/estimate.ts';
import type { Limits } from './patterns/limits.ts';
import { limitsOn } from './patterns/limits.ts';
import { queryError, shown } from './query-error.ts';
import type { Relation } from './relation/relation.ts';

/** What is to be done next. */
export interface Step {
  readonly clause: Clause;
  /** What predicates, which need not be worked out by themselves any more, leave of the values of a pattern. */
  readonly limits: Limits | undefined;
  /** How many bindings there are expected to be after it; undefined where nobody can tell. */
  readonly expected: number | undefined;
}

/** The clauses of a conjunction that are left. */
export class Plan {
  readonly rest: Clause[];
  readonly #context: Context;
  readonly #all: ReadonlyArray<Clause>;
  /** About how many bindings each clause that is left has by itself. */
  readonly #matches: number[];

  constructor(context: Context, clauses: ReadonlyArray<Clause>, matches: ReadonlyArray<number>) {
    this.#context = context;
    this.#all = clauses;
    this.rest = [...clauses];
    this.#matches = [...matches];
  }

  /** Whether a pattern that nothing matches leaves nothing, whatever else there is. */
  get isHopeless(): boolean {
    return this.#matches.includes(0) && this.isOfPatterns;
  }

  /** Whether only patterns are left: they add nothing where there is nothing. */
  get isOfPatterns(): boolean {
    return this.rest.every(({ kind }) => kind === 'pattern');
  }

  /** Takes the next clause out. @throws BAD_QUERY (`query/where`) where the inputs of none are bound */
  *next(bindings: Relation): Suspended<Step> {
    const context = this.#context;
    const { rest } = this;
    // The rounds of a rule share what they read of a pattern, so there it is neither asked about nor narrowed.
    const isOfRule = context.evaluation !== undefined;
    const isChoice = rest.length > 1 && !isOfRule;
    const answers = isChoice ? yield* answersOf(context, rest, bindings) : NO_ANSWERS;
    const place = this.#choose(answers, bindings);
    const expected = this.#expectedRows(place, answers[place], bindings);
    const clause = this.#take(place);
    const isLimited = clause.kind === 'pattern' && isChoice;
    const limits = isLimited ? limitsOn(context, clause, rest) : undefined;
    for (const predicate of limits?.predicates ?? []) this.#take(rest.indexOf(predicate));
    return { clause, limits, expected };
  }

  #take(place: number): Clause {
    this.#matches.splice(place, 1);
    return this.rest.splice(place, 1)[0]!;
  }

  /** `answers`: about how many bindings each clause makes of those that there are, where that was asked for. */
  #choose(answers: ReadonlyArray<number | undefined>, bindings: Relation): number {
    const { rest } = this;
    let best = -1;
    let bestCost = Infinity;
    for (let i = 0; i < rest.length; i++) {
      const clause = rest[i]!;
      if (!isReady(this.#context, clause, rest, bindings)) continue;
      const expected = answers[i];
      const cost =
        expected === undefined
          ? costOf(this.#context, clause, bindings, this.#matches[i]!)
          : STEP_COST + expected;
      if (best < 0 || cost < bestCost) [best, bestCost] = [i, cost];
    }
    if (best >= 0) return best;
    throw unboundError(this.#context, rest, bindings, this.#all);
  }

  #expectedRows(
    place: number,
    answers: number | undefined,
    bindings: Relation,
  ): number | undefined {
    const clause = this.rest[place]!;
    const matches = this.#matches[place]!;
    if (answers !== undefined) return Math.round(answers);
    if (clause.kind === 'call' || clause.kind === 'not') return bindings.length;
    if (clause.kind === 'rule' || matches === Infinity) return undefined;
    return isConnected(this.#context, clause, bindings)
      ? connectedRows(matches, bindings)
      : bindings.length * matches;
  }
}

const NO_ANSWERS: ReadonlyArray<undefined> = [];

/** What every pattern costs, whatever it finds. */
const STEP_COST = 3;

/** An unbound rule or `or` may give anything; it waits for what narrows it. */
const UNKNOWN_SIZE = 1e6;

/** None of the clauses can be worked out: the first of them, and what it waits for. */
function unboundError(
  context: Context,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
  all: ReadonlyArray<Clause>,
): DatabaseError {
  const unboundIn = (clause: Clause): Variable[] =>
    factsOf(clause, context.rules).inputs.filter((name) => !isBound(context, bindings, name));
  const unbound = clauses.map(unboundIn);
  const [names = []] = unbound;
  const known = new Set([...bindings.variables, ...context.constants.keys()]);
  for (const clause of all) for (const name of variablesOf(clause)) known.add(name);
  for (const name of unbound.flat()) known.delete(name);
  const meant = didYouMean(names[0] ?? '', known);
  const form = clauses[0]?.form ?? null;
  return queryError(
    'query/where',
    `Cannot resolve any more clauses — insufficient bindings: #{${names.join(' ')}} not bound in ${shown(form)}`,
    form,
    meant === '' ? '; bind it by a pattern, a function or :in' : meant,
  );
}

function isReady(
  context: Context,
  clause: Clause,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
): boolean {
  // Patterns always are.
  if (clause.kind === 'pattern') return true;
  const { inputs } = factsOf(clause, context.rules);
  if (inputs.every((name) => isBound(context, bindings, name))) return true;
  if (clause.kind !== 'not') return false;
  // A variable that nothing outside can bind is the business of the `not` alone.
  return inputs.every(
    (name) =>
      isBound(context, bindings, name) ||
      clauses.every(
        (other) => other === clause || !factsOf(other, context.rules).outputs.has(name),
      ),
  );
}

/** `matches`: about how many bindings the clause has by itself. */
function costOf(context: Context, clause: Clause, bindings: Relation, matches: number): number {
  switch (clause.kind) {
    case 'call':
      return clause.binding === undefined ? 0 : 1;
    case 'not':
      return 2;
    case 'rule':
      return bindings.length * (isConnected(context, clause, bindings) ? 50 : UNKNOWN_SIZE);
    case 'or': {
      const isJoined = isConnected(context, clause, bindings);
      const asked = bindings.length * (isJoined ? 50 : UNKNOWN_SIZE);
      return Math.min(asked, joinCost(matches, bindings, isJoined));
    }
    case 'given':
    case 'pattern':
      return joinCost(matches, bindings, isConnected(context, clause, bindings));
  }
}

function isConnected({ rules }: Context, clause: Clause, bindings: Relation): boolean {
  if (bindings.variables.length === 0) return false;
  const { variables } = factsOf(clause, rules);
  return bindings.variables.some((name) => variables.has(name));
}

/** What joins by a variable is taken to keep about as many bindings as there are; what shares none multiplies them. */
function joinCost(matches: number, bindings: Relation, isJoined: boolean): number {
  if (bindings.variables.length === 0) return STEP_COST + matches;
  if (!isJoined) return STEP_COST + (bindings.length + 1) * (matches + 1) * 4;
  return STEP_COST + connectedRows(matches, bindings);
}

function connectedRows(matches: number, bindings: Relation): number {
  return Math.min(matches, bindings.length * 2);
}
