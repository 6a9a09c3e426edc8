/** A connection whose store is set back to an earlier copy, and goes on from there. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { Db, RootWithLog, Store } from '../../../../engine/index.ts';
import { NodeCache, q } from '../../../../engine/index.ts';
import type { Connection } from '../../../../services/index.ts';
import {
  connect,
  createLocalReader,
  createLog,
  createMemoryBus,
  listen,
} from '../../../../services/index.ts';
import type { WrittenDatabase } from '../../../support/written-database.ts';
import { PERSON_SCHEMA, writtenDatabase } from '../../../support/written-database.ts';

const NAMES = '[:find [?n ...] :where [_ :person/name ?n]]';

/** Databases of one beginning, as a server and the copy that was taken of it, each with its own writer. */
let lost: WrittenDatabase;
let found: WrittenDatabase;
/** Where the reader reads: the one, and after {@link setBack} the other. */
let current: Store;
let reader: Connection;
let lines: string[];

const namesIn = async (db: Db): Promise<string[]> => ((await q(NAMES, db)) as string[]).sort();
const write = (database: WrittenDatabase, ...names: string[]) =>
  database.transact(names.map((name) => ({ 'person/name': name })));
const setBack = (): void => void (current = found.store);
/** How often the reader began anew. */
const rebuilds = (): number => lines.filter((line) => line.includes('set back')).length;

beforeEach(async () => {
  lines = [];
  [lost, found] = [await writtenDatabase({ foldThreshold: 1 }), await writtenDatabase()];
  for (const each of [lost, found]) await each.transact(PERSON_SCHEMA);
  current = lost.store;
  const store = new Proxy(lost.store, {
    get(of, key: keyof Store) {
      const value: unknown = key === 'id' ? of.id : current[key];
      return typeof value === 'function' ? value.bind(current) : value;
    },
  });
  reader = await connect({
    store,
    bus: createMemoryBus(),
    nodeCache: new NodeCache(0),
    pollIntervalMs: 60_000,
    log: createLog({ level: 'error', write: (line) => lines.push(line) }),
  });
  for (let i = 0; i < 5; i++) await write(lost, `lost ${i}`);
  await reader.refresh();
  expect(await namesIn(reader.db())).toHaveLength(5);
});
afterEach(async () => {
  await reader.release();
  for (const each of [lost, found]) await each.close();
});

it('begins anew where the version is lower, and says so', async () => {
  const told: Array<[number, boolean]> = [];
  reader.onAdvance(({ maxTx }, isRebuilt) => told.push([maxTx, isRebuilt]));
  setBack();
  const { tx } = await write(found, 'found');
  await reader.refresh();
  expect(await namesIn(reader.db())).toEqual(['found']);
  expect(told).toEqual([[tx, true]]);
  const line = lines.find((each) => each.includes('set back')) ?? '';
  expect(JSON.parse(line)).toMatchObject({ branch: 'db', found: { version: reader.head.version } });
  await write(found, 'more');
  await reader.refresh();
  expect([await namesIn(reader.db()), rebuilds()]).toEqual([['found', 'more'], 1]);
});

it('begins anew where the store has come further than what was lost', async () => {
  setBack();
  for (let i = 0; i < 9; i++) await write(found, `found ${i}`);
  expect((await found.store.readRoot('db'))!.version).toBeGreaterThan(reader.head.version);
  await reader.refresh();
  expect(await namesIn(reader.db())).toEqual(Array.from({ length: 9 }, (_, i) => `found ${i}`));
  expect(rebuilds()).toBe(1);
});

it('reads nothing more for values of what was lost', async () => {
  const old = reader.db();
  setBack();
  await write(found, 'found');
  await reader.refresh();
  reader.nodes.clear();
  await expect(namesIn(old)).rejects.toMatchObject({ code: 'SNAPSHOT_EXPIRED' });
});

it('lets those wait on who wait for a transaction', async () => {
  const waiting = reader.sync(reader.db().maxTx + 2);
  setBack();
  await write(found, 'found');
  await reader.refresh();
  expect(rebuilds()).toBe(1);
  const names = Array.from({ length: 8 }, (_, i) => `found ${i}`);
  for (const name of names) await write(found, name);
  await reader.refresh();
  expect(await namesIn(await waiting)).toEqual(['found', ...names].sort());
});

it('tells listeners where the order of transactions breaks', async () => {
  const heard: unknown[] = [];
  listen(
    reader,
    ({ tx }) => heard.push(tx),
    'test',
    (db) => heard.push(['from', db.maxTx]),
  );
  const { tx: first } = await write(lost, 'lost');
  await reader.refresh();
  await vi.waitUntil(() => heard.length === 1);
  setBack();
  const { tx: beginning } = await write(found, 'found');
  await reader.refresh();
  const { tx: next } = await write(found, 'more');
  await reader.refresh();
  await vi.waitUntil(() => heard.length === 3);
  expect(heard).toEqual([first, ['from', beginning], next]);
});

it('goes on with it at the next look where the store was away in between', async () => {
  setBack();
  await write(found, 'found');
  const readRoot = vi.spyOn(found.store, 'readRoot').mockRejectedValue(new Error('away'));
  await reader.refresh();
  expect(lines.join('')).toContain('away');
  readRoot.mockRestore();
  await reader.refresh();
  expect(await namesIn(reader.db())).toEqual(['found']);
});

it('takes no lower version for that of a store that may lag, nor an answer that was late', async () => {
  const { version } = reader.head;
  const readVersion = vi.spyOn(lost.store, 'readVersion').mockResolvedValueOnce(version - 1);
  await reader.refresh();
  lost.store.mayLag = async () => true;
  readVersion.mockResolvedValue(version - 1);
  await reader.refresh();
  expect([reader.head.version, rebuilds()]).toEqual([version, 0]);
});

it('stays where it is while its branch is gone', async () => {
  const { version } = reader.head;
  vi.spyOn(lost.store, 'readVersion').mockResolvedValue(0);
  vi.spyOn(lost.store, 'readRoot').mockResolvedValue(undefined as unknown as RootWithLog);
  await reader.refresh();
  expect([reader.head.version, rebuilds()]).toEqual([version, 0]);
});

it('deposes the writer of the process', async () => {
  const { connection, writer, store } = lost;
  const deposed = new Promise<void>((resolve) => writer.onDeposed(resolve));
  for (const method of ['readVersion', 'readRoot', 'readLog', 'read', 'commit'] as const)
    vi.spyOn(store, method).mockImplementation(found.store[method].bind(found.store) as never);
  await connection.refresh();
  await deposed;
  await expect(write(lost, 'lost')).rejects.toMatchObject({ code: 'WRITER_DEPOSED' });
  expect(await namesIn(connection.db())).toEqual([]);
});

it('ends for those who follow its transactions, who may begin again', async () => {
  const { transactions, current: now } = createLocalReader(reader);
  const { signal } = new AbortController();
  const follow = () => transactions(now().basisTx + 1, signal)[Symbol.asyncIterator]();
  const lostOnes = follow().next();
  setBack();
  await write(found, 'found');
  await Promise.all([
    expect(lostOnes).rejects.toMatchObject({ code: 'SNAPSHOT_EXPIRED' }),
    reader.refresh(),
  ]);
  const foundOnes = follow().next();
  const { tx } = await write(found, 'more');
  await reader.refresh();
  expect(await foundOnes).toMatchObject({ value: { tx } });
});
