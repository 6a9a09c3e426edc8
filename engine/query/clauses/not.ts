/** `(not …)` and `(not-join [?v] …)`: the bindings that the clauses cannot be satisfied with. */
import type { Suspended } from '../../shared/suspend.ts';
import type { NotClause } from '../language/ast.ts';
import { variablesOf } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { isBound } from '../context.ts';
import { antiJoin, project } from '../relation/algebra.ts';
import { queryError, shown } from '../query-error.ts';
import { startOf } from './start.ts';
import type { Relation } from '../relation/relation.ts';

const MAX_NEGATIONS = 64;

export function* solveNot(
  context: Context,
  clause: NotClause,
  bindings: Relation,
): Suspended<Relation> {
  const outer = [...variablesOf(clause)].filter((name) => isBound(context, bindings, name));
  const shared = outer.filter((name) => bindings.has(name));
  if (outer.length === 0)
    throw queryError(
      'query/where',
      `Cannot resolve any more clauses — insufficient bindings: none of #{${[...variablesOf(clause)].join(' ')}} is bound in ${shown(clause.form)}`,
      clause.form,
      ': expected one of them to be bound outside of it',
    );
  if (context.negations >= MAX_NEGATIONS)
    throw queryError(
      'query/where',
      `A rule negates itself: expected at most ${MAX_NEGATIONS} negations within each other`,
      clause.form,
    );
  const inner = { ...context, evaluation: undefined, negations: context.negations + 1 };
  const excluded = yield* context.solve(
    inner,
    clause.clauses,
    yield* startOf(inner, clause.clauses, yield* project(bindings, shared)),
    new Set(shared),
  );
  return yield* antiJoin(bindings, excluded.select(shared));
}
