/** The part of the store suite on what readers hold, sweeps, and the epochs that may still commit. */
import { randomUUID } from 'node:crypto';
import { beforeEach, describe, expect, it, vi } from 'vitest';
import type { Store } from '../../engine/store/store.ts';
import {
  BRANCH,
  bytesOf,
  commitOf,
  epochOf,
  LONG_TTL_MS,
  type StoreBackend,
} from './store-fixtures.ts';

const SHORT_TTL_MS = 80;

const holding = (reader: string, addresses: number[], ttlMs = LONG_TTL_MS) => ({
  reader,
  addresses,
  ttlMs,
});

export function describeRetention(backend: () => StoreBackend): void {
  // Leases are of a host and not of a database, and one host may serve many tests.
  let [one, two] = ['', ''];
  beforeEach(() => {
    one = randomUUID();
    two = randomUUID();
  });
  const create = (name = 'a'): Promise<Store> => backend().host.create(name);
  const openAnother = async (): Promise<Store> => (await backend().openAnother()).open('a');
  const heldBy = async (store: Store): Promise<number[]> =>
    [...(await store.retention.held())].sort((a, b) => a - b);

  describe('what readers hold', () => {
    it('is what each of them held last, for all who look', async () => {
      const store = await create();
      const other = await openAnother();
      expect(await heldBy(store)).toEqual([]);
      expect(await store.retention.hold(holding(one, [1, 2 ** 53 - 1]))).toEqual({
        sweeps: 0,
        keptSinceMs: 0,
      });
      await other.retention.hold(holding(two, [2, 1]));
      expect(await heldBy(other)).toEqual([1, 2, 2 ** 53 - 1]);
      await store.retention.hold(holding(one, [7]));
      expect(await heldBy(store)).toEqual([1, 2, 7]);
      await store.retention.hold(holding(one, []));
      expect(await heldBy(other)).toEqual([1, 2]);
    });

    it('is held by a reader that begins with many databases at once', async () => {
      const stores = await Promise.all(Array.from({ length: 12 }, (_, i) => create(`many ${i}`)));
      const states = stores.map((store, i) => store.retention.hold(holding(one, [i])));
      for (const state of await Promise.all(states)) expect(state?.sweeps).toBe(0);
      for (const [i, store] of stores.entries()) expect(await heldBy(store)).toEqual([i]);
    });

    it('is apart for each database, and goes with the lease of the reader for all of them', async () => {
      const [store, neighbour] = [await create('a'), await create('b')];
      await store.retention.hold(holding(one, [1]));
      await neighbour.retention.hold(holding(one, [2]));
      expect([await heldBy(store), await heldBy(neighbour)]).toEqual([[1], [2]]);
      await backend().host.readers.release(one);
      expect([await heldBy(store), await heldBy(neighbour)]).toEqual([[], []]);
      expect(await backend().host.readers.renew(one, LONG_TTL_MS)).toBe(false);
      expect(await store.retention.hold(holding(one, [1]))).toBeUndefined();
    });

    it('is let go of when a lease lapses, and not while it is renewed', async () => {
      const store = await create();
      const { readers } = backend().host;
      await store.retention.hold(holding(one, [1], SHORT_TTL_MS));
      await store.retention.hold(holding(two, [2], SHORT_TTL_MS));
      expect(await readers.renew(two, LONG_TTL_MS)).toBe(true);
      await vi.waitFor(async () => expect(await heldBy(store)).toEqual([2]));
      expect(await readers.renew(one, LONG_TTL_MS)).toBe(false);
      expect(await store.retention.hold(holding(one, [1]))).toBeUndefined();
      expect(await heldBy(store)).toEqual([2]);
    });

    it('knows no lease that was never begun', async () => {
      expect(await backend().host.readers.renew(one, LONG_TTL_MS)).toBe(false);
      await backend().host.readers.release(one);
    });
  });

  describe('sweeps', () => {
    it('are counted, and the time since which trees are kept never goes back', async () => {
      const store = await create();
      const other = await openAnother();
      expect(await store.retention.begin(1_000)).toEqual({ sweeps: 1, keptSinceMs: 1_000 });
      expect(await other.retention.begin(500)).toEqual({ sweeps: 2, keptSinceMs: 1_000 });
      expect(await store.retention.state()).toEqual({ sweeps: 2, keptSinceMs: 1_000 });
      expect(await store.retention.hold(holding(one, [1]))).toMatchObject({ sweeps: 2 });
      await Promise.all(Array.from({ length: 5 }, () => other.retention.begin(0)));
      expect((await store.retention.state()).sweeps).toBe(7);
    });

    it('see what was held by whoever was told an earlier number', async () => {
      const store = await create();
      const other = await openAnother();
      for (let i = 0; i < 20; i++) {
        const { sweeps } = await store.retention.state();
        const sweeping = other.retention.begin(0).then(() => heldBy(other));
        const told = await store.retention.hold(holding(one, [i]));
        const seen = await sweeping;
        if (told?.sweeps === sweeps) expect(seen).toEqual([i]);
        else expect(told?.sweeps).toBe(sweeps + 1);
      }
    });

    it('keep forks from being made of what was read before them', async () => {
      const store = await create();
      await store.commit(commitOf());
      const { sweeps } = await store.retention.state();
      const fork = (branch: string, of: number) =>
        store.fork({
          branch,
          origin: { branch: BRANCH, tx: 0 },
          record: bytesOf(1),
          indexedTx: 0,
          sweeps: of,
        });
      expect(await fork('early', sweeps)).toBe(true);
      await (await openAnother()).retention.begin(0);
      await expect(fork('late', sweeps)).rejects.toMatchObject({ code: 'SNAPSHOT_EXPIRED' });
      expect(await store.branches()).toEqual([BRANCH, 'early']);
      expect(await fork('late', sweeps + 1)).toBe(true);
    });
  });

  describe('the epochs that may still commit', () => {
    it('are the latest of each branch, with a root or without', async () => {
      const store = await create();
      expect(await store.leases.epochs()).toEqual([]);
      await epochOf(store, { owner: 'first' });
      const later = await epochOf(store, { owner: 'first' });
      const other = await epochOf(store, { branch: 'draft' });
      const epochs = await (await openAnother()).leases.epochs();
      expect(epochs).toHaveLength(2);
      expect(epochs).toEqual(
        expect.arrayContaining([
          { branch: BRANCH, epoch: later, isHeld: true },
          { branch: 'draft', epoch: other, isHeld: true },
        ]),
      );
      await store.leases.release(BRANCH, later);
      expect(await store.leases.epochs()).toContainEqual({
        branch: BRANCH,
        epoch: later,
        isHeld: false,
      });
    });

    it('end with a fence, which nobody can put up against a lease that is held', async () => {
      const store = await create();
      const other = await openAnother();
      const epoch = await epochOf(store);
      await store.commit(commitOf({ epoch }));
      expect(await other.leases.fence(BRANCH)).toBe(false);
      expect(await store.commit(commitOf({ epoch, expectedVersion: 1 }))).toBe(true);
      await store.leases.release(BRANCH, epoch);
      expect(await other.leases.fence(BRANCH)).toBe(true);
      expect(await store.commit(commitOf({ epoch, expectedVersion: 2 }))).toBe(false);
      const epochs = await store.leases.epochs();
      expect(epochs.filter((each) => each.branch === BRANCH && each.epoch <= epoch)).toEqual([]);
      const next = await epochOf(other);
      expect(next).toBeGreaterThan(Math.max(...epochs.map((each) => each.epoch)));
      expect(await other.commit(commitOf({ epoch: next, expectedVersion: 2 }))).toBe(true);
    });

    it('end with a branch that is deleted', async () => {
      const store = await create();
      const epoch = await epochOf(store, { branch: 'draft' });
      await store.commit(commitOf({ branch: 'draft', epoch }));
      await store.deleteBranch('draft');
      expect((await store.leases.epochs()).filter((each) => each.epoch <= epoch)).toEqual([]);
    });
  });
}
