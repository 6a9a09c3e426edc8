/**
 * Rule calls. A call asks a rule a set of questions: the values of those arguments that are bound. Questions and answers are kept in
 * a table for each rule and set of bound arguments; a rule that calls itself reads the table and adds to its questions, and all is
 * repeated until nothing new comes. (Query-subquery evaluation: Vieille 1986; it ends because values are finite, and it never works
 * out what was not asked.)
 */
import type { EdnData } from '../../../schema/value.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import { didYouMean } from '../../shared/suggest.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { RuleBranch, RuleClause, Variable } from '../ast.ts';
import type { Context, RuleTable } from '../context.ts';
import { sourceOf } from '../context.ts';
import { antiJoin, join } from '../join.ts';
import { queryError } from '../query-error.ts';
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
      `Unknown rule '${clause.name}'${didYouMean(clause.name, context.rules.keys())} in`,
      clause.form,
    );
  const source = clause.source === '$' ? context.defaultSource : clause.source;
  const call = new Call({ ...clause, source }, branches[0]!.head.length, bindings);
  const inside =
    context.tables === undefined ? { ...context, tables: new Map<string, RuleTable>() } : context;
  const table = tableOf(inside, call);
  ask(table, call.questions);
  if (context.tables === undefined) yield* complete(inside);
  return call.answer(bindings, table.answers);
}

/** How the arguments of one call map to the parameters of a rule, which are called `?0`, `?1` …. */
class Call {
  readonly name: string;
  readonly source: string;
  /** The parameters that are bound, in order. */
  readonly bound: ReadonlyArray<Variable>;
  readonly questions: Relation;
  readonly #clause: RuleClause;
  readonly #parameters: ReadonlyArray<Variable>;

  constructor(clause: RuleClause, arity: number, bindings: Relation) {
    this.name = clause.name;
    this.source = clause.source;
    this.#clause = clause;
    this.#parameters = parametersOf(arity);
    const columns: ReadonlyArray<EdnData>[] = [];
    const bound: Variable[] = [];
    for (const [i, argument] of clause.arguments.slice(0, arity).entries()) {
      const column =
        argument.kind === 'constant'
          ? Array.from({ length: bindings.length }, () => argument.value)
          : argument.kind === 'variable' && bindings.has(argument.name)
            ? bindings.column(argument.name)
            : undefined;
      if (column === undefined) continue;
      columns.push(column);
      bound.push(this.#parameters[i]!);
    }
    this.bound = bound;
    this.questions =
      bound.length === 0 ? Relation.unit : new Relation(bound, columns, bindings.length).distinct();
  }

  /** The bindings joined with what the rule answers. */
  answer(bindings: Relation, answers: Relation): Relation {
    const names: Variable[] = [];
    const columns: ReadonlyArray<EdnData>[] = [];
    let rows = answers;
    for (const [i, argument] of this.#clause.arguments
      .slice(0, this.#parameters.length)
      .entries()) {
      const parameter = this.#parameters[i]!;
      if (argument.kind === 'constant')
        rows = join(rows, new Relation([parameter], [[argument.value]], 1));
      if (argument.kind !== 'variable') continue;
      const first = names.indexOf(argument.name);
      if (first >= 0)
        rows = equalColumns(rows, this.#parameters[this.#placeOf(argument.name)]!, parameter);
      else names.push(argument.name);
    }
    for (const name of names) columns.push(rows.column(this.#parameters[this.#placeOf(name)]!));
    const found =
      names.length === 0
        ? rows.length > 0
          ? Relation.unit
          : Relation.empty([])
        : new Relation(names, columns, rows.length).distinct();
    return join(bindings, found);
  }

  #placeOf(name: Variable): number {
    return this.#clause.arguments.findIndex(
      (term) => term.kind === 'variable' && term.name === name,
    );
  }
}

function parametersOf(arity: number): Variable[] {
  return Array.from({ length: arity }, (_, i) => `?${i}`);
}

function equalColumns(rows: Relation, one: Variable, other: Variable): Relation {
  const [left, right] = [rows.column(one), rows.column(other)];
  const isEqual = (row: number): boolean => valueEquals(left[row]!, right[row]!);
  return rows.take(Array.from({ length: rows.length }, (_, row) => row).filter(isEqual));
}

function keyOf({ source, name, bound }: Call): string {
  return `${source} ${name} ${bound.join(' ')}`;
}

function tableOf(context: Context, call: Call): RuleTable {
  const tables = context.tables!;
  const key = keyOf(call);
  let table = tables.get(key);
  if (table === undefined) {
    const arity = context.rules.get(call.name)![0]!.head.length;
    table = { questions: Relation.empty(call.bound), answers: Relation.empty(parametersOf(arity)) };
    tables.set(key, table);
  }
  return table;
}

function ask(table: RuleTable, questions: Relation): void {
  if (table.questions.variables.length === 0) table.questions = Relation.unit;
  else table.questions = table.questions.union(antiJoin(questions, table.questions));
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
        table.answers = table.answers.union(antiJoin(found, table.answers));
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

function* solveBranch(
  context: Context,
  source: string,
  { head, clauses }: RuleBranch,
  { questions, answers }: RuleTable,
): Suspended<Relation> {
  const names = questions.variables.map((parameter) => head[Number(parameter.slice(1))]!);
  const start = questions === Relation.unit ? questions : questions.rename(names);
  const sources = new Map(context.sources).set('$', sourceOf(context, source));
  const found = yield* context.solve(
    { ...context, sources, defaultSource: source },
    clauses,
    start,
  );
  const unbound = head.find((variable) => !found.has(variable));
  if (unbound !== undefined)
    throw queryError('query/where', `Insufficient bindings: ${unbound} is not bound by the rule`);
  return found.project(head).rename(answers.variables);
}
