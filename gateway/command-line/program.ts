/** The whole command line. */
import { Command, CommanderError } from 'commander';
import { addBranches } from './branches.ts';
import { addDatabases } from './databases.ts';
import { endingOf } from './ending.ts';
import { EXIT_CODES } from './exit-codes.ts';
import { addMaintenance } from './maintain.ts';
import { addMigration } from './migrate.ts';
import { addPast } from './past.ts';
import { addReading } from './read.ts';
import { addSchemas } from './schemas.ts';
import { addProcesses } from './serve.ts';
import type { CommandLine } from './session.ts';
import { addTransact } from './transact.ts';

const GROUPS: ReadonlyArray<
  readonly [heading: string, add: (program: Command, line: CommandLine) => void]
> = [
  ['Processes:', addProcesses],
  ['Databases:', addDatabases],
  ['Writing:', addTransact],
  ['Reading:', addReading],
  ['The past:', addPast],
  ['Branches:', addBranches],
  ['Moving and changing databases:', addMigration],
  ['Looking after databases:', addMaintenance],
  ['How databases are shown:', addSchemas],
];

/**
 * Does what the arguments say, and gives the exit code. What `start` and its kin started goes on running.
 *
 * @param args without the program itself
 */
export async function runCommandLine(
  args: ReadonlyArray<string>,
  line: CommandLine,
): Promise<number> {
  const { output, errors } = line.terminal;
  // Who stops reading ends the command: the write that fails says so.
  for (const stream of [output, errors]) stream.on('error', () => undefined);
  return endingOf(() => createProgram(line).parseAsync(args, { from: 'user' }), errors);
}

function createProgram(line: CommandLine): Command {
  const { output, errors } = line.terminal;
  const program = new Command('datahike-gateway')
    .description(
      'An immutable, time-travelling Datalog database in your PostgreSQL, and the GraphQL and REST gateway over it.',
    )
    .usage('<command> [options]')
    .helpCommand('help [command]', 'shows how to use a command, with examples')
    .configureOutput({
      writeOut: (text) => output.write(text),
      writeErr: (text) => errors.write(text),
    })
    .showHelpAfterError('(datahike-gateway help shows what there is, and how to use it)')
    .exitOverride()
    .option('-V, --version', 'prints the version')
    .on('option:version', () => {
      output.write(`${line.version()}\n`);
      throw new CommanderError(0, 'commander.version', line.version());
    })
    .addHelpText('after', HELP);
  for (const [heading, add] of GROUPS) {
    program.commandsGroup(heading);
    add(program, line);
  }
  return program;
}

const HELP = `
Where databases are: the first of these that says so
  options of the command, such as --config FILE
  the environment: DATABASE_URL for PostgreSQL, DATAHIKE_GATEWAY_DIRECTORY for a folder
  the file that DATAHIKE_GATEWAY_CONFIG names
  the folder ./data

Begin with
  $ datahike-gateway create people
  $ echo '[{:db/ident :person/name, :db/valueType :db.type/string, :db/cardinality :db.cardinality/one}]' | datahike-gateway transact people
  $ echo '[{:person/name "Ada"}]' | datahike-gateway transact people
  $ datahike-gateway query people '[:find ?name :where [_ :person/name ?name]]'

Exit codes
${Object.values(EXIT_CODES)
  .map(({ code, meaning }) => `  ${String(code).padEnd(4)} ${meaning}`)
  .join('\n')}

Read on in docs/command-line.md; README.md lists all settings.`;
