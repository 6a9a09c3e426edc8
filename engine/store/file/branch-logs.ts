/**
 * The logs of all branches of a database: finds the file that counts, opens it once, and follows it to the next generation
 * and the next life, whoever makes these.
 */
import { mkdir, readdir, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseError } from '../../../schema/error.ts';
import { checkName } from '../names.ts';
import { databaseNotFound, storeUnavailable } from '../store-errors.ts';
import { CommitLog, MOVED, type OrMoved } from './commit-log.ts';
import { createFile, hasCode, readFileIfThere, syncFolder } from './durable.ts';
import { encodeFrame, markerOf, markingFrame, newLogHeader } from './log-frame.ts';
import { fileOf, lifeOf, newestOf, parseFile, parseLife, type LogName } from './log-name.ts';
import { folderOf } from './paths.ts';
import { Turns } from './turns.ts';

const FINISH_TIMEOUT_MS = 60_000;

type Step<T> = (log: CommitLog, isRetry: boolean) => Promise<OrMoved<T>>;

export class BranchLogs {
  readonly #folder: string;
  readonly #database: string;
  /** By life: the newest generation that is known. */
  readonly #logs = new Map<string, CommitLog>();
  /** By branch. */
  readonly #current = new Map<string, CommitLog>();
  readonly #opening = new Turns();
  #isClosed = false;

  constructor(folder: string, database: string) {
    this.#folder = folder;
    this.#database = database;
  }

  /** Runs a step on the log of a branch; undefined where there has never been one. */
  read<T>(branch: string, step: Step<T>): Promise<T | undefined> {
    return follow(() => this.current(branch), step);
  }

  /** Runs a step on the log of a life; undefined where it is gone. */
  readLife<T>(life: string, step: Step<T>): Promise<T | undefined> {
    return follow(() => this.ofLife(life), step);
  }

  /**
   * Runs a step that appends. A log that is sealed and goes on nowhere yet was left so by a process that died, or that is
   * still at it: `finish` waits and makes the next generation.
   */
  async write<T>(branch: string, step: Step<T>, finish: () => Promise<void>): Promise<T> {
    checkName('branch', branch);
    const answer = await follow(() => this.#currentToWrite(branch, finish), step);
    if (answer === undefined) throw databaseNotFound(this.#database);
    return answer;
  }

  /** The log of a branch, or undefined where there has never been one. */
  current(branch: string): Promise<CommitLog | undefined> {
    // One after the other, so that no file is opened twice.
    return this.#opening.run(async () => {
      const known = this.#current.get(branch);
      if (known?.isOpen === true && !this.#isClosed) return known;
      const folder = folderOf('branch', branch);
      const log = await this.#open(async () => newestOf(await this.files(folder)));
      if (log !== undefined) this.#current.set(branch, log);
      else if (known !== undefined) throw databaseNotFound(this.#database); // a branch leaves its last log behind
      if (known !== undefined && known.name.life !== log?.name.life) this.#drop(known);
      return log;
    });
  }

  /** The log of a life, or undefined where it is gone. */
  ofLife(key: string): Promise<CommitLog | undefined> {
    return this.#opening.run(async () => {
      const known = this.#logs.get(key);
      if (known?.isOpen === true && !this.#isClosed) return known;
      const { folder, life } = parseLife(key);
      const log = await this.#open(async () => {
        const names = await this.files(folder);
        return newestOf(names.filter((each) => each.life === life));
      });
      if (log === undefined && known !== undefined) this.#drop(known);
      return log;
    });
  }

  /** The same, with all that is in it by now: under the lock of the folder it is the file that counts. */
  caughtUp(life: string): Promise<CommitLog | undefined> {
    return this.readLife(life, async (log) => ((await log.readVersion()) === MOVED ? MOVED : log));
  }

  /** The names of all branches that have a folder. */
  async names(): Promise<string[]> {
    const folders = (await readdir(this.#folder)).filter((each) => each.startsWith('branch-'));
    const files = await Promise.all(
      folders.map((folder) => readFileIfThere(join(this.#folder, folder, 'branch.json'))),
    );
    // Written by `#create` and made as a whole, so it is what it was.
    return files.flatMap((bytes) =>
      bytes === undefined ? [] : [(JSON.parse(bytes.toString('utf8')) as { name: string }).name],
    );
  }

  /** All log files in the folder of a branch. */
  async files(folder: string): Promise<LogName[]> {
    try {
      const names = await readdir(join(this.#folder, folder));
      return names.flatMap((name) => parseFile(folder, name) ?? []);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) return [];
      throw error;
    }
  }

  pathOf(name: LogName): string {
    return join(this.#folder, name.folder, fileOf(name));
  }

  async close(): Promise<void> {
    await this.#opening.run(async () => {
      this.#isClosed = true;
      await Promise.all(Array.from(this.#logs.values(), (log) => log.close()));
    });
  }

  async #currentToWrite(branch: string, finish: () => Promise<void>): Promise<CommitLog> {
    const deadlineMs = performance.now() + FINISH_TIMEOUT_MS;
    for (;;) {
      const log = await this.current(branch);
      if (log?.isOpen === true) return log;
      if (performance.now() > deadlineMs) {
        throw storeUnavailable('The log of the branch is still being rewritten', undefined);
      }
      if (log === undefined) await this.#create(branch, 1, 0);
      else if (log.position.state === 'sealed') await finish();
      else if (log.position.state === 'ended') {
        await this.#create(branch, log.name.life + 1, log.position.epoch);
      }
    }
  }

  /** Makes a life of a branch; leaves one that is there. No epoch up to the given one may commit to it. */
  async #create(branch: string, life: number, endedEpoch: number): Promise<void> {
    const folder = folderOf('branch', branch);
    try {
      await mkdir(join(this.#folder, folder));
      await syncFolder(this.#folder);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) throw databaseNotFound(this.#database); // deleted by another process
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    const description = Buffer.from(JSON.stringify({ name: branch }));
    await createFile(join(this.#folder, folder, 'branch.json'), description);
    await createFile(this.pathOf({ folder, life, generation: 1 }), newLog(endedEpoch));
  }

  async #open(find: () => Promise<LogName | undefined>): Promise<CommitLog | undefined> {
    let tried: string | undefined;
    for (;;) {
      if (this.#isClosed) throw new DatabaseError('CONNECTION_RELEASED', 'The store was closed');
      const name = await find();
      if (name === undefined) return undefined;
      const known = this.#logs.get(lifeOf(name));
      if (known?.name.generation === name.generation && !known.isReplaced) return known;
      const log = await CommitLog.open(name, join(this.#folder, name.folder));
      if (log !== undefined) {
        if (known !== undefined) this.#drop(known);
        this.#logs.set(lifeOf(name), log);
        return log;
      }
      // It was replaced since the folder was listed, and so another one is there now.
      const path = this.pathOf(name);
      if (path === tried) throw notALog(path, await isThere(path));
      tried = path;
    }
  }

  /** Whoever still reads the log finds out that it has moved. */
  #drop(log: CommitLog): void {
    if (this.#logs.get(lifeOf(log.name)) === log) this.#logs.delete(lifeOf(log.name));
    void log.close().catch(() => undefined);
  }
}

/** Runs a step on a log, and where that has moved, on what took its place. */
async function follow<T>(
  find: () => Promise<CommitLog | undefined>,
  step: Step<T>,
): Promise<T | undefined> {
  for (let isRetry = false; ; isRetry = true) {
    const log = await find();
    if (log === undefined) return undefined;
    const answer = await step(log, isRetry);
    if (answer !== MOVED) return answer;
  }
}

/** The bytes of a log that no epoch up to one may commit to. */
function newLog(endedEpoch: number): Buffer {
  const header = newLogHeader();
  const marker = markerOf(header);
  if (marker === undefined || endedEpoch === 0) return header;
  return Buffer.concat([header, encodeFrame(marker, markingFrame('fence', endedEpoch))]);
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}

function notALog(path: string, isFile: boolean): DatabaseError {
  const fault = isFile ? 'is not a commit log of this version' : 'cannot be opened';
  return new DatabaseError('STORE_CORRUPT', `The file ${path} ${fault}`, { data: { path } });
}
