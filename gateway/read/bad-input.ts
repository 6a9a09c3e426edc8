/** The error of an argument: where it stands, and what to change. */
import { DatabaseError } from '../../schema/error.ts';

export function badInput(place: string, problem: string): DatabaseError {
  return new DatabaseError('BAD_USER_INPUT', `${place} ${problem}`, { data: { place } });
}
