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
    { data: { database, address, isMissing: true } },
  );
}

/**
 * What is read of the bytes of a node.
 *
 * @throws what `read` throws, with the name of the node that is there and cannot be read
 */
export function readNamed<T>(database: string, address: Address, read: () => T): T {
  try {
    return read();
  } catch (error) {
    throw error instanceof DatabaseError ? damagedNode(database, address, error) : error;
  }
}

function damagedNode(database: string, address: Address, cause: DatabaseError): DatabaseError {
  return new DatabaseError(
    cause.code,
    `The node at address ${address} of the database ${database} cannot be read: ${cause.message}`,
    { data: { database, address }, cause },
  );
}

/** The address of the node that a read did not find; undefined for all other errors. */
export function addressOfMissing(error: unknown): Address | undefined {
  if (!(error instanceof DatabaseError) || error.code !== 'STORE_CORRUPT') return undefined;
  const { isMissing, address } = error.data;
  return isMissing === true && typeof address === 'number' ? address : undefined;
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

export function snapshotSwept(branch: string): DatabaseError {
  return new DatabaseError(
    'SNAPSHOT_EXPIRED',
    `Nodes were collected after the trees of the branch ${JSON.stringify(branch)} were read: read its origin again`,
    { data: { branch } },
  );
}
