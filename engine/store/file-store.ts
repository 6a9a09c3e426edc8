/**
 * A store in a folder of the file system: the default where a database is embedded in a process, and good for several
 * processes on one machine. A machine that stops at any moment loses no commit that was confirmed.
 *
 *     <directory>/db-<name>/database.json      the name, the id and the version of this layout
 *                           nodes/*.pack       immutable nodes, see file/node-pack.ts
 *                           epochs/<epoch>     leases, see file/file-leases.ts
 *                           locks/<number>     who rearranges the files, see file/folder-lock.ts
 *                           branch-<name>/     commits, see file/commit-log.ts
 *                           retention/         what readers hold, see file/file-retention.ts
 *                 readers/                     who reads
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseError } from '../../schema/error.ts';
import { createFile, hasCode, readFileIfThere, replaceFile, syncFolder } from './file/durable.ts';
import { onFiles } from './file/faults.ts';
import { FileStore } from './file/file-database.ts';
import { FileReaders } from './file/file-retention.ts';
import { folderOf } from './file/paths.ts';
import { checkName } from './names.ts';
import { openBranchOf } from './open-branch.ts';
import { databaseExists, databaseNotFound } from './store-errors.ts';
import type { ReaderLeases } from './retention.ts';
import type { BranchPlace, OpenedBranch, Store, StoreHost } from './store.ts';
import { readVersionsOf } from './versions.ts';

/** 1: the first. 2: a branch has several log files, and their frames are of more kinds. */
const FORMAT = 2;

const DATABASE_FILE = 'database.json';

interface DatabaseFile {
  readonly format: number;
  readonly id: string;
  readonly name: string;
}

/** A host whose databases are folders of a directory, which is made where it is not there. */
export async function openFileStoreHost(directory: string): Promise<StoreHost> {
  const root = resolve(directory);
  await onFiles(() => mkdir(root, { recursive: true }));
  return new FileStoreHost(root);
}

class FileStoreHost implements StoreHost {
  readonly readers: ReaderLeases;
  readonly #directory: string;
  readonly #open = new Set<FileStore>();

  constructor(directory: string) {
    this.#directory = directory;
    this.readers = new FileReaders(directory);
  }

  create(name: string): Promise<Store> {
    return onFiles(async () => {
      checkName('database', name);
      const folder = this.#folderOf(name);
      const unfinished = join(this.#directory, `.${randomUUID()}.new`);
      await mkdir(join(unfinished, 'nodes'), { recursive: true });
      await mkdir(join(unfinished, 'epochs'));
      await mkdir(join(unfinished, 'locks'));
      const file: DatabaseFile = { format: FORMAT, id: newId(), name };
      await createFile(join(unfinished, DATABASE_FILE), encode(file));
      try {
        await rename(unfinished, folder); // a folder with content is never replaced
      } catch (error) {
        await rm(unfinished, { recursive: true, force: true });
        if (hasCode(error, 'ENOTEMPTY', 'EEXIST', 'EPERM')) throw databaseExists(name);
        throw error;
      }
      await syncFolder(this.#directory);
      return this.#opened(file.id, folder);
    });
  }

  open(name: string): Promise<Store> {
    return onFiles(() => this.#openThere(name));
  }

  async openBranch(name: string, branch: string): Promise<OpenedBranch> {
    return openBranchOf(await this.open(name), branch);
  }

  list(): Promise<ReadonlyArray<string>> {
    return onFiles(async () => {
      const folders = (await readdir(this.#directory)).filter((each) => each.startsWith('db-'));
      const files = await Promise.all(
        folders.map((folder) => readDatabaseFile(join(this.#directory, folder))),
      );
      return files.flatMap((file) => (file === undefined ? [] : [file.name])).sort();
    });
  }

  delete(name: string): Promise<void> {
    return onFiles(async () => {
      checkName('database', name);
      const doomed = join(this.#directory, `.${randomUUID()}.deleted`);
      try {
        await rename(this.#folderOf(name), doomed); // gone in one step, whatever happens to the rest
      } catch (error) {
        if (hasCode(error, 'ENOENT')) return;
        throw error;
      }
      await syncFolder(this.#directory);
      await rm(doomed, { recursive: true, force: true });
    });
  }

  renew(name: string): Promise<void> {
    return onFiles(async () => {
      const store = await this.#openThere(name);
      try {
        const epochs = await store.leases.epochs();
        const branches = [...(await store.branches()), ...epochs.map(({ branch }) => branch)];
        await store.leases.endAll([...new Set(branches)]);
      } finally {
        await store.close();
      }
      const folder = this.#folderOf(name);
      const file: DatabaseFile = { format: FORMAT, id: newId(), name };
      await replaceFile(join(folder, DATABASE_FILE), encode(file));
    });
  }

  readVersions(places: ReadonlyArray<BranchPlace>): Promise<ReadonlyArray<number>> {
    return readVersionsOf(this.#open, places);
  }

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#open, (store) => store.close()));
  }

  async #openThere(name: string): Promise<FileStore> {
    checkName('database', name);
    const folder = this.#folderOf(name);
    const file = await readDatabaseFile(folder);
    if (file === undefined) throw databaseNotFound(name);
    return this.#opened(file.id, folder);
  }

  #opened(id: string, folder: string): FileStore {
    const store: FileStore = new FileStore(id, folder, () => this.#open.delete(store));
    this.#open.add(store);
    return store;
  }

  #folderOf(name: string): string {
    return join(this.#directory, folderOf('db', name));
  }
}

function newId(): string {
  return `file:${randomUUID()}`;
}

function encode(file: DatabaseFile): Buffer {
  return Buffer.from(JSON.stringify(file));
}

async function readDatabaseFile(folder: string): Promise<DatabaseFile | undefined> {
  const bytes = await readFileIfThere(join(folder, DATABASE_FILE));
  if (bytes === undefined) return undefined;
  const file = JSON.parse(bytes.toString('utf8')) as DatabaseFile;
  if (file.format === FORMAT) return file;
  throw new DatabaseError(
    'STORE_CORRUPT',
    `Expected a database of layout ${FORMAT} in ${folder}, got layout ${file.format}`,
  );
}
