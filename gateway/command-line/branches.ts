/** Branches: listed, made, deleted. */
import type { Command } from 'commander';
import { MAIN_BRANCH } from '../../schema/database.ts';
import type { Connection } from '../../services/connection/connection.ts';
import { branches, createBranch, deleteBranch } from '../../services/versions/branches.ts';
import { branchAsDb, commitId } from '../../services/versions/commits.ts';
import { addCommand, addDatabaseCommand, outputOption } from './guide.ts';
import { instantOf, withDatabase } from './opened.ts';
import type { Row } from './output.ts';
import type { CommandLine, Session } from './session.ts';
import { inSession } from './session.ts';

export function addBranches(program: Command, line: CommandLine): void {
  addDatabaseCommand(program, 'branches', {
    summary: 'lists the branches of a database',
    details:
      'Each with its last transaction, when that was, its commit, and its writer if one is alive.',
    examples: ['datahike-gateway branches people'],
  })
    .addOption(outputOption())
    .action(inSession(line, list));
  const branch = addCommand(program, 'branch', {
    summary: 'makes and deletes branches',
    examples: [
      'datahike-gateway branch create people draft',
      'datahike-gateway branch delete people draft',
    ],
  });
  addDatabaseCommand(branch, 'create', {
    summary: 'makes a branch that goes on from another one',
    details: 'It shares all that they have in common, and is written by a writer of its own.',
    examples: [
      'datahike-gateway branch create people draft',
      'datahike-gateway branch create people fix --from 0f3c1f0e-5b0a-5d4e-9a61-3b2f6a8a7c10',
    ],
  })
    .argument('<branch>', 'the name of the branch to make')
    .option('--from <branch or commit>', 'where it begins', MAIN_BRANCH)
    .action(inSession(line, create));
  addDatabaseCommand(branch, 'delete', {
    summary: 'deletes a branch; what others share with it stays',
    examples: ['datahike-gateway branch delete people draft'],
  })
    .argument('<branch>', 'the name of the branch to delete')
    .action(inSession(line, deleteOne));
}

async function list(session: Session, database: string): Promise<void> {
  await withDatabase(session, database, undefined, async (connection) => {
    async function* rows(): AsyncGenerator<Row, void> {
      for (const name of await branches(connection)) {
        const row = await rowOf(connection, name);
        if (row !== undefined) yield row;
      }
    }
    const columns = ['name', 'tx', 'instant', 'commit', 'writer'];
    await session.print({ columns, rows: rows(), as: 'map' });
  });
}

/** Undefined where there is no such branch any more. */
async function rowOf(connection: Connection, name: string): Promise<Row | undefined> {
  const db = await branchAsDb(connection, name);
  if (db === null) return undefined;
  const lease = await connection.store.leases.current(name);
  const writer = lease === undefined ? null : (lease.address ?? lease.owner);
  return [name, db.maxTx, await instantOf(db, db.maxTx), commitId(db), writer];
}

async function create(
  session: Session,
  database: string,
  branch: string,
  { from }: { readonly from: string },
): Promise<void> {
  await withDatabase(session, database, undefined, (connection) =>
    createBranch(connection, from, branch),
  );
  session.say(`Created the branch ${branch} of ${database}, from ${from}`);
}

async function deleteOne(session: Session, database: string, branch: string): Promise<void> {
  await withDatabase(session, database, undefined, (connection) =>
    deleteBranch(connection, branch),
  );
  session.say(`Deleted the branch ${branch} of ${database}`);
}
