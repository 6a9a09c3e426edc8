/**
 * Works out all that was asked of rules. A call asks a rule a set of questions: the values of those arguments that are bound. A rule that
 * calls itself adds to the questions and reads the answers so far. In each round only what is new is worked with: new questions with all
 * answers, and the new answers of each call within a rule with all that stands beside it. (Query-subquery evaluation: Vieille 1986;
 * semi-naive: Bancilhon 1986. It ends because values are finite, and never works out what was not asked.)
 */
import { budget } from '../../shared/budget.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Clause, GivenClause, RuleBranch } from '../ast.ts';
import type { Context } from '../context.ts';
import { queryError } from '../query-error.ts';
import { Relation } from '../relation/relation.ts';
import { RuleCall } from './rule-call.ts';
import type { RuleEvaluation, RuleTable } from './rule-evaluation.ts';

/** What came in the last round. */
interface News {
  /** By table. */
  readonly questions: ReadonlyMap<RuleTable, Relation>;
  /** By source and rule. */
  readonly answers: ReadonlyMap<string, ReadonlyArray<Relation>>;
}

const NO_CONSTANTS: Context['constants'] = new Map();

export function* completeRules(context: Context, evaluation: RuleEvaluation): Suspended<void> {
  const contexts = new Map<string, Context>();
  for (let news = newsOf(evaluation); news !== undefined; news = newsOf(evaluation)) {
    budget().checkRounds(++evaluation.rounds);
    for (const table of [...evaluation.tables.values()]) {
      let inside = contexts.get(table.source);
      if (inside === undefined) contexts.set(table.source, (inside = contextOf(context, table)));
      for (const branch of context.rules.get(table.name) ?? []) {
        yield* solveNews(inside, table, branch, news);
        yield PAUSE;
      }
    }
  }
}

/** Undefined where nothing is new. */
function newsOf({ tables }: RuleEvaluation): News | undefined {
  const questions = new Map<RuleTable, Relation>();
  const answers = new Map<string, Relation[]>();
  for (const table of tables.values()) {
    const [asked, answered] = [table.questions.takeNew(), table.answers.takeNew()];
    if (asked.length > 0) questions.set(table, asked);
    if (answered.length === 0) continue;
    const key = keyOf(table);
    answers.set(key, [...(answers.get(key) ?? []), answered]);
  }
  return questions.size + answers.size > 0 ? { questions, answers } : undefined;
}

function keyOf({ source, name }: { readonly source: string; readonly name: string }): string {
  return `${source} ${name}`;
}

/** The rule sees its source as the only one by that name, and none of the caller's inputs. */
function contextOf(context: Context, { source }: RuleTable): Context {
  const own = context.sources.get(source);
  // A rule over plain values needs no source.
  const sources = own === undefined ? context.sources : new Map(context.sources).set('$', own);
  return { ...context, sources, defaultSource: source, constants: NO_CONSTANTS };
}

/** Adds to the answers what follows from the news by one branch. */
function* solveNews(
  context: Context,
  table: RuleTable,
  branch: RuleBranch,
  { questions, answers }: News,
): Suspended<void> {
  const { clauses } = branch;
  const asked = questions.get(table);
  if (asked !== undefined)
    yield* solveBranch(context, table, branch, clauses, questionsOf(asked, branch));
  if (clauses.some((clause) => clause.kind === 'or' && callsRules(clause))) {
    // What is new for a call within alternatives is not followed: all is worked out again.
    const all = questionsOf(table.questions.all(), branch);
    if (answers.size > 0) yield* solveBranch(context, table, branch, clauses, all);
    return;
  }
  for (const [place, clause] of clauses.entries()) {
    if (clause.kind !== 'rule') continue;
    const call = new RuleCall(context, clause, clause.arguments.length);
    for (const fresh of answers.get(keyOf(call)) ?? []) {
      const given = [...clauses];
      given[place] = givenBy(yield* call.bindingsIn(fresh));
      // The questions are one clause among the others: the way begins with whatever is the least.
      const all = questionsOf(table.questions.all(), branch);
      if (all.variables.length > 0) given.push(givenBy(all));
      yield* solveBranch(context, table, branch, given, Relation.unit);
    }
  }
}

function callsRules(clause: Clause): boolean {
  return (
    clause.kind === 'rule' || (clause.kind === 'or' && clause.branches.flat().some(callsRules))
  );
}

function givenBy(relation: Relation): GivenClause {
  return { kind: 'given', relation, form: null };
}

/** What is asked of a rule by the names that one branch has for its parameters. */
function questionsOf(questions: Relation, { head }: RuleBranch): Relation {
  if (questions.variables.length === 0) return Relation.unit;
  return questions.rename(questions.variables.map((name) => head[Number(name.slice(1))]!));
}

function* solveBranch(
  context: Context,
  { answers }: RuleTable,
  { head }: RuleBranch,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
): Suspended<void> {
  const found = yield* context.solve(context, clauses, bindings, new Set(head));
  const unbound = head.find((variable) => !found.has(variable));
  if (unbound !== undefined)
    throw queryError('query/where', `Insufficient bindings: ${unbound} is not bound by the rule`);
  yield* answers.add(found.select(head));
}
