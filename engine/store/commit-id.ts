/**
 * The ids of commits: UUIDs in one spelling, so that every backend finds them alike.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { Commit } from './store.ts';

/** The id in lower case, or undefined where the text is not that of a UUID. */
export function parseCommitId(id: string): string | undefined {
  return /^[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/i.test(id) ? id.toLowerCase() : undefined;
}

/**
 * The id to store with the segments of a commit, or undefined where it has none.
 *
 * @throws BAD_USER_INPUT where it is not the text of a UUID
 */
export function idToStore({ id, segments }: Commit): string | undefined {
  if (id === undefined) return undefined;
  const parsed = parseCommitId(id);
  if (parsed === undefined) {
    throw new DatabaseError('BAD_USER_INPUT', 'Expected the id of a commit to be a UUID', {
      data: { id },
    });
  }
  return segments.length > 0 ? parsed : undefined;
}
