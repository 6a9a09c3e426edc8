/**
 * What PostgreSQL and the way to it report, as the errors that callers see. No SQL and no value goes into a message.
 */
import { DatabaseError, type ErrorCode } from '../../../schema/error.ts';

/** Nobody knows whether the statement took effect: the server did not answer, or ended the connection. */
export function isConnectionLost(error: unknown): boolean {
  if (!(error instanceof Error) || error instanceof DatabaseError) return false;
  // Only an answer of the server has a severity; ERROR means that it is well and the statement had no effect.
  return !('severity' in error) || error.severity !== 'ERROR';
}

export function toDatabaseError(error: unknown): unknown {
  if (error instanceof DatabaseError || !(error instanceof Error)) return error;
  const state = 'code' in error ? String(error.code) : 'no answer in time';
  const code = codeOf(error, state);
  if (code === 'BAD_CONFIG') {
    return new DatabaseError(code, `PostgreSQL refuses: ${error.message}`, { cause: error });
  }
  const data = { state };
  if (code === 'INTERNAL') {
    return new DatabaseError(code, `PostgreSQL rejected a statement of the store (${state})`, {
      cause: error,
      data,
    });
  }
  return new DatabaseError(code, `PostgreSQL does not answer (${state})`, { cause: error, data });
}

function codeOf(error: Error, state: string): ErrorCode {
  // Login, database name, rights: these do not go away by asking again.
  if (/^28...$/.test(state) || state === '3D000' || state === '42501') return 'BAD_CONFIG';
  const isMistake = 'severity' in error && /^(22|23|42)...$/.test(state);
  return isMistake ? 'INTERNAL' : 'STORE_UNAVAILABLE';
}
