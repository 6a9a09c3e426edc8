/** Joins of two relations by their shared variables. */
import { DatabaseError } from '../../schema/error.ts';
import type { ValueKey } from '../../schema/value-key.ts';
import type { Variable } from './ast.ts';
import type { Column } from './relation.ts';
import { Relation, rowKey } from './relation.ts';

/** More rows than this in one intermediate result end the query. */
export const MAX_ROWS = 20_000_000;

/** The natural join; the product where nothing is shared. */
export function join(left: Relation, right: Relation): Relation {
  const shared = left.variables.filter((variable) => right.has(variable));
  const added = right.variables.filter((variable) => !left.has(variable));
  if (left === Relation.unit) return right;
  if (right === Relation.unit) return left;
  const [rowsOfLeft, rowsOfRight] =
    shared.length === 0 ? pairAll(left, right) : pairEqual(left, right, shared);
  return combine(left, right.select(added), rowsOfLeft, rowsOfRight);
}

/** The rows of the left that match no row of the right. */
export function antiJoin(left: Relation, right: Relation): Relation {
  const shared = left.variables.filter((variable) => right.has(variable));
  const keys = keySet(right.select(shared));
  const columns = left.select(shared).columns;
  const rows: number[] = [];
  for (let row = 0; row < left.length; row++) if (!keys.has(rowKey(columns, row))) rows.push(row);
  return left.take(rows);
}

export function keySet(relation: Relation): Set<ValueKey> {
  const keys = new Set<ValueKey>();
  for (let row = 0; row < relation.length; row++) keys.add(rowKey(relation.columns, row));
  return keys;
}

type Pairs = readonly [left: number[], right: number[]];

function pairAll(left: Relation, right: Relation): Pairs {
  checkRows(left.length * right.length);
  const pairs: Pairs = [[], []];
  for (let i = 0; i < left.length; i++)
    for (let j = 0; j < right.length; j++) {
      pairs[0].push(i);
      pairs[1].push(j);
    }
  return pairs;
}

/** Hashes the smaller side: `next` chains the rows of one key, newest first. */
function pairEqual(left: Relation, right: Relation, shared: ReadonlyArray<Variable>): Pairs {
  const isLeftSmaller = left.length <= right.length;
  const [small, large] = isLeftSmaller ? [left, right] : [right, left];
  const smallColumns = small.select(shared).columns;
  const first = new Map<ValueKey, number>();
  const next = new Int32Array(small.length);
  for (let row = small.length - 1; row >= 0; row--) {
    const key = rowKey(smallColumns, row);
    next[row] = first.get(key) ?? -1;
    first.set(key, row);
  }
  const largeColumns = large.select(shared).columns;
  const rowsOfSmall: number[] = [];
  const rowsOfLarge: number[] = [];
  for (let row = 0; row < large.length; row++) {
    for (let match = first.get(rowKey(largeColumns, row)) ?? -1; match >= 0; match = next[match]!) {
      rowsOfSmall.push(match);
      rowsOfLarge.push(row);
    }
    checkRows(rowsOfSmall.length);
  }
  return isLeftSmaller ? [rowsOfSmall, rowsOfLarge] : [rowsOfLarge, rowsOfSmall];
}

/** Puts rows of two relations side by side. */
export function combine(
  left: Relation,
  right: Relation,
  rowsOfLeft: ReadonlyArray<number>,
  rowsOfRight: ReadonlyArray<number>,
): Relation {
  const pick = (column: Column, rows: ReadonlyArray<number>): Column =>
    rows.map((row) => column[row]!);
  return new Relation(
    [...left.variables, ...right.variables],
    [
      ...left.columns.map((column) => pick(column, rowsOfLeft)),
      ...right.columns.map((column) => pick(column, rowsOfRight)),
    ],
    rowsOfLeft.length,
  );
}

export function checkRows(count: number): void {
  if (count > MAX_ROWS)
    throw new DatabaseError(
      'LIMIT_EXCEEDED',
      `The query makes more than ${MAX_ROWS} intermediate rows; join its clauses by shared variables or bind more of them`,
      { data: { limit: MAX_ROWS } },
    );
}
