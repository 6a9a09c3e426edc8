/**
 * Rule calls. A call asks a rule a set of questions: the values of those arguments that are bound. Questions and answers are kept in
 * a table for each rule and set of bound arguments; a rule that calls itself reads the table and adds to its questions, and all is
 * repeated until nothing new comes. (Query-subquery evaluation: Vieille 1986; it ends because values are finite, and it never works
 * out what was not asked.)
 */
import { valueEquals } from '../../../schema/value-key.ts';
import { didYouMean } from '../../shared/suggest.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { RuleBranch, RuleClause, Term, Variable } from '../ast.ts';
import type { Context, RuleTable } from '../context.ts';
import { antiJoin, distinct, join, project, take } from '../algebra.ts';
import { queryError } from '../query-error.ts';
import type { Column } from '../relation.ts';
import { Relation } from '../relation.ts';

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
  const source = clause.source === '$' ? context.defaultSource : clause.source;
  const call = new Call({ ...clause, source }, branches[0]!.head.length);
  const inside =
    context.tables === undefined ? { ...context, tables: new Map<string, RuleTable>() } : context;
  const questions = yield* call.questions(bindings);
  const table = tableOf(inside, call, questions);
  yield* ask(table, questions);
  if (context.tables === undefined) yield* complete(inside);
  return yield* call.answer(bindings, table.answers);
}

/** How the arguments of one call map to the parameters of a rule, which are called `?0`, `?1` …. */
class Call {
  readonly name: string;
  readonly source: string;
  readonly arity: number;
  readonly #arguments: ReadonlyArray<Term>;
  readonly #parameters: ReadonlyArray<Variable>;

  constructor({ name, source, arguments: terms }: RuleClause, arity: number) {
    this.name = name;
    this.source = source;
    this.arity = arity;
    this.#arguments = terms.slice(0, arity);
    this.#parameters = parametersOf(arity);
  }

  /** The distinct values of the arguments that are bound, under the names of their parameters. */
  *questions(bindings: Relation): Suspended<Relation> {
    const columns: Column[] = [];
    const bound: Variable[] = [];
    for (const [i, argument] of this.#arguments.entries()) {
      const column = boundColumn(argument, bindings);
      if (column === undefined) continue;
      columns.push(column);
      bound.push(this.#parameters[i]!);
    }
    if (bound.length === 0) return Relation.unit;
    return yield* distinct(new Relation(bound, columns, bindings.length));
  }

  /** The bindings joined with what the rule answers. */
  *answer(bindings: Relation, answers: Relation): Suspended<Relation> {
    /** Where each variable of the call stands for the first time. */
    const places = new Map<Variable, Variable>();
    let rows = answers;
    for (const [i, argument] of this.#arguments.entries()) {
      const parameter = this.#parameters[i]!;
      if (argument.kind === 'constant')
        rows = yield* join(rows, new Relation([parameter], [[argument.value]], 1));
      if (argument.kind !== 'variable') continue;
      const first = places.get(argument.name);
      if (first === undefined) places.set(argument.name, parameter);
      else rows = yield* whereEqual(rows, first, parameter);
    }
    if (places.size === 0) return rows.length > 0 ? bindings : Relation.empty(bindings.variables);
    const found = yield* project(rows, [...places.values()]);
    return yield* join(bindings, found.rename([...places.keys()]));
  }
}

function boundColumn(argument: Term, bindings: Relation): Column | undefined {
  if (argument.kind === 'constant')
    return Array.from({ length: bindings.length }, () => argument.value);
  return argument.kind === 'variable' && bindings.has(argument.name)
    ? bindings.column(argument.name)
    : undefined;
}

function parametersOf(arity: number): Variable[] {
  return Array.from({ length: arity }, (_, i) => `?${i}`);
}

function* whereEqual(rows: Relation, one: Variable, other: Variable): Suspended<Relation> {
  const [left, right] = [rows.column(one), rows.column(other)];
  const equal: number[] = [];
  for (let row = 0; row < rows.length; row++)
    if (valueEquals(left[row]!, right[row]!)) equal.push(row);
  return yield* take(rows, equal);
}

function tableOf(context: Context, { source, name, arity }: Call, questions: Relation): RuleTable {
  const tables = context.tables!;
  const key = `${source} ${name} ${questions.variables.join(' ')}`;
  let table = tables.get(key);
  if (table === undefined) {
    const answers = Relation.empty(parametersOf(arity));
    table = { questions: Relation.empty(questions.variables), answers };
    tables.set(key, table);
  }
  return table;
}

function* ask(table: RuleTable, questions: Relation): Suspended<void> {
  if (questions === Relation.unit) table.questions = questions;
  else table.questions = table.questions.union(yield* antiJoin(questions, table.questions));
}

/** Works out all tables until none has a new question or answer. */
function* complete(context: Context): Suspended<void> {
  const tables = context.tables!;
  for (let before = -1, now = 0; before !== now; now = sizeOf(tables)) {
    before = sizeOf(tables);
    for (const [key, table] of tables) {
      const [source, name] = key.split(' ');
      for (const branch of context.rules.get(name!)!) {
        const found = yield* solveBranch(context, source!, branch, table);
        table.answers = table.answers.union(yield* antiJoin(found, table.answers));
        yield PAUSE;
      }
    }
  }
}

function sizeOf(tables: ReadonlyMap<string, RuleTable>): number {
  let size = tables.size;
  for (const { questions, answers } of tables.values()) size += questions.length + answers.length;
  return size;
}

const NO_VARIABLES: ReadonlySet<Variable> = new Set();

function* solveBranch(
  context: Context,
  source: string,
  { head, clauses }: RuleBranch,
  { questions, answers }: RuleTable,
): Suspended<Relation> {
  const names = questions.variables.map((parameter) => head[Number(parameter.slice(1))]!);
  const start = questions === Relation.unit ? questions : questions.rename(names);
  // A rule over plain values needs no source.
  const own = context.sources.get(source);
  const sources = own === undefined ? context.sources : new Map(context.sources).set('$', own);
  const found = yield* context.solve(
    { ...context, sources, defaultSource: source, scalars: NO_VARIABLES },
    clauses,
    start,
  );
  const unbound = head.find((variable) => !found.has(variable));
  if (unbound !== undefined)
    throw queryError('query/where', `Insufficient bindings: ${unbound} is not bound by the rule`);
  return (yield* project(found, head)).rename(answers.variables);
}
