/** What a collection must do over every store, beside the writers and readers of other processes. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Db, Store } from '../../engine/index.ts';
import { NodeCache, datoms, decodeRecord } from '../../engine/index.ts';
import type { Connection } from '../../services/index.ts';
import {
  ReaderLease,
  audit,
  collectNodes,
  connect,
  createBranch,
  createLog,
  createMemoryBus,
  startCollectJob,
} from '../../services/index.ts';
import { beforeFirst, interrupted } from '../support/interrupted.ts';
import type { WrittenDatabase } from '../support/written-database.ts';
import { PERSON_SCHEMA, log, writtenDatabase } from '../support/written-database.ts';
import type { StoreBackend } from './store-fixtures.ts';

const SMALL_FOLD = 60;
const DAY_MS = 86_400_000;

export function runCollectSuite(name: string, newBackend: () => Promise<StoreBackend>): void {
  describe(`collecting over a ${name}`, () => {
    let backend: StoreBackend;
    let database: WrittenDatabase;
    const leases: ReaderLease[] = [];
    /** Whether readers are as processes that were stopped. */
    let isStopped: boolean;

    beforeEach(async () => {
      isStopped = false;
      backend = await newBackend();
      database = await writtenDatabase({ host: backend.host, foldThreshold: SMALL_FOLD });
      await database.transact(PERSON_SCHEMA);
      await replaceTrees();
    });
    afterEach(async () => {
      for (const lease of leases.splice(0)) await lease.close();
      await database.close();
      await backend.dispose();
    });

    const treesOf = async (): Promise<number | undefined> =>
      decodeRecord((await database.store.readRoot('db'))!.record).roots.current.eavt.address;

    /** Writes until the root names other trees. */
    async function replaceTrees(): Promise<void> {
      const before = await treesOf();
      await eventually(async () => {
        for (let i = 0; i < 12; i++)
          await database.transact([{ 'person/name': `P${Math.random()}`, 'person/age': i }]);
        expect(await treesOf()).not.toBe(before);
      });
    }

    const replaceAndCollect = async (): Promise<void> => {
      await replaceTrees();
      await collectNodes(database.store);
    };

    /** A reader as another process has it, over a store of its own. */
    async function reader(
      store = database.store,
      ttlMs?: number,
    ): Promise<Connection & { readonly leased: ReaderLease }> {
      const { readers } = backend.host;
      const renew: typeof readers.renew = async (...of) => {
        if (isStopped) throw new Error('stopped');
        return readers.renew(...of);
      };
      const release: typeof readers.release = (of) => readers.release(of);
      const leased = new ReaderLease({ readers: { renew, release }, ttlMs, log });
      leases.push(leased);
      const nodeCache = new NodeCache(0);
      const options = { store, bus: createMemoryBus(), nodeCache, lease: leased, log };
      return Object.assign(await connect({ ...options, pollIntervalMs: 60_000 }), { leased });
    }

    async function faultsOf(branch: string): Promise<ReadonlyArray<unknown>> {
      const { store } = database;
      const connection = await connect({
        ...{ store, branch, bus: createMemoryBus(), log },
        ...{ nodeCache: new NodeCache(0), pollIntervalMs: 60_000 },
      });
      const { faults } = await audit(connection);
      await connection.release();
      return faults;
    }

    it('keeps what a reader holds for as long as somebody has it', async () => {
      const connection = await reader();
      const held: Array<{ readonly db: Db; readonly rows: string }> = [];
      for (let i = 0; i < 3; i++) {
        await connection.refresh();
        held.push({ db: connection.db(), rows: await rowsOf(connection.db()) });
        await replaceAndCollect();
      }
      for (const { db, rows } of held) {
        connection.nodes.clear();
        expect(await rowsOf(db)).toBe(rows);
      }
      await database.writer.stop();
      await collectNodes(database.store);
      expect((await collectNodes(database.store)).freed.nodes).toBe(0);
      held.length = 0;
      await connection.refresh();
      await eventually(async () => {
        collectGarbage();
        await connection.leased.renew();
        const { freed } = await collectNodes(database.store);
        expect(freed.nodes).toBeGreaterThan(0);
      });
    });

    it('a value that nobody held says that it is too old, and never gives a short answer', async () => {
      const connection = await reader(database.store, 120);
      const old = connection.db();
      // As a process that is stopped: it renews nothing.
      isStopped = true;
      await eventually(async () => expect(await database.store.retention.held()).toEqual([]));
      await replaceAndCollect();
      connection.nodes.clear();
      await expect(rowsOf(old)).rejects.toMatchObject({
        code: 'SNAPSHOT_EXPIRED',
        data: { database: database.store.id },
      });
      await connection.refresh();
      expect(await rowsOf(connection.db())).toBe(await rowsOf(database.connection.db()));
      await replaceAndCollect();
      isStopped = false;
      await eventually(async () => {
        await connection.leased.renew();
        expect(await database.store.retention.held()).not.toEqual([]);
      });
    });

    it('a node that is missing is damage, where a root leads to it', async () => {
      const connection = await reader();
      const address = (await treesOf())!;
      await database.store.deleteNodes([address]);
      connection.nodes.clear();
      await expect(rowsOf(connection.db())).rejects.toMatchObject({
        code: 'STORE_CORRUPT',
        data: { address },
      });
    });

    it('names the branch of a tree that is missing, damaged or in the place of another one, and deletes nothing', async () => {
      // Long enough for trees of several levels.
      for (let i = 0; i < 40; i++)
        await database.transact([{ 'person/name': `${i} `.padEnd(700, 'name ') }]);
      await database.writer.stop();
      const { store } = database;
      const { current } = decodeRecord((await store.readRoot('db'))!.record).roots;
      expect([current.eavt.level, current.aevt.level]).not.toContain(0);
      const [address, other] = [current.eavt.address!, current.aevt.address!];
      const [bytes, others] = await store.read([address, other]);
      const before = await countNodes(store);
      for (const found of [undefined, bytes!.subarray(0, 9), others!]) {
        await store.deleteNodes([address]);
        if (found !== undefined) await store.write([{ address, bytes: found }]);
        await expect(collectNodes(store)).rejects.toMatchObject({
          code: 'STORE_CORRUPT',
          data: { database: store.id, address },
        });
        expect(await countNodes(store)).toBe(before - (found === undefined ? 1 : 0));
      }
    });

    it('what a reader is about to hold is read again where it was swept', async () => {
      const steps: Array<() => Promise<void>> = [];
      const store = interrupted(database.store, async (method) => {
        if (method === 'retention.hold') await steps.shift()?.();
      });
      const connection = await reader(store);
      await replaceTrees();
      steps.push(replaceAndCollect);
      await connection.refresh();
      expect(steps).toEqual([]);
      connection.nodes.clear();
      expect(await rowsOf(connection.db())).toBe(await rowsOf(database.connection.db()));
    });

    it('a branch that is about to be made is begun again where its trees were swept', async () => {
      const connection = await reader(beforeFirst(database.store, 'fork', replaceAndCollect));
      // To trees that the reader does not hold.
      await replaceTrees();
      await createBranch(connection, 'db', 'draft');
      expect(await faultsOf('draft')).toEqual([]);
    });

    it('a branch that is made of earlier trees after the others were marked is found', async () => {
      const { store } = database;
      let making = Promise.resolve();
      let isMarked = (): void => undefined;
      const marked = new Promise<void>((resolve) => (isMarked = resolve));
      const collecting = beforeFirst(store, 'retention.begin', () => {
        isMarked();
        return making;
      });
      let collection: Promise<unknown> | undefined;
      const forking = beforeFirst(store, 'fork', async () => {
        await replaceTrees();
        collection = collectNodes(collecting);
        await marked;
      });
      const connection = await reader(forking);
      await replaceTrees();
      making = createBranch(connection, 'db', 'draft');
      await making;
      await collection;
      expect(await faultsOf('draft')).toEqual([]);
    });

    it('two at once, beside a writer, leave every root whole', async () => {
      const { store, connection } = database;
      for (let i = 0; i < 5; i++)
        await Promise.all([
          collectNodes(store),
          collectNodes(await (await backend.openAnother()).open('test')),
          replaceTrees(),
        ]);
      expect((await audit(connection)).faults).toEqual([]);
    });

    it('keeps trees that were replaced for as long as it is told, and says which', async () => {
      const { store } = database;
      await replaceTrees();
      await replaceTrees();
      const kept = await collectNodes(store, { retainMs: DAY_MS });
      expect(kept.freed.nodes).toBeLessThan(kept.kept.nodes);
      expect(kept.oldestRetained?.tx).toBeGreaterThan(0);
      const freed = await collectNodes(store);
      expect(freed.freed.nodes).toBeGreaterThan(0);
      expect(freed.oldestRetained).toBeUndefined();
      // What is gone does not come back where more is to be kept from now on.
      const later = await collectNodes(store, { retainMs: DAY_MS });
      expect(later).toMatchObject({ freed: { nodes: 0 }, oldestRetained: undefined });
    });

    it('keeps what a writer is about to name, and not what one left that is gone', async () => {
      const { store, writer } = database;
      const { lease } = await store.leases.acquire({
        ...{ branch: 'other', owner: 'one', address: null, ttlMs: 60_000 },
      });
      const address = lease.epoch * 2 ** 32 + 7;
      await store.write([{ address, bytes: Uint8Array.of(1) }]);
      expect((await collectNodes(store)).inFlight.nodes).toBe(1);
      await store.leases.release('other', lease.epoch);
      await writer.stop();
      const { unfinished } = await collectNodes(store);
      expect(unfinished.nodes).toBeGreaterThanOrEqual(1);
      await expect(store.read([address])).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
      expect((await audit(database.connection)).faults).toEqual([]);
    });

    it('goes on by itself where it is a job, and ends with it', async () => {
      await replaceTrees();
      const lines: string[] = [];
      let asked = 0;
      const job = startCollectJob({
        store: database.store,
        intervalMs: 1,
        retainMs: 0,
        // At first another process is the writer.
        isOurs: () => ++asked > 3,
        log: createLog({ level: 'info', write: (line) => lines.push(line) }),
      });
      await eventually(() => expect(lines.join('')).toMatch(/collection done.*collection done/s));
      await job.stop();
      expect(lines.length).toBeLessThanOrEqual(asked - 3);
      const { length } = lines;
      await replaceAndCollect();
      expect(lines).toHaveLength(length);
      expect((await audit(database.connection)).faults).toEqual([]);
    });
  });
}

/** On a machine that is busy with other tests, too. */
function eventually(assertion: () => unknown): Promise<unknown> {
  return vi.waitFor(assertion, { timeout: 20_000 });
}

async function rowsOf(db: Db): Promise<string> {
  const rows: unknown[] = [];
  for await (const { e, attribute, v, tx } of datoms(db, 'eavt')) rows.push([e, attribute, v, tx]);
  return JSON.stringify(rows);
}

/** What makes V8 let go of what nobody has. */
function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

async function countNodes(store: Store): Promise<number> {
  let count = 0;
  for await (const nodes of store.listNodes()) count += nodes.length;
  return count;
}
