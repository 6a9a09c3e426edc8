/**
 * A store in a folder of the file system: the default where a database is embedded in a process, and good for several
 * processes on one machine. A machine that stops at any moment loses no commit that was confirmed.
 *
 *     <directory>/db-<name>/database.json      the name, the id and the version of this layout
 *                           nodes/*.pack       immutable nodes, see file/node-pack.ts
 *                           epochs/<epoch>     leases, see file/file-leases.ts
 *                           branch-<name>/log  commits, see file/commit-log.ts
 */
import { randomUUID } from 'node:crypto';
import { mkdir, readdir, rename, rm } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { DatabaseError } from '../../schema/error.ts';
import { CommitLog } from './file/commit-log.ts';
import { createFile, hasCode, readFileIfThere, syncFolder } from './file/durable.ts';
import { onFiles } from './file/faults.ts';
import { FileLeases } from './file/file-leases.ts';
import { NodePacks } from './file/node-packs.ts';
import { folderOf } from './file/paths.ts';
import { Turns } from './file/turns.ts';
import { checkName } from './names.ts';
import { databaseExists, databaseNotFound } from './store-errors.ts';
import type {
  Address,
  Commit,
  LeaseStore,
  RootWithLog,
  Store,
  StoredNode,
  StoredSegment,
  StoreHost,
} from './store.ts';

const FORMAT = 1;

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
  readonly #directory: string;
  readonly #open = new Set<FileStore>();

  constructor(directory: string) {
    this.#directory = directory;
  }

  create(name: string): Promise<Store> {
    return onFiles(async () => {
      checkName('database', name);
      const folder = this.#folderOf(name);
      const unfinished = join(this.#directory, `.${randomUUID()}.new`);
      await mkdir(join(unfinished, 'nodes'), { recursive: true });
      await mkdir(join(unfinished, 'epochs'));
      const file: DatabaseFile = { format: FORMAT, id: `file:${randomUUID()}`, name };
      await createFile(join(unfinished, 'database.json'), Buffer.from(JSON.stringify(file)));
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
    return onFiles(async () => {
      checkName('database', name);
      const folder = this.#folderOf(name);
      const file = await readDatabaseFile(folder);
      if (file === undefined) throw databaseNotFound(name);
      return this.#opened(file.id, folder);
    });
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

  async close(): Promise<void> {
    await Promise.all(Array.from(this.#open, (store) => store.close()));
  }

  #opened(id: string, folder: string): Store {
    const store = new FileStore(id, folder, () => this.#open.delete(store));
    this.#open.add(store);
    return store;
  }

  #folderOf(name: string): string {
    return join(this.#directory, folderOf('db', name));
  }
}

class FileStore implements Store {
  readonly id: string;
  readonly leases: LeaseStore;
  readonly #folder: string;
  readonly #onClose: () => void;
  readonly #packs: NodePacks;
  readonly #logs = new Map<string, CommitLog>();
  readonly #opening = new Turns();
  #closed = false;

  constructor(id: string, folder: string, onClose: () => void) {
    this.id = id;
    this.#folder = folder;
    this.#onClose = onClose;
    this.#packs = new NodePacks(join(folder, 'nodes'), id);
    this.leases = new FileLeases(join(folder, 'epochs'), id, async (branch, epoch) =>
      (await this.#logToWrite(branch)).fence(epoch),
    );
  }

  read(addresses: ReadonlyArray<Address>): Promise<ReadonlyArray<Uint8Array>> {
    return onFiles(() => this.#packs.read(addresses));
  }

  write(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    return onFiles(() => this.#packs.write(nodes));
  }

  readRoot(branch: string): Promise<RootWithLog | undefined> {
    return onFiles(async () => (await this.#log(branch))?.readRoot());
  }

  readLog(branch: string, fromTx: number, toTx: number): Promise<ReadonlyArray<StoredSegment>> {
    return onFiles(async () => (await this.#log(branch))?.readLog(fromTx, toTx) ?? []);
  }

  commit(commit: Commit): Promise<boolean> {
    return onFiles(async () => (await this.#logToWrite(commit.branch)).commit(commit));
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    this.#onClose();
    await this.#packs.close();
    await Promise.all(Array.from(this.#logs.values(), (log) => log.close()));
  }

  async #logToWrite(branch: string): Promise<CommitLog> {
    checkName('branch', branch);
    const existing = await this.#log(branch);
    if (existing !== undefined) return existing;
    try {
      await mkdir(this.#branchFolder(branch));
      await syncFolder(this.#folder);
    } catch (error) {
      if (hasCode(error, 'ENOENT')) throw databaseNotFound(this.id); // deleted by another process
      if (!hasCode(error, 'EEXIST')) throw error;
    }
    await CommitLog.create(this.#branchFolder(branch));
    const created = await this.#log(branch);
    if (created === undefined) throw databaseNotFound(this.id);
    return created;
  }

  #log(branch: string): Promise<CommitLog | undefined> {
    // One after the other, so that no branch is opened twice.
    return this.#opening.run(async () => {
      if (this.#closed) throw new DatabaseError('CONNECTION_RELEASED', 'The store was closed');
      const log = this.#logs.get(branch) ?? (await CommitLog.open(this.#branchFolder(branch)));
      if (log !== undefined) this.#logs.set(branch, log);
      return log;
    });
  }

  #branchFolder(branch: string): string {
    return join(this.#folder, folderOf('branch', branch));
  }
}

async function readDatabaseFile(folder: string): Promise<DatabaseFile | undefined> {
  const bytes = await readFileIfThere(join(folder, 'database.json'));
  if (bytes === undefined) return undefined;
  const file = JSON.parse(bytes.toString('utf8')) as DatabaseFile;
  if (file.format === FORMAT) return file;
  throw new DatabaseError(
    'STORE_CORRUPT',
    `Expected a database of layout ${FORMAT} in ${folder}, got layout ${file.format}`,
  );
}
