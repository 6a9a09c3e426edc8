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

/** A pooler has no place for a parameter of the session, and says so. */
export function isParameterRefused(error: unknown): boolean {
  return stateOf(error) === '08P01' && error instanceof Error && /parameter/i.test(error.message);
}

/** Prepared statements of one transaction are not those of the next: not there, or already there. Nothing was done. */
export function isStatementUnknown(error: unknown): boolean {
  const state = stateOf(error);
  return state === '26000' || state === '42P05';
}

export function toDatabaseError(error: unknown): unknown {
  if (error instanceof DatabaseError || !(error instanceof Error)) return error;
  const state = stateOf(error) ?? 'no answer in time';
  const [code, message] = describe(error, state);
  return new DatabaseError(code, message, { cause: error, data: { state } });
}

function stateOf(error: unknown): string | undefined {
  return error instanceof Error && 'code' in error ? String(error.code) : undefined;
}

function describe(error: Error, state: string): readonly [code: ErrorCode, message: string] {
  // Login, database name, rights: these do not go away by asking again.
  if (/^28...$/.test(state) || state === '3D000' || state === '42501') {
    return ['BAD_CONFIG', `PostgreSQL refuses: ${error.message}`];
  }
  if (/CERT|SIGNATURE|^ERR_(TLS|SSL|OSSL)/.test(state)) {
    return [
      'BAD_CONFIG',
      `The certificate of PostgreSQL is not trusted (${state}): expected one for the host of the URL that the authority in sslrootcert has signed, or sslmode=no-verify`,
    ];
  }
  if (/does not support SSL/.test(error.message)) {
    return [
      'BAD_CONFIG',
      'PostgreSQL has no TLS, which the sslmode of the URL asks for: switch it on there, or use sslmode=disable',
    ];
  }
  if (state.startsWith('53')) return ['STORE_UNAVAILABLE', describeShortage(error, state)];
  if (state === '25006') {
    return [
      'STORE_UNAVAILABLE',
      'PostgreSQL takes no writes at this URL (25006): it is a read-only replica, and writers need the primary',
    ];
  }
  if ('severity' in error && /^(22|23|42)...$/.test(state)) {
    return ['INTERNAL', `PostgreSQL rejected a statement of the store (${state})`];
  }
  return ['STORE_UNAVAILABLE', `PostgreSQL does not answer (${state})`];
}

/** What the server is short of (class 53), and what helps. A statement that it refuses so, and a connection, had no effect. */
function describeShortage(error: Error, state: string): string {
  const [what, help] = SHORTAGES[state] ?? [
    `is short of something: ${error.message}`,
    'see its log for what to raise or to free',
  ];
  const isRefusal = state === '53300' || !isConnectionLost(error);
  return `PostgreSQL ${what} (${state})${isRefusal ? '; nothing was written' : ', and ended the connection'}: ${help}, then try again`;
}

const SHORTAGES: Readonly<Record<string, readonly [what: string, help: string]>> = {
  '53100': ['has no room left on its disk', 'free or add some for its tables'],
  '53200': ['has no memory left', 'lower shared_buffers, work_mem or the number of connections'],
  '53300': [
    'has no connection left',
    'raise max_connections, which has to hold store.poolSize and three more for every process, or lower store.poolSize',
  ],
};
