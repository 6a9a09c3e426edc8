/**
 * Which clause comes next. The order in which clauses were written does not count: of those whose inputs are bound, the one that is
 * expected to leave the fewest bindings goes first.
 */
import type { DatabaseError } from '../../schema/error.ts';
import { didYouMean } from '../shared/suggest.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Clause, Rules, Variable } from './ast.ts';
import { variablesOf } from './ast.ts';
import type { Context } from './context.ts';
import { isBound } from './context.ts';
import { inputsOf, outputsOf } from './inputs.ts';
import { matchesOf } from './patterns/estimate.ts';
import { queryError } from './query-error.ts';
import type { Relation } from './relation/relation.ts';

/** An unbound rule or `or` may give anything; it waits for what narrows it. */
const UNKNOWN_SIZE = 1e6;

/** What is known of a clause before it meets any data. */
export interface ClauseFacts {
  readonly variables: ReadonlySet<Variable>;
  /** Variables that have to be bound before. */
  readonly inputs: ReadonlyArray<Variable>;
  /** Variables that it can bind. */
  readonly outputs: ReadonlySet<Variable>;
}

const factsByRules = new WeakMap<Rules, WeakMap<Clause, ClauseFacts>>();

/** Looked up once for each clause and set of rules: clauses are parsed once. */
export function factsOf(clause: Clause, rules: Rules): ClauseFacts {
  let known = factsByRules.get(rules);
  if (known === undefined) factsByRules.set(rules, (known = new WeakMap()));
  let facts = known.get(clause);
  if (facts === undefined) {
    facts = {
      variables: variablesOf(clause),
      inputs: [...inputsOf(clause, rules)],
      outputs: outputsOf(clause, rules),
    };
    known.set(clause, facts);
  }
  return facts;
}

/**
 * The place of the next clause among those that are left.
 *
 * @param matches - about how many bindings each clause has by itself
 * @throws BAD_QUERY (`query/where`) where the inputs of none are bound
 */
export function chooseNext(
  context: Context,
  clauses: ReadonlyArray<Clause>,
  matches: ReadonlyArray<number>,
  bindings: Relation,
  /** Those that came before as well, for messages. */
  all: ReadonlyArray<Clause>,
): number {
  let best = -1;
  let bestCost = Infinity;
  for (let i = 0; i < clauses.length; i++) {
    const clause = clauses[i]!;
    if (!isReady(context, clause, clauses, bindings)) continue;
    const cost = costOf(context, clause, bindings, matches[i]!);
    if (cost < bestCost) [best, bestCost] = [i, cost];
  }
  if (best >= 0) return best;
  throw unboundError(context, clauses, bindings, all);
}

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
  return queryError(
    'query/where',
    `Cannot resolve any more clauses - insufficient bindings: #{${names.join(' ')}} not bound in`,
    clauses[0]?.form,
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

/** How many bindings a clause is expected to leave, by what the order of the clauses goes by; undefined where nobody can tell. */
export function* expectedRows(
  context: Context,
  clause: Clause,
  bindings: Relation,
): Suspended<number | undefined> {
  if (clause.kind === 'rule') return undefined;
  if (clause.kind === 'call' || clause.kind === 'not') return bindings.length;
  const [matches = Infinity] = yield* matchesOf(context, [clause]);
  if (matches === Infinity) return undefined;
  return isConnected(context, clause, bindings)
    ? connectedRows(matches, bindings)
    : bindings.length * matches;
}

/** What joins by a variable is taken to keep about as many bindings as there are; what shares none multiplies them. */
function joinCost(matches: number, bindings: Relation, isJoined: boolean): number {
  if (bindings.variables.length === 0) return 3 + matches;
  if (!isJoined) return 3 + (bindings.length + 1) * (matches + 1) * 4;
  return 3 + connectedRows(matches, bindings);
}

function connectedRows(matches: number, bindings: Relation): number {
  return Math.min(matches, bindings.length * 2);
}
