/** The point in time that a caller names: `{ t }`, `{ tx }` or `{ instant }`, in a header or a parameter one text. */
import { DatabaseError } from '../../schema/error.ts';
import { valueFromText } from '../../schema/model/scalars.ts';
import type { TimePoint } from '../../services/reader/reader.ts';

export type AsOf = Readonly<Record<string, unknown>>;

/** `536870920`, or an instant. @throws BAD_USER_INPUT */
export function asOfFromText(text: string, place = 'asOf'): AsOf {
  return /^\d+$/.test(text)
    ? { t: valueFromText('Long', text, place) }
    : { instant: valueFromText('DateTime', text, place) };
}

/** @throws BAD_USER_INPUT */
export function timePointOf(asOf: AsOf, place = 'asOf'): TimePoint {
  const points = Object.entries(asOf).filter(([, value]) => value !== null && value !== undefined);
  const [point] = points;
  if (points.length !== 1 || point === undefined) {
    throw new DatabaseError('BAD_USER_INPUT', `${place} takes exactly one of t, tx and instant`);
  }
  const [name, value] = point;
  if (value instanceof Date) return value;
  if (typeof value === 'number' && value >= 0) return value;
  throw new DatabaseError('BAD_USER_INPUT', `${place}.${name} must be the number of a transaction`);
}
