/** Relations: distinct bindings of variables, as columns of equal length. Immutable. */
import type { EdnData } from '../../../schema/value.ts';
import { must } from '../../shared/assert.ts';
import type { Variable } from '../variable.ts';
import type { Column } from './column.ts';
import { concat } from './column.ts';
import type { Piece } from './piecewise.ts';
import { PiecewiseColumn } from './piecewise.ts';
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

/** Whether rows that are equal in some variables are equal in others. */
export function isDetermined(
  variables: ReadonlyArray<Variable>,
  by: ReadonlyArray<Variable>,
  dependencies: ReadonlyArray<Dependency>,
): boolean {
  if (variables.every((variable) => by.includes(variable))) return true;
  const known = new Set(by);
  for (let before = -1; before !== known.size;) {
    before = known.size;
    for (const { from, to } of dependencies) if (known.has(from)) known.add(to);
  }
  return variables.every((variable) => known.has(variable));
}

const NO_TRAITS: Traits = {};
const NO_DEPENDENCIES: ReadonlyArray<Dependency> = [];

export type HeldColumn = Column | PiecewiseColumn;

export class Relation {
  readonly variables: ReadonlyArray<Variable>;
  readonly length: number;
  readonly sortedBy: Variable | undefined;
  readonly dependencies: ReadonlyArray<Dependency>;
  /** As they are held; {@link column} gives one as a whole. */
  readonly held: ReadonlyArray<HeldColumn>;

  constructor(
    variables: ReadonlyArray<Variable>,
    columns: ReadonlyArray<HeldColumn>,
    length: number,
    { sortedBy, dependencies = NO_DEPENDENCIES }: Traits = NO_TRAITS,
  ) {
    this.variables = variables;
    this.held = columns;
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

  get columns(): ReadonlyArray<Column> {
    return this.held.map(whole);
  }

  /** A column in one piece. */
  column(variable: Variable): Column {
    return whole(this.#held(variable));
  }

  /** Some of the columns, all rows: they are not distinct unless the columns determine the others. */
  select(variables: ReadonlyArray<Variable>): Relation {
    const { sortedBy } = this;
    const columns = variables.map((variable) => this.#held(variable));
    if (this.length <= 1) return new Relation(variables, columns, this.length);
    return new Relation(variables, columns, this.length, {
      sortedBy: sortedBy !== undefined && variables.includes(sortedBy) ? sortedBy : undefined,
      dependencies: this.dependencies.filter(
        ({ from, to }) => variables.includes(from) && variables.includes(to),
      ),
    });
  }

  /** Other names for the variables, in their order. */
  rename(variables: ReadonlyArray<Variable>): Relation {
    return new Relation(variables, this.held, this.length);
  }

  /** Whether rows that are equal in these variables are equal in all. */
  isDeterminedBy(variables: ReadonlyArray<Variable>): boolean {
    return isDetermined(this.variables, variables, this.dependencies);
  }

  /** The rows of both, which have none in common; the other has the same variables in any order. */
  append(other: Relation): Relation {
    if (other.length === 0) return this;
    if (this.length === 0) return other.select(this.variables);
    const columns = this.variables.map((variable) =>
      concat([this.column(variable), other.column(variable)]),
    );
    return new Relation(this.variables, columns, this.length + other.length);
  }

  /** What the columns take in memory, bytes, estimated from a few values of each. */
  get bytes(): number {
    if (this.length <= FEW) return this.length * this.variables.length * BYTES_PER_CELL;
    return this.held.reduce((bytes, column) => bytes + this.length * bytesPerRow(column), 0);
  }

  row(index: number): EdnData[] {
    return this.columns.map((column) => column[index]!);
  }

  /** A column as it is held. */
  pieces(variable: Variable): ReadonlyArray<Piece> {
    const column = this.#held(variable);
    return column instanceof PiecewiseColumn
      ? column.pieces
      : [{ column, lo: 0, hi: column.length }];
  }

  #held(variable: Variable): HeldColumn {
    return must(this.held[this.variables.indexOf(variable)], `${variable} to be bound`);
  }
}

function whole(column: HeldColumn): Column {
  return column instanceof PiecewiseColumn ? column.whole() : column;
}

/** So few rows are not looked at to know what they take. */
const FEW = 64;
const BYTES_PER_CELL = 32;

const SAMPLES = 8;

function bytesPerRow(column: HeldColumn): number {
  if (column instanceof PiecewiseColumn) {
    const [piece] = column.pieces;
    return piece === undefined ? 0 : bytesPerRow(piece.column);
  }
  if (column instanceof Int32Array) return column.BYTES_PER_ELEMENT;
  const step = Math.ceil(column.length / SAMPLES);
  let [bytes, count] = [0, 0];
  for (let row = 0; row < column.length; row += step, count++) bytes += sizeOf(column[row]);
  return count === 0 ? 0 : bytes / count;
}
