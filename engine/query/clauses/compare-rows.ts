/** Comparisons of two operands, as nearly all predicates are, without a call for each row. */
import type { EdnData } from '../../../schema/value.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { BUILT_INS } from '../built-ins.ts';
import type { Column, Rows } from '../relation/column.ts';
import { IntegerBuffer, ROWS_PER_PAUSE } from '../relation/column.ts';
import type { Piece } from '../relation/piecewise.ts';
import type { Relation } from '../relation/relation.ts';
import type { Variable } from '../variable.ts';

/** The values of a variable, or one value for all rows. */
export type Operand =
  { readonly bindings: Relation; readonly variable: Variable } | { readonly value: EdnData };

const LESS = 0;
const GREATER = 1;
const AT_MOST = 2;
const AT_LEAST = 3;
const EQUAL = 4;
const DIFFERENT = 5;

const COMPARISONS: ReadonlyMap<string, number> = new Map([
  ['<', LESS],
  ['>', GREATER],
  ['<=', AT_MOST],
  ['>=', AT_LEAST],
  ['=', EQUAL],
  ['not=', DIFFERENT],
  ['!=', DIFFERENT],
]);

/** Whether a function is one of these comparisons. */
export function isComparison(name: string): boolean {
  return COMPARISONS.has(name);
}

/** The rows of `length` for which a comparison holds. */
export function* comparedRows(
  name: string,
  left: Operand,
  right: Operand,
  length: number,
): Suspended<Rows> {
  const rows = new IntegerBuffer();
  if ('variable' in left && 'value' in right && typeof right.value === 'number')
    yield* compareWithNumber(name, left.bindings.pieces(left.variable), right.value, rows);
  else {
    const [a, b] = [valuesOf(left), valuesOf(right)];
    for (let start = 0; start < length; start += ROWS_PER_PAUSE) {
      if (start > 0) yield PAUSE;
      compareBoth(name, a, b, start, Math.min(length, start + ROWS_PER_PAUSE), rows);
    }
  }
  return rows.view();
}

/** The most frequent kind by itself, so that it is a loop over numbers and no more. */
function* compareWithNumber(
  name: string,
  pieces: ReadonlyArray<Piece>,
  number: number,
  rows: IntegerBuffer,
): Suspended<void> {
  let [first, pauseAt] = [0, ROWS_PER_PAUSE];
  for (const { column, lo, hi } of pieces) {
    for (let start = lo; start < hi; start += ROWS_PER_PAUSE) {
      const end = Math.min(hi, start + ROWS_PER_PAUSE);
      comparePart(name, column, number, start, end, first - lo, rows);
      if (first + end - lo < pauseAt) continue;
      pauseAt = first + end - lo + ROWS_PER_PAUSE;
      yield PAUSE;
    }
    first += hi - lo;
  }
}

/** Values `lo <= i < hi`, which are those of the rows `i + shift`. */
function comparePart(
  name: string,
  column: Column,
  number: number,
  lo: number,
  hi: number,
  shift: number,
  rows: IntegerBuffer,
): void {
  const operator = COMPARISONS.get(name) ?? EQUAL;
  const test = testOf(name);
  for (let i = lo; i < hi; i++) {
    const value = column[i]!;
    const isHeld =
      typeof value === 'number' && value === value
        ? holds(operator, value, number)
        : test(value, number);
    if (isHeld) rows.push(i + shift);
  }
}

/** What the values of an operand are, row by row. */
function valuesOf(operand: Operand): (row: number) => EdnData {
  if ('value' in operand) return () => operand.value;
  const column = operand.bindings.column(operand.variable);
  return (row) => column[row]!;
}

function compareBoth(
  name: string,
  left: (row: number) => EdnData,
  right: (row: number) => EdnData,
  start: number,
  end: number,
  rows: IntegerBuffer,
): void {
  const test = testOf(name);
  for (let row = start; row < end; row++) if (test(left(row), right(row))) rows.push(row);
}

/** For values of any kind. */
function testOf(name: string): (a: EdnData, b: EdnData) => boolean {
  const builtIn = BUILT_INS.get(name);
  return (a, b) => builtIn?.(a, b) === true;
}

/** Of two numbers; nothing holds of NaN but that it is different, as of all numbers in JavaScript. */
function holds(operator: number, a: number, b: number): boolean {
  switch (operator) {
    case LESS:
      return a < b;
    case GREATER:
      return a > b;
    case AT_MOST:
      return a <= b;
    case AT_LEAST:
      return a >= b;
    case EQUAL:
      return a === b;
    default:
      return a !== b;
  }
}
