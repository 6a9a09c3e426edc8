/** Rule calls: what a call asks of a rule, and what it makes of the answers. How a rule is worked out, see `evaluate-rules.ts`. */
import { didYouMean } from '../../shared/suggest.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { RuleClause } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { termIn } from '../context.ts';
import { isLookupRef } from '../patterns/components.ts';
import { queryError } from '../query-error.ts';
import type { Relation } from '../relation/relation.ts';
import { withEntityIds } from './entity-arguments.ts';
import { RuleEvaluation } from './rule-evaluation.ts';
import { completeRules } from './evaluate-rules.ts';
import { RuleCall } from './rule-call.ts';

export function* solveRule(
  context: Context,
  clause: RuleClause,
  bindings: Relation,
): Suspended<Relation> {
  const branches = context.rules.get(clause.name);
  if (branches === undefined)
    throw queryError(
      'query/where',
      `Unknown rule '${clause.name}' in`,
      clause.form,
      didYouMean(clause.name, context.rules.keys()),
    );
  const terms = clause.arguments.map((term) => termIn(context, term));
  const asked = yield* withEntityIds(context, { ...clause, arguments: terms });
  const call = new RuleCall(context, asked, branches[0]!.head.length);
  const evaluation = context.evaluation ?? new RuleEvaluation();
  const questions = yield* call.questions(bindings);
  evaluation.hasLookupRefs ||= hasLookupRef(questions);
  const table = evaluation.tableOf(call, questions.variables);
  yield* table.questions.add(
    table.questions.variables.length === 0 ? questions.select([]) : questions,
  );
  if (context.evaluation === undefined) {
    yield* completeRules({ ...context, evaluation }, evaluation);
    context.trace?.noteRules(evaluation, context.rules);
  }
  return yield* call.answer(bindings, table.answers.all());
}

function hasLookupRef({ columns }: Relation): boolean {
  return columns.some((column) => !(column instanceof Int32Array) && column.some(isLookupRef));
}
