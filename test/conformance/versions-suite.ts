/** What branches, commits, the log and purges must do over every store. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { decodeNode, encodeNode } from '../../engine/codec/node-codec.ts';
import type { Db, EdnData, KnownNode, Store, StoredSegment } from '../../engine/index.ts';
import {
  DatabaseError,
  NodeCache,
  auditNode,
  datoms,
  decodeRecord,
  encodeSegment,
  history,
  kw,
  q,
  readSegment,
  rootNodes,
  run,
  withCommit,
} from '../../engine/index.ts';
import type { Connection, TransactResult } from '../../services/index.ts';
import {
  audit,
  branchAsDb,
  branchHistory,
  branches,
  commitAsDb,
  commitId,
  connect,
  createBranch,
  deleteBranch,
  listen,
  loadEntities,
  parentCommitIds,
  startWriter,
  transactions,
  unlisten,
} from '../../services/index.ts';
import type { WrittenDatabase, WrittenDatabaseOptions } from '../support/written-database.ts';
import { PERSON_SCHEMA, log, writtenDatabase } from '../support/written-database.ts';
import type { StoreBackend } from './store-fixtures.ts';

/** So few that a handful of transactions is folded. */
const SMALL_FOLD = 60;

export function runVersionsSuite(name: string, newBackend: () => Promise<StoreBackend>): void {
  describe(`versions over a ${name}`, () => {
    let backend: StoreBackend;
    let database: WrittenDatabase;
    const opened: Array<() => Promise<void>> = [];

    beforeEach(async () => {
      backend = await newBackend();
    });
    afterEach(async () => {
      for (const close of opened.splice(0).reverse()) await close();
      await database.close();
      await backend.dispose();
    });

    async function open(options: WrittenDatabaseOptions = {}): Promise<WrittenDatabase> {
      database = await writtenDatabase({ host: backend.host, ...options });
      await database.transact(PERSON_SCHEMA);
      return database;
    }

    /** A branch with a writer of its own. */
    async function onBranch(branch: string): Promise<{
      readonly connection: Connection;
      transact(name: string): Promise<TransactResult>;
    }> {
      const { store, bus } = database;
      const nodeCache = new NodeCache(0);
      const connection = await connect({
        store,
        branch,
        bus,
        nodeCache,
        pollIntervalMs: 60_000,
        log,
      });
      const writer = await startWriter({ connection, bus, log, leaseTtlMs: 60_000, address: null });
      opened.push(async () => {
        await writer.stop();
        await connection.release();
      });
      return { connection, transact: (person) => writer.transact({ txData: [named(person)] }) };
    }

    describe('a branch', () => {
      it('begins where another one is, and goes its own way', async () => {
        const { connection, transact } = await open();
        await transact([{ 'person/name': 'Ada' }]);
        await createBranch(connection, 'db', 'draft');
        expect(await branches(connection)).toEqual(['db', 'draft']);
        const draft = await onBranch('draft');
        await draft.transact('Bob');
        await transact([{ 'person/name': 'Cy' }]);
        expect(await namesIn(draft.connection.db())).toEqual(['Ada', 'Bob']);
        expect(await namesIn(connection.db())).toEqual(['Ada', 'Cy']);
        expect(await namesIn(await found(branchAsDb(connection, 'draft')))).toEqual(['Ada', 'Bob']);
      });

      it('begins at a commit, whether its base trees are older or newer', async () => {
        const { connection, transact } = await open({ foldThreshold: SMALL_FOLD });
        const { commitId: early } = await transact([{ 'person/name': 'Ada' }]);
        for (let i = 0; i < 30; i++) await transact([{ 'person/name': `P${i}`, 'person/age': i }]);
        const { commitId: late } = await transact([{ 'person/name': 'Bob' }]);
        await transact([{ 'person/name': 'Cy' }]);
        await createBranch(connection, String(early), 'early');
        await createBranch(connection, String(late), 'late');
        const branch = await onBranch('early');
        await branch.transact('Dee');
        expect(await namesIn(branch.connection.db())).toEqual(['Ada', 'Dee']);
        expect(await namesIn(await found(branchAsDb(connection, 'late')))).toHaveLength(32);
      });

      it('is deleted, and its name may be used anew', async () => {
        const { connection, transact } = await open();
        await transact([{ 'person/name': 'Ada' }]);
        await createBranch(connection, 'db', 'draft');
        await deleteBranch(connection, 'draft');
        expect(await branches(connection)).toEqual(['db']);
        expect(await branchAsDb(connection, 'draft')).toBeNull();
        await createBranch(connection, 'db', 'draft');
        const draft = await onBranch('draft');
        await draft.transact('Bob');
        expect(await namesIn(draft.connection.db())).toEqual(['Ada', 'Bob']);
      });

      it('is refused where it cannot be', async () => {
        const { connection } = await open();
        await createBranch(connection, 'db', 'draft');
        const kinds = [
          createBranch(connection, 'db', 'draft'),
          createBranch(connection, 'nowhere', 'other'),
          deleteBranch(connection, 'db'),
          deleteBranch(connection, 'nowhere'),
        ].map((attempt) => attempt.then(() => 'done', kindOf));
        expect(await Promise.all(kinds)).toEqual([
          'branch-already-exists',
          'from-branch-does-not-point-to-existing-branch-or-commit',
          'cannot-delete-main-db-branch',
          'branch-does-not-exist',
        ]);
      });
    });

    describe('a commit', () => {
      it.each([
        ['before the trees are folded', 1_000_000],
        ['after they were folded several times', SMALL_FOLD],
      ])('gives the database as it was, %s', async (_when, foldThreshold) => {
        const { connection, transact } = await open({
          foldThreshold,
          config: { allowIndexBackfill: true },
        });
        const rows = new Map<string, unknown>();
        for (const txData of STEPS) {
          const { commitId: id } = await transact(txData);
          rows.set(String(id), await rowsOf(connection.db()));
        }
        for (const [id, expected] of rows)
          expect(await rowsOf(await found(commitAsDb(connection, id)))).toEqual(expected);
        expect(await commitAsDb(connection, 'c0ffee00-0000-4000-8000-000000000000')).toBeNull();
      });

      it('names the commits that it follows, also those of a merge', async () => {
        const { connection, transact, writer } = await open();
        const { commitId: first } = await transact([{ 'person/name': 'Ada' }]);
        await createBranch(connection, 'db', 'draft');
        const draft = await onBranch('draft');
        const { commitId: theirs } = await draft.transact('Bob');
        const { commitId: ours } = await transact([{ 'person/name': 'Cy' }]);
        await writer.transact({ txData: [named('Bob')], parents: ['draft'] });
        const db = connection.db();
        expect(parentCommitIds(db)).toEqual(new Set([ours, theirs]));
        const ancestors: Array<string | null> = [];
        for await (const each of branchHistory(connection)) ancestors.push(commitId(each));
        expect(ancestors.slice(0, 3)).toEqual([commitId(db), ours, theirs]);
        expect(ancestors.slice(3)).toContain(first);
        expect(new Set(ancestors).size).toBe(ancestors.length);
        const refused = writer.transact({ txData: [], parents: ['nowhere'] });
        expect(await refused.then(() => 'done', kindOf)).toBe('parent-does-not-exist-in-store');
      });
    });

    it('the log gives the transactions of a range, with what they did', async () => {
      const { connection, transact } = await open({ foldThreshold: SMALL_FOLD });
      const results: TransactResult[] = [];
      for (let i = 0; i < 20; i++) results.push(await transact([{ 'person/name': `P${i}` }]));
      const range = { from: results[5]!.tx, to: results[8]!.tx };
      const logged = [];
      for await (const each of transactions(connection, range)) logged.push(each);
      expect(logged.map(({ tx, instant }) => ({ tx, instant }))).toEqual(
        results.slice(5, 8).map(({ tx, instant }) => ({ tx, instant })),
      );
      expect(logged.map(({ txData }) => txData[1]?.v)).toEqual(['P5', 'P6', 'P7']);
    });

    it('a listener hears each transaction once and in order, in the process of the writer and in another one', async () => {
      const { connection, transact } = await open();
      const reader = await database.reader();
      const heard: Array<Array<readonly [number, number, number]>> = [[], []];
      const keys = [connection, reader].map((each, i) =>
        listen(each, ({ tx, dbBefore, dbAfter, txData }) => {
          heard[i]?.push([tx, dbAfter.maxTx - dbBefore.maxTx, txData.length]);
        }),
      );
      const names = Array.from({ length: 20 }, (_, i) => `P${i}`);
      const results = await Promise.all(names.map((name) => transact([{ 'person/name': name }])));
      const expected = results.map(({ tx }) => [tx, 1, 2]);
      await vi.waitFor(() => expect(heard).toEqual([expected, expected]));
      unlisten(connection, keys[0]);
      const { tx, report } = await transact([{ 'person/name': 'Zoe' }]);
      await vi.waitFor(() => expect(heard[1]?.at(-1)?.[0]).toBe(tx));
      expect(heard[0]).toHaveLength(20);
      expect(await namesIn(must(report).dbBefore)).toHaveLength(20);
      expect(await namesIn(must(report).dbAfter)).toHaveLength(21);
    });

    it('records of another database are loaded at their times, under new ids', async () => {
      const { connection, transact, writer } = await open();
      await transact(
        '[{:db/ident :person/friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]',
      );
      await transact([{ 'person/name': 'Ada' }]);
      const at = new Date('2001-02-03');
      const [name, friend, time] = [kw('person/name'), kw('person/friend'), kw('db/txInstant')];
      const results = await loadEntities(connection, writer, [
        [500, time, at, 500],
        [7, name, 'Bob', 500],
        [8, name, 'Cy', 500],
        [8, friend, 7, 500],
        [7, name, 'Bob', 501, false],
        [7, name, 'Rob', 501],
      ]);
      expect(results).toHaveLength(2);
      expect(results[0]?.instant).toEqual(at);
      expect(await namesIn(connection.db())).toEqual(['Ada', 'Cy', 'Rob']);
      const query =
        '[:find ?n . :where [?e :person/name "Cy"] [?e :person/friend ?f] [?f :person/name ?n]]';
      expect(await q(query, connection.db())).toBe('Rob');
    });

    describe('an audit', () => {
      async function withHashes(): Promise<Connection> {
        const { connection, transact } = await open({
          foldThreshold: SMALL_FOLD,
          config: { cryptoHash: true },
        });
        for (let i = 0; i < 40; i++) await transact([{ 'person/name': `P${i}`, 'person/age': i }]);
        await transact(Array.from({ length: 700 }, (_, i) => ({ 'person/name': `Q${i}` })));
        await transact([{ 'person/name': 'Zoe' }]);
        return connection;
      }

      /** With the writer stopped, so that no index job puts other trees in the place of those that a test damages. */
      async function atRest(): Promise<Connection> {
        const connection = await withHashes();
        await database.writer.stop();
        return connection;
      }

      it('finds nothing where nothing was changed', async () => {
        const connection = await withHashes();
        const report = await vi.waitFor(async () => {
          // The index job may end at any time; the next commit names its trees, which hold all of it at last.
          await database.transact([{ 'person/age': 1 }]);
          const found = await audit(connection);
          expect(found).toMatchObject({ status: 'ok', faults: [], purged: 0 });
          expect(found.nodes).toBeGreaterThan(8);
          return found;
        });
        expect(report.commits).toBeGreaterThan(40);
      });

      it('finds a bit that was turned in any node', async () => {
        const connection = await atRest();
        const { record } = must(await database.store.readRoot('db'));
        for (const address of await nodesBelow(database.store, rootNodes(decodeRecord(record)))) {
          const damaged = withNode(connection, address, (bytes) => {
            bytes[bytes.length >>> 1]! ^= 4;
            return bytes;
          });
          const { status, faults } = await audit(damaged);
          expect([status, faults[0]?.where]).toEqual(['damaged', address]);
        }
      });

      it('finds a node that was exchanged for another sound one', async () => {
        const connection = await atRest();
        const [node] = rootNodes(decodeRecord(must(await database.store.readRoot('db')).record));
        const { address } = must(node);
        const forged = withNode(connection, address, (bytes) => {
          const { keys } = decodeNode(bytes, address);
          return encodeNode({ kind: 'leaf', keys: keys.slice(0, keys.length - 1) }, address);
        });
        expect(await audit(forged)).toMatchObject({ status: 'damaged' });
      });

      it('finds a transaction that was changed in the log', async () => {
        const connection = await atRest();
        const forged = withStore(connection, 'readLog', async (segments: unknown) =>
          Promise.all(
            (segments as StoredSegment[]).map(async (each, i) => {
              const { commit, ...segment } = await run(readSegment(each.bytes));
              if (i !== 5 || commit === undefined) return each;
              const changes = segment.changes.slice(0, -1);
              const bytes = await run(encodeSegment({ ...segment, changes }));
              return { ...each, bytes: withCommit(bytes, commit) };
            }),
          ),
        );
        const { status, faults } = await audit(forged);
        expect([status, faults[0]?.what]).toEqual(['damaged', 'commit']);
      });

      it('without content hashes is advice', async () => {
        const { connection, transact } = await open();
        await transact([{ 'person/name': 'Ada' }]);
        expect(await audit(connection)).toMatchObject({ status: 'advisory', faults: [] });
      });
    });

    describe('a purge', () => {
      const SECRET = 'the-secret-name';

      async function withSecret(options: WrittenDatabaseOptions = {}): Promise<number> {
        const { transact } = await open({ foldThreshold: SMALL_FOLD, ...options });
        const { tempids } = await transact([{ 'db/id': 'x', 'person/name': SECRET }]);
        const id = tempids.get('x') ?? 0;
        for (let i = 0; i < 30; i++) await transact([{ 'person/name': `P${i}`, 'person/age': i }]);
        await transact([{ 'db/id': id, 'person/name': 'Ada' }]);
        await transact([{ 'db/id': id, 'person/name': SECRET }]);
        return id;
      }

      it('leaves the value in no index, no segment of the log and no memory', async () => {
        const id = await withSecret();
        const { connection, store, transact } = database;
        const reader = await database.reader();
        expect(await isStored(store, SECRET)).toBe(true);
        await transact([[kwText('db.purge/entity'), id]]);
        expect(await isStored(store, SECRET)).toBe(false);
        await reader.refresh();
        for (const db of [connection.db(), reader.db()]) {
          expect(JSON.stringify(await rowsOf(db))).not.toContain(SECRET);
          expect(await namesIn(db)).toHaveLength(30);
        }
        await transact([{ 'person/name': 'Zoe' }]);
        expect(await namesIn(connection.db())).toHaveLength(31);
      });

      it('that a crash cuts short is finished by the next writer', async () => {
        const id = await withSecret({ wrap: failingOnce('rewriteLog') });
        const { connection, store, transact, writer, bus } = database;
        await expect(transact([[kwText('db.purge/entity'), id]])).rejects.toThrow('no disk');
        expect(await isStored(store, SECRET)).toBe(true);
        await writer.stop();
        const again = await startWriter({
          connection,
          bus,
          log,
          leaseTtlMs: 60_000,
          address: null,
        });
        opened.push(() => again.stop());
        expect(await isStored(store, SECRET)).toBe(false);
        expect(await namesIn(connection.db())).toHaveLength(30);
      });

      it('leaves what other branches hold', async () => {
        const id = await withSecret();
        const { connection, transact } = database;
        await createBranch(connection, 'db', 'draft');
        await transact([[kwText('db.purge/entity'), id]]);
        expect(await namesIn(connection.db())).not.toContain(SECRET);
        expect(await namesIn(await found(branchAsDb(connection, 'draft')))).toContain(SECRET);
      });
    });
  });
}

/** Transactions that change, end and declare. */
const STEPS = [
  [{ 'db/id': 100, 'person/name': 'Ada', 'person/age': 1 }],
  [{ 'db/id': 101, 'person/name': 'Bob', 'person/age': 2 }],
  [{ 'db/id': 100, 'person/age': 3 }],
  '[{:db/ident :person/tags :db/valueType :db.type/string :db/cardinality :db.cardinality/many}]',
  [{ 'db/id': 100, 'person/tags': ['a', 'b'] }],
  '[{:db/ident :person/age :db/index true}]',
  [{ 'db/id': 102, 'person/age': 3 }],
  '[[:db/retract 100 :person/tags "a"] [:db/add 100 :person/tags "c"]]',
  '[[:db/retract [:db/ident :person/age] :db/index true]]',
  '[[:db/retractEntity 101]]',
  '[{:db/ident :person/age :db/noHistory true}]',
  [{ 'db/id': 100, 'person/age': 4 }],
  [{ 'db/id': 100, 'person/age': 5 }],
];

function named(name: string): EdnData {
  return new Map([[kw('person/name'), name]]);
}

function kwText(name: string): string {
  return `:${name}`;
}

async function found(db: Promise<Db | null>): Promise<Db> {
  const value = await db;
  if (value === null) throw new Error('Expected a database');
  return value;
}

async function namesIn(db: Db): Promise<string[]> {
  return ((await q('[:find [?n ...] :where [_ :person/name ?n]]', db)) as string[]).sort();
}

/** All rows of all indices, of the present and of history. */
async function rowsOf(db: Db): Promise<unknown> {
  const rows: unknown[] = [];
  for (const view of [db, history(db)])
    for (const order of ['eavt', 'aevt', 'avet'] as const)
      for await (const { e, attribute, v, tx, added } of datoms(view, order))
        rows.push([order, e, String(attribute), v, tx, added]);
  return rows;
}

/** The addresses of nodes and of all that are below them. */
async function nodesBelow(store: Store, nodes: ReadonlyArray<KnownNode>): Promise<number[]> {
  const addresses: number[] = [];
  for (const node of nodes) {
    const [bytes] = await store.read([node.address]);
    addresses.push(node.address, ...(await nodesBelow(store, auditNode(must(bytes), node))));
  }
  return addresses;
}

/** Whether a text is anywhere in the nodes or the log of a database. */
async function isStored(store: Store, text: string): Promise<boolean> {
  const wanted = Buffer.from(text);
  for await (const nodes of store.listNodes())
    for (const bytes of await store.read(nodes.map(({ address }) => address)))
      if (Buffer.from(bytes).includes(wanted)) return true;
  const segments = await store.readLog('db', 0, Number.MAX_SAFE_INTEGER);
  return segments.some(({ bytes }) => Buffer.from(bytes).includes(wanted));
}

/** A connection whose store gives something else under one address. */
function withNode(
  connection: Connection,
  address: number,
  change: (bytes: Uint8Array) => Uint8Array,
): Connection {
  return withStore(connection, 'read', async (blocks, addresses) =>
    (blocks as Uint8Array[]).map((bytes, i) =>
      (addresses as number[])[i] === address ? change(Uint8Array.from(bytes)) : bytes,
    ),
  );
}

/** A connection whose store answers one question otherwise. */
function withStore(
  connection: Connection,
  method: 'read' | 'readLog',
  change: (answer: unknown, ...args: unknown[]) => Promise<unknown>,
): Connection {
  const replaced = <T extends object>(target: T, name: string, value: unknown): T =>
    new Proxy(target, {
      get(of, key) {
        const own: unknown = Reflect.get(of, key, of);
        if (key === name) return value;
        return typeof own === 'function' ? own.bind(of) : own;
      },
    });
  const { store } = connection;
  const ask = store[method].bind(store) as (...args: unknown[]) => Promise<unknown>;
  const answer = async (...args: unknown[]): Promise<unknown> =>
    change(await ask(...args), ...args);
  return replaced(connection, 'store', replaced(store, method, answer));
}

function must<T>(value: T | undefined): T {
  if (value === undefined) throw new Error('Expected a value');
  return value;
}

/** A store of which one method fails the first time. */
function failingOnce(method: 'rewriteLog'): (store: Store) => Store {
  let hasFailed = false;
  return (store) =>
    new Proxy(store, {
      get(target, key) {
        const value: unknown = Reflect.get(target, key, target);
        if (key === method && !hasFailed) {
          hasFailed = true;
          return () => Promise.reject(new DatabaseError('STORE_UNAVAILABLE', 'no disk'));
        }
        return typeof value === 'function' ? value.bind(target) : value;
      },
    });
}

function kindOf(error: unknown): string | undefined {
  return error instanceof DatabaseError ? error.kind : String(error);
}
