/**
 * One database in a folder: its packs of nodes, the logs of its branches, and its leases.
 */
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseError } from '../../../schema/error.ts';
import { checkName } from '../names.ts';
import { databaseNotFound } from '../store-errors.ts';
import type {
  Address,
  Commit,
  LeaseStore,
  RootWithLog,
  Store,
  StoredNode,
  StoredSegment,
} from '../store.ts';
import { CommitLog } from './commit-log.ts';
import { hasCode, syncFolder } from './durable.ts';
import { onFiles } from './faults.ts';
import { FileLeases } from './file-leases.ts';
import { FolderLock } from './folder-lock.ts';
import { NodePacks } from './node-packs.ts';
import { folderOf } from './paths.ts';
import { Turns } from './turns.ts';

const ADDRESSES_PER_BATCH = 10_000;

export class FileStore implements Store {
  readonly id: string;
  readonly leases: LeaseStore;
  readonly #folder: string;
  readonly #onClose: () => void;
  readonly #packs: NodePacks;
  readonly #logs = new Map<string, CommitLog>();
  readonly #opening = new Turns();
  readonly #lock: FolderLock;
  #closed = false;

  constructor(id: string, folder: string, onClose: () => void) {
    this.id = id;
    this.#folder = folder;
    this.#onClose = onClose;
    this.#packs = new NodePacks(join(folder, 'nodes'), id);
    this.#lock = new FolderLock(join(folder, 'locks'));
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

  async *listNodes(): AsyncGenerator<ReadonlyArray<Address>> {
    const addresses = await onFiles(() => this.#packs.addresses());
    for (let start = 0; start < addresses.length; start += ADDRESSES_PER_BATCH) {
      yield addresses.slice(start, start + ADDRESSES_PER_BATCH);
    }
  }

  deleteNodes(addresses: ReadonlyArray<Address>): Promise<void> {
    return onFiles(async () => {
      if (addresses.length === 0) return;
      await this.#lock.run(() => this.#packs.erase(new Set(addresses)));
    });
  }

  readRoot(branch: string): Promise<RootWithLog | undefined> {
    return onFiles(async () => (await this.#log(branch))?.readRoot());
  }

  readVersion(branch: string): Promise<number> {
    return onFiles(async () => (await this.#log(branch))?.readVersion() ?? 0);
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
