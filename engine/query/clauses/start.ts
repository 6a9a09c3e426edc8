/** What the clauses within a clause are worked out from. */
import type { Suspended } from '../../shared/suspend.ts';
import type { Clause, Rules } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { openInputs, outputsOf } from '../inputs.ts';
import { matchesOfAll } from '../patterns/estimate.ts';
import type { Column } from '../relation/column.ts';
import { Relation } from '../relation/relation.ts';

/**
 * The bindings around the clauses, which narrow what has to be looked at. Where these are more than what the clauses have by themselves it
 * is less work to start with none: the outcome is joined with them anyway.
 */
export function* startOf(
  context: Context,
  clauses: ReadonlyArray<Clause>,
  shared: Relation,
): Suspended<Relation> {
  if (shared.variables.length === 0 || !canStandAlone(context.rules, clauses, shared))
    return shared;
  return (yield* matchesOfAll(context, clauses)) < shared.length ? Relation.unit : shared;
}

/** Whether clauses bind all that is shared, whatever is bound before. */
function canStandAlone(
  rules: Rules,
  clauses: ReadonlyArray<Clause>,
  { variables, columns }: Relation,
): boolean {
  if (!columns.every(isPlain) || openInputs(clauses, rules).length > 0) return false;
  const bound = new Set(clauses.flatMap((clause) => [...outputsOf(clause, rules)]));
  return variables.every((name) => bound.has(name));
}

/** Whether nothing in a column can stand for an entity by another name than its id. */
function isPlain(column: Column): boolean {
  return column instanceof Int32Array || column.every((value) => typeof value !== 'object');
}
