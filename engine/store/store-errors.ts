/**
 * The faults that every backend reports alike.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { Address } from './store.ts';

export function databaseExists(name: string): DatabaseError {
  return new DatabaseError('DATABASE_EXISTS', `The database ${JSON.stringify(name)} exists`, {
    data: { database: name },
  });
}

export function databaseNotFound(name: string): DatabaseError {
  return new DatabaseError(
    'DATABASE_NOT_FOUND',
    `There is no database ${JSON.stringify(name)} in this store`,
    { data: { database: name } },
  );
}

export function missingNode(database: string, address: Address): DatabaseError {
  return new DatabaseError(
    'STORE_CORRUPT',
    `The database ${database} has no node at address ${address}`,
    { data: { database, address } },
  );
}

export function originNotFound(branch: string): DatabaseError {
  return new DatabaseError('NOT_FOUND', `There is no branch ${JSON.stringify(branch)} to fork`, {
    kind: 'from-branch-does-not-point-to-existing-branch-or-commit',
    data: { branch },
  });
}

export function storeUnavailable(message: string, cause: unknown): DatabaseError {
  return new DatabaseError('STORE_UNAVAILABLE', message, { cause });
}
