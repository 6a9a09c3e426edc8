/** The commands that look after what is stored. They end with 0, or with 1 and lines on standard error that say why. */
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config/config.ts';
import { DatabaseError } from '../schema/error.ts';
import type { BackupProgress } from '../services/backup/backup.ts';
import { backupDatabase } from '../services/backup/backup.ts';
import { restoreDatabase } from '../services/backup/restore.ts';
import type { Amount } from '../services/maintenance/collect.ts';
import { collectNodes } from '../services/maintenance/collect.ts';
import type { Fault } from '../services/maintenance/verify.ts';
import { verifyDatabase } from '../services/maintenance/verify.ts';
import { openDatabase } from '../services/storage.ts';
import { runCommand, say, sourceOf, writeWhole } from './migrate.ts';

const DAY_MS = 86_400_000;

export function runCollect(readConfig: () => Config, database: string): Promise<void> {
  return runCommand(readConfig, async ({ host }, { collect: { retainDays } }) => {
    const store = await host.open(database);
    try {
      const report = await collectNodes(store, { retainMs: retainDays * DAY_MS });
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
  });
}

export interface BackupCommand {
  readonly database: string;
  /** A transaction or a time, as text; the newest transaction where it is not given. */
  readonly at: string | undefined;
  /** Standard output where it is not given. */
  readonly output: string | undefined;
}

export function runBackup(
  readConfig: () => Config,
  { database, at, output }: BackupCommand,
): Promise<void> {
  return runCommand(readConfig, async (storage) => {
    const connection = await openDatabase(storage, database);
    try {
      const report = progressReport('Backed up');
      const chunks = backupDatabase(connection, { at: pointOf(at), onProgress: report.on });
      if (output === undefined) await pipeline(chunks, process.stdout, { end: false });
      else await writeWhole(output, chunks);
      report.end(`of ${database}`);
    } finally {
      await connection.release();
    }
  });
}

export function runRestore(
  readConfig: () => Config,
  database: string,
  file: string | undefined,
): Promise<void> {
  return runCommand(readConfig, async ({ host, log }) => {
    const report = progressReport('Restored');
    const source = await sourceOf(file);
    const { tx } = await restoreDatabase(host, database, source, { log, onProgress: report.on });
    report.end(`into ${database} as of transaction ${tx}`);
  });
}

/** Prints a line for each fault, and ends with 1 where there is one. */
export function runVerify(readConfig: () => Config, database: string): Promise<void> {
  return runCommand(readConfig, async ({ host }) => {
    const store = await host.open(database);
    try {
      const onFault = ({ what, where, why, index }: Fault): void =>
        say(`${what} ${where}${index === undefined ? '' : ` of ${index}`}: ${why}`);
      const { nodes, segments, commits, purged, faults } = await verifyDatabase(store, { onFault });
      const found = faults.length === 0 ? 'no fault' : `${counted(faults.length)} faults`;
      say(
        `${database}: ${found} in ${counted(nodes)} nodes, ${counted(segments)} transactions, ${counted(commits)} commits`,
      );
      if (purged > 0) say('Something was purged, so the log was not compared with the indices');
      if (faults.length > 0) process.exitCode = 1;
    } finally {
      await store.close();
    }
  });
}

/**
 * Makes databases others after the server was set back to an earlier copy.
 *
 * @param databases all there are, where none is named
 */
export function runRenew(
  readConfig: () => Config,
  databases: ReadonlyArray<string>,
): Promise<void> {
  return runCommand(readConfig, async ({ host }) => {
    const names = databases.length > 0 ? databases : await host.list();
    for (const name of names) {
      await host.renew(name);
      say(`Renewed ${name}: start the processes that use it`);
    }
    if (names.length === 0) say('There is no database to renew');
  });
}

function pointOf(at: string | undefined): number | Date | undefined {
  if (at === undefined) return undefined;
  if (/^\d+$/.test(at)) return Number(at);
  const time = new Date(at);
  if (!Number.isNaN(time.getTime())) return time;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected the number of a transaction, or a time such as 2026-01-31T12:00:00Z, got ${at}`,
  );
}

const REPORT_INTERVAL_MS = 1_000;

/** Says how far a command is where it takes long. */
function progressReport(done: string): {
  readonly on: (progress: BackupProgress) => void;
  readonly end: (what: string) => void;
} {
  let nextMs = performance.now() + 2 * REPORT_INTERVAL_MS;
  let last: BackupProgress = { nodes: 0, segments: 0, bytes: 0 };
  const line = (): string =>
    `${done} ${counted(last.nodes)} nodes and ${counted(last.segments)} transactions, ${counted(last.bytes)} bytes`;
  return {
    on(progress) {
      last = progress;
      if (performance.now() < nextMs) return;
      nextMs = performance.now() + REPORT_INTERVAL_MS;
      say(line());
    },
    end: (what) => say(`${line()}, ${what}`),
  };
}

function counted(count: number): string {
  return count.toLocaleString('en');
}

function shown({ nodes, bytes }: Amount): string {
  return `${counted(nodes)} nodes with ${counted(bytes)} bytes`;
}
