/** What every store does with the keys of requests. */
import { beforeEach, describe, expect, it } from 'vitest';
import type { Store } from '../../engine/store/store.ts';
import type { StoreBackend } from './store-fixtures.ts';
import { BRANCH, bytesOf, commitOf, segment } from './store-fixtures.ts';

const keyOf = (n: number): string => n.toString(16).padStart(32, '0');
const ID = '6b4f3f0a-4d3c-4a5e-9a52-0d6e7f809a1b';

export function describeKeys(backendNow: () => StoreBackend): void {
  describe('keys of requests', () => {
    let store: Store;

    beforeEach(async () => {
      store = await backendNow().host.create('a');
    });

    it('are found with their transactions, in another process as well', async () => {
      const keys = [
        { key: keyOf(1), tx: 1 },
        { key: keyOf(2), tx: 3 },
      ];
      const segments = [segment(1, 1), segment(2, 2), segment(3, 3)];
      await store.commit(commitOf({ id: ID, segments, keys }));
      await store.commit(commitOf({ expectedVersion: 1, segments: [segment(4, 4)] }));
      const another = await (await backendNow().openAnother()).open('a');
      for (const each of [store, another]) {
        const found = await each.findKeys(BRANCH, [keyOf(1), keyOf(2), keyOf(3)]);
        expect(new Map(found)).toEqual(
          new Map([
            [keyOf(1), 1],
            [keyOf(2), 3],
          ]),
        );
      }
      expect(await store.findCommit(ID)).toEqual({ branch: BRANCH, tx: 3 });
    });

    it('are found as soon as they were committed', async () => {
      for (let n = 1; n <= 3; n++) {
        const keys = [{ key: keyOf(n), tx: n }];
        await store.commit(commitOf({ expectedVersion: n - 1, segments: [segment(n, n)], keys }));
        expect([...(await store.findKeys(BRANCH, [keyOf(n), keyOf(n + 1)]))]).toEqual([
          [keyOf(n), n],
        ]);
      }
    });

    it('are not there where nothing was committed', async () => {
      const refused = { expectedVersion: 5, segments: [segment(1, 1)] };
      expect(await store.commit(commitOf({ ...refused, keys: [{ key: keyOf(1), tx: 1 }] }))).toBe(
        false,
      );
      expect((await store.findKeys(BRANCH, [keyOf(1)])).size).toBe(0);
      expect((await store.findKeys('none', [keyOf(1)])).size).toBe(0);
    });

    it('are those of the branch, not of its forks nor of another one of its name', async () => {
      const keys = [{ key: keyOf(1), tx: 1 }];
      await store.commit(commitOf({ segments: [segment(1, 1)], keys }));
      const origin = { branch: BRANCH, tx: 1 };
      await store.fork({ branch: 'fork', origin, record: bytesOf(1), indexedTx: 0 });
      expect((await store.findKeys('fork', [keyOf(1)])).size).toBe(0);
      await store.deleteBranch(BRANCH);
      expect((await store.findKeys(BRANCH, [keyOf(1)])).size).toBe(0);
    });
  });
}
