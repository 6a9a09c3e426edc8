/**
 * Copies of nodes on a disk of this machine, for any number of databases and processes:
 *
 *     <directory>/db-<id of the database>/<name>.pack      see cache-folder.ts
 *
 * Copies are written a moment after they were read and until then served from memory. What goes first, when the budget is
 * used up, is the pack that was not used for the longest time, whosever it is.
 */
import { mkdir, readdir, rm, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import { hasCode } from '../file/durable.ts';
import { onFiles } from '../file/faults.ts';
import { folderOf } from '../file/paths.ts';
import { Turns } from '../file/turns.ts';
import type { Address, StoredNode } from '../store.ts';
import { CacheFolder, packNames, removeIfEmpty } from './cache-folder.ts';
import type { NodeFront } from './node-front.ts';

export interface FileFrontOptions {
  /** Made where it is not there; processes of one machine may share it. */
  readonly directory: string;
  /** How much the packs of all databases and processes may hold together. */
  readonly maxBytes: number;
  /** Hears what goes wrong, at most once a minute; the reads go on without the front. */
  readonly onFault?: (error: unknown) => void;
}

interface Database {
  readonly folder: CacheFolder;
  readonly directory: string;
  /** Copies that are not on the disk yet. */
  readonly waiting: Map<Address, Uint8Array>;
  readonly opened: Promise<void>;
}

interface PackFile {
  readonly directory: string;
  readonly name: string;
  readonly sizeBytes: number;
  readonly usedAtMs: number;
}

const WRITE_AFTER_MS = 100;
const MAX_WAITING_BYTES = 32 << 20;
const PACKS_PER_BUDGET = 16;
const MIN_PACK_BYTES = 64 << 10;
const MAX_PACK_BYTES = 64 << 20;
/** What a batch takes beside its nodes, and each node beside its bytes. */
const BATCH_BYTES = 32;
const NODE_BYTES = 16;
/** How long what other processes add may go unnoticed. */
const SURVEY_EVERY_MS = 2_000;
/** A disk that is full or gone is left alone for so long. */
const PAUSE_MS = 10_000;
/** Every read may fail where one does. */
const REPORT_EVERY_MS = 60_000;

/**
 * Opens a folder of copies.
 *
 * @throws STORE_UNAVAILABLE where the folder cannot be made
 */
export async function openFileFront(options: FileFrontOptions): Promise<NodeFront> {
  const directory = resolve(options.directory);
  await onFiles(() => mkdir(directory, { recursive: true }));
  return new FileFront({ ...options, directory });
}

class FileFront implements NodeFront {
  readonly #directory: string;
  readonly #maxBytes: number;
  readonly #maxPackBytes: number;
  readonly #onFault: (error: unknown) => void;
  readonly #databases = new Map<string, Database>();
  readonly #goneDatabases = new Set<string>();
  readonly #writes = new Turns();
  #waitingBytes = 0;
  #timer: NodeJS.Timeout | undefined;
  #pausedUntilMs = 0;
  #sizeBytes = 0;
  #surveyedAtMs = 0;
  #reportedAtMs = 0;

  constructor({ directory, maxBytes, onFault = () => undefined }: FileFrontOptions) {
    this.#directory = directory;
    this.#maxBytes = maxBytes;
    const share = Math.floor(maxBytes / PACKS_PER_BUDGET);
    this.#maxPackBytes = Math.min(Math.max(share, MIN_PACK_BYTES), MAX_PACK_BYTES);
    this.#onFault = onFault;
  }

  async read(
    database: string,
    addresses: ReadonlyArray<Address>,
  ): Promise<ReadonlyMap<Address, Uint8Array>> {
    const { folder, waiting, opened } = this.#open(database);
    await opened;
    const found = await this.#unlessBroken(() =>
      folder.read(addresses.filter((address) => !waiting.has(address))),
    );
    const copies = found ?? new Map<Address, Uint8Array>();
    for (const address of addresses) {
      const bytes = waiting.get(address);
      if (bytes !== undefined) copies.set(address, bytes);
    }
    // Another process may have kept what is missing; who misses it now need not wait for that.
    if (copies.size < addresses.length && folder.isLookDue) {
      void this.#unlessBroken(() => folder.look());
    }
    return copies;
  }

  keep(database: string, nodes: ReadonlyArray<StoredNode>): void {
    if (this.#goneDatabases.has(database) || Date.now() < this.#pausedUntilMs) return;
    const { folder, waiting } = this.#open(database);
    for (const { address, bytes } of nodes) {
      if (waiting.has(address) || folder.has(address)) continue;
      if (sizeOf(bytes) + BATCH_BYTES > this.#maxPackBytes) continue;
      // Whoever reads faster than the disk writes does without some of the copies.
      if (this.#waitingBytes + bytes.length > MAX_WAITING_BYTES) break;
      waiting.set(address, bytes);
      this.#waitingBytes += bytes.length;
    }
    this.#timer ??= setTimeout(() => void this.#write(), WRITE_AFTER_MS).unref();
  }

  async forget(database: string, addresses: ReadonlyArray<Address>): Promise<void> {
    const { folder, waiting } = this.#open(database);
    const doomed = new Set(addresses);
    await this.#writes.run(async () => {
      for (const address of doomed) this.#settle(waiting, address);
      await this.#unlessBroken(() => folder.erase(doomed));
    });
  }

  async notePurges(database: string, branch: string, purges: number): Promise<void> {
    const { folder, waiting } = this.#open(database);
    await this.#writes.run(async () => {
      await this.#unlessBroken(async () => {
        if (await folder.notePurges(branch, purges)) return;
        for (const address of [...waiting.keys()]) this.#settle(waiting, address);
      });
    });
  }

  async drop(database: string): Promise<void> {
    const { folder, waiting } = this.#open(database);
    await this.#writes.run(async () => {
      for (const address of [...waiting.keys()]) this.#settle(waiting, address);
      await this.#unlessBroken(() => folder.remove());
    });
  }

  async forgetDatabase(database: string): Promise<void> {
    this.#goneDatabases.add(database);
    await this.drop(database);
    this.#databases.delete(database);
  }

  async close(): Promise<void> {
    await this.#write();
    this.#databases.clear();
  }

  #open(id: string): Database {
    const known = this.#databases.get(id);
    if (known !== undefined) return known;
    const directory = folderOf('db', id);
    const folder = new CacheFolder(join(this.#directory, directory), this.#maxPackBytes);
    const opened = this.#unlessBroken(() => folder.look());
    const database = { folder, directory, waiting: new Map(), opened };
    this.#databases.set(id, database);
    return database;
  }

  #write(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    return this.#writes.run(async () => {
      for (const { folder, waiting, opened } of [...this.#databases.values()]) {
        if (waiting.size === 0) continue;
        await opened;
        for (const nodes of batchesOf(waiting, this.#maxPackBytes)) {
          await this.#unlessBroken(async () => {
            if (Date.now() < this.#pausedUntilMs) return;
            await this.#makeRoom(batchBytes(nodes));
            await folder.append(nodes);
            this.#sizeBytes += batchBytes(nodes);
          }, PAUSE_MS);
          for (const { address } of nodes) this.#settle(waiting, address);
        }
      }
    });
  }

  #settle(waiting: Map<Address, Uint8Array>, address: Address): void {
    const bytes = waiting.get(address);
    if (bytes === undefined) return;
    waiting.delete(address);
    this.#waitingBytes -= bytes.length;
  }

  /** Removes the packs that were used least lately, until so many bytes more are within the budget. */
  async #makeRoom(neededBytes: number): Promise<void> {
    const isFull = this.#sizeBytes + neededBytes > this.#maxBytes;
    if (!isFull && Date.now() - this.#surveyedAtMs < SURVEY_EVERY_MS) return;
    const packs = await this.#survey();
    for (const { directory, name, sizeBytes } of packs) {
      if (this.#sizeBytes + neededBytes <= this.#maxBytes) return;
      const path = join(this.#directory, directory);
      await rm(join(path, name), { force: true });
      await removeIfEmpty(path);
      this.#sizeBytes -= sizeBytes;
      for (const each of this.#databases.values()) {
        if (each.directory === directory) each.folder.drop(name);
      }
    }
  }

  /** All packs, of every process, the least lately used first. */
  async #survey(): Promise<ReadonlyArray<PackFile>> {
    const packs: PackFile[] = [];
    for (const directory of await readdir(this.#directory)) {
      for (const name of await packNames(join(this.#directory, directory))) {
        const file = await statIfThere(join(this.#directory, directory, name));
        if (file === undefined) continue;
        packs.push({ directory, name, sizeBytes: file.size, usedAtMs: file.mtimeMs });
      }
    }
    this.#surveyedAtMs = Date.now();
    this.#sizeBytes = packs.reduce((sum, { sizeBytes }) => sum + sizeBytes, 0);
    return packs.sort((a, b) => a.usedAtMs - b.usedAtMs);
  }

  async #unlessBroken<T>(step: () => Promise<T>, pauseMs = 0): Promise<T | undefined> {
    try {
      return await step();
    } catch (error) {
      const nowMs = Date.now();
      this.#pausedUntilMs = Math.max(this.#pausedUntilMs, nowMs + pauseMs);
      if (nowMs - this.#reportedAtMs >= REPORT_EVERY_MS) {
        this.#reportedAtMs = nowMs;
        this.#onFault(error);
      }
      return undefined;
    }
  }
}

async function statIfThere(
  path: string,
): Promise<{ readonly size: number; readonly mtimeMs: number } | undefined> {
  try {
    return await stat(path);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}

function* batchesOf(
  waiting: ReadonlyMap<Address, Uint8Array>,
  maxBytes: number,
): Generator<StoredNode[]> {
  let batch: StoredNode[] = [];
  let sizeBytes = BATCH_BYTES;
  for (const [address, bytes] of [...waiting]) {
    if (batch.length > 0 && sizeBytes + sizeOf(bytes) > maxBytes) {
      yield batch;
      batch = [];
      sizeBytes = BATCH_BYTES;
    }
    batch.push({ address, bytes });
    sizeBytes += sizeOf(bytes);
  }
  if (batch.length > 0) yield batch;
}

function batchBytes(nodes: ReadonlyArray<StoredNode>): number {
  return nodes.reduce((sum, { bytes }) => sum + sizeOf(bytes), BATCH_BYTES);
}

function sizeOf(bytes: Uint8Array): number {
  return bytes.length + NODE_BYTES;
}
