/**
 * The commands that end by themselves: export, import and norms. What they make goes to a file or standard output; what they say goes to
 * standard error. They end with 0, or with 1 and one line that says why.
 */
import { constants, createReadStream } from 'node:fs';
import { access, open, rename, rm } from 'node:fs/promises';
import type { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Config } from '../config/config.ts';
import { DatabaseError } from '../schema/error.ts';
import type { ExportFormat, Progress } from '../services/migration/export.ts';
import { exportDatabase } from '../services/migration/export.ts';
import { importDatabase } from '../services/migration/import.ts';
import { updateChecksums } from '../services/migration/norm-files.ts';
import { ensureNorms } from '../services/migration/norms.ts';
import type { Connection } from '../services/connection/connection.ts';
import type { Writer } from '../services/connection/writer-port.ts';
import { RemoteWriter } from '../services/rpc/remote-writer.ts';
import { createLog } from '../services/shared/log.ts';
import type { Storage } from '../services/storage.ts';
import { closeStorage, openDatabase, openStorage } from '../services/storage.ts';
import { startWriter } from '../services/writer/start-writer.ts';

export interface ExportCommand {
  readonly database: string;
  readonly format: ExportFormat;
  /** Standard output where it is not given. */
  readonly output: string | undefined;
}

export interface ImportCommand {
  readonly database: string;
  /** Standard input where it is not given. */
  readonly file: string | undefined;
}

export interface NormsCommand {
  readonly database: string;
  readonly folder: string;
  /** Whether the checksums of the folder are written before. */
  readonly updateChecksums: boolean;
}

/** Runs a command to its end. A mistake of the caller is one line. */
export async function runCommand(
  readConfig: () => Config,
  work: (storage: Storage, config: Config) => Promise<void>,
): Promise<void> {
  try {
    const config = readConfig();
    const log = createLog({ level: config.logLevel === 'debug' ? 'debug' : 'error' });
    // Nobody waits for announcements of what ends so soon.
    const storage = await openStorage({ ...config, bus: { kind: 'none' } }, log);
    try {
      await work(storage, config);
    } finally {
      await closeStorage(storage);
    }
  } catch (error) {
    const line = lineOf(error);
    if (line === undefined) throw error;
    say(line);
    process.exitCode = 1;
  }
}

export function runExport(
  readConfig: () => Config,
  { database, format, output }: ExportCommand,
): Promise<void> {
  return runCommand(readConfig, async (storage) => {
    const connection = await openDatabase(storage, database);
    try {
      const db = connection.db();
      const report = progressReport('Exported');
      const chunks = exportDatabase(db, { format, onProgress: report.on });
      if (output === undefined) await pipeline(chunks, process.stdout, { end: false });
      else await writeWhole(output, chunks);
      report.end(`of ${database} as of transaction ${db.maxTx}`);
    } finally {
      await connection.release();
    }
  });
}

export function runImport(
  readConfig: () => Config,
  { database, file }: ImportCommand,
): Promise<void> {
  return runCommand(readConfig, async ({ host, log }) => {
    const report = progressReport('Imported');
    const source = await sourceOf(file);
    await importDatabase(host, database, source, { log, onProgress: report.on });
    report.end(`into ${database}`);
  });
}

/**
 * What a command reads: a file, or standard input where none is named.
 *
 * @throws BAD_USER_INPUT where the file cannot be read
 */
export async function sourceOf(file: string | undefined): Promise<Readable> {
  if (file === undefined) return process.stdin;
  await access(file, constants.R_OK).catch((cause: unknown) => {
    const got = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause);
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected a file to read at ${file}, got ${got}: name one that this process may read, or none to read standard input`,
      { cause },
    );
  });
  return createReadStream(file);
}

export function runNorms(
  readConfig: () => Config,
  { database, folder, updateChecksums: areUpdated }: NormsCommand,
): Promise<void> {
  return runCommand(readConfig, async (storage, config) => {
    if (areUpdated) await updateChecksums(folder);
    const connection = await openDatabase(storage, database);
    try {
      const { writer, stop } = await writerOf(connection, database, storage, config);
      try {
        const applied = await ensureNorms({ connection, writer }, folder);
        say(
          applied.length === 0
            ? `All norms of ${folder} were applied to ${database} before`
            : `Applied to ${database}: ${applied.join(' ')}`,
        );
      } finally {
        await stop();
      }
    } finally {
      await connection.release();
    }
  });
}

/** The writer that lives, or this process where there is none. */
export async function writerOf(
  connection: Connection,
  database: string,
  { bus, log }: Storage,
  { writer: { leaseTtlMs } }: Config,
): Promise<{ readonly writer: Writer; readonly stop: () => Promise<void> }> {
  const { store, branch } = connection;
  if ((await store.leases.current(branch)) !== undefined)
    return { writer: new RemoteWriter({ database, store, branch }), stop: async () => undefined };
  const writer = await startWriter({ connection, bus, log, leaseTtlMs, address: null });
  return { writer, stop: () => writer.stop() };
}

/** A file is there with all of its bytes or not at all. */
export async function writeWhole(path: string, chunks: AsyncIterable<Uint8Array>): Promise<void> {
  const unfinished = `${path}.${process.pid}.part`;
  const file = await open(unfinished, 'wx');
  try {
    for await (const chunk of chunks) await file.writeFile(chunk);
    await file.sync();
    await file.close();
    await rename(unfinished, path);
  } catch (error) {
    await file.close().catch(() => undefined);
    await rm(unfinished, { force: true });
    throw error;
  }
}

const FIRST_REPORT_MS = 2_000;
const REPORT_INTERVAL_MS = 1_000;

/** Says how far a command is where it takes long. */
function progressReport(done: string): {
  readonly on: (progress: Progress) => void;
  readonly end: (what: string) => void;
} {
  let nextMs = performance.now() + FIRST_REPORT_MS;
  let last: Progress = { datoms: 0, ofDatoms: 0 };
  return {
    on(progress) {
      last = progress;
      if (performance.now() < nextMs) return;
      nextMs = performance.now() + REPORT_INTERVAL_MS;
      const { datoms, ofDatoms } = progress;
      say(`${done} ${datoms.toLocaleString('en')} of ${ofDatoms.toLocaleString('en')} datoms`);
    },
    end: (what) => say(`${done} ${last.datoms.toLocaleString('en')} datoms ${what}`),
  };
}

export function say(line: string): void {
  process.stderr.write(`${line}\n`);
}

/** The line for an error that is no fault of this software. */
function lineOf(error: unknown): string | undefined {
  if (error instanceof DatabaseError) return `${error.code}: ${error.message}`;
  return error instanceof Error && 'syscall' in error ? error.message : undefined;
}
