/**
 * Relational algebra over columns: distinct rows, joins by shared variables. Every loop over rows pauses now and then, so that a large
 * relation keeps nothing else waiting.
 */
import { budget } from '../../shared/budget.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Variable } from '../variable.ts';
import type { Column, Rows } from './column.ts';
import { IntegerBuffer, ROWS_PER_PAUSE, concat, gather } from './column.ts';
import { PiecewiseColumn } from './piecewise.ts';
import type { Dependency, HeldColumn } from './relation.ts';
import { Relation } from './relation.ts';
import { NO_CODE, RowCodes } from './row-codes.ts';

/** The distinct bindings of some of the variables. */
export function* project(
  relation: Relation,
  variables: ReadonlyArray<Variable>,
): Suspended<Relation> {
  const selected = relation.select(variables);
  if (relation.length === 1 && variables.length > 0) return selected;
  return relation.isDeterminedBy(variables) ? selected : yield* distinct(selected);
}

export function* distinct(relation: Relation): Suspended<Relation> {
  const { columns, length } = relation;
  if (length <= 1) return relation.variables.length === 0 && length > 0 ? Relation.unit : relation;
  if (columns.length === 0) return Relation.unit;
  const seen = new RowCodes(columns.length);
  const codes = yield* seen.assign(columns, length);
  return yield* take(relation, firstOfEach(codes, seen.count));
}

/** The rows in which codes, which are given in order, occur for the first time. */
export function firstOfEach(codes: Int32Array, count: number): Rows {
  const rows = new Int32Array(count);
  let next = 0;
  for (let row = 0; next < count; row++) if (codes[row] === next) rows[next++] = row;
  return rows;
}

/** The distinct rows of relations that all have the variables. */
export function* union(
  variables: ReadonlyArray<Variable>,
  relations: ReadonlyArray<Relation>,
): Suspended<Relation> {
  const parts = relations.filter(({ length }) => length > 0);
  const [first] = parts;
  if (first === undefined) return Relation.empty(variables);
  if (parts.length === 1) return yield* project(first, variables);
  const length = parts.reduce((sum, part) => sum + part.length, 0);
  const columns = variables.map((variable) => concat(parts.map((part) => part.column(variable))));
  return yield* distinct(new Relation(variables, columns, length));
}

/** The natural join; the product where nothing is shared. */
export function* join(left: Relation, right: Relation): Suspended<Relation> {
  // What has no variables only says whether there is anything.
  if (left.variables.length === 0) return left.length > 0 ? right : Relation.empty(right.variables);
  if (right.variables.length === 0) return right.length > 0 ? left : Relation.empty(left.variables);
  const shared = left.variables.filter((variable) => right.has(variable));
  const added = right.variables.filter((variable) => !left.has(variable));
  const pairs =
    shared.length === 0 ? yield* pairAll(left, right) : yield* pairEqual(left, right, shared);
  return yield* combine(left, right.select(added), pairs.left, pairs.right, right.dependencies);
}

/** The rows of the left that match no row of the right. */
export function* antiJoin(left: Relation, right: Relation): Suspended<Relation> {
  const shared = left.variables.filter((variable) => right.has(variable));
  if (shared.length === 0) return right.length > 0 ? Relation.empty(left.variables) : left;
  if (shared.length === 1 && left.sortedBy === shared[0] && right.sortedBy === shared[0])
    return yield* take(left, rowsNotIn(left.column(shared[0]!), right.column(shared[0]!)));
  const known = new RowCodes(shared.length);
  yield* known.assign(right.select(shared).columns, right.length);
  const codes = yield* known.find(left.select(shared).columns, left.length);
  return yield* take(
    left,
    rowsWhere(codes, (code) => code === NO_CODE),
  );
}

/** The rows of a sorted column whose integers are not in another one. */
function rowsNotIn(left: Column, right: Column): Rows {
  const rows = new IntegerBuffer();
  let at = 0;
  for (let row = 0; row < left.length; row++) {
    while (at < right.length && right[at]! < left[row]!) at++;
    if (right[at] !== left[row]) rows.push(row);
  }
  return rows.view();
}

export function rowsWhere(codes: Int32Array, isWanted: (code: number) => boolean): Rows {
  const rows = new IntegerBuffer(codes.length);
  for (let row = 0; row < codes.length; row++) if (isWanted(codes[row]!)) rows.push(row);
  return rows.view();
}

/** Some of the rows, in the order of their numbers. */
export function* take(relation: Relation, rows: Rows): Suspended<Relation> {
  if (rows.length === relation.length) return relation;
  const columns: Column[] = [];
  for (const column of relation.held)
    columns.push(
      column instanceof PiecewiseColumn ? column.pick(rows) : yield* gather(column, rows),
    );
  return new Relation(relation.variables, columns, rows.length, relation);
}

/** All of the rows, each once, in another order. */
export function* arrange(
  relation: Relation,
  rows: Rows,
  sortedBy: Variable | undefined,
): Suspended<Relation> {
  const columns: Column[] = [];
  for (const column of relation.columns) columns.push(yield* gather(column, rows));
  const { variables, length, dependencies } = relation;
  return new Relation(variables, columns, length, { sortedBy, dependencies });
}

/**
 * Puts rows of two relations side by side: row i is row `rowsOfLeft[i]` of the one and `rowsOfRight[i]` of the other, or row i where there
 * are no numbers for the right. The relations share no variable.
 */
export function* combine(
  left: Relation,
  right: Relation,
  rowsOfLeft: Rows,
  rowsOfRight?: Rows,
  dependenciesOfRight: ReadonlyArray<Dependency> = right.dependencies,
): Suspended<Relation> {
  const columns: HeldColumn[] = [];
  const orders = [orderOf(rowsOfLeft, left), orderOf(rowsOfRight, right)] as const;
  for (const column of left.held) columns.push(yield* reordered(column, rowsOfLeft, orders[0]));
  for (const column of right.held)
    columns.push(yield* reordered(column, rowsOfRight ?? rowsOfLeft, orders[1]));
  const sortedBy =
    (orders[0] === 'none' ? undefined : left.sortedBy) ??
    (orders[1] === 'none' ? undefined : right.sortedBy);
  return new Relation([...left.variables, ...right.variables], columns, rowsOfLeft.length, {
    sortedBy,
    dependencies: [...left.dependencies, ...dependenciesOfRight],
  });
}

function* reordered(column: HeldColumn, rows: Rows, order: RowOrder): Suspended<HeldColumn> {
  if (order === 'all') return column;
  if (!(column instanceof PiecewiseColumn)) return yield* gather(column, rows);
  return order === 'some' ? column.pick(rows) : yield* gather(column.whole(), rows);
}

type RowOrder = 'all' | 'some' | 'none';

/** Whether rows are in their order: all of them once, or some, also repeatedly. */
function orderOf(rows: Rows | undefined, { length }: Relation): RowOrder {
  if (rows === undefined) return 'all';
  let isAll = rows.length === length;
  for (let i = 0; i < rows.length; i++) {
    if (rows[i] === i) continue;
    isAll = false;
    if (i > 0 && rows[i]! < rows[i - 1]!) return 'none';
  }
  return isAll ? 'all' : 'some';
}

interface Pairs {
  readonly left: Rows;
  readonly right: Rows;
}

function* pairAll(left: Relation, right: Relation): Suspended<Pairs> {
  const count = left.length * right.length;
  budget().checkRows(count, left.variables.length + right.variables.length + 2);
  const pairs = { left: new Int32Array(count), right: new Int32Array(count) };
  let length = 0;
  for (let i = 0; i < left.length; i++) {
    for (let j = 0; j < right.length; j++) {
      pairs.left[length] = i;
      pairs.right[length++] = j;
      if (length % ROWS_PER_PAUSE === 0) yield PAUSE;
    }
  }
  return pairs;
}

/** Hashes the smaller side; the rows of the answer are in the order of the larger one. */
function* pairEqual(
  left: Relation,
  right: Relation,
  shared: ReadonlyArray<Variable>,
): Suspended<Pairs> {
  if (right.length <= left.length) return yield* pairWith(left, yield* indexOn(right, shared));
  const { left: rowsOfRight, right: rowsOfLeft } = yield* pairWith(
    right,
    yield* indexOn(left, shared),
  );
  return { left: rowsOfLeft, right: rowsOfRight };
}

/** The rows of a relation by the values of some variables. */
export interface RowIndex {
  readonly variables: ReadonlyArray<Variable>;
  readonly codes: RowCodes;
  readonly groups: RowGroups;
}

export function* indexOn(
  relation: Relation,
  variables: ReadonlyArray<Variable>,
): Suspended<RowIndex> {
  const codes = new RowCodes(variables.length);
  const assigned = yield* codes.assign(relation.select(variables).columns, relation.length);
  return { variables, codes, groups: rowsByCode(assigned, codes.count) };
}

/** Each row beside the rows of an index that are equal in its variables. */
function* pairWith(left: Relation, { variables, codes, groups }: RowIndex): Suspended<Pairs> {
  const { firsts, rows } = groups;
  const found = yield* codes.find(left.select(variables).columns, left.length);
  const rowsOfLeft = new IntegerBuffer(left.length);
  const rowsOfRight = new IntegerBuffer(left.length);
  const limits = budget();
  let pauseAt = ROWS_PER_PAUSE;
  for (let row = 0; row < left.length; row++) {
    if (row + rowsOfLeft.length >= pauseAt) {
      yield PAUSE;
      pauseAt = row + rowsOfLeft.length + ROWS_PER_PAUSE;
    }
    const code = found[row]!;
    if (code === NO_CODE) continue;
    const [first, end] = [firsts[code]!, firsts[code + 1]!];
    limits.checkRows(rowsOfLeft.length + end - first, left.variables.length + 2);
    for (let i = first; i < end; i++) {
      rowsOfLeft.push(row);
      rowsOfRight.push(rows[i]!);
    }
  }
  return { left: rowsOfLeft.view(), right: rowsOfRight.view() };
}

/** A join with a relation that is met again and again: what it is searched by is kept. */
export function* joinIndexed(
  left: Relation,
  right: Relation,
  indexes: Map<string, RowIndex>,
): Suspended<Relation> {
  const shared = left.variables.filter((variable) => right.has(variable));
  if (shared.length === 0) return yield* join(left, right);
  const key = shared.join(' ');
  let index = indexes.get(key);
  if (index === undefined) indexes.set(key, (index = yield* indexOn(right, shared)));
  const pairs = yield* pairWith(left, index);
  const added = right.variables.filter((variable) => !left.has(variable));
  return yield* combine(left, right.select(added), pairs.left, pairs.right, right.dependencies);
}

export interface RowGroups {
  readonly firsts: Int32Array;
  readonly rows: Rows;
}

/** Rows grouped by their codes: those of code c are `rows[firsts[c]] … rows[firsts[c + 1] - 1]`, ascending. */
export function rowsByCode(codes: Int32Array, count: number): RowGroups {
  const firsts = new Int32Array(count + 1);
  for (let row = 0; row < codes.length; row++) firsts[codes[row]! + 1]!++;
  for (let code = 0; code < count; code++) firsts[code + 1]! += firsts[code]!;
  const next = firsts.slice(0, count);
  const rows = new Int32Array(codes.length);
  for (let row = 0; row < codes.length; row++) rows[next[codes[row]!]!++] = row;
  return { firsts, rows };
}
