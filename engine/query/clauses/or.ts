/** `(or …)` and `(or-join [?v] …)`: the bindings of all branches together. */
import { budget } from '../../shared/budget.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { OrClause } from '../ast.ts';
import { variablesOf } from '../ast.ts';
import type { Context } from '../context.ts';
import { isBound } from '../context.ts';
import { join, project, union } from '../relation/algebra.ts';
import { queryError } from '../query-error.ts';
import type { Relation } from '../relation/relation.ts';

export function* solveOr(
  context: Context,
  clause: OrClause,
  bindings: Relation,
): Suspended<Relation> {
  // A variable of `or-join` that no branch speaks of is left alone.
  const mentioned = new Set(clause.branches.flat().flatMap((inner) => [...variablesOf(inner)]));
  const variables = [...variablesOf(clause)].filter(
    (name) => mentioned.has(name) && !context.constants.has(name),
  );
  const missing = clause.required.find((name) => !isBound(context, bindings, name));
  if (missing !== undefined)
    throw queryError(
      'query/where',
      `Insufficient bindings: expected ${missing} to be bound outside of`,
      clause.form,
    );
  const bound = variables.filter((variable) => bindings.has(variable));
  const shared = yield* project(bindings, bound);
  const answers: Relation[] = [];
  for (const branch of clause.branches) {
    const found = yield* context.solve(context, branch, shared, new Set(variables));
    const unbound = variables.find((variable) => !found.has(variable));
    if (unbound !== undefined)
      throw queryError(
        'query/where',
        `Expected each branch to bind ${unbound}, one does not, in`,
        clause.form,
      );
    budget().hold(found.bytes);
    answers.push(found);
  }
  return yield* join(bindings, yield* union(variables, answers));
}
