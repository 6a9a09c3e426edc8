/** Making, deleting and listing databases. */
import { createInterface } from 'node:readline';
import type { Command } from 'commander';
import { Option } from 'commander';
import type { DatabaseConfig } from '../../schema/database.ts';
import { databaseConfig } from '../../schema/database.ts';
import { DatabaseError } from '../../schema/error.ts';
import { createDatabase } from '../../services/connection/databases.ts';
import { countDatoms } from '../../services/database-values.ts';
import { addCommand, addDatabaseCommand, inputFormatOption, outputOption } from './guide.ts';
import type { InputFormat } from './input.ts';
import { openSource } from './input.ts';
import { instantOf, withDatabase, withWriter } from './opened.ts';
import type { Row } from './output.ts';
import type { CommandLine, Session } from './session.ts';
import { inSession } from './session.ts';
import { transactAll } from './transact.ts';

export function addDatabases(program: Command, line: CommandLine): void {
  addDatabaseCommand(program, 'create', {
    summary: 'makes an empty database',
    details: 'What its options say is fixed for as long as it is there.',
    examples: [
      'datahike-gateway create people',
      'datahike-gateway create people --schema people.edn',
      'datahike-gateway create notes --schema-flexibility read --no-keep-history',
    ],
  })
    .option('--keep-history', 'keeps what was, so that it can be asked for', true)
    .option('--no-keep-history', 'forgets what is retracted or replaced')
    .addOption(
      new Option(
        '--schema-flexibility <when>',
        'write: attributes are declared before they are used; read: anything goes',
      )
        .choices(['write', 'read'])
        .default('write'),
    )
    .option(
      '--attribute-refs',
      'names attributes by their entities, so that they can be renamed',
      false,
    )
    .option('--crypto-hash', 'hashes all content, so that an audit finds what was changed', false)
    .option('--allow-index-backfill', 'lets attributes with values become indexed or unique', false)
    .option(
      '--schema <file>',
      'the first transactions, as `transact` reads them; - is standard input',
    )
    .addOption(inputFormatOption())
    .action(inSession(line, create));
  addDatabaseCommand(program, 'delete', {
    summary: 'deletes a database with its history and its branches',
    details: 'Asks before on a terminal. A database that is written is left alone.',
    examples: ['datahike-gateway delete people', 'datahike-gateway delete people --yes'],
  })
    .option('-y, --yes', 'does not ask')
    .option('--force', 'also where a writer is alive; it fails then')
    .action(inSession(line, deleteOne));
  addCommand(program, 'list', {
    summary: 'lists the databases',
    details:
      'Each with its datoms, its last transaction and when that was, its branches, and the writer of the main branch if one is alive.',
    examples: [
      'datahike-gateway list',
      "datahike-gateway list --output json | jq -r 'select(.writer == null).name'",
    ],
  })
    .alias('ls')
    .addOption(outputOption())
    .action(inSession(line, list));
}

interface CreateOptions extends Omit<DatabaseConfig, 'lengthCaps'> {
  /** A file. */
  readonly schema?: string;
  readonly format?: InputFormat;
}

async function create(
  session: Session,
  database: string,
  { schema, format, ...options }: CreateOptions,
): Promise<void> {
  const { host } = session.storage;
  const { keepHistory, schemaFlexibility, attributeRefs, cryptoHash, allowIndexBackfill } = options;
  const given = { keepHistory, schemaFlexibility, attributeRefs, cryptoHash, allowIndexBackfill };
  const config = databaseConfig(given);
  const { input } = session.terminal;
  const source = schema === undefined ? undefined : await openSource(schema, input, session.signal);
  await createDatabase(host, database, config);
  if (source !== undefined)
    try {
      await withDatabase(session, database, undefined, (connection) =>
        withWriter(session, database, connection, async (writer) => {
          const written = transactAll(session, source, { format }, (each) => writer.transact(each));
          for await (const _ of written);
        }),
      );
    } catch (error) {
      // It was made for this schema; a second try finds the name free.
      await host.delete(database);
      throw error;
    }
  session.say(`Created ${database}`);
}

interface DeleteOptions {
  readonly yes?: boolean;
  readonly force?: boolean;
}

async function deleteOne(
  session: Session,
  database: string,
  { yes = false, force = false }: DeleteOptions,
): Promise<void> {
  const { host } = session.storage;
  const store = await host.open(database);
  try {
    for (const branch of force ? [] : await store.branches()) {
      const lease = await store.leases.current(branch);
      if (lease !== undefined)
        throw new DatabaseError(
          'BRANCH_LOCKED',
          `${lease.owner} writes the branch ${branch} of ${database}; nothing was deleted. Stop it first, or say --force`,
        );
    }
  } finally {
    await store.close();
  }
  if (!yes) await confirm(session, `Delete ${database} with all of its history?`);
  await host.delete(database);
  session.say(`Deleted ${database}`);
}

/** @throws BAD_USER_INPUT where nobody can be asked, PRECONDITION_FAILED where the answer is no */
async function confirm({ terminal, signal }: Session, question: string): Promise<void> {
  const { input, errors } = terminal;
  if (input.isTTY !== true)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      'Expected a terminal to ask whether this is meant, got none; nothing was done. Say --yes where it is',
    );
  errors.write(`${question} [y/N] `);
  const lines = createInterface({ input, terminal: false, signal });
  let answer = '';
  for await (const line of lines) {
    answer = line;
    break;
  }
  signal.throwIfAborted();
  if (/^y(?:es)?$/i.test(answer.trim())) return;
  throw new DatabaseError('PRECONDITION_FAILED', 'The answer was not yes; nothing was done');
}

async function list(session: Session): Promise<void> {
  const { storage, signal } = session;
  const columns = ['name', 'datoms', 'tx', 'instant', 'branches', 'writer'];
  async function* rows(): AsyncGenerator<Row, void> {
    for (const name of await storage.host.list()) {
      signal.throwIfAborted();
      const row = await rowOf(session, name);
      if (row !== undefined) yield row;
    }
  }
  await session.print({ columns, rows: rows(), as: 'map' });
}

/** Undefined where there is no such database any more, or an import is not done with it. */
async function rowOf(session: Session, name: string): Promise<Row | undefined> {
  try {
    return await withDatabase(session, name, undefined, async (connection) => {
      const db = connection.db();
      const [datoms, instant, branches, lease] = await Promise.all([
        countDatoms(db, 'eavt'),
        instantOf(db, db.maxTx),
        connection.store.branches(),
        connection.store.leases.current(connection.branch),
      ]);
      const writer = lease === undefined ? null : (lease.address ?? lease.owner);
      return [name, datoms, db.maxTx, instant, branches, writer];
    });
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'DATABASE_NOT_FOUND') return undefined;
    throw error;
  }
}
