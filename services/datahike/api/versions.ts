/** Branches and commits, merging, loading, collecting. */
import type { EdnData } from '../../../engine/index.ts';
import { Uuid, kw } from '../../../engine/index.ts';
import { call, callWith } from './call.ts';
import type { Connection, Database } from './handles.ts';
import type { AnyDefinition, Transaction } from './schema-types.ts';
import type { Datom, TransactionReport } from './show.ts';
import { readRecords, readTransaction } from './transaction.ts';

/** A branch, `':draft'` or `'draft'`, or the id of a commit. */
export type Version = string | Uuid;

/** The names of the branches, with colons. */
export function branches(connection: Connection): Promise<ReadonlyArray<string>> {
  return call('branches', [connection]);
}

/** Makes a branch of another one, or of a commit. */
export async function branch(
  connection: Connection,
  from: Version,
  newBranch: string,
): Promise<void> {
  await call('branch!', [connection, versionOf(from), newBranch]);
}

/** Deletes a branch. What others share with it stays. */
export async function deleteBranch(connection: Connection, name: string): Promise<void> {
  await call('delete-branch!', [connection, name]);
}

/** Writes a transaction whose commit other branches or commits go into. What comes over is said by its data. */
export function mergeDb<S extends AnyDefinition>(
  connection: Connection<S>,
  parents: Iterable<Version>,
  transaction: Transaction<S>,
  txMeta?: Readonly<Record<string, unknown>>,
): Promise<TransactionReport<S>> {
  return callWith('merge-db', (read) => [
    read(connection),
    new Set(Array.from(parents, versionOf)),
    readTransaction(transaction, read),
    ...(txMeta === undefined ? [] : [read(txMeta)]),
  ]);
}

/** The commit that a value is of; null of one that is not stored. */
export function commitId(db: Database): Promise<string | null> {
  return call('commit-id', [db]);
}

export function parentCommitIds(db: Database): Promise<ReadonlyArray<string> | null> {
  return call('parent-commit-ids', [db]);
}

/** The database at a commit; null where there is none. */
export function commitAsDb<S extends AnyDefinition>(
  from: Connection<S> | Database<S>,
  id: string | Uuid,
): Promise<Database<S> | null> {
  return call('commit-as-db', [from, id]);
}

/** The present value of a branch; null where there is none. */
export function branchAsDb<S extends AnyDefinition>(
  from: Connection<S> | Database<S>,
  name: string,
): Promise<Database<S> | null> {
  return call('branch-as-db', [from, name]);
}

/** A datom of another database, or `[e, ':a', v, tx, added]`. */
export type EntityRecord = Datom | readonly [number, string, unknown, number, boolean?];

/** Writes datoms of another database, each of their transactions as one; tells what the last one did. */
export function loadEntities(
  connection: Connection,
  records: ReadonlyArray<EntityRecord>,
): Promise<TransactionReport | null> {
  return callWith('load-entities', (read) => [read(connection), readRecords(records, read)]);
}

/** Frees what nobody needs: of what was replaced before an instant, or all of it. */
export function gcStorage(connection: Connection, before?: Date): Promise<ReadonlyArray<string>> {
  return call('gc-storage', [connection, before]);
}

function versionOf(version: Version): EdnData {
  if (typeof version !== 'string') return version;
  return Uuid.parse(version) ?? kw(version);
}
