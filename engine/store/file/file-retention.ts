/**
 * What readers hold, as files. The lease of a reader is a file of the directory that all of its databases share, what it holds of one a file
 * in that database's folder. No lock is needed: a reader writes what it holds and then reads the number of sweeps, a sweep writes its number
 * and then reads what is held, so that one of the two sees the other.
 *
 *     <directory>/readers/<reader>                 who it is, and until when
 *     <directory>/db-<name>/retention/<reader>     the addresses
 *     <directory>/db-<name>/retention/sweeps       how many there were
 */
import { mkdir, readdir, rm } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Holding, ReaderLeases, Retention, SweepState } from '../retention.ts';
import type { Address } from '../store.ts';
import { createFile, hasCode, readFileIfThere, replaceFile } from './durable.ts';
import { onFiles } from './faults.ts';
import type { FolderLock } from './folder-lock.ts';
import { isProcessGone, thisHost } from './host.ts';

const SWEEPS = 'sweeps';
const NO_SWEEP: SweepState = { sweeps: 0, keptSinceMs: 0 };

interface ReaderFile {
  readonly host: string;
  readonly pid: number;
  readonly expiresAtMs: number;
}

export class FileReaders implements ReaderLeases {
  readonly #folder: string;

  constructor(directory: string) {
    this.#folder = join(directory, 'readers');
  }

  renew(reader: string, ttlMs: number): Promise<boolean> {
    return onFiles(async () => {
      if (!(await this.isLiving(reader))) return false;
      await replaceFile(this.#pathOf(reader), encode(Date.now() + ttlMs));
      return true;
    });
  }

  release(reader: string): Promise<void> {
    return onFiles(async () => {
      if (await this.isLiving(reader)) await replaceFile(this.#pathOf(reader), encode(0));
    });
  }

  /** Begins a lease where there has been none; whether it lives. */
  async begin(reader: string, ttlMs: number): Promise<boolean> {
    if (await this.isLiving(reader)) return true;
    await mkdir(this.#folder, { recursive: true });
    const isFirst = await createFile(this.#pathOf(reader), encode(Date.now() + ttlMs));
    // Where it holds several databases at once, another one of them may have begun it.
    return isFirst || this.isLiving(reader);
  }

  async isLiving(reader: string): Promise<boolean> {
    const bytes = await readFileIfThere(this.#pathOf(reader));
    if (bytes === undefined) return false;
    // Written by `encode` and replaced as a whole, so it is what it was.
    const { host, pid, expiresAtMs } = JSON.parse(bytes.toString('utf8')) as ReaderFile;
    return expiresAtMs > Date.now() && !(host === thisHost() && isProcessGone(pid));
  }

  /** Removes the leases that have ended for so long that nobody asks for them any more. */
  async removeEnded(): Promise<void> {
    for (const reader of await namesIn(this.#folder)) {
      const bytes = await readFileIfThere(this.#pathOf(reader));
      if (bytes === undefined) continue;
      const { expiresAtMs } = JSON.parse(bytes.toString('utf8')) as ReaderFile;
      if (expiresAtMs < Date.now() - KEPT_AFTER_END_MS)
        await rm(this.#pathOf(reader), { force: true });
    }
  }

  #pathOf(reader: string): string {
    return join(this.#folder, reader);
  }
}

/** So that a reader that was asleep finds its lease ended, and not that it never had one. */
const KEPT_AFTER_END_MS = 7 * 86_400_000;

export class FileRetention implements Retention {
  readonly #folder: string;
  readonly #readers: FileReaders;
  readonly #lock: FolderLock;

  constructor(database: string, lock: FolderLock) {
    this.#folder = join(database, 'retention');
    this.#readers = new FileReaders(dirname(database));
    this.#lock = lock;
  }

  state(): Promise<SweepState> {
    return onFiles(() => this.read());
  }

  /** The same for those who have the lock. */
  async read(): Promise<SweepState> {
    const bytes = await readFileIfThere(join(this.#folder, SWEEPS));
    return bytes === undefined ? NO_SWEEP : (JSON.parse(bytes.toString('utf8')) as SweepState);
  }

  async nowMs(): Promise<number> {
    return Date.now();
  }

  begin(keptSinceMs: number): Promise<SweepState> {
    return onFiles(() =>
      // Under the lock no fork is on its way.
      this.#lock.run(async () => {
        await mkdir(this.#folder, { recursive: true });
        const before = await this.read();
        const state = {
          sweeps: before.sweeps + 1,
          keptSinceMs: Math.max(before.keptSinceMs, keptSinceMs),
        };
        await replaceFile(join(this.#folder, SWEEPS), Buffer.from(JSON.stringify(state)));
        await this.#readers.removeEnded();
        return state;
      }),
    );
  }

  hold({ reader, addresses, ttlMs }: Holding): Promise<SweepState | undefined> {
    return onFiles(async () => {
      if (!(await this.#readers.begin(reader, ttlMs))) return undefined;
      await mkdir(this.#folder, { recursive: true });
      await replaceFile(join(this.#folder, reader), Buffer.from(JSON.stringify(addresses)));
      return this.read();
    });
  }

  held(): Promise<ReadonlyArray<Address>> {
    return onFiles(async () => {
      const held = new Set<Address>();
      for (const reader of await namesIn(this.#folder)) {
        if (reader === SWEEPS) continue;
        const path = join(this.#folder, reader);
        if (await this.#readers.isLiving(reader)) {
          const bytes = await readFileIfThere(path);
          const addresses = JSON.parse(bytes?.toString('utf8') ?? '[]') as Address[];
          for (const address of addresses) held.add(address);
        } else await rm(path, { force: true });
      }
      return [...held];
    });
  }
}

/** The names of the files in a folder, but for those that are not whole yet; none where it is not there. */
async function namesIn(folder: string): Promise<string[]> {
  const names = await readdir(folder).catch((error: unknown) => {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  });
  return names.filter((name) => !name.startsWith('.'));
}

function encode(expiresAtMs: number): Buffer {
  const file: ReaderFile = { host: thisHost(), pid: process.pid, expiresAtMs };
  return Buffer.from(JSON.stringify(file));
}
