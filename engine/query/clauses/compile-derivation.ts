/**
 * Derivations of one evaluation, from plans that are kept with the rules. Each is compiled once, as soon as it can be: when the patterns of
 * its branch are kept and all values are integers.
 */
import type { Suspended } from '../../shared/suspend.ts';
import type { Clause, PatternClause, RuleBranch, RuleClause, Variable } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { keptPattern } from '../patterns/pattern.ts';
import { IntegerRows, integersOf } from '../relation/integer-rows.ts';
import type { Relation } from '../relation/relation.ts';
import type { Join, Searched } from './derivation.ts';
import { Derivation } from './derivation.ts';
import type { Candidate, JoinPlan } from './plan-derivation.ts';
import { derivationPlan, isOfVariables, namesOf } from './plan-derivation.ts';
import { RuleCall } from './rule-call.ts';
import type { KeptPattern, RuleEvaluation, RuleTable } from './rule-evaluation.ts';

/** Where a derivation begins. */
export interface Start {
  readonly context: Context;
  readonly evaluation: RuleEvaluation;
  readonly table: RuleTable;
  /** Has patterns and calls only. */
  readonly branch: RuleBranch;
  /** The call that has new answers; undefined for new questions. */
  readonly from: RuleClause | undefined;
}

/** Undefined where there is no such derivation, or not yet. `rowCount`: how many answers or questions are new. */
export function* compileDerivation(
  start: Start,
  rowCount: number,
): Suspended<Derivation | undefined> {
  const { context, table, branch, from } = start;
  const { clauses } = branch;
  const asked = askedNames(start);
  const names = from === undefined ? asked : namesOf(from);
  const calls = clauses.filter((clause) => clause.kind === 'rule');
  if (names.length === 0 || !calls.every(isOfVariables)) return undefined;
  const candidates: Candidate[] = [];
  const rowsByClause = new Map<Clause, IntegerRows>();
  for (const clause of clauses) {
    if (clause.kind !== 'pattern') continue;
    const kept = yield* keptPattern(context, clause, rowCount);
    const rows = rowsOf(kept);
    if (kept?.relation === undefined || rows === undefined) return undefined;
    candidates.push(ofPattern(clause, kept.relation));
    rowsByClause.set(clause, rows);
  }
  if (from !== undefined && asked.length > 0) candidates.push(ofQuestions(table, asked));
  const others = calls.filter((call) => call !== from);
  const plan = derivationPlan(keyOf(start), branch, names, candidates, others);
  if (plan === undefined) return undefined;
  const joins: Join[] = [];
  for (const planned of plan.joins) {
    const join = joinOf(start, planned, rowsByClause);
    if (join === undefined) return undefined;
    joins.push(join);
  }
  return new Derivation(joins, { set: table.answers, places: plan.answer });
}

/** By what plans of one branch are told apart. */
function keyOf({ table, branch, from }: Start): string {
  return `${from === undefined ? '' : branch.clauses.indexOf(from)} ${table.questions.variables.join(' ')}`;
}

/** What is asked of a rule by the names that the branch has for its parameters. */
function askedNames({ table, branch }: Start): Variable[] {
  return table.questions.variables.map((parameter) => branch.head[placeOf(parameter)]!);
}

/** The rows of a pattern that is kept, undefined where it has other values than integers. */
function rowsOf(kept: KeptPattern | undefined): IntegerRows | undefined {
  if (kept?.relation === undefined || kept.rows !== undefined) return kept?.rows;
  const { columns, length } = kept.relation;
  const integers = integersOf(columns);
  if (integers !== undefined) kept.rows = new IntegerRows(integers, length);
  return kept.rows;
}

function ofPattern(clause: PatternClause, relation: Relation): Candidate {
  const { variables } = relation;
  const isDeterminedBy: Candidate['isDeterminedBy'] = (bound) =>
    relation.isDeterminedBy(variables.filter((name) => bound.includes(name)));
  return { clause, names: variables, size: relation.length, isDeterminedBy };
}

function ofQuestions({ questions }: RuleTable, names: ReadonlyArray<Variable>): Candidate {
  const isDeterminedBy: Candidate['isDeterminedBy'] = (bound) =>
    names.every((name) => bound.includes(name));
  return { clause: undefined, names, size: questions.known, isDeterminedBy };
}

/** Undefined where there are other values than integers. */
function joinOf(
  start: Start,
  { clause, asked, keys, searchedKeys, kept, added }: JoinPlan,
  rowsByClause: ReadonlyMap<Clause, IntegerRows>,
): Join | undefined {
  const { searched, question } =
    clause?.kind === 'rule'
      ? answersTo(start, clause, asked)
      : {
          searched: clause === undefined ? start.table.questions : fixed(rowsByClause.get(clause)),
        };
  const index = searched.integers?.indexOn(searchedKeys);
  return index && { searched, question, index, keys, kept, added };
}

function fixed(rows: IntegerRows | undefined): Searched {
  return { integers: rows, known: rows?.length ?? 0 };
}

/** What a call asks, and where it is answered. */
function answersTo(
  { context, evaluation }: Start,
  clause: RuleClause,
  asked: ReadonlyArray<number>,
): Pick<Join, 'searched' | 'question'> {
  const call = new RuleCall(context, clause, clause.arguments.length);
  const bound = call.parameters.filter((_, i) => asked[i]! >= 0);
  const { questions, answers } = evaluation.tableOf(call, bound);
  const places = questions.variables.map((parameter) => asked[placeOf(parameter)]!);
  // All that the rule has was asked for when its table was made.
  const question = places.length === 0 ? undefined : { set: questions, places };
  return { searched: answers, question };
}

/** Of a parameter, `?0`, `?1` …. */
function placeOf(parameter: Variable): number {
  return Number(parameter.slice(1));
}
