/**
 * Copies of the nodes of one database, in packs of a folder that several processes may share. Each process appends to a pack
 * of its own and reads them all. Nothing waits for the disk: a copy that a crash tore or a disk damaged does not have its
 * checksum, and is one that is not there.
 *
 * A pack may go at any time, because it was the least used of all; so no file stays open between two operations.
 */
import { randomUUID } from 'node:crypto';
import { mkdir, open, readdir, rmdir, rm, utimes, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { crc32 } from 'node:zlib';
import {
  hasCode,
  openIfThere,
  readAt,
  readFileIfThere,
  replaceFile,
  writeAt,
} from '../file/durable.ts';
import { encodeBatch, PACK_MAGIC, readBatches, type PackedNode } from '../file/node-pack.ts';
import { Turns } from '../file/turns.ts';
import type { Address, StoredNode } from '../store.ts';

interface Pack {
  readonly name: string;
  /** Behind the last batch that is known. */
  end: number;
  usedAtMs: number;
}

interface Place extends PackedNode {
  readonly pack: Pack;
}

/** Copies that came together lie together: what is read of them is read at once, gaps included. */
const MAX_GAP_BYTES = 8 << 10;
const MAX_RUN_BYTES = 1 << 20;
const NOTE_USE_EVERY_MS = 60_000;
const LOOK_EVERY_MS = 1_000;
/** So many packs of less than a part of the largest size are made one. */
const SMALL_PACKS = 16;
const BEGIN_ATTEMPTS = 3;
const PACK_SUFFIX = '.pack';
const PURGES_FILE = 'purges.json';

export class CacheFolder {
  readonly #path: string;
  readonly #maxPackBytes: number;
  readonly #packs = new Map<string, Pack>();
  readonly #places = new Map<Address, Place>();
  readonly #looks = new Turns();
  #own: Pack | undefined;
  #lookedAtMs = 0;

  constructor(path: string, maxPackBytes: number) {
    this.#path = path;
    this.#maxPackBytes = maxPackBytes;
  }

  /** Learns what all processes have kept here. */
  look(): Promise<void> {
    this.#lookedAtMs = Date.now();
    return this.#looks.run(async () => {
      const names = await packNames(this.#path);
      const living = new Set(names);
      for (const name of [...this.#packs.keys()]) if (!living.has(name)) this.drop(name);
      for (const name of names) await this.#scan(name);
    });
  }

  get isLookDue(): boolean {
    return Date.now() - this.#lookedAtMs >= LOOK_EVERY_MS;
  }

  has(address: Address): boolean {
    return this.#places.has(address);
  }

  /** The copies that are here and whole. */
  async read(addresses: ReadonlyArray<Address>): Promise<Map<Address, Uint8Array>> {
    const found = new Map<Address, Uint8Array>();
    const placesByPack = new Map<Pack, Place[]>();
    for (const address of addresses) {
      const place = this.#places.get(address);
      if (place === undefined) continue;
      const others = placesByPack.get(place.pack);
      if (others === undefined) placesByPack.set(place.pack, [place]);
      else others.push(place);
    }
    await Promise.all(
      Array.from(placesByPack, ([pack, places]) => this.#readPack(pack, places, found)),
    );
    return found;
  }

  /** Adds copies to the pack of this process; the caller appends one batch after the other, none larger than a pack. */
  async append(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    const { pack, file } = await this.#openOwn();
    const { bytes, end, nodes: packed } = encodeBatch(nodes, pack.end);
    try {
      await writeAt(file, pack.end, bytes);
    } catch (error) {
      this.#own = undefined; // nobody looks behind the torn batch
      await file.truncate(pack.end).catch(() => undefined);
      throw error;
    } finally {
      await file.close();
    }
    pack.end = end;
    this.#add(pack, packed);
  }

  /** Overwrites the copies of nodes in all packs. */
  async erase(addresses: ReadonlySet<Address>): Promise<void> {
    for (const address of addresses) this.#places.delete(address);
    for (const name of await packNames(this.#path)) {
      try {
        await this.#eraseIn(name, addresses);
      } catch {
        await rm(join(this.#path, name), { force: true });
        this.drop(name);
      }
    }
    // A look that was under way may have found them again.
    await this.#looks.run(async () => {
      for (const address of addresses) this.#places.delete(address);
    });
  }

  /** False where there were fewer purges of the branch when its nodes were copied here: then no copy is left. */
  async notePurges(branch: string, purges: number): Promise<boolean> {
    const path = join(this.#path, PURGES_FILE);
    const known = parsePurges(await readFileIfThere(path));
    if ((known[branch] ?? 0) >= purges) return true;
    await this.remove();
    await mkdir(this.#path, { recursive: true });
    await replaceFile(path, Buffer.from(JSON.stringify({ ...known, [branch]: purges })));
    return false;
  }

  /** Forgets a pack that is gone. */
  drop(name: string): void {
    const pack = this.#packs.get(name);
    if (pack === undefined) return;
    this.#packs.delete(name);
    if (this.#own === pack) this.#own = undefined;
    for (const [address, place] of this.#places) {
      if (place.pack === pack) this.#places.delete(address);
    }
  }

  /** Removes the folder with all that is in it. */
  async remove(): Promise<void> {
    for (const name of [...this.#packs.keys()]) this.drop(name);
    await rm(this.#path, { recursive: true, force: true });
  }

  async #eraseIn(name: string, addresses: ReadonlySet<Address>): Promise<void> {
    const file = await openIfThere(join(this.#path, name), 'r+');
    if (file === undefined) return;
    try {
      for await (const { nodes } of readBatches(file, PACK_MAGIC.length)) {
        for (const { address, offset, sizeBytes } of nodes) {
          if (addresses.has(address)) await writeAt(file, offset, Buffer.alloc(sizeBytes));
        }
      }
    } finally {
      await file.close();
    }
  }

  async #scan(name: string): Promise<void> {
    const pack = this.#packs.get(name) ?? { name, end: PACK_MAGIC.length, usedAtMs: 0 };
    if (pack === this.#own) return;
    const file = await openIfThere(join(this.#path, name), 'r');
    if (file === undefined) return;
    try {
      if (!(await readAt(file, 0, PACK_MAGIC.length)).equals(PACK_MAGIC)) return;
      this.#packs.set(name, pack);
      for await (const { nodes, end } of readBatches(file, pack.end)) {
        this.#add(pack, nodes);
        pack.end = end;
      }
    } finally {
      await file.close();
    }
  }

  #add(pack: Pack, nodes: ReadonlyArray<PackedNode>): void {
    for (const node of nodes) this.#places.set(node.address, { ...node, pack });
  }

  async #readPack(
    pack: Pack,
    places: ReadonlyArray<Place>,
    found: Map<Address, Uint8Array>,
  ): Promise<void> {
    const file = await openIfThere(join(this.#path, pack.name), 'r');
    if (file === undefined) {
      this.drop(pack.name);
      return;
    }
    try {
      for (const run of runsOf(places)) await this.#readRun(file, run, found);
    } finally {
      await file.close();
    }
    this.#noteUse(pack);
  }

  async #readRun(
    file: FileHandle,
    run: ReadonlyArray<Place>,
    found: Map<Address, Uint8Array>,
  ): Promise<void> {
    const start = run[0]?.offset ?? 0;
    const last = run.at(-1);
    const end = last === undefined ? start : last.offset + last.sizeBytes;
    const bytes = await readAt(file, start, end - start);
    for (const place of run) {
      const { address, offset, sizeBytes, checksum } = place;
      // Copied out, so that one node that is kept in memory does not keep its neighbours there.
      const copy = Buffer.from(bytes.subarray(offset - start, offset - start + sizeBytes));
      if (copy.length === sizeBytes && crc32(copy) === checksum) found.set(address, copy);
      else if (this.#places.get(address) === place) this.#places.delete(address);
    }
  }

  /** The time of a pack is that of its last use, for every process that looks for the least used one. */
  #noteUse(pack: Pack): void {
    const nowMs = Date.now();
    if (nowMs - pack.usedAtMs < NOTE_USE_EVERY_MS) return;
    pack.usedAtMs = nowMs;
    const now = new Date(nowMs);
    void utimes(join(this.#path, pack.name), now, now).catch(() => undefined);
  }

  async #openOwn(): Promise<{ readonly pack: Pack; readonly file: FileHandle }> {
    const own = this.#own;
    if (own !== undefined && own.end < this.#maxPackBytes) {
      const file = await openIfThere(join(this.#path, own.name), 'r+');
      if (file !== undefined) return { pack: own, file };
      this.drop(own.name);
    }
    this.#own = undefined;
    const small = await this.#takeSmallPacks();
    const begun = await this.#begin();
    if (small.length === 0) return begun;
    await begun.file.close();
    await this.append(small);
    return this.#openOwn();
  }

  async #begin(): Promise<{ readonly pack: Pack; readonly file: FileHandle }> {
    const name = `${randomUUID()}${PACK_SUFFIX}`;
    for (let attempt = 1; ; attempt++) {
      try {
        await mkdir(this.#path, { recursive: true });
        const file = await open(join(this.#path, name), 'wx+');
        await writeAt(file, 0, PACK_MAGIC);
        const pack: Pack = { name, end: PACK_MAGIC.length, usedAtMs: Date.now() };
        this.#packs.set(name, pack);
        this.#own = pack;
        return { pack, file };
      } catch (error) {
        // Another process may have removed the empty folder in between.
        if (attempt === BEGIN_ATTEMPTS || !hasCode(error, 'ENOENT')) throw error;
      }
    }
  }

  /** The copies of packs that are small, which go: each process that ran for a while leaves one. */
  async #takeSmallPacks(): Promise<StoredNode[]> {
    const maxBytes = this.#maxPackBytes / SMALL_PACKS;
    const small = Array.from(this.#packs.values()).filter(({ end }) => end < maxBytes);
    if (small.length < SMALL_PACKS) return [];
    const taken = new Set(small.slice(0, SMALL_PACKS));
    const addresses = Array.from(this.#places.values())
      .filter(({ pack }) => taken.has(pack))
      .map(({ address }) => address);
    const copies = await this.read(addresses);
    for (const { name } of taken) {
      await rm(join(this.#path, name), { force: true });
      this.drop(name);
    }
    return Array.from(copies, ([address, bytes]) => ({ address, bytes }));
  }
}

/** Counts by branch; none where the file is missing or damaged, and then whatever is here goes. */
function parsePurges(bytes: Buffer | undefined): Readonly<Record<string, number>> {
  try {
    const value: unknown = JSON.parse(bytes?.toString('utf8') ?? '{}');
    return typeof value === 'object' && value !== null ? { ...value } : {};
  } catch {
    return {};
  }
}

/** The packs of a folder, none where it is not there. */
export async function packNames(path: string): Promise<string[]> {
  try {
    return (await readdir(path)).filter((name) => name.endsWith(PACK_SUFFIX));
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return [];
    throw error;
  }
}

export async function removeIfEmpty(path: string): Promise<void> {
  await rmdir(path).catch(() => undefined);
}

/** Places of one pack, in groups that are read at once. */
function* runsOf(places: ReadonlyArray<Place>): Generator<ReadonlyArray<Place>> {
  const sorted = [...places].sort((a, b) => a.offset - b.offset);
  let run: Place[] = [];
  let start = 0;
  let end = 0;
  for (const place of sorted) {
    const placeEnd = place.offset + place.sizeBytes;
    if (
      run.length > 0 &&
      (place.offset > end + MAX_GAP_BYTES || placeEnd > start + MAX_RUN_BYTES)
    ) {
      yield run;
      run = [];
    }
    if (run.length === 0) start = place.offset;
    run.push(place);
    end = placeEnd;
  }
  if (run.length > 0) yield run;
}
