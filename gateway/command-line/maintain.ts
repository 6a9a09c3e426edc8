/** The commands that look after what is stored. What they say goes to standard error. */
import type { Command } from 'commander';
import { DatabaseError } from '../../schema/error.ts';
import type { BackupProgress } from '../../services/backup/backup.ts';
import { backupDatabase } from '../../services/backup/backup.ts';
import { restoreDatabase } from '../../services/backup/restore.ts';
import type { TimePoint } from '../../services/database-values.ts';
import type { Amount } from '../../services/maintenance/collect.ts';
import { collectNodes } from '../../services/maintenance/collect.ts';
import type { Fault } from '../../services/maintenance/verify.ts';
import { verifyDatabase } from '../../services/maintenance/verify.ts';
import { writeOut } from './files.ts';
import { addCommand, addDatabaseCommand, progressOption } from './guide.ts';
import { openSource } from './input.ts';
import { parsePoint, withDatabase } from './opened.ts';
import type { CommandLine, Session } from './session.ts';
import { inSession } from './session.ts';

const DAY_MS = 86_400_000;
const PAGE = 'docs/operations.md';

export function addMaintenance(program: Command, line: CommandLine): void {
  addDatabaseCommand(program, 'backup', {
    summary: 'writes a database as it is stored, while it is in use',
    examples: [
      'datahike-gateway backup world --output world.backup',
      'datahike-gateway backup world --at 2026-01-31T12:00:00Z | gzip > then.backup.gz',
    ],
    page: PAGE,
  })
    .option('--at <point>', 'a transaction, or a time; the newest where it is left out', parsePoint)
    .option('--output <file>', 'where to write it; standard output where it is left out')
    .addOption(progressOption())
    .action(inSession(line, backupOne));
  addDatabaseCommand(program, 'restore', {
    summary: 'makes a new database of a backup',
    examples: ['datahike-gateway restore copy world.backup'],
    page: PAGE,
  })
    .argument('[file]', 'where to read it; standard input where it is left out')
    .addOption(progressOption())
    .action(inSession(line, restoreOne));
  addDatabaseCommand(program, 'verify', {
    summary: 'reads all that is stored, and says what is wrong',
    details: 'Ends with 1 where anything is.',
    examples: ['datahike-gateway verify world'],
    page: PAGE,
  })
    .addOption(progressOption())
    .action(inSession(line, verifyOne));
  addDatabaseCommand(program, 'collect', {
    summary: 'deletes the nodes that nothing needs any more',
    details: 'What stays for how long is said by collect.retainDays.',
    examples: ['datahike-gateway collect world', 'datahike-gateway gc world'],
    page: PAGE,
  })
    .alias('gc')
    .addOption(progressOption())
    .action(inSession(line, collectOne));
  addCommand(program, 'renew', {
    summary: 'makes databases fit for use after their server was set back to an earlier copy',
    details: 'Stop the processes that use them before, and start them after it.',
    examples: ['datahike-gateway renew', 'datahike-gateway renew world people'],
    page: PAGE,
  })
    .argument('[databases...]', 'their names; all there are where none is given')
    .action(inSession(line, renew));
}

async function collectOne(session: Session, database: string): Promise<void> {
  const { host } = session.storage;
  const { signal, say } = session;
  const { retainDays } = session.config.collect;
  const store = await host.open(database);
  try {
    const report = await session.withProgress('Collecting', (onStep) =>
      collectNodes(store, {
        retainMs: retainDays * DAY_MS,
        signal,
        onProgress: (looked) => onStep({ text: `${counted(looked)} nodes looked at` }),
      }),
    );
    const { kept, freed, unfinished, oldestRetained, durationMs } = report;
    say(`Freed ${shown(freed)} of ${database}, ${shown(unfinished)} of them never named`);
    say(`Kept ${shown(kept)}`);
    if (oldestRetained !== undefined) {
      const { tx, replacedAt } = oldestRetained;
      say(`Trees back to transaction ${tx} are kept, replaced at ${replacedAt.toISOString()}`);
    }
    say(`Took ${durationMs.toLocaleString('en')} ms`);
  } finally {
    await store.close();
  }
}

interface BackupOptions {
  readonly at?: TimePoint;
  /** Standard output where it is not given. */
  readonly output?: string;
}

async function backupOne(
  session: Session,
  database: string,
  { at, output }: BackupOptions,
): Promise<void> {
  await withDatabase(session, database, undefined, async (connection) => {
    let done = NOTHING;
    await session.withProgress('Backing up', async (onStep) => {
      const onProgress = (progress: BackupProgress): void => {
        done = amountOf(progress);
        onStep({ text: done });
      };
      await writeOut(session, output, backupDatabase(connection, { at, onProgress }));
    });
    session.say(`Backed up ${done}, of ${database}`);
  });
}

async function restoreOne(
  session: Session,
  database: string,
  file: string | undefined,
): Promise<void> {
  const { host, log } = session.storage;
  const { stream } = await openSource(file, session.terminal.input, session.signal);
  let done = NOTHING;
  const { tx } = await session.withProgress('Restoring', (onStep) =>
    restoreDatabase(host, database, stream, {
      log,
      onProgress(progress) {
        done = amountOf(progress);
        onStep({ text: done });
      },
    }),
  );
  session.say(`Restored ${done}, into ${database} as of transaction ${tx}`);
}

/** Prints a line for each fault. @throws STORE_CORRUPT where there is one */
async function verifyOne(session: Session, database: string): Promise<void> {
  const { storage, say } = session;
  const store = await storage.host.open(database);
  try {
    const onFault = ({ what, where, why, index }: Fault): void =>
      say(`${what} ${where}${index === undefined ? '' : ` of ${index}`}: ${why}`);
    const report = await session.withProgress('Verifying', (onStep) =>
      verifyDatabase(store, {
        onFault,
        signal: session.signal,
        onProgress: ({ nodes, segments }) =>
          onStep({ text: `${counted(nodes)} nodes, ${counted(segments)} transactions` }),
      }),
    );
    const { nodes, segments, commits, purged, faults } = report;
    const found = faults.length === 0 ? 'no fault' : `${counted(faults.length)} faults`;
    const all = `${database}: ${found} in ${counted(nodes)} nodes, ${counted(segments)} transactions, ${counted(commits)} commits`;
    if (purged > 0) say('Something was purged, so the log was not compared with the indices');
    if (faults.length > 0) throw new DatabaseError('STORE_CORRUPT', all);
    say(all);
  } finally {
    await store.close();
  }
}

/** Makes databases others after the server was set back to an earlier copy: all there are, where none is named. */
async function renew(
  { storage: { host }, say }: Session,
  databases: ReadonlyArray<string>,
): Promise<void> {
  const names = databases.length > 0 ? databases : await host.list();
  for (const name of names) {
    await host.renew(name);
    say(`Renewed ${name}: start the processes that use it`);
  }
  if (names.length === 0) say('There is no database to renew');
}

function amountOf({ nodes, segments, bytes }: BackupProgress): string {
  return `${counted(nodes)} nodes and ${counted(segments)} transactions, ${counted(bytes)} bytes`;
}

const NOTHING = amountOf({ nodes: 0, segments: 0, bytes: 0 });

function counted(count: number): string {
  return count.toLocaleString('en');
}

function shown({ nodes, bytes }: Amount): string {
  return `${counted(nodes)} nodes with ${counted(bytes)} bytes`;
}
