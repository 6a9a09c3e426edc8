/** `(or …)` and `(or-join [?v] …)`: the bindings of all branches together. */
import { budget } from '../../shared/budget.ts';
import { together } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Clause, OrClause, Variable } from '../language/ast.ts';
import { variablesOf } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { isBound } from '../context.ts';
import { join, project, union } from '../relation/algebra.ts';
import { queryError } from '../query-error.ts';
import { startOf } from './start.ts';
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
  const solutions = clause.branches.map((branch) =>
    solveBranch(context, branch, shared, variables, clause),
  );
  // What they wait for they wait for together; but rules that are being worked out take their questions one after the other.
  const answers: Relation[] = [];
  if (context.evaluation === undefined) answers.push(...(yield* together(solutions)));
  else for (const solution of solutions) answers.push(yield* solution);
  return yield* join(bindings, yield* union(variables, answers));
}

function* solveBranch(
  context: Context,
  branch: ReadonlyArray<Clause>,
  shared: Relation,
  variables: ReadonlyArray<Variable>,
  { form }: OrClause,
): Suspended<Relation> {
  const start = yield* startOf(context, branch, shared);
  const found = yield* context.solve(context, branch, start, new Set(variables));
  const unbound = variables.find((variable) => !found.has(variable));
  if (unbound !== undefined)
    throw queryError(
      'query/where',
      `Expected each branch to bind ${unbound}, one does not, in`,
      form,
    );
  budget().hold(found.bytes);
  return found;
}
