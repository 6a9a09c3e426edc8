/** Relations: distinct bindings of variables, as columns of equal length. Immutable. */
import type { EdnData } from '../../../schema/value.ts';
import { must } from '../../shared/assert.ts';
import type { Variable } from '../variable.ts';
import type { Column } from './column.ts';
import { concat } from './column.ts';
import { sizeOf } from './size-of.ts';

/** Rows that are equal in the one are equal in the other. */
export interface Dependency {
  readonly from: Variable;
  readonly to: Variable;
}

/** What is known of the rows of a relation without looking at them. */
export interface Traits {
  /** The rows are in the order of this variable, whose column has integers. */
  readonly sortedBy?: Variable | undefined;
  readonly dependencies?: ReadonlyArray<Dependency>;
}

const NO_TRAITS: Traits = {};
const NO_DEPENDENCIES: ReadonlyArray<Dependency> = [];

export class Relation {
  readonly variables: ReadonlyArray<Variable>;
  readonly columns: ReadonlyArray<Column>;
  readonly length: number;
  readonly sortedBy: Variable | undefined;
  readonly dependencies: ReadonlyArray<Dependency>;

  constructor(
    variables: ReadonlyArray<Variable>,
    columns: ReadonlyArray<Column>,
    length: number,
    { sortedBy, dependencies = NO_DEPENDENCIES }: Traits = NO_TRAITS,
  ) {
    this.variables = variables;
    this.columns = columns;
    this.length = length;
    this.sortedBy = sortedBy;
    this.dependencies = dependencies;
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

  /** Some of the columns, all rows: they are not distinct unless the columns determine the others. */
  select(variables: ReadonlyArray<Variable>): Relation {
    const { sortedBy } = this;
    return new Relation(
      variables,
      variables.map((variable) => this.column(variable)),
      this.length,
      {
        sortedBy: sortedBy !== undefined && variables.includes(sortedBy) ? sortedBy : undefined,
        dependencies: this.dependencies.filter(
          ({ from, to }) => variables.includes(from) && variables.includes(to),
        ),
      },
    );
  }

  /** Other names for the variables, in their order. */
  rename(variables: ReadonlyArray<Variable>): Relation {
    return new Relation(variables, this.columns, this.length);
  }

  /** Whether rows that are equal in these variables are equal in all. */
  isDeterminedBy(variables: ReadonlyArray<Variable>): boolean {
    const known = new Set(variables);
    for (let before = -1; before !== known.size;) {
      before = known.size;
      for (const { from, to } of this.dependencies) if (known.has(from)) known.add(to);
    }
    return this.variables.every((variable) => known.has(variable));
  }

  /** The rows of both, which have none in common; the other has the same variables in any order. */
  append(other: Relation): Relation {
    if (other.length === 0) return this;
    if (this.length === 0) return other.select(this.variables);
    const columns = this.variables.map((variable, i) =>
      concat([this.columns[i]!, other.column(variable)]),
    );
    return new Relation(this.variables, columns, this.length + other.length);
  }

  /** What the columns take in memory, estimated from a few values of each. */
  get bytes(): number {
    return this.columns.reduce((bytes, column) => bytes + this.length * bytesPerRow(column), 0);
  }

  row(index: number): EdnData[] {
    return this.columns.map((column) => column[index]!);
  }
}

const SAMPLES = 8;

function bytesPerRow(column: Column): number {
  if (column instanceof Int32Array) return column.BYTES_PER_ELEMENT;
  const step = Math.ceil(column.length / SAMPLES);
  let [bytes, count] = [0, 0];
  for (let row = 0; row < column.length; row += step, count++) bytes += sizeOf(column[row]);
  return count === 0 ? 0 : bytes / count;
}
