/**
 * Lets one process at a time rearrange the files of a database: rewrite packs and logs, fork and delete branches. Commits
 * and reads go on without it.
 *
 * `locks/<number>` names the process that holds or held the lock. As with epochs, a file is made only where there is none of
 * its name, and the highest number is the one that counts. A lock has no time after which it lapses, because a process that
 * was only slow would go on with its work: it is free when its holder says so, or is gone.
 */
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseError } from '../../../schema/error.ts';
import { databaseNotFound } from '../store-errors.ts';
import { createFile, hasCode, readFileIfThere, replaceFile } from './durable.ts';
import { isProcessGone, startOfProcess, thisHost } from './host.ts';
import { Turns } from './turns.ts';

const WAIT_MS = 20;
const TIMEOUT_MS = 60_000;

interface LockFile {
  readonly host: string;
  readonly pid: number;
  readonly processStart: string;
  readonly isHeld: boolean;
}

export class FolderLock {
  readonly #folder: string;
  readonly #database: string;
  /** Of this process, so that it does not wait for itself by asking again and again. */
  readonly #turns = new Turns();

  constructor(folder: string, database: string) {
    this.#folder = folder;
    this.#database = database;
  }

  /** @throws STORE_UNAVAILABLE where another process keeps the lock for too long */
  run<T>(step: () => Promise<T>): Promise<T> {
    return this.#turns.run(async () => {
      const deadlineMs = performance.now() + TIMEOUT_MS;
      for (;;) {
        const taken = await this.#tryToTake();
        if (typeof taken === 'number') return this.#runHolding(taken, step);
        if (performance.now() > deadlineMs) throw locked(taken, this.#folder);
        await wait(WAIT_MS);
      }
    });
  }

  /** Runs a step where nobody has the lock; otherwise waits a moment, and does not run it. */
  async runIfFree(step: () => Promise<void>): Promise<void> {
    const taken = await this.#tryToTake();
    if (typeof taken === 'number') await this.#runHolding(taken, step);
    else await wait(WAIT_MS);
  }

  async #runHolding<T>(number: number, step: () => Promise<T>): Promise<T> {
    try {
      return await step();
    } finally {
      await replaceFile(this.#pathOf(number), encode(false));
    }
  }

  /** The number of the lock, or who has it. */
  async #tryToTake(): Promise<number | LockFile> {
    for (;;) {
      const [latest = 0] = await this.#numbers();
      const holder = await this.#read(latest);
      if (holder !== undefined && isHeld(holder)) return holder;
      const number = latest + 1;
      if (!(await createFile(this.#pathOf(number), encode(true)))) continue;
      // While this process looked, the number may have been taken, used and tidied away: then a later one is there.
      const [newest, ...earlier] = await this.#numbers();
      const outdated = newest === number ? earlier : [number];
      for (const each of outdated) await rm(this.#pathOf(each), { force: true });
      if (newest === number) return number;
    }
  }

  /** All numbers that have a file, newest first. */
  async #numbers(): Promise<number[]> {
    const names = await readdir(this.#folder).catch((error: unknown) => {
      throw hasCode(error, 'ENOENT') ? databaseNotFound(this.#database) : error;
    });
    return names
      .filter((name) => /^\d+$/.test(name))
      .map(Number)
      .sort((a, b) => b - a);
  }

  async #read(number: number): Promise<LockFile | undefined> {
    const bytes = await readFileIfThere(this.#pathOf(number));
    // Written by `encode` and replaced as a whole, so it is what it was.
    return bytes === undefined ? undefined : (JSON.parse(bytes.toString('utf8')) as LockFile);
  }

  #pathOf(number: number): string {
    return join(this.#folder, String(number));
  }
}

function encode(isHeld: boolean): Buffer {
  const { pid } = process;
  const file: LockFile = { host: thisHost(), pid, processStart: startOfProcess(pid), isHeld };
  return Buffer.from(JSON.stringify(file));
}

function isHeld({ host, pid, processStart, isHeld }: LockFile): boolean {
  if (!isHeld) return false;
  if (host !== thisHost()) return true; // nobody here can know whether it lives
  return !isProcessGone(pid) && startOfProcess(pid) === processStart;
}

function locked({ host, pid }: LockFile, folder: string): DatabaseError {
  return new DatabaseError(
    'STORE_UNAVAILABLE',
    `The process ${pid} of the host ${host} keeps the lock in ${folder}`,
    { data: { host, pid, folder } },
  );
}
