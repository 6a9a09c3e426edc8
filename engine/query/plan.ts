/**
 * Which clause comes next. The order in which clauses were written does not count: of those whose inputs are bound, the one that is
 * expected to leave the fewest bindings goes first.
 */
import type { Suspended } from '../shared/suspend.ts';
import type { Clause, Rules } from './ast.ts';
import { variablesOf } from './ast.ts';
import { estimatePattern } from './clauses/pattern.ts';
import type { Context } from './context.ts';
import { inputsOf, outputsOf } from './inputs.ts';
import { queryError } from './query-error.ts';
import type { Relation } from './relation.ts';

/** An unbound rule or `or` may give anything; it waits for what narrows it. */
const UNKNOWN_SIZE = 1e6;

/** How many datoms each pattern can match at most, counted once for each execution. */
export type Estimates = Map<Clause, number>;

/**
 * The place of the next clause among those that are left.
 *
 * @throws BAD_QUERY (`query/where`) where the inputs of none are bound
 */
export function* chooseNext(
  context: Context,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
  estimates: Estimates,
): Suspended<number> {
  let best = -1;
  let bestCost = Infinity;
  for (const [i, clause] of clauses.entries()) {
    if (!isReady(clause, clauses, bindings, context.rules)) continue;
    const cost = yield* costOf(context, clause, bindings, estimates);
    if (cost < bestCost) [best, bestCost] = [i, cost];
  }
  if (best >= 0) return best;
  const unbound = clauses.flatMap((clause) =>
    [...inputsOf(clause, context.rules)].filter((name) => !bindings.has(name)),
  );
  throw queryError(
    'query/where',
    `Cannot resolve any more clauses - insufficient bindings: #{${[...new Set(unbound)].join(' ')}} not bound in`,
    clauses[0]?.form,
  );
}

function isReady(
  clause: Clause,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
  rules: Rules,
): boolean {
  const missing = [...inputsOf(clause, rules)].filter((name) => !bindings.has(name));
  if (missing.length === 0) return true;
  if (clause.kind !== 'not') return false;
  // A variable that nothing outside can bind is the business of the `not` alone.
  return missing.every((name) =>
    clauses.every((other) => other === clause || !outputsOf(other, rules).has(name)),
  );
}

function* costOf(
  context: Context,
  clause: Clause,
  bindings: Relation,
  estimates: Estimates,
): Suspended<number> {
  const bound = [...variablesOf(clause)].filter((name) => bindings.has(name)).length;
  switch (clause.kind) {
    case 'call':
      return clause.binding === undefined ? 0 : 1;
    case 'not':
      return 2;
    case 'or':
    case 'rule':
      return bound === 0 ? bindings.length * UNKNOWN_SIZE : bindings.length * 50;
    case 'pattern': {
      let matches = estimates.get(clause);
      if (matches === undefined) {
        matches = yield* estimatePattern(context, clause);
        estimates.set(clause, matches);
      }
      return patternCost(matches, bindings, bound > 0 || bindings.variables.length === 0);
    }
  }
}

/** What joins by a variable is taken to keep about as many bindings as there are; what shares none multiplies them. */
function patternCost(matches: number, bindings: Relation, isConnected: boolean): number {
  if (!isConnected) return 3 + (bindings.length + 1) * (matches + 1) * 4;
  return bindings.variables.length === 0 ? 3 + matches : 3 + Math.min(matches, bindings.length * 2);
}
