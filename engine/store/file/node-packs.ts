/**
 * All packs of a database. Each process that writes has a pack of its own, so that appending needs no lock between
 * processes; an address that is not known yet is looked for in what the other packs have gained.
 */
import { randomUUID } from 'node:crypto';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseError } from '../../../schema/error.ts';
import type { Address, ListedNode, StoredNode } from '../store.ts';
import { missingNode, storeUnavailable } from '../store-errors.ts';
import { eraseFile, openIfThere, syncFolder } from './durable.ts';
import {
  closePack,
  encodeBatch,
  PACK_MAGIC,
  readBatches,
  readPackedNode,
  readPackState,
  type PackedNode,
} from './node-pack.ts';
import { Turns } from './turns.ts';

const MAX_PACK_BYTES = 1 << 30;
const MAX_BATCH_BYTES = 8 << 20;

interface Pack {
  readonly name: string;
  readonly file: FileHandle;
  /** Behind the last batch that is known. */
  end: number;
  /** True once the pack is gone and its handle is closed. */
  isForgotten: boolean;
}

interface Place extends PackedNode {
  readonly pack: Pack;
}

export class NodePacks {
  readonly #folder: string;
  readonly #database: string;
  readonly #packs = new Map<string, Pack>();
  readonly #places = new Map<Address, Place>();
  readonly #writes = new Turns();
  readonly #refreshes = new Turns();
  #own: Pack | undefined;
  /** The name of the pack that this process made last: it may be in the folder before it is known here. */
  #beingMade: string | undefined;

  constructor(folder: string, database: string) {
    this.#folder = folder;
    this.#database = database;
  }

  async read(addresses: ReadonlyArray<Address>): Promise<ReadonlyArray<Uint8Array>> {
    if (addresses.some((address) => !this.#places.has(address))) await this.#refresh();
    return Promise.all(addresses.map((address) => this.#readOne(address)));
  }

  write(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    return this.#writes.run(async () => {
      for (const batch of batchesOf(nodes)) await this.#writeBatch(batch);
    });
  }

  async nodes(): Promise<ReadonlyArray<ListedNode>> {
    await this.#refresh();
    return Array.from(this.#places, ([address, { sizeBytes }]) => ({ address, sizeBytes }));
  }

  /**
   * Rewrites the packs that hold any of the nodes, without these. The others of such a pack are safe in a new one before it
   * goes, so a crash leaves at most what a repeat removes. One process at a time may do this, see folder-lock.ts.
   */
  erase(addresses: ReadonlySet<Address>): Promise<void> {
    return this.#writes.run(async () => {
      await this.#refresh();
      await this.#removeErased();
      const packs = await this.#packsWith(addresses);
      for (const { name } of packs) await closePack(join(this.#folder, name));
      for (const pack of packs) await this.#copySurvivors(pack, addresses);
      for (const { name } of packs) await eraseFile(join(this.#folder, name));
      await syncFolder(this.#folder);
      await this.#refresh();
    });
  }

  close(): Promise<void> {
    return this.#writes.run(async () => {
      await Promise.all(Array.from(this.#packs.values(), ({ file }) => file.close()));
      this.#packs.clear();
    });
  }

  async #readOne(address: Address): Promise<Uint8Array> {
    const place = this.#places.get(address);
    if (place === undefined) throw missingNode(this.#database, address);
    const { pack, offset } = place;
    const bytes = await unlessForgotten(pack, readPackedNode(pack.file, place));
    if (bytes !== undefined) return bytes;
    const state = await unlessForgotten(pack, readPackState(pack.file));
    if (!pack.isForgotten && state !== 'erased') {
      throw damagedNode(this.#database, address, pack.name, offset);
    }
    await this.#refresh(); // another process has rewritten the pack
    return this.#readOne(address);
  }

  async #writeBatch(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    for (;;) {
      const pack = await this.#packToWrite();
      const { bytes, end, nodes: packed } = encodeBatch(nodes, pack.end);
      this.#own = undefined; // a pack that failed is not written again
      const { bytesWritten } = await pack.file.write(bytes, 0, bytes.length, pack.end);
      if (bytesWritten < bytes.length) {
        throw storeUnavailable('The disk took only a part of the nodes', undefined);
      }
      await pack.file.datasync();
      if ((await readPackState(pack.file)) !== 'open') continue;
      this.#own = pack;
      this.#add(pack, packed);
      pack.end = end;
      return;
    }
  }

  async #packToWrite(): Promise<Pack> {
    if (this.#own !== undefined && this.#own.end < MAX_PACK_BYTES) return this.#own;
    const name = `${randomUUID()}.pack`;
    // Whoever lists the folder meanwhile must not open it a second time: what is known of that one would never be forgotten.
    this.#beingMade = name;
    const file = await open(join(this.#folder, name), 'wx+');
    await file.write(PACK_MAGIC, 0, PACK_MAGIC.length, 0);
    await syncFolder(this.#folder);
    const pack = newPack(name, file);
    this.#packs.set(name, pack);
    this.#own = pack;
    return pack;
  }

  /** Learns what other processes have added, and forgets the packs that they have rewritten. */
  #refresh(): Promise<void> {
    return this.#refreshes.run(async () => {
      const gone = new Set<string>();
      // Where a pack went meanwhile, its nodes are in one that may have come after the folder was listed.
      for (let goneBefore = -1; gone.size > goneBefore;) {
        goneBefore = gone.size;
        await this.#readFolder(gone);
      }
    });
  }

  async #readFolder(gone: Set<string>): Promise<void> {
    const names = (await readdir(this.#folder)).filter((each) => each.endsWith('.pack'));
    for (const name of names) {
      if (name === this.#beingMade && !this.#packs.has(name)) continue;
      const pack = this.#packs.get(name) ?? (await this.#openPack(name));
      if (pack === undefined) gone.add(name);
      else if (pack !== this.#own) await this.#readNewBatches(pack);
    }
    const erased: Pack[] = [];
    for (const pack of this.#packs.values()) {
      if ((await readPackState(pack.file)) === 'erased') erased.push(pack);
    }
    for (const { name } of erased) gone.add(name);
    if (erased.length > 0) await this.#forget(erased);
  }

  /** The pack of a file, or undefined where there is nothing in it to read. */
  async #openPack(name: string): Promise<Pack | undefined> {
    const file = await openIfThere(join(this.#folder, name), 'r');
    if (file === undefined) return undefined;
    const state = await readPackState(file);
    if (state === 'new' || state === 'erased') {
      await file.close();
      return undefined;
    }
    const pack = newPack(name, file);
    this.#packs.set(name, pack);
    return pack;
  }

  async #readNewBatches(pack: Pack): Promise<void> {
    for await (const { nodes, end } of readBatches(pack.file, pack.end)) {
      this.#add(pack, nodes);
      pack.end = end;
    }
  }

  async #forget(packs: ReadonlyArray<Pack>): Promise<void> {
    for (const pack of packs) {
      pack.isForgotten = true;
      this.#packs.delete(pack.name);
      if (this.#own === pack) this.#own = undefined;
    }
    for (const [address, { pack }] of this.#places) {
      if (pack.isForgotten) this.#places.delete(address);
    }
    // What is left may hold copies that were passed over, because the address had a place.
    for (const pack of this.#packs.values()) {
      for await (const { nodes } of readBatches(pack.file, PACK_MAGIC.length))
        this.#add(pack, nodes);
    }
    // One of this process may have a batch on its way into it, so they are closed in their turn.
    for (const { file } of packs) void this.#writes.run(() => file.close()).catch(() => undefined);
  }

  #add(pack: Pack, nodes: ReadonlyArray<PackedNode>): void {
    for (const node of nodes) {
      if (!this.#places.has(node.address)) this.#places.set(node.address, { ...node, pack });
    }
  }

  async #packsWith(addresses: ReadonlySet<Address>): Promise<Pack[]> {
    const found: Pack[] = [];
    for (const pack of this.#packs.values()) {
      for await (const { nodes } of readBatches(pack.file, PACK_MAGIC.length)) {
        if (!nodes.some(({ address }) => addresses.has(address))) continue;
        found.push(pack);
        break;
      }
    }
    return found;
  }

  async #copySurvivors(pack: Pack, doomed: ReadonlySet<Address>): Promise<void> {
    if (this.#own === pack) this.#own = undefined;
    for await (const { nodes } of readBatches(pack.file, PACK_MAGIC.length)) {
      const survivors: StoredNode[] = [];
      for (const node of nodes) {
        const { address, offset } = node;
        if (doomed.has(address)) continue;
        const bytes = await readPackedNode(pack.file, node);
        if (bytes === undefined) throw damagedNode(this.#database, address, pack.name, offset);
        survivors.push({ address, bytes });
      }
      if (survivors.length > 0) await this.#writeBatch(survivors);
    }
  }

  /** Removes the files that a process which died had overwritten already. */
  async #removeErased(): Promise<void> {
    for (const name of await readdir(this.#folder)) {
      const file = name.endsWith('.pack')
        ? await openIfThere(join(this.#folder, name), 'r')
        : undefined;
      if (file === undefined) continue;
      const state = await readPackState(file).finally(() => file.close());
      if (state === 'erased') await eraseFile(join(this.#folder, name));
    }
  }
}

function newPack(name: string, file: FileHandle): Pack {
  return { name, file, end: PACK_MAGIC.length, isForgotten: false };
}

/** The handle of a pack that is forgotten may be closed between two reads. */
async function unlessForgotten<T>(pack: Pack, reading: Promise<T>): Promise<T | undefined> {
  try {
    return await reading;
  } catch (error) {
    if (pack.isForgotten) return undefined;
    throw error;
  }
}

function damagedNode(
  database: string,
  address: Address,
  pack: string,
  offset: number,
): DatabaseError {
  return new DatabaseError(
    'STORE_CORRUPT',
    `The node at address ${address} is damaged in ${pack} at offset ${offset}`,
    { data: { database, address, pack, offset } },
  );
}

function* batchesOf(nodes: ReadonlyArray<StoredNode>): Generator<ReadonlyArray<StoredNode>> {
  let batch: StoredNode[] = [];
  let sizeBytes = 0;
  for (const node of nodes) {
    batch.push(node);
    sizeBytes += node.bytes.length;
    if (sizeBytes < MAX_BATCH_BYTES) continue;
    yield batch;
    batch = [];
    sizeBytes = 0;
  }
  if (batch.length > 0) yield batch;
}
