/** Branches of a database: made from another one or from a commit, listed, deleted. They share what they have in common. */
import { randomUUID } from 'node:crypto';
import type { Db, RootWithLog, Store } from '../../engine/index.ts';
import {
  DatabaseError,
  MAIN_BRANCH,
  databaseAt,
  decodeRecord,
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
  connection: Connection,
  from: string,
  branch: string,
): Promise<void> {
  const { store } = connection;
  const place = (await endOfBranch(store, from)) ?? (await store.findCommit(from));
  if (place === undefined)
    throw new DatabaseError('NOT_FOUND', `Expected a branch or the id of a commit, got ${from}`, {
      kind: 'from-branch-does-not-point-to-existing-branch-or-commit',
      data: { from },
    });
  await branchAt(connection, place, branch, from);
}

/** The same after a transaction, which need not end a commit. */
export async function branchAt(
  connection: Connection,
  place: Place,
  branch: string,
  name = `${place.branch} as of ${place.tx}`,
): Promise<void> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await tryToCreate(connection, place, branch, name);
    } catch (error) {
      // A collection began after the trees were read that the branch was to begin with.
      const isSwept = error instanceof DatabaseError && error.code === 'SNAPSHOT_EXPIRED';
      if (!isSwept || attempt === MAX_ATTEMPTS) throw error;
    }
  }
}

/** How often in a row collections may begin just while a branch is made. */
const MAX_ATTEMPTS = 20;

async function tryToCreate(
  { store, nodes }: Connection,
  place: Place,
  branch: string,
  name: string,
): Promise<void> {
  const { sweeps } = await store.retention.state();
  const fork = async (start: Start | undefined): Promise<void> => {
    if (start === undefined) throw gone(name);
    if (await store.fork({ branch, origin: place, ...start, sweeps })) return;
    throw new DatabaseError('BAD_USER_INPUT', `The branch ${branch} exists already`, {
      kind: 'branch-already-exists',
      data: { branch },
    });
  };
  const root = await store.readRoot(place.branch);
  if (root !== undefined && place.tx >= root.indexedTx) return fork(startOf(root));
  const db = await databaseAt(store, nodes, place.branch, place.tx);
  if (db === undefined) throw gone(name);
  await withFolded(store, nodes, db, branch, fork);
}

/** What a branch begins with. */
interface Start {
  readonly record: Uint8Array;
  readonly indexedTx: number;
}

/** The trees of another branch; what that one retains is its own. */
function startOf({ record, indexedTx }: RootWithLog): Start {
  return { record: encodeRecord({ ...decodeRecord(record), past: undefined }), indexedTx };
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

/** A branch, and a transaction of its log. */
export interface Place {
  readonly branch: string;
  readonly tx: number;
}

async function endOfBranch(store: Store, branch: string): Promise<Place | undefined> {
  const root = await store.readRoot(branch);
  return root === undefined ? undefined : { branch, tx: endOf(root).tx };
}

/** Makes a root of trees that hold all of a database, and uses it, under a lease of the branch that is made. */
async function withFolded(
  store: Store,
  nodes: Connection['nodes'],
  db: Db,
  branch: string,
  use: (start: Start) => Promise<void>,
): Promise<void> {
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
    const { config } = db;
    const unnamedFrom = address;
    const record = { config, ...folded, purges: 0, purge: undefined, unnamedFrom, past: undefined };
    await use({ record: encodeRecord(record), indexedTx: folded.indexedTx });
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
