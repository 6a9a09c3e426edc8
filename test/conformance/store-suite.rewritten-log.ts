/** The part of the store suite on rewriting the log. */
import { describe, expect, it } from 'vitest';
import type { Store } from '../../engine/store/store.ts';
import {
  BRANCH,
  bytesOf,
  commitOf,
  epochOf,
  pattern,
  plain,
  segment,
  txs,
  type StoreBackend,
} from './store-fixtures.ts';

const ID = '00000000-0000-4000-8000-000000000012';

/** The commits 10, 11+12 and 13, each transaction with its number as its bytes. */
async function writeLog(store: Store, changes: { indexedTx?: number; epoch?: number } = {}) {
  const commits = [[segment(10, 10)], [segment(11, 11), segment(12, 12)], [segment(13, 13)]];
  for (const [expectedVersion, segments] of commits.entries()) {
    const id = segments.length > 1 ? ID : undefined;
    const commit = commitOf({ expectedVersion, segments, id, ...changes });
    expect(await store.commit({ ...commit, indexedTx: 0 })).toBe(true);
  }
  expect(await store.commit(commitOf({ expectedVersion: 3, ...changes }))).toBe(true);
}

async function bytesIn(store: Store, branch: string): Promise<unknown> {
  const log = await store.readLog(branch, 0, 1_000);
  return log.map(({ tx, bytes }) => [tx, ...plain(bytes)]);
}

const ORIGINAL = [10, 11, 12, 13].map((tx) => [tx, tx]);
const REWRITTEN = [[10, 10], [11], [12, 1, 2, 3], [13, 13]];
const NEW_BYTES = [segment(11), segment(12, 1, 2, 3)];

export function describeRewrittenLog(backend: () => StoreBackend): void {
  const openAnother = async (): Promise<Store> => (await backend().openAnother()).open('a');

  describe('rewriting the log', () => {
    it.each([0, 11, 13])('puts other bytes in place, with trees up to %i', async (indexedTx) => {
      const store = await backend().host.create('a');
      const reader = await openAnother();
      await writeLog(store, { indexedTx });
      expect(await bytesIn(reader, BRANCH)).toEqual(ORIGINAL);
      expect(await store.rewriteLog(BRANCH, 0, NEW_BYTES)).toBe(true);
      for (const each of [store, reader, await openAnother()]) {
        expect(await bytesIn(each, BRANCH)).toEqual(REWRITTEN);
        const root = (await each.readRoot(BRANCH))!;
        expect(root).toMatchObject({ version: 4, epoch: 0, indexedTx });
        expect(root.segments.map(({ tx, bytes }) => [tx, ...plain(bytes)])).toEqual(
          REWRITTEN.filter(([tx = 0]) => tx > indexedTx),
        );
        expect(await each.findCommit(ID)).toEqual({ branch: BRANCH, tx: 12 });
      }
      expect(await store.rewriteLog(BRANCH, 0, NEW_BYTES)).toBe(true);
      expect(await bytesIn(store, BRANCH)).toEqual(REWRITTEN);
    });

    it('takes much longer bytes, and passes over what is not there', async () => {
      const store = await backend().host.create('a');
      await writeLog(store);
      const long = pattern(1_500_000, 1);
      const segments = [segment(9, 9), { tx: 13, bytes: long }, segment(14, 14)];
      expect(await store.rewriteLog(BRANCH, 0, segments)).toBe(true);
      expect(await store.rewriteLog(BRANCH, 0, [])).toBe(true);
      const log = await (await openAnother()).readLog(BRANCH, 0, 99);
      expect(txs(log)).toEqual([10, 11, 12, 13]);
      expect(Buffer.compare(log[3]!.bytes, long)).toBe(0);
    });

    it('goes on with commits, leases and forks', async () => {
      const store = await backend().host.create('a');
      const other = await openAnother();
      const epoch = await epochOf(store);
      await writeLog(store, { epoch, indexedTx: 12 });
      expect(await other.readVersion(BRANCH)).toBe(4);
      expect(await store.rewriteLog(BRANCH, epoch, NEW_BYTES)).toBe(true);
      const commit = commitOf({ expectedVersion: 4, epoch, segments: [segment(14, 14)] });
      expect(await other.commit(commit)).toBe(true);
      expect(await store.rewriteLog(BRANCH, epoch, [segment(14)])).toBe(true);
      await other.fork({
        branch: 'fork',
        origin: { branch: BRANCH, tx: 14 },
        record: bytesOf(),
        indexedTx: 10,
      });
      const next = await epochOf(other, { owner: 'first' });
      expect(await store.commit({ ...commit, expectedVersion: 5, segments: [] })).toBe(false);
      expect(await store.commit({ ...commit, epoch: next, expectedVersion: 5, segments: [] })).toBe(
        true,
      );
      for (const branch of [BRANCH, 'fork']) {
        expect(await bytesIn(await openAnother(), branch)).toEqual([...REWRITTEN, [14]]);
      }
    });

    it('is refused to a deposed writer, and where there is no branch', async () => {
      const store = await backend().host.create('a');
      expect(await store.rewriteLog(BRANCH, 0, NEW_BYTES)).toBe(false);
      const old = await epochOf(store);
      expect(await store.rewriteLog(BRANCH, old, NEW_BYTES)).toBe(false);
      await writeLog(store, { epoch: old });
      await epochOf(await openAnother(), { owner: 'first' });
      expect(await store.rewriteLog(BRANCH, old, NEW_BYTES)).toBe(false);
      expect(await bytesIn(store, BRANCH)).toEqual(ORIGINAL);
      await store.deleteBranch(BRANCH);
      expect(await store.rewriteLog(BRANCH, 2 ** 20, NEW_BYTES)).toBe(false);
    });

    it('through a fork rewrites what the fork inherits, where it is stored, and nothing else', async () => {
      const store = await backend().host.create('a');
      const reader = await openAnother();
      await writeLog(store, { indexedTx: 13 });
      const origin = { branch: BRANCH, tx: 12 };
      await store.fork({ branch: 'fork', origin, record: bytesOf(), indexedTx: 12 });
      const own = commitOf({ branch: 'fork', expectedVersion: 1, indexedTx: 12 });
      await store.commit({ ...own, segments: [segment(13, 113)] });
      const nested = { branch: 'nested', origin: { branch: 'fork', tx: 13 } };
      await store.fork({ ...nested, record: bytesOf(), indexedTx: 13 });
      await reader.readLog('nested', 0, 99);
      const segments = [segment(11, 1), segment(13, 3)];
      expect(await store.rewriteLog('nested', 0, segments)).toBe(true);
      for (const each of [store, reader, await openAnother()]) {
        const shared = [
          [10, 10],
          [11, 1],
          [12, 12],
        ];
        expect(await bytesIn(each, 'nested')).toEqual([...shared, [13, 3]]);
        expect(await bytesIn(each, 'fork')).toEqual([...shared, [13, 3]]);
        expect(await bytesIn(each, BRANCH)).toEqual([...shared, [13, 13]]);
      }
      await store.deleteBranch(BRANCH);
      await store.deleteBranch('fork');
      expect(await store.rewriteLog('nested', 0, [segment(10), segment(13)])).toBe(true);
      for (const each of [store, reader, await openAnother()]) {
        expect(await bytesIn(each, 'nested')).toEqual([[10], [11, 1], [12, 12], [13]]);
      }
    });

    it('rewrites what a fork has copies of', async () => {
      const store = await backend().host.create('a');
      await writeLog(store);
      const origin = { branch: BRANCH, tx: 13 };
      await store.fork({ branch: 'fork', origin, record: bytesOf(), indexedTx: 10 });
      expect(await store.rewriteLog('fork', 0, NEW_BYTES)).toBe(true);
      expect(await bytesIn(await openAnother(), 'fork')).toEqual(REWRITTEN);
      const root = (await (await openAnother()).readRoot('fork'))!;
      expect(root.segments.map(({ bytes }) => plain(bytes))).toEqual([[], [1, 2, 3], [13]]);
    });

    it('loses nothing to those who read and commit meanwhile', async () => {
      const store = await backend().host.create('a');
      const [writer, reader, ...others] = await Promise.all(Array.from({ length: 4 }, openAnother));
      await writeLog(store);
      let isDone = false;
      let confirmed = 13;
      const committing = (async () => {
        for (let version = 4; version < 34; version++) {
          const tx = version + 10;
          const commit = commitOf({ expectedVersion: version, segments: [segment(tx, 1)] });
          expect(await writer!.commit({ ...commit, indexedTx: tx - (tx % 5) })).toBe(true);
          confirmed = tx;
        }
      })();
      const reading = (async () => {
        while (!isDone) {
          const last = confirmed;
          const [log, root] = [
            await reader!.readLog(BRANCH, 0, 99),
            await reader!.readRoot(BRANCH),
          ];
          const expected = Array.from(
            { length: log.length },
            (_, i) => [10, 11, 12, 13][i] ?? i + 10,
          );
          expect(txs(log)).toEqual(expected);
          expect(log.at(-1)!.tx).toBeGreaterThanOrEqual(last);
          expect(root!.segments.at(-1)?.tx ?? root!.indexedTx).toBeGreaterThanOrEqual(last);
        }
      })();
      for (let round = 0; round < 6; round++) {
        const rewriting = [store, ...others].map((each, i) =>
          each.rewriteLog(BRANCH, 0, [segment(10 + i, round, i)]),
        );
        expect(await Promise.all(rewriting)).toEqual([true, true, true]);
      }
      await committing;
      isDone = true;
      await reading;
      const log = await (await openAnother()).readLog(BRANCH, 0, 99);
      expect(log.map(({ bytes }) => plain(bytes)).slice(0, 4)).toEqual([
        [5, 0],
        [5, 1],
        [5, 2],
        [13],
      ]);
      expect(log).toHaveLength(34);
    });
  });
}
