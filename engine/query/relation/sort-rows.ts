/** Sorting rows by an integer: by digits, the lowest first, so that equal ones keep their order. */
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Rows } from './column.ts';

const DIGIT_BITS = 11;
const DIGITS = 1 << DIGIT_BITS;

/** The numbers of the rows in the order of the integers. */
export function* sortRows(column: Int32Array): Suspended<Rows> {
  const { length } = column;
  let rows = new Int32Array(length);
  if (length === 0) return rows;
  let [lowest, highest] = [column[0]!, column[0]!];
  for (let row = 0; row < length; row++) {
    rows[row] = row;
    const integer = column[row]!;
    if (integer < lowest) lowest = integer;
    else if (integer > highest) highest = integer;
  }
  const span = highest - lowest;
  let other = new Int32Array(length);
  for (let shift = 0; shift < 32 && span >>> shift > 0; shift += DIGIT_BITS) {
    sortByDigit(column, lowest, shift, rows, other);
    [rows, other] = [other, rows];
    yield PAUSE;
  }
  return rows;
}

function sortByDigit(
  column: Int32Array,
  lowest: number,
  shift: number,
  rows: Rows,
  sorted: Rows,
): void {
  const places = new Int32Array(DIGITS + 1);
  const digitOf = (row: number): number => ((column[row]! - lowest) >>> shift) & (DIGITS - 1);
  for (let i = 0; i < rows.length; i++) places[digitOf(rows[i]!) + 1]!++;
  for (let digit = 0; digit < DIGITS; digit++) places[digit + 1]! += places[digit]!;
  for (let i = 0; i < rows.length; i++) sorted[places[digitOf(rows[i]!)]!++] = rows[i]!;
}
