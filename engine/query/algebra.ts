/**
 * Relational algebra over columns: distinct rows, joins by shared variables. Every loop over rows pauses now and then, so that a large
 * relation keeps nothing else waiting.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { EdnData } from '../../schema/value.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Variable } from './ast.ts';
import { KeyMap } from './key-map.ts';
import { KeySet } from './key-set.ts';
import { Relation, rowKey } from './relation.ts';

/** More rows than this in one intermediate result end the query. */
export const MAX_ROWS = 20_000_000;

/** A pause after so many rows: about a millisecond of work. */
export const ROWS_PER_PAUSE = 2_048;

/** The distinct bindings of some of the variables. */
export function project(
  relation: Relation,
  variables: ReadonlyArray<Variable>,
): Suspended<Relation> {
  return distinct(relation.select(variables));
}

export function* distinct(relation: Relation): Suspended<Relation> {
  const seen = new KeySet();
  const rows: number[] = [];
  for (let row = 0; row < relation.length; row++) {
    if (seen.add(rowKey(relation.columns, row))) rows.push(row);
    if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
  }
  return yield* take(relation, rows);
}

/** The distinct rows of relations that all have the variables. */
export function* union(
  variables: ReadonlyArray<Variable>,
  relations: ReadonlyArray<Relation>,
): Suspended<Relation> {
  const seen = new KeySet();
  const columns: EdnData[][] = variables.map(() => []);
  let length = 0;
  for (const relation of relations) {
    const own = relation.select(variables).columns;
    for (let row = 0; row < relation.length; row++) {
      if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
      if (!seen.add(rowKey(own, row))) continue;
      for (const [place, column] of own.entries()) columns[place]!.push(column[row]!);
      length++;
    }
  }
  return new Relation(variables, columns, length);
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
  return yield* combine(left, right.select(added), pairs.left, pairs.right);
}

/** The rows of the left that match no row of the right. */
export function* antiJoin(left: Relation, right: Relation): Suspended<Relation> {
  const shared = left.variables.filter((variable) => right.has(variable));
  const keys = new KeySet();
  const other = right.select(shared).columns;
  for (let row = 0; row < right.length; row++) {
    keys.add(rowKey(other, row));
    if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
  }
  const columns = left.select(shared).columns;
  const rows: number[] = [];
  for (let row = 0; row < left.length; row++) {
    if (!keys.has(rowKey(columns, row))) rows.push(row);
    if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
  }
  return yield* take(left, rows);
}

/** Some of the rows, in the order of their numbers. */
export function* take(relation: Relation, rows: ReadonlyArray<number>): Suspended<Relation> {
  if (rows.length === relation.length) return relation;
  return yield* combine(relation, Relation.unit, rows, rows);
}

/** Puts rows of two relations side by side: row i is row `rowsOfLeft[i]` of the one and `rowsOfRight[i]` of the other. */
export function* combine(
  left: Relation,
  right: Relation,
  rowsOfLeft: ReadonlyArray<number>,
  rowsOfRight: ReadonlyArray<number>,
): Suspended<Relation> {
  const columns: EdnData[][] = [];
  for (const [relation, rows] of [
    [left, rowsOfLeft],
    [right, rowsOfRight],
  ] as const)
    for (const column of relation.columns) {
      const picked: EdnData[] = [];
      for (let i = 0; i < rows.length; i++) {
        picked.push(column[rows[i]!]!);
        if (i % (8 * ROWS_PER_PAUSE) === 8 * ROWS_PER_PAUSE - 1) yield PAUSE;
      }
      columns.push(picked);
    }
  return new Relation([...left.variables, ...right.variables], columns, rowsOfLeft.length);
}

interface Pairs {
  readonly left: ReadonlyArray<number>;
  readonly right: ReadonlyArray<number>;
}

function* pairAll(left: Relation, right: Relation): Suspended<Pairs> {
  checkRows(left.length * right.length);
  const pairs = { left: [] as number[], right: [] as number[] };
  for (let i = 0; i < left.length; i++)
    for (let j = 0; j < right.length; j++) {
      pairs.left.push(i);
      pairs.right.push(j);
      if (pairs.left.length % ROWS_PER_PAUSE === 0) yield PAUSE;
    }
  return pairs;
}

/** Hashes the smaller side: `next` chains the rows of one key. */
function* pairEqual(
  left: Relation,
  right: Relation,
  shared: ReadonlyArray<Variable>,
): Suspended<Pairs> {
  const isLeftSmaller = left.length <= right.length;
  const [small, large] = isLeftSmaller ? [left, right] : [right, left];
  const { first, next } = yield* hash(small.select(shared));
  const columns = large.select(shared).columns;
  const rowsOfSmall: number[] = [];
  const rowsOfLarge: number[] = [];
  for (let row = 0; row < large.length; row++) {
    for (let match = first.get(rowKey(columns, row)) ?? -1; match >= 0; match = next[match]!) {
      rowsOfSmall.push(match);
      rowsOfLarge.push(row);
      if (rowsOfSmall.length % ROWS_PER_PAUSE === 0) yield PAUSE;
    }
    if (row % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
    checkRows(rowsOfSmall.length);
  }
  return isLeftSmaller
    ? { left: rowsOfSmall, right: rowsOfLarge }
    : { left: rowsOfLarge, right: rowsOfSmall };
}

interface RowsByKey {
  readonly first: KeyMap;
  readonly next: Int32Array;
}

function* hash({ columns, length }: Relation): Suspended<RowsByKey> {
  const first = new KeyMap();
  const next = new Int32Array(length);
  for (let row = length - 1; row >= 0; row--) {
    const key = rowKey(columns, row);
    next[row] = first.get(key) ?? -1;
    first.set(key, row);
    if (row % ROWS_PER_PAUSE === 0) yield PAUSE;
  }
  return { first, next };
}

export function checkRows(count: number): void {
  if (count > MAX_ROWS)
    throw new DatabaseError(
      'LIMIT_EXCEEDED',
      `The query makes more than ${MAX_ROWS} intermediate rows; join its clauses by shared variables or bind more of them`,
      { data: { limit: MAX_ROWS } },
    );
}
