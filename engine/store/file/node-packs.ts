/**
 * All packs of a database. Each process that writes has a pack of its own, so that appending needs no lock between
 * processes; an address that is not known yet is looked for in what the other packs have gained.
 */
import { randomUUID } from 'node:crypto';
import { open, readdir, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import { DatabaseError } from '../../../schema/error.ts';
import type { Address, StoredNode } from '../store.ts';
import { missingNode, storeUnavailable } from '../store-errors.ts';
import { readAt, syncFolder } from './durable.ts';
import { encodeBatch, PACK_MAGIC, readBatch, type PackedNode } from './node-pack.ts';
import { Turns } from './turns.ts';

const MAX_PACK_BYTES = 1 << 30;
const MAX_BATCH_BYTES = 8 << 20;

interface Pack {
  readonly name: string;
  readonly file: FileHandle;
  /** Behind the last batch that is known. */
  end: number;
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

  constructor(folder: string, database: string) {
    this.#folder = folder;
    this.#database = database;
  }

  async read(addresses: ReadonlyArray<Address>): Promise<ReadonlyArray<Uint8Array>> {
    if (addresses.some((address) => !this.#places.has(address))) {
      await this.#refreshes.run(() => this.#refresh());
    }
    return Promise.all(addresses.map((address) => this.#readOne(address)));
  }

  write(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    return this.#writes.run(async () => {
      for (const batch of batchesOf(nodes)) await this.#writeBatch(batch);
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
    const bytes = await readAt(place.pack.file, place.offset, place.sizeBytes);
    if (bytes.length === place.sizeBytes && crc32(bytes) === place.checksum) return bytes;
    throw new DatabaseError(
      'STORE_CORRUPT',
      `The node at address ${address} is damaged in ${place.pack.name} at offset ${place.offset}`,
      { data: { database: this.#database, address, pack: place.pack.name, offset: place.offset } },
    );
  }

  async #writeBatch(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    const pack = await this.#packToWrite();
    const { bytes, end, nodes: packed } = encodeBatch(nodes, pack.end);
    this.#own = undefined; // a pack that failed is not written again
    const { bytesWritten } = await pack.file.write(bytes, 0, bytes.length, pack.end);
    if (bytesWritten < bytes.length) {
      throw storeUnavailable('The disk took only a part of the nodes', undefined);
    }
    await pack.file.datasync();
    this.#own = pack;
    this.#add(pack, packed, end);
  }

  async #packToWrite(): Promise<Pack> {
    if (this.#own !== undefined && this.#own.end < MAX_PACK_BYTES) return this.#own;
    const name = `${randomUUID()}.pack`;
    const file = await open(join(this.#folder, name), 'wx+');
    await file.write(PACK_MAGIC, 0, PACK_MAGIC.length, 0);
    await syncFolder(this.#folder);
    const pack = { name, file, end: PACK_MAGIC.length };
    this.#packs.set(name, pack);
    this.#own = pack;
    return pack;
  }

  async #refresh(): Promise<void> {
    const names = await readdir(this.#folder);
    for (const name of names.filter((each) => each.endsWith('.pack'))) {
      let pack = this.#packs.get(name);
      if (pack !== undefined && pack === this.#own) continue;
      if (pack === undefined) {
        const file = await open(join(this.#folder, name), 'r');
        pack = { name, file, end: PACK_MAGIC.length };
        this.#packs.set(name, pack);
      }
      await this.#readNewBatches(pack);
    }
  }

  async #readNewBatches(pack: Pack): Promise<void> {
    const { size } = await pack.file.stat();
    while (pack.end < size) {
      const batch = await readBatch(pack.file, pack.end, size);
      if (batch === undefined) return;
      this.#add(pack, batch.nodes, batch.end);
    }
  }

  #add(pack: Pack, nodes: ReadonlyArray<PackedNode>, end: number): void {
    for (const node of nodes) {
      if (!this.#places.has(node.address)) this.#places.set(node.address, { ...node, pack });
    }
    pack.end = end;
  }
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
