/** Moving databases, and migrations of their schemas. What is made goes to a file or standard output, what is said to standard error. */
import type { Command } from 'commander';
import { Option } from 'commander';
import type { ExportFormat, Progress } from '../../services/migration/export.ts';
import { exportDatabase } from '../../services/migration/export.ts';
import { importDatabase } from '../../services/migration/import.ts';
import { updateChecksums } from '../../services/migration/norm-files.ts';
import { ensureNorms } from '../../services/migration/norms.ts';
import { writeOut } from './files.ts';
import { addDatabaseCommand, progressOption } from './guide.ts';
import { openSource } from './input.ts';
import { withDatabase, withWriter } from './opened.ts';
import type { Step } from './progress.ts';
import type { CommandLine, Session } from './session.ts';
import { inSession } from './session.ts';

interface ExportOptions {
  readonly format: ExportFormat;
  /** Standard output where it is not given. */
  readonly output?: string;
}

const PAGE = 'docs/migration.md';

export function addMigration(program: Command, line: CommandLine): void {
  addDatabaseCommand(program, 'export', {
    summary: 'writes a database with its history as a stream',
    details: 'Equal databases give equal bytes. Whoever writes meanwhile does not wait.',
    examples: [
      'datahike-gateway export world --output world.edn',
      'datahike-gateway export world --format cbor | gzip > world.cbor.gz',
    ],
    page: PAGE,
  })
    .addOption(new Option('--format <format>').choices(['edn', 'cbor']).default('edn'))
    .option('--output <file>', 'where to write it; standard output where it is left out')
    .addOption(progressOption())
    .action(inSession(line, exportOne));
  addDatabaseCommand(program, 'import', {
    summary: 'makes a new database of a stream that was exported',
    details: 'Where it fails, or is interrupted, there is no database.',
    examples: [
      'datahike-gateway import copy world.edn',
      'gunzip < world.cbor.gz | datahike-gateway import copy',
    ],
    page: PAGE,
  })
    .argument('[file]', 'where to read it; standard input where it is left out')
    .addOption(progressOption())
    .action(inSession(line, importOne));
  addDatabaseCommand(program, 'norms', {
    summary: 'applies the migrations of a folder that the database does not have yet',
    details: 'Run it from one place at a time, as a step of the deployment.',
    examples: [
      'datahike-gateway norms world migrations',
      'datahike-gateway norms world migrations --update-checksums',
    ],
    page: PAGE,
  })
    .argument('<folder>', 'EDN files {:tx-data [...]}, and checksums.edn')
    .option('--update-checksums', 'writes checksums.edn before')
    .action(inSession(line, applyNorms));
}

async function exportOne(
  session: Session,
  database: string,
  { format, output }: ExportOptions,
): Promise<void> {
  await withDatabase(session, database, undefined, async (connection) => {
    const db = connection.db();
    let last: Progress = { datoms: 0, ofDatoms: 0 };
    await session.withProgress('Exporting', async (onStep) => {
      const onProgress = (progress: Progress): void => {
        last = progress;
        onStep(stepOf(progress));
      };
      await writeOut(session, output, exportDatabase(db, { format, onProgress }));
    });
    session.say(
      `Exported ${last.datoms.toLocaleString('en')} datoms of ${database} as of transaction ${db.maxTx}`,
    );
  });
}

async function importOne(
  session: Session,
  database: string,
  file: string | undefined,
): Promise<void> {
  const { host, log } = session.storage;
  const { stream } = await openSource(file, session.terminal.input, session.signal);
  const { datoms } = await session.withProgress('Importing', (onStep) =>
    importDatabase(host, database, stream, {
      log,
      onProgress: (progress) => onStep(stepOf(progress)),
    }),
  );
  session.say(`Imported ${datoms.toLocaleString('en')} datoms into ${database}`);
}

async function applyNorms(
  session: Session,
  database: string,
  folder: string,
  { updateChecksums: areUpdated = false }: { readonly updateChecksums?: boolean },
): Promise<void> {
  if (areUpdated) await updateChecksums(folder);
  await withDatabase(session, database, undefined, async (connection) => {
    const applied = await withWriter(session, database, connection, (writer) =>
      ensureNorms({ connection, writer }, folder),
    );
    session.say(
      applied.length === 0
        ? `All norms of ${folder} were applied to ${database} before`
        : `Applied to ${database}: ${applied.join(' ')}`,
    );
  });
}

function stepOf({ datoms, ofDatoms }: Progress): Step {
  return {
    text: `${datoms.toLocaleString('en')} of ${ofDatoms.toLocaleString('en')} datoms`,
    part: ofDatoms === 0 ? 1 : datoms / ofDatoms,
  };
}
