/** The part of the store suite on listing and deleting nodes. */
import { describe, expect, it } from 'vitest';
import type { Address, Store } from '../../engine/store/store.ts';
import { bytesOf, pattern, plain, type StoreBackend } from './store-fixtures.ts';

async function listed(store: Store): Promise<Address[]> {
  const addresses: Address[] = [];
  for await (const batch of store.listNodes())
    addresses.push(...batch.map(({ address }) => address));
  return addresses.sort((a, b) => a - b);
}

const nodeAt = (address: Address) => ({ address, bytes: bytesOf(address & 255) });
const range = (count: number): number[] => Array.from({ length: count }, (_, i) => i + 1);
const isMissing = (address: Address) => ({ code: 'STORE_CORRUPT', data: { address } });

export function describeDeletedNodes(backend: () => StoreBackend): void {
  const openAnother = async (): Promise<Store> => (await backend().openAnother()).open('a');

  describe('listing and deleting nodes', () => {
    it('lists every address once, whoever wrote it', async () => {
      const store = await backend().host.create('a');
      expect(await listed(store)).toEqual([]);
      const other = await openAnother();
      await store.write([1, 2, 3].map(nodeAt));
      await other.write([3, 2 ** 53 - 1].map(nodeAt));
      for (const each of [store, other]) {
        expect(await listed(each)).toEqual([1, 2, 3, 2 ** 53 - 1]);
      }
    });

    it('lists more than a batch', async () => {
      const store = await backend().host.create('a');
      await store.write(range(10_001).map(nodeAt));
      expect(await listed(store)).toEqual(range(10_001));
    });

    it('does not find what was deleted, and finds the rest', async () => {
      const store = await backend().host.create('a');
      await store.write(range(9).map(nodeAt));
      await store.deleteNodes([2, 4, 77]);
      await store.deleteNodes([2]);
      await store.deleteNodes([]);
      const rest = [1, 3, 5, 6, 7, 8, 9];
      for (const each of [store, await openAnother()]) {
        expect(await listed(each)).toEqual(rest);
        expect((await each.read(rest)).map(plain)).toEqual(rest.map((address) => [address]));
        await expect(each.read([1, 2])).rejects.toMatchObject(isMissing(2));
        await expect(each.read([4])).rejects.toMatchObject(isMissing(4));
      }
    });

    it('serves a store that had read the nodes before', async () => {
      const store = await backend().host.create('a');
      const reader = await openAnother();
      const nodes = range(300).map((i) => ({ address: i, bytes: pattern(1_000, i) }));
      await store.write(nodes);
      await reader.read([1, 300]);
      await store.deleteNodes(range(299));
      expect((await reader.read([300])).map(plain)).toEqual([plain(pattern(1_000, 300))]);
      await expect(reader.read([7])).rejects.toMatchObject(isMissing(7));
      expect(await listed(reader)).toEqual([300]);
    });

    it('deletes what several stores wrote, while they go on writing', async () => {
      const store = await backend().host.create('a');
      const others = [await openAnother(), await openAnother()];
      await Promise.all(
        [store, ...others].map((each, i) => each.write(range(50).map((k) => nodeAt(100 * i + k)))),
      );
      const doomed = [1, 101, 201];
      const writing = others.map(async (each, i) => {
        for (const k of range(30)) await each.write([nodeAt(1_000 * (i + 1) + k)]);
      });
      await Promise.all([store.deleteNodes(doomed), ...writing]);
      const expected = [
        ...range(50).flatMap((k) => [k, 100 + k, 200 + k]),
        ...range(30).flatMap((k) => [1_000 + k, 2_000 + k]),
      ].filter((address) => !doomed.includes(address));
      expected.sort((a, b) => a - b);
      for (const each of [store, ...others, await openAnother()]) {
        expect(await listed(each)).toEqual(expected);
        expect((await each.read(expected)).map(plain)).toEqual(expected.map((a) => [a & 255]));
      }
    });

    it('hides no other node from those who come while it is done', async () => {
      const store = await backend().host.create('a');
      await store.write(range(60).map((i) => ({ address: i, bytes: pattern(2_000, i) })));
      const readers = await Promise.all(range(10).map(openAnother));
      for (const [i, reader] of readers.entries()) {
        const [, read] = await Promise.all([store.deleteNodes([i + 1]), reader.read([60, 50])]);
        expect(read.map(plain)).toEqual([60, 50].map((seed) => plain(pattern(2_000, seed))));
      }
    });

    it('lets several stores delete at once', async () => {
      const store = await backend().host.create('a');
      await store.write(range(40).map(nodeAt));
      const stores = [store, await openAnother(), await openAnother()];
      await Promise.all(
        stores.map((each, i) => each.deleteNodes(range(10).map((k) => k + 10 * i))),
      );
      for (const each of stores) {
        expect(await listed(each)).toEqual(range(10).map((k) => k + 30));
        expect(await each.read([35])).toHaveLength(1);
      }
    });
  });
}
