/**
 * What the file system reports, as the errors that callers see.
 */
import { DatabaseError } from '../../../schema/error.ts';
import { storeUnavailable } from '../store-errors.ts';

/** Runs an operation on the files of a database. */
export async function onFiles<T>(operation: () => Promise<T>): Promise<T> {
  try {
    return await operation();
  } catch (error) {
    if (error instanceof DatabaseError || !isSystemError(error)) throw error;
    throw storeUnavailable(`The files of the store cannot be used (${error.code})`, error);
  }
}

function isSystemError(error: unknown): error is Error & { readonly code: string } {
  return error instanceof Error && 'code' in error && 'syscall' in error;
}
