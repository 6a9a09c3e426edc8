#!/usr/bin/env node
/** The `datahike-gateway` command. */
import { Command, InvalidArgumentError, Option } from 'commander';
import type { Config } from '../config/config.ts';
import { loadConfig } from '../config/config.ts';
import type { ExportFormat } from '../services/migration/export.ts';
import { runBackup, runCollect, runRenew, runRestore, runVerify } from './maintain.ts';
import { runExport, runImport, runNorms } from './migrate.ts';
import type { RunningProcess } from './processes.ts';
import { startAll, startGateway, startWriterProcess } from './processes.ts';
import { runProcess } from './run-process.ts';
import { runRelock, runSchema } from './show-schema.ts';
import type { Log } from '../services/shared/log.ts';

interface Options {
  readonly config?: string;
  readonly host?: string;
  readonly port?: number;
  readonly development?: boolean;
  readonly standby?: boolean;
}

type Start = (config: Config, log: Log) => Promise<RunningProcess>;

/** Where the writer lives elsewhere, it is waited for. */
const STANDBY = ['--standby', 'waits for its turn where another writer lives'] as const;

const COMMANDS: ReadonlyArray<readonly [name: string, description: string, start: Start]> = [
  ['start', 'writer, readers and gateway in one process', startAll],
  [
    'writer',
    'the one writer of the databases; gateways and services find it by its lease',
    startWriterProcess,
  ],
  ['gateway', 'GraphQL and REST over the indices; run as many as you like', startGateway],
];

function program(): Command {
  const command = new Command('datahike-gateway').description(
    'An immutable, time-travelling Datalog database in your PostgreSQL, and the GraphQL and REST gateway over it.',
  );
  for (const [name, description, start] of COMMANDS) {
    const added = addCommand(command, name, description)
      .option('--host <host>', 'where to listen for HTTP')
      .option('--port <port>', 'where to listen for HTTP; 0 is any free port', parsePort)
      .option('--development', 'the GraphiQL console and introspection')
      .action((options: Options) => runProcess(() => configOf(name, options), start));
    if (start !== startGateway) added.option(...STANDBY);
  }
  addMigrations(command);
  addMaintenance(command);
  addSchema(command);
  return command;
}

function addCommand(command: Command, name: string, description: string): Command {
  return command
    .command(name)
    .description(description)
    .option('--config <file>', 'a JSON file with settings; the environment overrides it');
}

function addDatabaseCommand(command: Command, name: string, description: string): Command {
  return addCommand(command, name, description).argument('<database>', 'the name of the database');
}

function addMaintenance(command: Command): void {
  addDatabaseCommand(command, 'collect', 'deletes the nodes that nothing needs any more').action(
    (database: string, options: Options) =>
      runCollect(() => configOf('collect', options), database),
  );
  addDatabaseCommand(command, 'verify', 'reads all that is stored, and says what is wrong').action(
    (database: string, options: Options) => runVerify(() => configOf('verify', options), database),
  );
  addDatabaseCommand(command, 'backup', 'a database as it is stored, while it is in use')
    .option('--at <point>', 'a transaction, or a time; the newest where it is left out')
    .option('--output <file>', 'where to write it; standard output where it is left out')
    .action((database: string, { at, output, ...options }: BackupOptions) =>
      runBackup(() => configOf('backup', options), { database, at, output }),
    );
  addDatabaseCommand(command, 'restore', 'a backup as a new database')
    .argument('[file]', 'where to read it; standard input where it is left out')
    .action((database: string, file: string | undefined, options: Options) =>
      runRestore(() => configOf('restore', options), database, file),
    );
  addCommand(command, 'renew', 'after the server was set back to an earlier copy of its data')
    .argument('[databases...]', 'their names; all there are where none is given')
    .action((databases: ReadonlyArray<string>, options: Options) =>
      runRenew(() => configOf('renew', options), databases),
    );
}

function addSchema(command: Command): void {
  addDatabaseCommand(
    command,
    'schema',
    'prints the GraphQL schema of a database, or of a set of them',
  ).action((database: string, options: Options) =>
    runSchema(() => configOf('schema', options), database),
  );
  addDatabaseCommand(
    command,
    'relock',
    'shows a database as its attributes say now, whatever it was locked to be',
  )
    .option('--accept', 'also where it breaks what clients may rely on')
    .action((database: string, { accept = false, ...options }: Options & { accept?: boolean }) =>
      runRelock(() => configOf('relock', options), database, { isAccepted: accept }),
    );
}

interface BackupOptions extends Options {
  readonly at?: string;
  readonly output?: string;
}

interface ExportOptions extends Options {
  readonly format: ExportFormat;
  readonly output?: string;
}

function addMigrations(command: Command): void {
  const add = (name: string, description: string): Command =>
    addDatabaseCommand(command, name, description);
  add('export', 'a database with its history as a stream')
    .addOption(new Option('--format <format>').choices(['edn', 'cbor']).default('edn'))
    .option('--output <file>', 'where to write it; standard output where it is left out')
    .action((database: string, { format, output, ...options }: ExportOptions) =>
      runExport(() => configOf('export', options), { database, format, output }),
    );
  add('import', 'a stream that was exported as a new database')
    .argument('[file]', 'where to read it; standard input where it is left out')
    .action((database: string, file: string | undefined, options: Options) =>
      runImport(() => configOf('import', options), { database, file }),
    );
  add('norms', 'applies the migrations of a folder that the database does not have yet')
    .argument('<folder>', 'EDN files {:tx-data [...]}, and checksums.edn')
    .option('--update-checksums', 'writes checksums.edn before')
    .action(
      (database: string, folder: string, options: Options & { updateChecksums?: boolean }) => {
        const { updateChecksums = false } = options;
        return runNorms(() => configOf('norms', options), { database, folder, updateChecksums });
      },
    );
}

function configOf(command: string, { config, host, port, development, standby }: Options): Config {
  // A writer has a port of its own; the others are asked at that of the gateway.
  const place = command === 'writer' ? 'writer' : 'http';
  return loadConfig({
    overrides: {
      [`${place}.host`]: host,
      [`${place}.port`]: port,
      development,
      'writer.standby': standby,
    },
    ...(config === undefined ? {} : { file: config }),
  });
}

function parsePort(text: string): number {
  if (/^\d+$/.test(text)) return Number(text);
  throw new InvalidArgumentError('Expected a number.');
}

await program().parseAsync();
