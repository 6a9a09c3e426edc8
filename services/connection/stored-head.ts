/**
 * The head of a branch as the store has it, held against the one that is known. A store only goes forward, unless it was set back to an earlier
 * copy: a backup of the server that was put in place, or a standby that was promoted and had not received everything. Then it has another
 * history, of which the known head is no part, and the two must never be merged.
 */
import type { Head, Store, StoredNodes } from '../../engine/index.ts';
import {
  DatabaseError,
  comesAfter,
  extendHead,
  rebaseHead,
  restoreHead,
} from '../../engine/index.ts';

/** The answer where the known head is no part of what the store has. */
export const OTHER_HISTORY = Symbol('other history');

/** Where the store is, as seen from a head. A branch that is gone is `same`: there is nothing to go on to. */
export type Standing = 'same' | 'newer' | typeof OTHER_HISTORY;

/**
 * Compares versions. The head has to be durable before this is called: then a lower version is no answer that was late, but proof that the store was
 * set back. Only a replica may show less than was committed.
 */
export async function standingOf(store: Store, branch: string, known: Head): Promise<Standing> {
  const seen = await store.readVersion(branch);
  if (seen > known.version) return 'newer';
  if (seen === known.version || seen === 0 || (await store.mayLag?.()) === true) return 'same';
  // What was read before may have been the answer of a replica that has been promoted since.
  const version = await store.readVersion(branch);
  return version > 0 && version < known.version ? OTHER_HISTORY : 'same';
}

/** The head in the store where it is newer. Reads no more of the log than what is new, unless the root is on other base trees. */
export async function newerHead(
  store: Store,
  branch: string,
  known: Head,
  nodes: StoredNodes,
): Promise<Head | typeof OTHER_HISTORY | undefined> {
  const news = await store.readRoot(branch, known.db.maxTx);
  const extended = news && (await extendHead(known, news));
  if (extended !== undefined) return extended;
  const root = news && (await store.readRoot(branch));
  // One that is older by now is for the next look.
  if (root === undefined || root.version <= known.version) return undefined;
  return (await comesAfter(known, root, store, branch))
    ? rebaseHead(known, root, nodes)
    : OTHER_HISTORY;
}

/** The head in the store, whatever was known. @throws DATABASE_NOT_FOUND */
export async function wholeHead(store: Store, branch: string, nodes: StoredNodes): Promise<Head> {
  const root = await store.readRoot(branch);
  if (root === undefined) throw branchNotFound(store, branch);
  return restoreHead(root, nodes);
}

export function branchNotFound({ id }: Store, branch: string): DatabaseError {
  return new DatabaseError('DATABASE_NOT_FOUND', `There is no branch ${branch} in ${id}`, {
    kind: 'db-does-not-exist',
  });
}
