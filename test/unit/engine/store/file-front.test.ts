import { mkdir, open, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { createMemoryStoreHost } from '../../../../engine/store/memory-store.ts';
import type { Store, StoreHost } from '../../../../engine/store/store.ts';
import { tieredStoreHost } from '../../../../engine/store/tiered-store.ts';
import { openFileFront } from '../../../../engine/store/tiered/file-front.ts';
import { pattern } from '../../../conformance/store-fixtures.ts';
import { countReads, type CountingStore } from '../../../support/counting-store.ts';
import { testFolder } from '../../../support/test-folder.ts';

const MIB = 1 << 20;

let directory: string;
let memory: StoreHost;
let back: CountingStore;
const hosts: StoreHost[] = [];
const faults: unknown[] = [];

beforeEach(async () => {
  directory = join(await testFolder(), 'cache');
  memory = createMemoryStoreHost();
  back = countReads(await memory.create('a'));
  faults.length = 0;
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

/** The database through a front of its own, as a process would open it. */
async function openStore(maxBytes = 16 * MIB): Promise<{ store: Store; host: StoreHost }> {
  const front = await openFileFront({ directory, maxBytes, onFault: (e) => faults.push(e) });
  const host = tieredStoreHost({ ...memory, open: async () => back }, front);
  hosts.push(host);
  return { host, store: await host.open('a') };
}

const bytesAt = (address: number, sizeBytes = 1_000): Uint8Array => pattern(sizeBytes, address);

async function write(count: number, sizeBytes = 1_000): Promise<number[]> {
  const addresses = Array.from({ length: count }, (_, i) => i + 1);
  await back.write(addresses.map((address) => ({ address, bytes: bytesAt(address, sizeBytes) })));
  return addresses;
}

async function expectRight(store: Store, addresses: number[], sizeBytes = 1_000): Promise<void> {
  const blocks = await store.read(addresses);
  for (const [i, address] of addresses.entries()) {
    expect(Buffer.compare(blocks[i]!, bytesAt(address, sizeBytes)), `node ${address}`).toBe(0);
  }
}

async function packs(): Promise<string[]> {
  const files = await readdir(directory, { recursive: true });
  return files.filter((name) => name.endsWith('.pack')).map((name) => join(directory, name));
}

async function sizeOnDisk(): Promise<number> {
  const sizes = await Promise.all((await packs()).map(async (path) => (await stat(path)).size));
  return sizes.reduce((sum, size) => sum + size, 0);
}

/** Fills the cache from a process that then ends. */
async function filled(count: number, sizeBytes = 1_000): Promise<number[]> {
  const addresses = await write(count, sizeBytes);
  const { store, host } = await openStore();
  await store.read(addresses);
  await host.close();
  hosts.splice(hosts.indexOf(host), 1);
  back.reset();
  return addresses;
}

describe('copies', () => {
  it('are served at once, while they are still to be written', async () => {
    const addresses = await write(10);
    const { store } = await openStore();
    await store.read(addresses);
    await expectRight(store, addresses);
    expect(back.roundTrips).toBe(1);
  });

  it('survive the process', async () => {
    const addresses = await filled(300);
    const { store } = await openStore();
    await expectRight(store, [...addresses].reverse());
    expect(back.roundTrips).toBe(0);
  });

  it('of another process are found while both live', async () => {
    const addresses = await write(50);
    const one = await openStore();
    const other = await openStore();
    await other.store.read([1]);
    await one.store.read(addresses);
    await vi.waitFor(
      async () => {
        back.reset();
        await expectRight(other.store, addresses);
        expect(back.roundTrips).toBe(0);
      },
      { timeout: 8_000, interval: 50 },
    );
  });

  it('written by several processes at once are all right', async () => {
    const addresses = await write(400);
    const processes = await Promise.all([openStore(), openStore(), openStore()]);
    await Promise.all(
      processes.flatMap(({ store }, i) =>
        [0, 1, 2, 3].map((part) =>
          store.read(addresses.filter((address) => address % 4 === part || address % 3 === i)),
        ),
      ),
    );
    await Promise.all(hosts.splice(0).map((host) => host.close()));
    back.reset();
    await expectRight((await openStore()).store, addresses);
    expect(back.roundTrips).toBe(0);
  });

  it('of a database are not those of the next one of its name', async () => {
    const addresses = await filled(5);
    await memory.delete('a');
    back = countReads(await memory.create('a'));
    const { store } = await openStore();
    await expect(store.read(addresses)).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  });

  it('go with their database', async () => {
    await filled(5);
    const { host } = await openStore();
    await host.delete('a');
    expect(await packs()).toEqual([]);
  });
});

describe('deleted nodes', () => {
  it('leave no bytes behind, whichever process kept them', async () => {
    const [doomed = 0, ...others] = await filled(20);
    const second = await openStore();
    await rm((await packs())[0]!);
    await second.store.read([doomed, ...others]);
    await second.host.close();
    const needle = Buffer.from(bytesAt(doomed));
    const isThere = async (): Promise<boolean[]> =>
      Promise.all((await packs()).map(async (path) => (await readFile(path)).includes(needle)));
    expect(await isThere()).toContain(true);
    const { store } = await openStore();
    await store.deleteNodes([doomed]);
    expect(await isThere()).not.toContain(true);
    await expect(store.read([doomed])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    back.reset();
    await expectRight(store, others);
    expect(back.roundTrips).toBe(0);
  });

  it('that were still to be written are not written', async () => {
    const addresses = await write(3);
    const { store, host } = await openStore();
    await store.read(addresses);
    await store.deleteNodes([1]);
    await expect(store.read([1])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
    await host.close();
    const contents = await Promise.all((await packs()).map((path) => readFile(path)));
    expect(contents.some((bytes) => bytes.includes(Buffer.from(bytesAt(2))))).toBe(true);
    expect(contents.some((bytes) => bytes.includes(Buffer.from(bytesAt(1))))).toBe(false);
  });
});

describe('a purge', () => {
  it('that a process hears of leaves no copy from before, also after a restart', async () => {
    const addresses = await filled(20);
    const { store, host } = await openStore();
    await store.notePurges?.('db', 1);
    expect(await packs()).toEqual([]);
    await store.read(addresses);
    await store.notePurges?.('db', 1);
    await host.close();
    back.reset();
    const again = await openStore();
    await again.store.notePurges?.('db', 1);
    await expectRight(again.store, addresses);
    expect(back.roundTrips).toBe(0);
    await again.store.notePurges?.('db', 2);
    await again.store.read(addresses);
    expect(back.roundTrips).toBe(1);
  });

  it('of one branch is not that of another', async () => {
    const addresses = await filled(5);
    const { store } = await openStore();
    await store.notePurges?.('db', 2);
    await store.read(addresses);
    await store.notePurges?.('other', 1);
    back.reset();
    await store.read(addresses);
    expect(back.roundTrips).toBe(1);
  });
});

describe('damage', () => {
  it('of any byte is never served', async () => {
    const addresses = await filled(20);
    const [path = ''] = await packs();
    const { size } = await stat(path);
    for (let at = 0; at < size; at += 487) {
      const file = await open(path, 'r+');
      const byte = Buffer.alloc(1);
      await file.read(byte, 0, 1, at);
      await file.write(Buffer.from([byte[0]! ^ 255]), 0, 1, at);
      await file.close();
      await expectRight((await openStore()).store, addresses);
    }
  });

  it('by a process that died while it wrote costs what it wrote last', async () => {
    const addresses = await filled(40);
    const [path = ''] = await packs();
    const bytes = await readFile(path);
    for (const part of [3, 20, bytes.length / 2, bytes.length - 1]) {
      await writeFile(path, bytes.subarray(0, part));
      await expectRight((await openStore()).store, addresses);
    }
  });

  it('by a machine that died before the disk had the bytes is noticed', async () => {
    const addresses = await filled(40);
    const [path = ''] = await packs();
    const { size } = await stat(path);
    await writeFile(path, Buffer.concat([(await readFile(path)).subarray(0, 5_000)]));
    const file = await open(path, 'r+');
    await file.truncate(size); // zeros from there on, as some file systems leave them
    await file.close();
    await expectRight((await openStore()).store, addresses);
  });
});

describe('a cache that is lost', () => {
  it('while it is in use makes reads slower, not wrong, and fills again', async () => {
    const addresses = await write(30);
    const { store, host } = await openStore();
    await store.read(addresses);
    await vi.waitFor(async () => expect(await packs()).toHaveLength(1));
    await rm(directory, { recursive: true });
    await expectRight(store, addresses);
    await host.close();
    expect(await packs()).toHaveLength(1);
    back.reset();
    await expectRight((await openStore()).store, addresses);
    expect(back.roundTrips).toBe(0);
  });

  it('to something that is no folder is reported once and not used', async () => {
    const addresses = await write(10);
    await mkdir(directory);
    const { store, host } = await openStore();
    await rm(directory, { recursive: true });
    await writeFile(directory, 'not a folder');
    for (let i = 0; i < 3; i++) await expectRight(store, addresses);
    await host.close();
    expect(faults).toHaveLength(1);
    expect(faults[0]).toMatchObject({ code: 'ENOTDIR' });
  });

  it('to a full disk goes on with what it has', async () => {
    const addresses = await write(30);
    const { store } = await openStore();
    await store.read(addresses.slice(0, 10));
    await vi.waitFor(async () => expect(await packs()).toHaveLength(1));
    const [path = ''] = await packs();
    await vi.waitFor(async () => expect((await stat(path)).size).toBeGreaterThan(10_000));
    await rm(path);
    await symlink('/dev/full', path); // every write to it fails as on a full disk
    await store.read(addresses.slice(10));
    await vi.waitFor(() => expect(faults).toHaveLength(1));
    expect(faults[0]).toMatchObject({ code: 'ENOSPC' });
    await expectRight(store, addresses);
  });

  it('from the start is a mistake that is named', async () => {
    await writeFile(directory, 'not a folder');
    await expect(openFileFront({ directory, maxBytes: MIB })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    });
  });
});

describe('the budget', () => {
  it('is kept, and what is used stays', async () => {
    const sizeBytes = 4_000;
    const addresses = await write(1_000, sizeBytes);
    const { store } = await openStore(MIB);
    const sizes: number[] = [];
    for (let start = 0; start < addresses.length; start += 50) {
      const some = addresses.slice(start, start + 50);
      await expectRight(store, some, sizeBytes);
      await vi.waitFor(async () => {
        back.reset();
        await store.read(some);
        expect(back.roundTrips).toBe(0);
      });
      sizes.push(await sizeOnDisk());
    }
    await hosts.splice(0)[0]!.close();
    sizes.push(await sizeOnDisk());
    expect(Math.max(...sizes)).toBeLessThanOrEqual(MIB);
    expect(sizes.at(-1)).toBeGreaterThan(MIB / 2);
    const again = await openStore(MIB);
    back.reset();
    await expectRight(again.store, addresses.slice(-50), sizeBytes);
    expect(back.roundTrips).toBe(0);
  });

  it('holds for all databases together', async () => {
    const front = await openFileFront({ directory, maxBytes: MIB });
    const host = tieredStoreHost(memory, front);
    hosts.push(host);
    for (let i = 0; i < 30; i++) {
      const store = await host.create(`database ${i}`);
      const nodes = Array.from({ length: 30 }, (_, j) => ({
        address: j + 1,
        bytes: pattern(4_000, i + j),
      }));
      await store.write(nodes);
      await store.read(nodes.map(({ address }) => address));
    }
    await front.close();
    expect(await sizeOnDisk()).toBeLessThanOrEqual(MIB);
    expect(await sizeOnDisk()).toBeGreaterThan(MIB / 2);
  });

  it('does not grow by processes that come and go', async () => {
    const addresses = await write(100);
    for (const address of addresses) {
      const { store, host } = await openStore();
      await store.read([address]);
      await host.close();
    }
    expect((await packs()).length).toBeLessThan(20);
    back.reset();
    await expectRight((await openStore()).store, addresses);
    expect(back.roundTrips).toBe(0);
  });
});
