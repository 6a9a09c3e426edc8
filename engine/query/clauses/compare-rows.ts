/** Comparisons of two operands, as nearly all predicates are, without a call for each row. */
import type { EdnData } from '../../../schema/value.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { BUILT_INS } from '../built-ins.ts';
import type { Column, Rows } from '../relation/column.ts';
import { IntegerBuffer, ROWS_PER_PAUSE } from '../relation/column.ts';

/** A column, or one value for all rows. */
export type Operand = { readonly column: Column } | { readonly value: EdnData };

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

/** The rows for which a comparison holds. */
export function* comparedRows(
  name: string,
  left: Operand,
  right: Operand,
  length: number,
): Suspended<Rows> {
  const rows = new IntegerBuffer(length);
  for (let start = 0; start < length; start += ROWS_PER_PAUSE) {
    if (start > 0) yield PAUSE;
    const end = Math.min(length, start + ROWS_PER_PAUSE);
    if ('column' in left && 'value' in right && typeof right.value === 'number')
      compareWithNumber(name, left.column, right.value, start, end, rows);
    else compareBoth(name, left, right, start, end, rows);
  }
  return rows.view();
}

/** The most frequent kind by itself, so that it is a loop over numbers and no more. */
function compareWithNumber(
  name: string,
  column: Column,
  number: number,
  start: number,
  end: number,
  rows: IntegerBuffer,
): void {
  const operator = COMPARISONS.get(name) ?? EQUAL;
  const test = testOf(name);
  for (let row = start; row < end; row++) {
    const value = column[row]!;
    const isHeld =
      typeof value === 'number' && value === value
        ? holds(operator, value, number)
        : test(value, number);
    if (isHeld) rows.push(row);
  }
}

function compareBoth(
  name: string,
  left: Operand,
  right: Operand,
  start: number,
  end: number,
  rows: IntegerBuffer,
): void {
  const test = testOf(name);
  for (let row = start; row < end; row++) {
    const a = 'column' in left ? left.column[row]! : left.value;
    const b = 'column' in right ? right.column[row]! : right.value;
    if (test(a, b)) rows.push(row);
  }
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
