/** Commits by their ids: the database as of one, and its ancestors. */
import type { Db, Store } from '../../engine/index.ts';
import { DatabaseError, databaseAt, endOf, restoreHead } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';

/** The commit that a database value is of; null for speculation. */
export function commitId(db: Db): string | null {
  return db.commit?.id ?? null;
}

/** The commits that it follows; null for speculation. */
export function parentCommitIds(db: Db): ReadonlySet<string> | null {
  return db.commit === undefined ? null : new Set(db.commit.parents);
}

/** The database as it was after a commit; null where there is no such commit. */
export async function commitAsDb(connection: Connection, id: string): Promise<Db | null> {
  const { store, nodes } = connection;
  const place = await store.findCommit(id);
  if (place === undefined) return null;
  const { branch, tx } = place;
  return (await connection.reading(() => databaseAt(store, nodes, branch, tx))) ?? null;
}

/** The database at the head of a branch; null where there is no such branch. */
export function branchAsDb(connection: Connection, branch: string): Promise<Db | null> {
  const { store, nodes } = connection;
  return connection.reading(async () => {
    const root = await store.readRoot(branch);
    return root === undefined ? null : (await restoreHead(root, nodes)).db;
  });
}

/** The database at the head of the connection's branch and at all commits before it, each once, the parents after their children. */
export async function* branchHistory(connection: Connection): AsyncIterable<Db> {
  const seen = new Set<string>();
  const pending: string[] = [];
  const head = connection.db();
  yield head;
  pending.push(...(head.commit?.parents ?? []));
  for (let id = pending.shift(); id !== undefined; id = pending.shift()) {
    if (seen.has(id)) continue;
    seen.add(id);
    const db = await commitAsDb(connection, id);
    if (db === null) continue;
    yield db;
    pending.push(...(db.commit?.parents ?? []));
  }
}

/**
 * The ids of commits that are given by id or by the name of the branch that ends with them.
 *
 * @throws BAD_USER_INPUT where none is given, NOT_FOUND where one is not there
 */
export async function resolveParents(
  store: Store,
  parents: ReadonlyArray<string>,
): Promise<ReadonlyArray<string>> {
  if (parents.length === 0)
    throw new DatabaseError('BAD_USER_INPUT', 'Expected at least one parent to merge', {
      kind: 'must-provide-at-least-one-parent',
    });
  return Promise.all(parents.map((parent) => resolveCommit(store, parent)));
}

async function resolveCommit(store: Store, name: string): Promise<string> {
  if ((await store.findCommit(name)) !== undefined) return name;
  const root = await store.readRoot(name);
  const commit = root === undefined ? undefined : endOf(root).commit;
  if (commit !== undefined) return commit.id;
  throw new DatabaseError('NOT_FOUND', `Expected a branch or the id of a commit, got ${name}`, {
    kind: 'parent-does-not-exist-in-store',
    data: { parent: name },
  });
}
