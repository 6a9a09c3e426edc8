/**
 * Works out all that was asked of rules. A call asks a rule a set of questions: the values of those arguments that are bound. A rule that
 * calls itself adds to the questions and reads the answers so far. In each round only what is new is worked with: new questions with all
 * answers, and the new answers of each call within a rule with all that stands beside it. (Query-subquery evaluation: Vieille 1986;
 * semi-naive: Bancilhon 1986. It ends because values are finite, and never works out what was not asked.)
 */
import { budget } from '../../shared/budget.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Clause, GivenClause, RuleBranch, RuleClause } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { queryError } from '../query-error.ts';
import type { GrowingSet } from '../relation/growing-set.ts';
import { Relation } from '../relation/relation.ts';
import { compileDerivation } from './compile-derivation.ts';
import type { Derivation } from './derivation.ts';
import { withEntityIds } from './entity-arguments.ts';
import { RuleCall } from './rule-call.ts';
import type { RuleEvaluation, RuleTable } from './rule-evaluation.ts';

const NO_CONSTANTS: Context['constants'] = new Map();

/** Rounds with little in them are shorter than what a pause is for. */
const ROUNDS_PER_PAUSE = 16;

export function* completeRules(context: Context, evaluation: RuleEvaluation): Suspended<void> {
  const programs: Program[] = [];
  let tableCount = 0;
  while (evaluation.advance()) {
    budget().checkRounds(++evaluation.rounds);
    // What is asked for the first time in a round is worked out from the next one on.
    for (; tableCount < evaluation.tables.length; tableCount++)
      programs.push(...(yield* programsOf(context, evaluation, evaluation.tables[tableCount]!)));
    for (const program of programs) if (hasNews(program)) yield* solveNews(program);
    if (evaluation.rounds % ROUNDS_PER_PAUSE === 0) yield PAUSE;
  }
}

/** One branch of a rule for the questions of one table. */
interface Program {
  readonly context: Context;
  readonly evaluation: RuleEvaluation;
  readonly table: RuleTable;
  readonly branch: RuleBranch;
  readonly ofQuestions: Trigger;
  readonly ofCalls: ReadonlyArray<CallTrigger>;
  /** Whether there are only patterns and calls in it. */
  readonly isOfJoins: boolean;
  /** Whether alternatives within the branch call rules. */
  readonly hasHiddenCalls: boolean;
}

/** Something that may be new. */
interface Trigger {
  /** The call; undefined for the questions. */
  readonly clause: RuleClause | undefined;
  /** Once it could be compiled. */
  derivation: Derivation | undefined;
}

interface CallTrigger extends Trigger {
  readonly clause: RuleClause;
  readonly call: RuleCall;
  /** Where the rule is asked, by whatever parameters. */
  readonly tables: ReadonlyArray<RuleTable>;
}

function* programsOf(
  context: Context,
  evaluation: RuleEvaluation,
  table: RuleTable,
): Suspended<Program[]> {
  const inside = contextOf(context, table);
  const programs: Program[] = [];
  for (const branch of context.rules.get(table.name) ?? []) {
    const { clauses } = branch;
    const ofCalls: CallTrigger[] = [];
    for (const clause of clauses) {
      if (clause.kind !== 'rule') continue;
      const asked = yield* withEntityIds(inside, clause);
      const call = new RuleCall(inside, asked, clause.arguments.length);
      const tables = evaluation.tablesOf(call.source, call.name);
      ofCalls.push({ clause, call, tables, derivation: undefined });
    }
    programs.push({
      context: inside,
      evaluation,
      table,
      branch,
      ofQuestions: { clause: undefined, derivation: undefined },
      ofCalls,
      isOfJoins: clauses.every(
        (clause) =>
          clause.kind === 'pattern' || (clause.kind === 'rule' && context.rules.has(clause.name)),
      ),
      hasHiddenCalls: clauses.some((clause) => clause.kind === 'or' && callsRules(clause)),
    });
  }
  return programs;
}

/** The rule sees its source as the only one by that name, and none of the caller's inputs. */
function contextOf(context: Context, { source }: RuleTable): Context {
  const own = context.sources.get(source);
  // A rule over plain values needs no source.
  const sources = own === undefined ? context.sources : new Map(context.sources).set('$', own);
  return { ...context, sources, defaultSource: source, constants: NO_CONSTANTS };
}

function hasNews({ evaluation, table, ofCalls, hasHiddenCalls }: Program): boolean {
  const isFresh = ({ answers }: RuleTable): boolean => answers.isFresh;
  return (
    hasHiddenCalls ||
    evaluation.hasLookupRefs ||
    table.questions.isFresh ||
    ofCalls.some(({ tables }) => tables.some(isFresh))
  );
}

/** Adds to the answers what follows from the news. */
function* solveNews(program: Program): Suspended<void> {
  const { evaluation, table, branch, ofQuestions, ofCalls, hasHiddenCalls } = program;
  const { questions } = table;
  if (hasHiddenCalls || evaluation.hasLookupRefs) {
    // What is new for a call is not followed where it stands within alternatives, or may be answered for others: all is worked out again.
    const isAnswered = evaluation.tables.some(({ answers }) => answers.isFresh);
    const asked = isAnswered ? questions.all() : questions.fresh();
    if (asked.length > 0) yield* solveBranch(program, branch.clauses, questionsOf(asked, branch));
    return;
  }
  if (questions.isFresh && !isInVain(program)) {
    const derivation =
      readyFor(ofQuestions, questions) ?? (yield* compiled(program, ofQuestions, questions));
    if (derivation !== undefined) yield* derivation.run(questions);
    else yield* solveBranch(program, branch.clauses, questionsOf(questions.fresh(), branch));
  }
  for (const trigger of ofCalls)
    for (const { answers } of trigger.tables) {
      if (!answers.isFresh) continue;
      const derivation = readyFor(trigger, answers) ?? (yield* compiled(program, trigger, answers));
      if (derivation !== undefined) yield* derivation.run(answers);
      else yield* solveCallNews(program, trigger, answers.fresh());
    }
}
/** Whether a call that was asked for all has no answers yet: then nothing follows, and when they come they are news. */
function isInVain({ isOfJoins, ofCalls }: Program): boolean {
  const isEmpty = ({ questions, answers }: RuleTable): boolean =>
    questions.variables.length === 0 && questions.known > 0 && answers.known === 0;
  return isOfJoins && ofCalls.some(({ tables }) => tables.some(isEmpty));
}

/** The derivation, where it was compiled and can take the news. */
function readyFor({ derivation }: Trigger, news: GrowingSet): Derivation | undefined {
  return derivation?.isPossible === true && !news.hasValues ? derivation : undefined;
}

/** Undefined where the news have to be solved clause by clause. */
function* compiled(
  program: Program,
  trigger: Trigger,
  news: GrowingSet,
): Suspended<Derivation | undefined> {
  const { context, isOfJoins } = program;
  // Whoever wants to know of each clause is told of each.
  if (!isOfJoins || news.hasValues || context.trace !== undefined) return undefined;
  const start = { ...program, from: trigger.clause };
  trigger.derivation ??= yield* compileDerivation(start, news.known - news.freshFrom);
  return readyFor(trigger, news);
}

function* solveCallNews(
  program: Program,
  { clause, call }: CallTrigger,
  fresh: Relation,
): Suspended<void> {
  const { table, branch } = program;
  const news = givenBy(yield* call.bindingsIn(fresh));
  const given = branch.clauses.map((each): Clause => (each === clause ? news : each));
  const all = questionsOf(table.questions.all(), branch);
  // Ids are one clause among the others: the way begins with whatever is the least.
  if (all.variables.length > 0) given.push(givenBy(all));
  yield* solveBranch(program, given, Relation.unit);
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
  { context, table, branch: { head } }: Program,
  clauses: ReadonlyArray<Clause>,
  bindings: Relation,
): Suspended<void> {
  const found = yield* context.solve(context, clauses, bindings, new Set(head));
  const unbound = head.find((variable) => !found.has(variable));
  if (unbound !== undefined)
    throw queryError('query/where', `Insufficient bindings: ${unbound} is not bound by the rule`);
  yield* table.answers.add(found.select(head));
}
