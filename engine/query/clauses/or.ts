/** `(or …)` and `(or-join [?v] …)`: the bindings of all branches together. */
import type { Suspended } from '../../shared/suspend.ts';
import type { OrClause } from '../ast.ts';
import { variablesOf } from '../ast.ts';
import type { Context } from '../context.ts';
import { join } from '../join.ts';
import { queryError } from '../query-error.ts';
import { Relation } from '../relation.ts';

export function* solveOr(
  context: Context,
  clause: OrClause,
  bindings: Relation,
): Suspended<Relation> {
  const variables = [...variablesOf(clause)];
  const missing = clause.required.find((variable) => !bindings.has(variable));
  if (missing !== undefined)
    throw queryError('query/where', `Insufficient bindings: ${missing} is not bound`, clause.form);
  const shared = bindings.project(variables.filter((variable) => bindings.has(variable)));
  let all = Relation.empty(variables);
  for (const branch of clause.branches) {
    const found = yield* context.solve(context, branch, shared);
    const unbound = variables.find((variable) => !found.has(variable));
    if (unbound !== undefined)
      throw queryError('query/where', `A branch of 'or' does not bind ${unbound}`, clause.form);
    all = all.union(found.project(variables));
  }
  return join(bindings, all.distinct());
}
