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
  const operator = COMPARISONS.get(name) ?? EQUAL;
  const otherwise = BUILT_INS.get(name);
  const rows = new IntegerBuffer(length);
  const test = (a: EdnData, b: EdnData): boolean => otherwise?.(a, b) === true;
  for (let start = 0; start < length; start += ROWS_PER_PAUSE) {
    if (start > 0) yield PAUSE;
    const end = Math.min(length, start + ROWS_PER_PAUSE);
    for (let row = start; row < end; row++) {
      const a = 'column' in left ? left.column[row]! : left.value;
      const b = 'column' in right ? right.column[row]! : right.value;
      const isHeld =
        typeof a === 'number' && typeof b === 'number' && a === a && b === b
          ? holds(operator, a, b)
          : test(a, b);
      if (isHeld) rows.push(row);
    }
  }
  return rows.view();
}

/** Of two numbers that are not NaN. */
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
