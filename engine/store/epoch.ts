/**
 * Epochs number the writers of one database, over all of its branches. They are the high bits of a node address, so that
 * the addresses of two writers never meet: epoch * 2^32 + counter stays a safe integer for 2^21 epochs.
 */
import { DatabaseError } from '../../schema/error.ts';

export const MAX_EPOCH = 2 ** 21 - 1;

/** How many epochs are passed over where a store was set back: far more than writers can have started since the copy was taken. */
export const RENEWED_EPOCHS = 1_000;

/** @throws STORE_UNAVAILABLE where the database has no epoch left to give out */
export function nextEpoch(latestEpoch: number, database: string, step = 1): number {
  if (latestEpoch + step <= MAX_EPOCH) return latestEpoch + step;
  throw epochsExhausted(database);
}

export function epochsExhausted(database: string): DatabaseError {
  return new DatabaseError(
    'STORE_UNAVAILABLE',
    `The database ${database} has given out all of its ${MAX_EPOCH} writer epochs: export it and import it anew`,
    { data: { database } },
  );
}
