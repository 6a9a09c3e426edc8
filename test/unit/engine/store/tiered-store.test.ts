import { expect, it } from 'vitest';
import { createMemoryStoreHost } from '../../../../engine/store/memory-store.ts';
import type { Store, StoreHost } from '../../../../engine/store/store.ts';
import { tieredStoreHost } from '../../../../engine/store/tiered-store.ts';
import { createMemoryFront } from '../../../../engine/store/tiered/memory-front.ts';
import type { NodeFront } from '../../../../engine/store/tiered/node-front.ts';
import { bytesOf, pattern, plain } from '../../../conformance/store-fixtures.ts';
import { runStoreSuite } from '../../../conformance/store-suite.ts';
import { countReads, type CountingStore } from '../../../support/counting-store.ts';

runStoreSuite('memory in front of memory', async () => {
  const back = createMemoryStoreHost();
  const host = tieredStoreHost(back, createMemoryFront(1 << 20));
  return {
    host,
    openAnother: async () => tieredStoreHost(back, createMemoryFront(1 << 20)),
    dispose: () => host.close(),
  };
});

interface Counted {
  readonly host: StoreHost;
  readonly back: CountingStore;
}

/** A host with one database, `a`, whose reads are counted. */
async function counted(front: NodeFront, wrap = (store: Store) => store): Promise<Counted> {
  const memory = createMemoryStoreHost();
  const back = countReads(wrap(await memory.create('a')));
  return { back, host: tieredStoreHost({ ...memory, open: async () => back }, front) };
}

const nodes = (count: number, sizeBytes = 100) =>
  Array.from({ length: count }, (_, i) => ({ address: i + 1, bytes: pattern(sizeBytes, i) }));

it('asks the back for what the front lacks, in one round trip, and never again', async () => {
  const { host, back } = await counted(createMemoryFront(1 << 20));
  const store = await host.open('a');
  await store.write(nodes(4));
  await store.read([1, 2]);
  expect([back.roundTrips, back.nodesRead]).toEqual([1, 2]);
  const read = await store.read([4, 1, 3, 2, 3, 4]);
  expect([back.roundTrips, back.nodesRead]).toEqual([2, 4]);
  expect(read.map(plain)).toEqual([3, 0, 2, 1, 2, 3].map((seed) => plain(pattern(100, seed))));
  await store.read([1, 2, 3, 4]);
  expect(back.roundTrips).toBe(2);
});

it('forgets what was not used for the longest time, and stays within its bytes', async () => {
  const { host, back } = await counted(createMemoryFront(3_000));
  const store = await host.open('a');
  await store.write(nodes(3, 1_000));
  for (const address of [1, 2, 1, 3]) await store.read([address]);
  back.reset();
  await store.read([1]);
  await store.read([3]);
  expect(back.roundTrips).toBe(0);
  await store.read([2]);
  expect(back.roundTrips).toBe(1);
});

it('does not keep what is larger than its budget', async () => {
  const { host, back } = await counted(createMemoryFront(500));
  const store = await host.open('a');
  await store.write(nodes(1, 1_000));
  for (let i = 0; i < 3; i++) expect(await store.read([1])).toHaveLength(1);
  expect(back.roundTrips).toBe(3);
});

it('keeps no copy of a node that was deleted while it was read', async () => {
  let store: Store | undefined;
  const front = createMemoryFront(1 << 20);
  const { host } = await counted(front, (back) => ({
    ...countReads(back),
    async read(addresses) {
      const blocks = await back.read(addresses);
      await store!.deleteNodes(addresses);
      return blocks;
    },
  }));
  store = await host.open('a');
  await store.write([{ address: 1, bytes: bytesOf(1) }]);
  expect(await store.read([1])).toHaveLength(1);
  await expect(store.read([1])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

it('forgets deleted nodes in front even where the back fails half-way', async () => {
  const front = createMemoryFront(1 << 20);
  const { host, back } = await counted(front, (store) => ({
    ...countReads(store),
    async deleteNodes(addresses) {
      await store.deleteNodes(addresses);
      throw new Error('The connection was lost');
    },
  }));
  const store = await host.open('a');
  await store.write(nodes(2));
  await store.read([1, 2]);
  await expect(store.deleteNodes([1])).rejects.toThrow('The connection was lost');
  await expect(store.read([1])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  back.reset();
  await store.read([2]);
  expect(back.roundTrips).toBe(0);
});

it('drops all copies of a database that was purged, once for each purge', async () => {
  const { host, back } = await counted(createMemoryFront(1 << 20));
  const store = await host.open('a');
  await store.write(nodes(2));
  for (const purges of [1, 1, 2]) {
    await store.notePurges?.('db', purges);
    await store.read([1, 2]);
  }
  expect(back.roundTrips).toBe(2);
});

it('drops all copies of a database whose store was set back, and keeps new ones', async () => {
  const { host, back } = await counted(createMemoryFront(1 << 20));
  const store = await host.open('a');
  await store.write(nodes(2));
  for (let i = 0; i < 2; i++) await store.read([1, 2]);
  expect(back.roundTrips).toBe(1);
  await store.dropCopies?.();
  for (let i = 0; i < 2; i++) await store.read([1, 2]);
  expect(back.roundTrips).toBe(2);
});

it('answers whatever happens to the front', async () => {
  const broken: NodeFront = {
    read: () => Promise.reject(new Error('broken')),
    keep: () => undefined,
    forget: () => Promise.reject(new Error('broken')),
    drop: () => Promise.reject(new Error('broken')),
    forgetDatabase: () => Promise.reject(new Error('broken')),
    notePurges: () => Promise.reject(new Error('broken')),
    close: () => Promise.reject(new Error('broken')),
  };
  const { host } = await counted(broken);
  const store = await host.open('a');
  await store.write(nodes(2));
  expect(await store.read([2, 1])).toHaveLength(2);
  await store.deleteNodes([1]);
  await store.notePurges?.('db', 1);
  await store.dropCopies?.();
  await expect(store.read([1])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
  await host.delete('a');
  await host.close();
});
