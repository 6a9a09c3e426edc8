/** How the arguments of one call map to the parameters of a rule, which are called `?0`, `?1` …. */
import { valueEquals } from '../../../schema/value-key.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { RuleClause, Term, Variable } from '../language/ast.ts';
import type { Context } from '../context.ts';
import { distinct, join, project, take } from '../relation/algebra.ts';
import type { Column } from '../relation/column.ts';
import { IntegerBuffer } from '../relation/column.ts';
import { Relation } from '../relation/relation.ts';

export class RuleCall {
  readonly name: string;
  readonly source: string;
  readonly parameters: ReadonlyArray<Variable>;
  readonly #arguments: ReadonlyArray<Term>;

  constructor(
    { defaultSource }: Context,
    { name, source, arguments: terms }: RuleClause,
    arity: number,
  ) {
    this.name = name;
    this.source = source === '$' ? defaultSource : source;
    this.parameters = Array.from({ length: arity }, (_, i) => `?${i}`);
    this.#arguments = terms.slice(0, arity);
  }

  /** The distinct values of the arguments that are bound, under the names of their parameters. */
  *questions(bindings: Relation): Suspended<Relation> {
    const columns: Column[] = [];
    const bound: Variable[] = [];
    for (const [i, argument] of this.#arguments.entries()) {
      const column = boundColumn(argument, bindings);
      if (column === undefined) continue;
      columns.push(column);
      bound.push(this.parameters[i]!);
    }
    if (bound.length === 0) return Relation.unit;
    return yield* distinct(new Relation(bound, columns, bindings.length));
  }

  /** The bindings joined with what the rule answers. */
  *answer(bindings: Relation, answers: Relation): Suspended<Relation> {
    const found = yield* this.bindingsIn(answers);
    if (found.variables.length > 0) return yield* join(bindings, found);
    return found.length > 0 ? bindings : Relation.empty(bindings.variables);
  }

  /** What answers mean for the variables of the call. */
  *bindingsIn(answers: Relation): Suspended<Relation> {
    /** Where each variable of the call stands for the first time. */
    const places = new Map<Variable, Variable>();
    let rows = answers;
    for (const [i, argument] of this.#arguments.entries()) {
      const parameter = this.parameters[i]!;
      if (argument.kind === 'constant')
        rows = yield* join(rows, new Relation([parameter], [[argument.value]], 1));
      if (argument.kind !== 'variable') continue;
      const first = places.get(argument.name);
      if (first === undefined) places.set(argument.name, parameter);
      else rows = yield* whereEqual(rows, first, parameter);
    }
    const kept = [...places.values()];
    const isWhole = rows === answers && kept.length === answers.variables.length;
    const found = isWhole ? rows : yield* project(rows, kept);
    return found.rename([...places.keys()]);
  }
}

function boundColumn(argument: Term, bindings: Relation): Column | undefined {
  if (argument.kind === 'constant')
    return Array.from({ length: bindings.length }, () => argument.value);
  return argument.kind === 'variable' && bindings.has(argument.name)
    ? bindings.column(argument.name)
    : undefined;
}

function* whereEqual(rows: Relation, one: Variable, other: Variable): Suspended<Relation> {
  const [left, right] = [rows.column(one), rows.column(other)];
  const equal = new IntegerBuffer();
  for (let row = 0; row < rows.length; row++)
    if (valueEquals(left[row]!, right[row]!)) equal.push(row);
  return yield* take(rows, equal.view());
}
