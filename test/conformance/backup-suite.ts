/** What a backup of one store and its restoration into another must do. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db, StoreHost } from '../../engine/index.ts';
import { NodeCache, toTxData } from '../../engine/index.ts';
import {
  backupDatabase,
  branchAsDb,
  collectNodes,
  commitAsDb,
  commitId,
  connect,
  createMemoryBus,
  restoreDatabase,
  startWriter,
  transactions,
  verifyDatabase,
} from '../../services/index.ts';
import type { WrittenDatabase } from '../support/written-database.ts';
import { log, writtenDatabase } from '../support/written-database.ts';
import { allRowsOf, fill, openBranch } from './maintenance-fixtures.ts';
import type { StoreBackend } from './store-fixtures.ts';

const SMALL_FOLD = 60;

type NewBackend = () => Promise<StoreBackend>;

export function runBackupSuite(name: string, newSource: NewBackend, newTarget: NewBackend): void {
  describe(`a backup from ${name}`, () => {
    let source: StoreBackend;
    let target: StoreBackend;
    let database: WrittenDatabase;

    beforeEach(async () => {
      [source, target] = [await newSource(), await newTarget()];
      database = await writtenDatabase({
        ...{ host: source.host, foldThreshold: SMALL_FOLD },
        config: { allowIndexBackfill: true },
      });
      await fill(database, 40);
    });
    afterEach(async () => {
      await database.close();
      await Promise.all([source.dispose(), target.dispose()]);
    });

    async function taken(at?: number | Date): Promise<Buffer> {
      const chunks: Uint8Array[] = [];
      for await (const chunk of backupDatabase(database.connection, { at })) chunks.push(chunk);
      return Buffer.concat(chunks);
    }

    /** The database that is restored, and nothing of which is open afterwards. */
    async function restored<T>(
      bytes: Buffer,
      look: (db: Db, host: StoreHost) => Promise<T>,
    ): Promise<T> {
      await restoreDatabase(target.host, 'copy', inPieces(bytes));
      const store = await target.host.open('copy');
      const connection = await openBranch(store);
      expect(await store.branches()).toEqual(['db']);
      expect((await verifyDatabase(store)).faults).toEqual([]);
      const result = await look(connection.db(), target.host);
      await connection.release();
      await store.close();
      return result;
    }

    it('is the same database again, with its log and its commits', async () => {
      const { connection, transact } = database;
      const { commitId: id } = await transact([{ 'person/name': 'Ada' }]);
      const db = connection.db();
      const bytes = await taken();
      await transact([{ 'person/name': 'Bob' }]);
      await restored(bytes, async (copy, host) => {
        expect([copy.maxTx, copy.maxEid, commitId(copy)]).toEqual([db.maxTx, db.maxEid, id]);
        expect(await allRowsOf(copy)).toBe(await allRowsOf(db));
        const store = await host.open('copy');
        const opened = await openBranch(store);
        const found = await commitAsDb(opened, String(id));
        expect(found === null ? null : await allRowsOf(found)).toBe(await allRowsOf(db));
        const logged = async (of: typeof opened) => {
          const all: unknown[] = [];
          for await (const { tx, commit, instant } of transactions(of, { to: db.maxTx + 1 }))
            all.push([tx, commit, instant]);
          return all;
        };
        expect(await logged(opened)).toEqual(await logged(connection));
        expect(opened.store.id).not.toBe(connection.store.id);
        await opened.release();
      });
    });

    it('of any earlier transaction is what was then, also where the trees have moved on', async () => {
      const { connection, transact } = database;
      const then = connection.db();
      const rows = await allRowsOf(then);
      for (let i = 0; i < 40; i++) await transact([{ 'db/id': 100 + i, 'person/age': -i }]);
      await collectNodes(database.store);
      await restored(await taken(then.maxTx), async (copy) => {
        expect(copy.maxTx).toBe(then.maxTx);
        expect(await allRowsOf(copy)).toBe(rows);
      });
      expect(await database.store.branches()).toEqual(['db']);
    });

    it('of a time is as of the last transaction before it', async () => {
      const { connection, transact } = database;
      const { tx, instant } = await transact([{ 'person/name': 'Ada' }]);
      await transact([{ 'person/name': 'Bob' }]);
      const bytes = await taken(new Date(instant.getTime() + 86_400_000));
      await restored(bytes, async (copy) => expect(copy.maxTx).toBe(connection.db().maxTx));
      expect(tx).toBeLessThan(connection.db().maxTx);
      await expect(taken(new Date(0))).rejects.toMatchObject({ code: 'BAD_USER_INPUT' });
      await expect(taken(connection.db().maxTx + 1)).rejects.toMatchObject({
        code: 'BAD_USER_INPUT',
      });
    });

    it('is taken while the writer goes on', async () => {
      const { connection, transact } = database;
      const writing = (async () => {
        for (let i = 0; i < 60; i++) await transact([{ 'db/id': 300 + i, 'person/age': i }]);
      })();
      const bytes = await taken();
      await writing;
      await restored(bytes, async (copy) => {
        const then = await branchAsDb(connection, 'db');
        expect(copy.maxTx).toBeLessThanOrEqual(then?.maxTx ?? 0);
        expect(JSON.parse(await allRowsOf(copy))).not.toHaveLength(0);
      });
    });

    it('can be written on, at addresses that were never given before', async () => {
      await restored(await taken(), async () => undefined);
      const store = await target.host.open('copy');
      const bus = createMemoryBus();
      const connection = await connect({
        ...{ store, bus, log, nodeCache: new NodeCache(0), pollIntervalMs: 60_000 },
      });
      const options = { connection, bus, log, leaseTtlMs: 60_000, foldThreshold: SMALL_FOLD };
      const writer = await startWriter(options);
      for (let i = 0; i < 40; i++)
        await writer.transact({ txData: toTxData([{ 'db/id': 500 + i, 'person/age': i }]) });
      await collectNodes(store);
      expect((await verifyDatabase(store)).faults).toEqual([]);
      await writer.stop();
      await connection.release();
    });

    it('86: that is damaged or cut off anywhere is refused, and leaves no database', async () => {
      const bytes = await taken();
      const { length } = bytes;
      for (let i = 0; i < 12; i++) {
        const at = Math.floor((length * (i + 0.5)) / 12);
        const damaged = Buffer.from(bytes);
        damaged[at]! ^= 1 << (i % 8);
        for (const bad of [damaged, bytes.subarray(0, at)]) {
          await expect(restoreDatabase(target.host, 'copy', inPieces(bad))).rejects.toMatchObject({
            code: 'BAD_BACKUP',
          });
          expect(await target.host.list()).toEqual([]);
        }
      }
      const longer = Buffer.concat([bytes, Buffer.of(0)]);
      await expect(restoreDatabase(target.host, 'copy', [longer])).rejects.toMatchObject({
        code: 'BAD_BACKUP',
      });
      await restored(bytes, async (copy) =>
        expect(copy.maxTx).toBe(database.connection.db().maxTx),
      );
      await expect(restoreDatabase(target.host, 'copy', [bytes])).rejects.toMatchObject({
        code: 'DATABASE_EXISTS',
      });
    });
  });
}

/** As a file is read. */
function* inPieces(bytes: Buffer): Generator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += 10_007) yield bytes.subarray(at, at + 10_007);
}
