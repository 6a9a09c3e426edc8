/** The part of the store suite on databases whose storage was set back to an earlier copy. */
import { describe, expect, it } from 'vitest';
import { RENEWED_EPOCHS } from '../../engine/store/epoch.ts';
import {
  BRANCH,
  bytesOf,
  commitOf,
  epochOf,
  leaseOf,
  plain,
  segment,
  type StoreBackend,
} from './store-fixtures.ts';

export function describeRenewal(backend: () => StoreBackend): void {
  describe('a database that is renewed', () => {
    it('has another id, and all that it had', async () => {
      const { host } = backend();
      const store = await host.create('a');
      const { id } = store;
      await store.write([{ address: 1, bytes: bytesOf(1) }]);
      await store.commit(commitOf({ segments: [segment(7, 1, 2)] }));
      const { id: neighbourId } = await host.create('b');
      await host.renew('a');
      const renewed = await host.open('a');
      expect(renewed.id).not.toBe(id);
      expect((await host.open('b')).id).toBe(neighbourId);
      expect((await renewed.read([1])).map(plain)).toEqual([[1]]);
      expect(await renewed.readRoot(BRANCH)).toMatchObject({ version: 1, segments: [{ tx: 7 }] });
      expect(await host.list()).toEqual(['a', 'b']);
    });

    it('gives out epochs that are far later, on every branch', async () => {
      const { host } = backend();
      const store = await host.create('a');
      const first = await epochOf(store);
      const other = await epochOf(store, { branch: 'other' });
      await host.renew('a');
      const renewed = await host.open('a');
      const latest = Math.max(first, other);
      for (const branch of ['db', 'other', 'new'])
        expect(await epochOf(renewed, { branch, owner: 'second' })).toBeGreaterThanOrEqual(
          latest + RENEWED_EPOCHS,
        );
    });

    it('has no writer any more, and takes no commit of one', async () => {
      const { host } = backend();
      const store = await host.create('a');
      const epoch = await epochOf(store);
      expect(await store.commit(commitOf({ epoch }))).toBe(true);
      await host.renew('a');
      const renewed = await host.open('a');
      expect(await renewed.leases.current(BRANCH)).toBeUndefined();
      expect(await store.leases.renew({ ...leaseOf(), epoch })).toBe(false);
      // Also of an epoch that the copy does not know.
      for (const lost of [epoch, epoch + 1, epoch + RENEWED_EPOCHS - 1])
        expect(await store.commit(commitOf({ epoch: lost, expectedVersion: 1 }))).toBe(false);
    });

    it('is refused where there is none of the name', async () => {
      await expect(backend().host.renew('a')).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' });
    });
  });
}
