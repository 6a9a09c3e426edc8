/** Relations: bindings of variables as columns of equal length. Immutable. */
import type { Keyword, Sym } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import type { ValueKey } from '../../schema/value-key.ts';
import { valueKey } from '../../schema/value-key.ts';
import { must } from '../shared/assert.ts';
import type { Variable } from './ast.ts';

export type Column = ReadonlyArray<EdnData>;

export class Relation {
  readonly variables: ReadonlyArray<Variable>;
  readonly columns: ReadonlyArray<Column>;
  readonly length: number;

  constructor(variables: ReadonlyArray<Variable>, columns: ReadonlyArray<Column>, length: number) {
    this.variables = variables;
    this.columns = columns;
    this.length = length;
  }

  /** No variable and one row: what joins with anything to that thing. */
  static readonly unit = new Relation([], [], 1);

  static empty(variables: ReadonlyArray<Variable>): Relation {
    return new Relation(
      variables,
      variables.map(() => []),
      0,
    );
  }

  has(variable: Variable): boolean {
    return this.variables.includes(variable);
  }

  column(variable: Variable): Column {
    return must(this.columns[this.variables.indexOf(variable)], `${variable} to be bound`);
  }

  /** Some of the columns, all rows. */
  select(variables: ReadonlyArray<Variable>): Relation {
    return new Relation(
      variables,
      variables.map((variable) => this.column(variable)),
      this.length,
    );
  }

  /** Other names for the variables, in their order. */
  rename(variables: ReadonlyArray<Variable>): Relation {
    return new Relation(variables, this.columns, this.length);
  }

  /** The rows of both; the other has the same variables in any order. */
  union(other: Relation): Relation {
    if (other.length === 0) return this;
    if (this.length === 0) return other.select(this.variables);
    const columns = this.variables.map((variable, i) => [
      ...this.columns[i]!,
      ...other.column(variable),
    ]);
    return new Relation(this.variables, columns, this.length + other.length);
  }

  row(index: number): EdnData[] {
    return this.columns.map((column) => column[index]!);
  }
}

/** Equal for rows that are equal in the given columns. */
export function rowKey(columns: ReadonlyArray<Column>, row: number): ValueKey {
  if (columns.length === 1) return valueKey(columns[0]![row]!);
  let key = '';
  for (const column of columns) key += partKey(valueKey(column[row]!));
  return key;
}

function partKey(key: ValueKey): string {
  switch (typeof key) {
    case 'number':
      return `${key}\u0001`;
    case 'string':
      return `"${key.length}:${key}`;
    case 'bigint':
      return `${key}N\u0001`;
    default:
      return `${kindOf(key)}${String(key)}\u0001`;
  }
}

function kindOf(key: boolean | null | Keyword | Sym): string {
  return key === null || typeof key !== 'object' ? '' : `${key.constructor.name} `;
}
