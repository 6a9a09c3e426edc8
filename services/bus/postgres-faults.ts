/**
 * Which faults of a connection to PostgreSQL do not go away by connecting again.
 */
import { DatabaseError } from '../../engine/index.ts';

/** The mistake in the URL of a bus that an error shows, or undefined where the server may be well in a moment. */
export function mistakeInUrl(error: unknown): DatabaseError | undefined {
  if (error instanceof DatabaseError) return error;
  if (!(error instanceof Error)) return undefined;
  const state = 'code' in error ? String(error.code) : '';
  if (state === '08P01' && /parameter/i.test(error.message)) return listensThroughPooler(error);
  // Login, database name, rights, certificates.
  if (!/^28...$|^3D000$|CERT|SIGNATURE|^ERR_(TLS|SSL|OSSL)/.test(state)) return undefined;
  return badUrl(`PostgreSQL refuses the connection of the bus (${state}): ${error.message}`, error);
}

export function unreadableUrl(error: unknown): DatabaseError {
  const reason = error instanceof Error ? error.message : String(error);
  return badUrl(`The URL of the bus cannot be used: ${reason}`, error);
}

/** A pooler gives the session that listens to somebody else, and whoever waits for notifications hears none. */
export function listensThroughPooler(cause?: unknown): DatabaseError {
  return badUrl(
    'The bus needs a connection to PostgreSQL itself, for LISTEN, and got one to a pooler of transactions: set bus.url (DATAHIKE_GATEWAY_BUS_URL) to the postgres:// URL of the server, or announce over Redis',
    cause,
  );
}

function badUrl(message: string, cause: unknown): DatabaseError {
  return new DatabaseError('BAD_CONFIG', message, { cause });
}
