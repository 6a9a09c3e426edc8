/**
 * What a database and a branch may be called: any text that every backend can keep and give back unchanged.
 */
import { DatabaseError } from '../../schema/error.ts';

const MAX_NAME_LENGTH = 200;

/** @throws BAD_USER_INPUT where a name is empty, longer than 200 characters, or not well-formed text */
export function checkName(what: 'database' | 'branch', name: string): void {
  const fault = faultOf(name);
  if (fault === undefined) return;
  throw new DatabaseError('BAD_USER_INPUT', `Expected the name of a ${what}, got ${fault}`, {
    data: { name },
  });
}

function faultOf(name: string): string | undefined {
  if (name === '') return 'an empty text';
  if (name.length > MAX_NAME_LENGTH) {
    return `${name.length} characters where ${MAX_NAME_LENGTH} are allowed`;
  }
  // NUL cannot be stored by PostgreSQL; half a surrogate pair has no UTF-8.
  if (name.includes('\0')) return 'a text with a NUL character';
  if (/\p{Surrogate}/u.test(name)) return 'a text with half a surrogate pair';
  return undefined;
}
