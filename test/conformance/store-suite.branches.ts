/** The part of the store suite on the ids of commits, and on listing, forking and deleting branches. */
import { describe, expect, it } from 'vitest';
import type { ForkRequest, Store } from '../../engine/store/store.ts';
import {
  BRANCH,
  bytesOf,
  commitOf,
  epochOf,
  leaseOf,
  plain,
  segment,
  txs,
  type StoreBackend,
} from './store-fixtures.ts';

const idOf = (n: number): string => `00000000-0000-4000-8000-${String(n).padStart(12, '0')}`;

/** A branch with the commits 10, 11+12, 13 … each with an id of its last transaction, in trees up to some transaction. */
async function writeLog(store: Store, branch: string, indexedTx = 0): Promise<void> {
  const commits = [[segment(10, 10)], [segment(11, 11), segment(12, 12)], [segment(13, 13)]];
  for (const [expectedVersion, segments] of commits.entries()) {
    const id = idOf(segments.at(-1)!.tx);
    const commit = commitOf({ branch, expectedVersion, segments, id });
    expect(await store.commit({ ...commit, indexedTx: Math.min(indexedTx, 10) })).toBe(true);
  }
  expect(await store.commit(commitOf({ branch, expectedVersion: 3, indexedTx }))).toBe(true);
}

const forkOf = (changes: Partial<ForkRequest> = {}): ForkRequest => ({
  branch: 'fork',
  origin: { branch: BRANCH, tx: 13 },
  record: bytesOf(7),
  indexedTx: 0,
  ...changes,
});

const logOf = async (store: Store, branch: string): Promise<number[]> =>
  txs(await store.readLog(branch, 0, 1_000));

export function describeBranches(backend: () => StoreBackend): void {
  const openAnother = async (): Promise<Store> => (await backend().openAnother()).open('a');

  describe('commit ids', () => {
    it('find a commit by its last transaction, also one that came later', async () => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH);
      const other = await openAnother();
      for (const each of [store, other]) {
        expect(await each.findCommit(idOf(10))).toEqual({ branch: BRANCH, tx: 10 });
        expect(await each.findCommit(idOf(12))).toEqual({ branch: BRANCH, tx: 12 });
        expect(await each.findCommit(idOf(11))).toBeUndefined();
      }
      const id = 'ABCDEF00-1234-4abc-8def-1234567890ab';
      const commit = commitOf({ expectedVersion: 4, segments: [segment(14)], id });
      expect(await store.commit(commit)).toBe(true);
      for (const each of [store, other]) {
        for (const spelling of [id, id.toLowerCase(), id.toUpperCase()]) {
          expect(await each.findCommit(spelling)).toEqual({ branch: BRANCH, tx: 14 });
        }
      }
    });

    it('are found after the log was folded into trees', async () => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH, 13);
      expect(await (await openAnother()).findCommit(idOf(10))).toEqual({ branch: BRANCH, tx: 10 });
    });

    it('are not kept where the commit has no segments or was refused', async () => {
      const store = await backend().host.create('a');
      expect(await store.commit(commitOf({ id: idOf(1) }))).toBe(true);
      const refused = commitOf({ id: idOf(2), expectedVersion: 7, segments: [segment(10)] });
      expect(await store.commit(refused)).toBe(false);
      expect(await store.findCommit(idOf(1))).toBeUndefined();
      expect(await store.findCommit(idOf(2))).toBeUndefined();
    });

    it.each(['', 'nonsense', `${idOf(1)}0`, `{${idOf(1)}}`])('are not %j', async (id) => {
      const store = await backend().host.create('a');
      expect(await store.findCommit(id)).toBeUndefined();
      const commit = commitOf({ id, segments: [segment(10)] });
      await expect(store.commit(commit)).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(await store.readVersion(BRANCH)).toBe(0);
    });
  });

  describe('listing branches', () => {
    it('names those that have a root, sorted', async () => {
      const store = await backend().host.create('a');
      expect(await store.branches()).toEqual([]);
      const names = ['b', 'Ä', 'x'.repeat(200), 'a/b', 'B'];
      for (const branch of names) await store.commit(commitOf({ branch }));
      await epochOf(store, { branch: 'leased' });
      for (const each of [store, await openAnother()]) {
        expect(await each.branches()).toEqual([...names].sort());
      }
    });
  });

  describe('a fork', () => {
    it.each([
      ['without trees', 0],
      ['with trees of a part of the log', 11],
      ['with trees of all of the log', 13],
      ['with trees beyond its origin', 20],
    ])('%s has the log of its origin', async (_, indexedTx) => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH, 10);
      expect(await store.fork(forkOf({ indexedTx }))).toBe(true);
      for (const each of [store, await openAnother()]) {
        const root = (await each.readRoot('fork'))!;
        expect(root).toMatchObject({ version: 1, epoch: 0, indexedTx });
        expect(plain(root.record)).toEqual([7]);
        expect(txs(root.segments)).toEqual([10, 11, 12, 13].filter((tx) => tx > indexedTx));
        const log = await each.readLog('fork', 0, 99);
        expect(log.map(({ tx, bytes }) => [tx, plain(bytes)])).toEqual(
          [10, 11, 12, 13].map((tx) => [tx, [tx]]),
        );
        expect(txs(await each.readLog('fork', 11, 13))).toEqual([11, 12]);
        expect(txs(await each.readLog('fork', 12, 13))).toEqual([12]);
        expect(await each.branches()).toEqual([BRANCH, 'fork']);
      }
    });

    it.each([
      [9, []],
      [10, [10]],
      [11, [10, 11]],
      [12, [10, 11, 12]],
      [99, [10, 11, 12, 13]],
    ])('after transaction %i has the log up to there, whatever is indexed', async (tx, log) => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH, 12);
      for (const indexedTx of [0, 10, 11, 12]) {
        const branch = `fork ${indexedTx}`;
        const request = forkOf({ branch, origin: { branch: BRANCH, tx }, indexedTx });
        expect(await store.fork(request)).toBe(true);
        for (const each of [store, await openAnother()]) {
          expect(await logOf(each, branch)).toEqual(log);
          const { segments } = (await each.readRoot(branch))!;
          expect(txs(segments)).toEqual(log.filter((each) => each > indexedTx));
        }
      }
    });

    it('goes its own way, and its origin does too', async () => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH, 12);
      await store.fork(forkOf({ origin: { branch: BRANCH, tx: 12 }, indexedTx: 12 }));
      const epoch = await epochOf(store, { branch: 'fork', owner: 'another' });
      const segments = [segment(13, 113), segment(14, 114)];
      const commit = commitOf({
        branch: 'fork',
        epoch,
        expectedVersion: 1,
        indexedTx: 12,
        segments,
      });
      expect(await store.commit(commit)).toBe(true);
      const onOrigin = commitOf({ expectedVersion: 4, indexedTx: 12, segments: [segment(14, 14)] });
      expect(await store.commit(onOrigin)).toBe(true);
      for (const each of [store, await openAnother()]) {
        const bytes = async (branch: string) =>
          (await each.readLog(branch, 0, 99)).map((entry) => [entry.tx, plain(entry.bytes)[0]]);
        const shared = [10, 11, 12].map((tx) => [tx, tx]);
        expect(await bytes('fork')).toEqual([...shared, [13, 113], [14, 114]]);
        expect(await bytes(BRANCH)).toEqual([...shared, [13, 13], [14, 14]]);
        expect(await each.readRoot('fork')).toMatchObject({ version: 2, epoch });
      }
    });

    it('of forks of forks reads through all of them', async () => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH, 13);
      let origin = { branch: BRANCH, tx: 13 };
      for (const [i, name] of ['one', 'two', 'three'].entries()) {
        await store.fork(forkOf({ branch: name, origin, indexedTx: origin.tx }));
        for (const k of [0, 1]) {
          const tx = 20 + 10 * i + k;
          const id = idOf(tx);
          const changes = { expectedVersion: 1 + k, indexedTx: tx, segments: [segment(tx)], id };
          expect(await store.commit(commitOf({ branch: name, ...changes }))).toBe(true);
        }
        origin = { branch: name, tx: 20 + 10 * i };
      }
      const early = { branch: 'three', tx: 12 };
      await store.fork(forkOf({ branch: 'early', origin: early, indexedTx: 12 }));
      for (const each of [store, await openAnother()]) {
        expect(await logOf(each, 'three')).toEqual([10, 11, 12, 13, 20, 30, 40, 41]);
        expect(await logOf(each, 'two')).toEqual([10, 11, 12, 13, 20, 30, 31]);
        expect(await logOf(each, 'early')).toEqual([10, 11, 12]);
        expect(txs(await each.readLog('three', 13, 41))).toEqual([13, 20, 30, 40]);
      }
    });

    it('is made once by many that ask at once', async () => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH);
      const stores = [store, await openAnother(), await openAnother()];
      const made = await Promise.all(stores.map((each) => each.fork(forkOf())));
      expect(made.filter(Boolean)).toHaveLength(1);
      expect(await logOf(store, 'fork')).toEqual([10, 11, 12, 13]);
    });

    it('is refused where the branch exists, and nothing changes', async () => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH);
      expect(await store.fork(forkOf({ branch: BRANCH }))).toBe(false);
      await store.commit(commitOf({ branch: 'fork' }));
      for (const branch of [BRANCH, 'nowhere']) {
        expect(await store.fork(forkOf({ origin: { branch, tx: 10 } }))).toBe(false);
      }
      expect(await logOf(store, 'fork')).toEqual([]);
      expect(plain((await store.readRoot('fork'))!.record)).toEqual([1]);
    });

    it('of a branch that does not exist is an error', async () => {
      const store = await backend().host.create('a');
      await epochOf(store, { branch: 'leased' });
      for (const branch of ['nowhere', 'leased', 'fork']) {
        await expect(store.fork(forkOf({ origin: { branch, tx: 10 } }))).rejects.toMatchObject({
          code: 'NOT_FOUND',
          kind: 'from-branch-does-not-point-to-existing-branch-or-commit',
          data: { branch },
        });
      }
      expect(await store.readVersion('fork')).toBe(0);
      await expect(store.fork(forkOf({ branch: '' }))).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
    });

    it('may be made under a lease of its name', async () => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH);
      const epoch = await epochOf(store, { branch: 'fork' });
      expect(await store.commit(commitOf({ branch: 'fork', epoch: 0 }))).toBe(false);
      expect(await store.fork(forkOf())).toBe(true);
      expect(await store.leases.current('fork')).toMatchObject({ epoch });
      expect(await store.commit(commitOf({ branch: 'fork', epoch }))).toBe(false);
      const commit = commitOf({ branch: 'fork', epoch, expectedVersion: 1 });
      expect(await store.commit(commit)).toBe(true);
    });
  });

  describe('a deleted branch', () => {
    it('is gone for everybody, with its lease', async () => {
      const store = await backend().host.create('a');
      const other = await openAnother();
      const epoch = await epochOf(store);
      await store.commit(commitOf({ epoch, segments: [segment(10, 1)], id: idOf(10) }));
      expect(await other.readVersion(BRANCH)).toBe(1);
      await other.deleteBranch(BRANCH);
      await other.deleteBranch(BRANCH);
      await other.deleteBranch('nowhere');
      for (const each of [store, other, await openAnother()]) {
        expect(await each.readRoot(BRANCH)).toBeUndefined();
        expect(await each.readVersion(BRANCH)).toBe(0);
        expect(await each.readLog(BRANCH, 0, 99)).toEqual([]);
        expect(await each.findCommit(idOf(10))).toBeUndefined();
        expect(await each.branches()).toEqual([]);
        expect(await each.leases.current(BRANCH)).toBeUndefined();
        expect(await each.leases.renew({ ...leaseOf(), epoch })).toBe(false);
      }
    });

    it('takes no commit of its writers, also when there is a new one of its name', async () => {
      const store = await backend().host.create('a');
      const other = await openAnother();
      const old = await epochOf(store);
      await store.commit(commitOf({ epoch: old, segments: [segment(10, 1)] }));
      await store.commit(commitOf({ epoch: old, expectedVersion: 1, segments: [segment(11, 1)] }));
      await other.deleteBranch(BRANCH);
      const late = async () => {
        for (const epoch of [0, old]) {
          for (const expectedVersion of [0, 1, 2]) {
            const commit = commitOf({ epoch, expectedVersion, segments: [segment(12, 1)] });
            expect(await store.commit(commit)).toBe(false);
          }
        }
      };
      await late();
      expect(await store.branches()).toEqual([]);
      const epoch = await epochOf(other, { owner: 'second' });
      expect(epoch).toBeGreaterThan(old);
      await late();
      expect(await other.commit(commitOf({ epoch, segments: [segment(50, 5)] }))).toBe(true);
      await late();
      for (const each of [store, other, await openAnother()]) {
        expect(await each.readRoot(BRANCH)).toMatchObject({ version: 1, epoch });
        expect(await logOf(each, BRANCH)).toEqual([50]);
      }
    });

    it('may be made anew as a fork, which needs a new lease', async () => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH);
      await store.fork(forkOf());
      await store.commit(commitOf({ branch: 'fork', expectedVersion: 1, segments: [segment(20)] }));
      await store.deleteBranch('fork');
      expect(await store.fork(forkOf({ origin: { branch: BRANCH, tx: 12 } }))).toBe(true);
      expect(await logOf(store, 'fork')).toEqual([10, 11, 12]);
      const commit = commitOf({ branch: 'fork', expectedVersion: 1, segments: [segment(30)] });
      expect(await store.commit(commit)).toBe(false);
      const epoch = await epochOf(store, { branch: 'fork' });
      expect(await store.commit({ ...commit, epoch })).toBe(true);
      expect(await logOf(await openAnother(), 'fork')).toEqual([10, 11, 12, 30]);
    });

    it('stays readable through its forks, as far as they need it', async () => {
      const store = await backend().host.create('a');
      const other = await openAnother();
      await writeLog(store, BRANCH, 13);
      await store.fork(forkOf({ indexedTx: 13 }));
      const own = { expectedVersion: 1, indexedTx: 20, segments: [segment(20)], id: idOf(20) };
      await store.commit(commitOf({ branch: 'fork', ...own }));
      const origin = { branch: 'fork', tx: 20 };
      await store.fork(forkOf({ branch: 'fork of fork', origin, indexedTx: 20 }));
      await store.fork(
        forkOf({ branch: 'early', origin: { branch: BRANCH, tx: 11 }, indexedTx: 11 }),
      );
      await other.readLog('fork of fork', 0, 99);
      await store.deleteBranch(BRANCH);
      await store.deleteBranch('fork');
      const epoch = await epochOf(store);
      await store.commit(commitOf({ epoch, segments: [segment(99, 99)] }));
      for (const each of [store, other, await openAnother()]) {
        expect(await logOf(each, 'fork of fork')).toEqual([10, 11, 12, 13, 20]);
        expect(await logOf(each, 'early')).toEqual([10, 11]);
        expect(await logOf(each, BRANCH)).toEqual([99]);
        expect(await each.findCommit(idOf(12))).toEqual({ branch: 'fork of fork', tx: 12 });
        expect(await each.findCommit(idOf(20))).toEqual({ branch: 'fork of fork', tx: 20 });
      }
      await store.deleteBranch('fork of fork');
      for (const each of [store, other, await openAnother()]) {
        expect(await logOf(each, 'early')).toEqual([10, 11]);
        expect(await each.findCommit(idOf(12))).toBeUndefined();
      }
      await store.deleteBranch('early');
      expect(await other.branches()).toEqual([BRANCH]);
    });

    it('is deleted once by many at once, while it is forked and written', async () => {
      const store = await backend().host.create('a');
      const stores = [store, await openAnother(), await openAnother()];
      await writeLog(store, BRANCH, 13);
      const forks = stores.map((each, i) =>
        each.fork(forkOf({ branch: `fork ${i}`, indexedTx: 13 })).catch((error: unknown) => {
          expect(error).toMatchObject({ code: 'NOT_FOUND' });
          return false;
        }),
      );
      const commits = [4, 5, 6, 7].map((expectedVersion) =>
        store.commit(
          commitOf({ expectedVersion, indexedTx: 13, segments: [segment(expectedVersion + 10)] }),
        ),
      );
      const deletions = stores.map((each) => each.deleteBranch(BRANCH));
      const made = await Promise.all(forks);
      await Promise.all([...commits, ...deletions]);
      for (const each of [...stores, await openAnother()]) {
        expect(await each.readVersion(BRANCH)).toBe(0);
        const names = made.flatMap((isMade, i) => (isMade ? [`fork ${i}`] : []));
        expect(await each.branches()).toEqual(names);
        for (const name of names) expect(await logOf(each, name)).toEqual([10, 11, 12, 13]);
      }
    });

    it('leaves nothing to a database of the same name', async () => {
      const store = await backend().host.create('a');
      await writeLog(store, BRANCH, 13);
      await store.fork(forkOf({ indexedTx: 13 }));
      await store.deleteBranch(BRANCH);
      await backend().host.delete('a');
      const again = await backend().host.create('a');
      expect(await again.branches()).toEqual([]);
      expect(await again.findCommit(idOf(10))).toBeUndefined();
      await again.commit(commitOf());
      expect(await again.readLog(BRANCH, 0, 99)).toEqual([]);
    });
  });
}
