/** Branches of a database: made from another one or from a commit, listed, deleted. They share what they have in common. */
import { randomUUID } from 'node:crypto';
import type { Db, Store } from '../../engine/index.ts';
import {
  DatabaseError,
  MAIN_BRANCH,
  databaseAt,
  encodeRecord,
  endOf,
  fold,
  run,
} from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';

/** The names of the branches, sorted. */
export function branches({ store }: Connection): Promise<ReadonlyArray<string>> {
  return store.branches();
}

/**
 * Makes a branch that begins where another one is, or at a commit. Nothing is copied but what is not in the base trees yet; a commit
 * before those is folded into trees of its own.
 *
 * @param from the name of a branch, or the id of a commit
 * @throws NOT_FOUND where there is neither, BAD_USER_INPUT where the branch exists
 */
export async function createBranch(
  { store, nodes }: Connection,
  from: string,
  branch: string,
): Promise<void> {
  const place = (await endOfBranch(store, from)) ?? (await store.findCommit(from));
  if (place === undefined)
    throw new DatabaseError('NOT_FOUND', `Expected a branch or the id of a commit, got ${from}`, {
      kind: 'from-branch-does-not-point-to-existing-branch-or-commit',
      data: { from },
    });
  const root = await store.readRoot(place.branch);
  const isInTail = root !== undefined && place.tx >= root.indexedTx;
  const db = isInTail ? undefined : await databaseAt(store, nodes, place.branch, place.tx);
  if (!isInTail && db === undefined) throw gone(from);
  const start = db === undefined ? root : await foldedRoot(store, nodes, db, branch);
  if (start === undefined) throw gone(from);
  const { record, indexedTx } = start;
  if (await store.fork({ branch, origin: place, record, indexedTx })) return;
  throw new DatabaseError('BAD_USER_INPUT', `The branch ${branch} exists already`, {
    kind: 'branch-already-exists',
    data: { branch },
  });
}

/**
 * Ends a branch; what others share with it stays. Whoever writes it is deposed.
 *
 * @throws BAD_USER_INPUT for the main branch, NOT_FOUND where there is no such branch
 */
export async function deleteBranch({ store }: Connection, branch: string): Promise<void> {
  if (branch === MAIN_BRANCH)
    throw new DatabaseError('BAD_USER_INPUT', `The branch ${MAIN_BRANCH} cannot be deleted`, {
      kind: 'cannot-delete-main-db-branch',
    });
  if ((await store.readRoot(branch)) === undefined)
    throw new DatabaseError('NOT_FOUND', `There is no branch ${branch}`, {
      kind: 'branch-does-not-exist',
      data: { branch },
    });
  await store.deleteBranch(branch);
}

interface Place {
  readonly branch: string;
  readonly tx: number;
}

async function endOfBranch(store: Store, branch: string): Promise<Place | undefined> {
  const root = await store.readRoot(branch);
  return root === undefined ? undefined : { branch, tx: endOf(root).tx };
}

/** A root of trees that hold all of a database, written under a lease of the branch that is made. */
async function foldedRoot(
  store: Store,
  nodes: Connection['nodes'],
  db: Db,
  branch: string,
): Promise<{ readonly record: Uint8Array; readonly indexedTx: number }> {
  const owner = randomUUID();
  const { acquired, lease } = await store.leases.acquire({
    branch,
    owner,
    address: null,
    ttlMs: FOLD_MS,
  });
  if (!acquired)
    throw new DatabaseError('BRANCH_LOCKED', `Another process is making the branch ${branch}`);
  try {
    let address = lease.epoch * 2 ** 32;
    const folded = await run(fold(db, nodes, () => address++));
    await store.write(folded.nodes);
    const record = { config: db.config, ...folded, purges: 0, purge: undefined };
    return { record: encodeRecord(record), indexedTx: folded.indexedTx };
  } finally {
    await store.leases.release(branch, lease.epoch);
  }
}

/** How long the branch is held while its trees are written. */
const FOLD_MS = 10 * 60_000;

function gone(from: string): DatabaseError {
  return new DatabaseError('NOT_FOUND', `The commit ${from} is not in the log any more`, {
    kind: 'from-branch-does-not-point-to-existing-branch-or-commit',
  });
}
