/**
 * What every StoreHost must do. A backend passes when this suite passes on it, and nothing else is promised to the engine.
 */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { StoreHost } from '../../engine/store/store.ts';
import {
  BRANCH,
  bytesOf,
  commitOf,
  epochOf,
  leaseOf,
  LONG_TTL_MS,
  pattern,
  plain,
  segment,
  txs,
  type StoreBackend,
} from './store-fixtures.ts';
import { describeBranches } from './store-suite.branches.ts';
import { describeKeys } from './store-suite.keys.ts';
import { describeDeletedNodes } from './store-suite.deleted-nodes.ts';
import { describeRenewal } from './store-suite.renewal.ts';
import { describeRetention } from './store-suite.retention.ts';
import { describeRewrittenLog } from './store-suite.rewritten-log.ts';

const SHORT_TTL_MS = 80;

export function runStoreSuite(name: string, newBackend: () => Promise<StoreBackend>): void {
  describe(name, () => {
    let backend: StoreBackend;
    let host: StoreHost;

    beforeEach(async () => {
      backend = await newBackend();
      host = backend.host;
    });
    afterEach(() => backend.dispose());

    describe('databases', () => {
      it('creates, lists and opens a database', async () => {
        const created = await host.create('b');
        await host.create('a');
        expect(await host.list()).toEqual(['a', 'b']);
        expect((await host.open('b')).id).toBe(created.id);
      });

      it('refuses to create a database that exists', async () => {
        await host.create('a');
        await expect(host.create('a')).rejects.toMatchObject({ code: 'DATABASE_EXISTS' });
      });

      it('refuses to open a database that does not exist', async () => {
        await expect(host.open('a')).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' });
      });

      it('deletes a database with all that it holds, and not its neighbour', async () => {
        const doomed = await host.create('a');
        const neighbour = await host.create('b');
        await doomed.write([{ address: 1, bytes: bytesOf(1) }]);
        await neighbour.write([{ address: 1, bytes: bytesOf(2) }]);
        await host.delete('a');
        await host.delete('a');
        expect(await host.list()).toEqual(['b']);
        const again = await host.create('a');
        expect(again.id).not.toBe(doomed.id);
        await expect(again.read([1])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
        expect(await neighbour.read([1])).toHaveLength(1);
      });

      it.each([
        '../../etc',
        'a/b',
        '.',
        'Ä ö 🦜',
        "x'; DROP TABLE nodes; --",
        'CON',
        '%2e',
        'x'.repeat(200),
      ])('keeps the name %j as it is', async (odd) => {
        const store = await host.create(odd);
        await store.commit(commitOf({ branch: odd }));
        expect(await host.list()).toEqual([odd]);
        expect(await (await host.open(odd)).readRoot(odd)).toMatchObject({ version: 1 });
        await host.delete(odd);
        expect(await host.list()).toEqual([]);
      });

      it('tells names apart that differ only in case', async () => {
        await host.create('Data');
        await host.create('data');
        expect(await host.list()).toEqual(['Data', 'data']);
      });

      it.each(['', 'a\0b', '\ud800', 'x'.repeat(201)])('refuses the name %j', async (bad) => {
        await expect(host.create(bad)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      });
    });

    describe('nodes', () => {
      it('reads many nodes in the order asked for', async () => {
        const store = await host.create('a');
        await store.write([1, 2, 3].map((address) => ({ address, bytes: bytesOf(address) })));
        expect((await store.read([3, 1, 2, 1])).map(plain)).toEqual([[3], [1], [2], [1]]);
        expect(await store.read([])).toEqual([]);
      });

      it('reports a missing address as damage and names it', async () => {
        const store = await host.create('a');
        await store.write([{ address: 1, bytes: bytesOf(1) }]);
        await expect(store.read([1, 77])).rejects.toMatchObject({
          code: 'STORE_CORRUPT',
          data: { address: 77 },
        });
      });

      it('keeps empty, large and very large blobs at the largest address', async () => {
        const store = await host.create('a');
        const sizes = [0, 1, 7_999, 8_193, 100_000, 1_048_577, 5_000_000];
        const first = 2 ** 53 - 1 - sizes.length;
        const nodes = sizes.map((size, i) => ({ address: first + i, bytes: pattern(size, i) }));
        await store.write(nodes);
        const read = await store.read(nodes.map(({ address }) => address));
        for (const [i, bytes] of read.entries()) {
          expect(Buffer.compare(bytes, nodes[i]!.bytes), `blob of ${sizes[i]} bytes`).toBe(0);
        }
      });

      it('writes nothing and many', async () => {
        const store = await host.create('a');
        await store.write([]);
        const nodes = Array.from({ length: 1_500 }, (_, i) => ({
          address: i + 1,
          bytes: pattern(64, i),
        }));
        await store.write(nodes);
        const read = await store.read(nodes.map(({ address }) => address));
        expect(read.map(plain)).toEqual(nodes.map(({ bytes }) => plain(bytes)));
      });

      it('keeps the first bytes of an address', async () => {
        const store = await host.create('a');
        await store.write([{ address: 1, bytes: bytesOf(1) }]);
        await store.write([{ address: 1, bytes: bytesOf(1) }]);
        expect((await store.read([1])).map(plain)).toEqual([[1]]);
      });
    });

    describe('commits', () => {
      it('has no root before the first commit', async () => {
        const store = await host.create('a');
        expect(await store.readRoot(BRANCH)).toBeUndefined();
        expect(await store.readVersion(BRANCH)).toBe(0);
        expect(await store.readLog(BRANCH, 0, 100)).toEqual([]);
        await epochOf(store);
        expect(await store.readRoot(BRANCH)).toBeUndefined();
      });

      it('moves the root by one version with each commit', async () => {
        const store = await host.create('a');
        expect(await store.commit(commitOf({ segments: [segment(10, 1)] }))).toBe(true);
        const next = commitOf({
          expectedVersion: 1,
          record: bytesOf(2),
          segments: [segment(11, 2)],
        });
        expect(await store.commit(next)).toBe(true);
        const root = await store.readRoot(BRANCH);
        expect(root).toMatchObject({ version: 2, epoch: 0, indexedTx: 0 });
        expect(await store.readVersion(BRANCH)).toBe(2);
        expect(plain(root!.record)).toEqual([2]);
        expect(root!.segments.map(({ tx, bytes }) => [tx, plain(bytes)])).toEqual([
          [10, [1]],
          [11, [2]],
        ]);
      });

      it('refuses a commit that follows another version and writes nothing', async () => {
        const store = await host.create('a');
        await store.commit(commitOf());
        for (const expectedVersion of [0, 2, 7]) {
          const refused = commitOf({ expectedVersion, segments: [segment(10, 1)] });
          expect(await store.commit(refused)).toBe(false);
        }
        expect(await store.readRoot(BRANCH)).toMatchObject({ version: 1, segments: [] });
        expect(await store.readLog(BRANCH, 0, 100)).toEqual([]);
      });

      it('lets exactly one of many commits of one version through', async () => {
        const store = await host.create('a');
        const other = await (await backend.openAnother()).open('a');
        const tried = await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            (i % 2 === 0 ? store : other).commit(
              commitOf({ record: bytesOf(i), segments: [segment(10, i)] }),
            ),
          ),
        );
        expect(tried.filter(Boolean)).toHaveLength(1);
        const winner = tried.indexOf(true);
        const root = await other.readRoot(BRANCH);
        expect(root).toMatchObject({ version: 1 });
        expect(plain(root!.record)).toEqual([winner]);
        expect(root!.segments.map(({ bytes }) => plain(bytes))).toEqual([[winner]]);
      });

      it('gives the segments after the indexed transaction with the root, and all of them in the log', async () => {
        const store = await host.create('a');
        await store.commit(commitOf({ segments: [segment(10, 1), segment(11)] }));
        await store.commit(commitOf({ expectedVersion: 1, segments: [segment(12, 3)] }));
        await store.commit(commitOf({ expectedVersion: 2, indexedTx: 10 }));
        expect(txs((await store.readRoot(BRANCH))!.segments)).toEqual([11, 12]);
        await store.commit(commitOf({ expectedVersion: 3, indexedTx: 12 }));
        expect(await store.readRoot(BRANCH)).toMatchObject({ indexedTx: 12, segments: [] });
        await store.commit(
          commitOf({ expectedVersion: 4, indexedTx: 12, segments: [segment(15, 4)] }),
        );
        expect(txs((await store.readRoot(BRANCH))!.segments)).toEqual([15]);
        expect(txs(await store.readLog(BRANCH, 0, 100))).toEqual([10, 11, 12, 15]);
        expect(txs(await store.readLog(BRANCH, 11, 15))).toEqual([11, 12]);
        expect(txs(await store.readLog(BRANCH, 13, 15))).toEqual([]);
        expect(txs(await store.readLog(BRANCH, 15, 16))).toEqual([15]);
        expect(txs(await store.readLog(BRANCH, 16, 16))).toEqual([]);
      });

      it('opens a database with the root of a branch, and the sweeps before it was read', async () => {
        await expect(host.openBranch('a', BRANCH)).rejects.toMatchObject({
          code: 'DATABASE_NOT_FOUND',
        });
        const store = await host.create('a');
        const before = await host.openBranch('a', BRANCH);
        expect(before.store.id).toBe(store.id);
        expect(before.root).toBeUndefined();
        expect(before.sweeps).toEqual({ sweeps: 0, keptSinceMs: 0 });
        const segments = [segment(11, 5), segment(12, 6)];
        await store.commit(commitOf({ indexedTx: 11, segments }));
        await store.retention.begin(7);
        const after = await host.openBranch('a', BRANCH);
        expect(after.root).toEqual(await store.readRoot(BRANCH));
        expect(txs(after.root!.segments)).toEqual([12]);
        expect(after.sweeps).toEqual({ sweeps: 1, keptSinceMs: 7 });
        expect((await host.openBranch('a', 'another')).root).toBeUndefined();
      });

      it('keeps many segments of many sizes', async () => {
        const store = await host.create('a');
        const segments = [0, 1, 5_000, 70_000, 1_200_000].map((size, i) => ({
          tx: 536_870_913 + i,
          bytes: pattern(size, i),
        }));
        await store.commit(commitOf({ record: pattern(20_000, 3), segments }));
        const root = await (await (await backend.openAnother()).open('a')).readRoot(BRANCH);
        expect(Buffer.compare(root!.record, pattern(20_000, 3))).toBe(0);
        expect(txs(root!.segments)).toEqual(txs(segments));
        for (const [i, { bytes }] of root!.segments.entries()) {
          expect(Buffer.compare(bytes, segments[i]!.bytes)).toBe(0);
        }
      });

      it('keeps branches apart', async () => {
        const store = await host.create('a');
        await store.commit(commitOf({ segments: [segment(10, 1)] }));
        await store.commit(
          commitOf({ branch: 'other', record: bytesOf(9), segments: [segment(10, 2)] }),
        );
        expect(plain((await store.readRoot('other'))!.record)).toEqual([9]);
        expect((await store.readLog(BRANCH, 0, 99)).map(({ bytes }) => plain(bytes))).toEqual([
          [1],
        ]);
        expect((await store.readLog('other', 0, 99)).map(({ bytes }) => plain(bytes))).toEqual([
          [2],
        ]);
      });

      it('shows a commit to a store that was open before it', async () => {
        const writer = await host.create('a');
        const reader = await (await backend.openAnother()).open('a');
        expect(await reader.readRoot(BRANCH)).toBeUndefined();
        for (let version = 0; version < 5; version++) {
          await writer.write([{ address: version + 1, bytes: bytesOf(version) }]);
          const indexedTx = version === 3 ? 12 : 0;
          await writer.commit(
            commitOf({
              expectedVersion: version,
              indexedTx,
              segments: [segment(10 + version, version)],
            }),
          );
          expect(await reader.readRoot(BRANCH)).toMatchObject({ version: version + 1 });
          expect((await reader.read([version + 1])).map(plain)).toEqual([[version]]);
        }
        expect(txs(await reader.readLog(BRANCH, 0, 99))).toEqual([10, 11, 12, 13, 14]);
      });

      it('tells the versions of many branches at once, in the order asked for', async () => {
        const stores = [await host.create('a'), await host.create('b')];
        for (const [i, store] of stores.entries()) {
          await store.commit(commitOf({ branch: "odd, {name}'\\" }));
          for (let version = 0; version <= i; version++) {
            await store.commit(commitOf({ expectedVersion: version }));
          }
        }
        const [a = '', b = ''] = stores.map(({ id }) => id);
        const places = [
          { store: b, branch: BRANCH },
          { store: a, branch: 'no such branch' },
          { store: a, branch: BRANCH },
          { store: 'no such store', branch: BRANCH },
          { store: b, branch: "odd, {name}'\\" },
          { store: b, branch: BRANCH },
        ];
        expect(await host.readVersions(places)).toEqual([2, 0, 1, 0, 1, 2]);
        expect(await host.readVersions([])).toEqual([]);
        await host.delete('b');
        expect((await host.readVersions(places))[2]).toBe(1);
      });

      it('keeps everything when it is opened again', async () => {
        const store = await host.create('a');
        const epoch = await epochOf(store);
        await store.write([{ address: 5, bytes: pattern(9_000, 5) }]);
        await store.commit(commitOf({ epoch, segments: [segment(10, 1)] }));
        await store.commit(
          commitOf({ epoch, expectedVersion: 1, indexedTx: 10, segments: [segment(11, 2)] }),
        );
        await store.close();
        const again = await (await backend.openAnother()).open('a');
        expect(again.id).toBe(store.id);
        expect(await again.readRoot(BRANCH)).toMatchObject({ version: 2, epoch, indexedTx: 10 });
        expect(txs((await again.readRoot(BRANCH))!.segments)).toEqual([11]);
        expect(txs(await again.readLog(BRANCH, 0, 99))).toEqual([10, 11]);
        expect(Buffer.compare((await again.read([5]))[0]!, pattern(9_000, 5))).toBe(0);
        expect(await again.commit(commitOf({ epoch, expectedVersion: 2 }))).toBe(true);
      });
    });

    describe('leases', () => {
      it('gives a lease with its epoch and address', async () => {
        const store = await host.create('a');
        expect(await store.leases.current(BRANCH)).toBeUndefined();
        const address = 'http://127.0.0.1:4455';
        const { acquired, lease } = await store.leases.acquire(leaseOf({ address }));
        expect(acquired).toBe(true);
        expect(lease).toMatchObject({ owner: 'first', address });
        expect(lease.epoch).toBeGreaterThan(0);
        const seen = await (await (await backend.openAnother()).open('a')).leases.current(BRANCH);
        expect(seen).toMatchObject({ owner: 'first', address, epoch: lease.epoch });
        expect(seen!.remainingMs).toBeGreaterThan(LONG_TTL_MS / 2);
        expect(seen!.remainingMs).toBeLessThanOrEqual(LONG_TTL_MS);
      });

      it('refuses a second owner while the first holds it, and names the holder', async () => {
        const store = await host.create('a');
        const epoch = await epochOf(store);
        const refused = await store.leases.acquire(leaseOf({ owner: 'second' }));
        expect(refused).toMatchObject({ acquired: false, lease: { owner: 'first', epoch } });
      });

      it('gives the lease to one of many that ask at once', async () => {
        const store = await host.create('a');
        const other = await (await backend.openAnother()).open('a');
        const answers = await Promise.all(
          Array.from({ length: 8 }, (_, i) =>
            (i % 2 === 0 ? store : other).leases.acquire(leaseOf({ owner: `owner ${i}` })),
          ),
        );
        expect(answers.filter(({ acquired }) => acquired)).toHaveLength(1);
        expect(new Set(answers.map(({ lease }) => lease.owner)).size).toBe(1);
      });

      it('gives a new epoch to the owner that asks again', async () => {
        const store = await host.create('a');
        const epoch = await epochOf(store);
        expect(await epochOf(store)).toBeGreaterThan(epoch);
        expect(await store.leases.renew({ ...leaseOf(), epoch })).toBe(false);
      });

      it('numbers the epochs of all branches of a database together', async () => {
        const store = await host.create('a');
        const epochs = [];
        for (const branch of ['x', 'y', 'z']) epochs.push(await epochOf(store, { branch }));
        await store.leases.release('y', epochs[1]!);
        epochs.push(await epochOf(store, { branch: 'y', owner: 'second' }));
        expect(epochs).toEqual([...new Set(epochs)].sort((a, b) => a - b));
        expect(epochs).toHaveLength(4);
      });

      it('renews until the lease was lost', async () => {
        const store = await host.create('a');
        const epoch = await epochOf(store, { ttlMs: 5_000 });
        expect(await store.leases.renew({ ...leaseOf(), epoch })).toBe(true);
        expect((await store.leases.current(BRANCH))!.remainingMs).toBeGreaterThan(10_000);
        await store.leases.release(BRANCH, epoch);
        expect(await store.leases.renew({ ...leaseOf(), epoch })).toBe(false);
      });

      it('is free at once after a release', async () => {
        const store = await host.create('a');
        const epoch = await epochOf(store);
        await store.leases.release(BRANCH, epoch);
        await store.leases.release(BRANCH, epoch);
        expect(await store.leases.current(BRANCH)).toBeUndefined();
        expect(await epochOf(store, { owner: 'second' })).toBeGreaterThan(epoch);
        await store.leases.release(BRANCH, epoch);
        expect(await store.leases.current(BRANCH)).toMatchObject({ owner: 'second' });
      });

      it('is renewed by its owner alone, whatever epoch another one was given', async () => {
        const store = await host.create('a');
        const epoch = await epochOf(store);
        expect(await store.leases.renew({ ...leaseOf({ owner: 'second' }), epoch })).toBe(false);
        expect(await store.leases.renew({ ...leaseOf(), epoch })).toBe(true);
      });

      it('is free when its time is over, with a larger epoch', async () => {
        const store = await host.create('a');
        const epoch = await epochOf(store, { ttlMs: SHORT_TTL_MS });
        const taken = await vi.waitFor(async () => {
          const answer = await store.leases.acquire(leaseOf({ owner: 'second' }));
          expect(answer.acquired).toBe(true);
          return answer;
        });
        expect(taken.lease.epoch).toBeGreaterThan(epoch);
        expect(await store.leases.renew({ ...leaseOf(), epoch })).toBe(false);
      });

      it('stops the commits of a deposed writer, and only those', async () => {
        const store = await host.create('a');
        const other = await (await backend.openAnother()).open('a');
        const old = await epochOf(store);
        expect(await store.commit(commitOf({ epoch: old }))).toBe(true);
        await store.leases.release(BRANCH, old);
        expect(await store.commit(commitOf({ epoch: old, expectedVersion: 1 }))).toBe(true);
        const epoch = await epochOf(other, { owner: 'second' });
        const late = commitOf({ epoch: old, expectedVersion: 2, segments: [segment(10, 1)] });
        expect(await store.commit(late)).toBe(false);
        expect(await store.readLog(BRANCH, 0, 99)).toEqual([]);
        expect(await other.commit(commitOf({ epoch, expectedVersion: 2 }))).toBe(true);
        expect(await store.readRoot(BRANCH)).toMatchObject({ version: 3, epoch });
        expect(await store.commit({ ...late, expectedVersion: 3 })).toBe(false);
      });

      it('lets a writer of one branch found another one', async () => {
        const store = await host.create('a');
        const epoch = await epochOf(store);
        expect(await store.commit(commitOf({ branch: 'copy', epoch }))).toBe(true);
        expect(await epochOf(store, { branch: 'copy', owner: 'second' })).toBeGreaterThan(epoch);
        expect(await store.commit(commitOf({ branch: 'copy', epoch, expectedVersion: 1 }))).toBe(
          false,
        );
      });
    });

    describeDeletedNodes(() => backend);
    describeBranches(() => backend);
    describeKeys(() => backend);
    describeRetention(() => backend);
    describeRenewal(() => backend);
    describeRewrittenLog(() => backend);
  });
}
