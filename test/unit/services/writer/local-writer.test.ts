import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Store } from '../../../../engine/index.ts';
import { DatabaseError, q } from '../../../../engine/index.ts';
import type { WrittenDatabase, WrittenDatabaseOptions } from '../../../support/written-database.ts';
import { PERSON_SCHEMA, writtenDatabase } from '../../../support/written-database.ts';

let database: WrittenDatabase;

async function open(options?: WrittenDatabaseOptions): Promise<WrittenDatabase> {
  database = await writtenDatabase(options);
  await database.transact(PERSON_SCHEMA);
  return database;
}

afterEach(() => database.close());

const NAMES = '[:find [?n ...] :where [_ :person/name ?n]]';

async function names(): Promise<ReadonlyArray<unknown>> {
  return (await q(NAMES, database.connection.db())) as ReadonlyArray<unknown>;
}

describe('a group of transactions', () => {
  it('gives each its own transaction id and answer, in the order they came', async () => {
    const { transact } = await open();
    const results = await Promise.all(
      Array.from({ length: 50 }, (_, i) => transact([{ 'person/name': `P${i}` }])),
    );
    const txs = results.map(({ tx }) => tx);
    expect(txs).toEqual([...txs].sort((a, b) => a - b));
    expect(new Set(txs).size).toBe(50);
    expect((await names()).length).toBe(50);
  });

  it('is not disturbed by one that is refused', async () => {
    const { transact } = await open();
    const settled = await Promise.allSettled([
      transact([{ 'person/name': 'Ada' }]),
      transact([{ 'person/nmae': 'Bob' }]),
      transact([{ 'person/name': 'Cy' }]),
    ]);
    expect(settled.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect((settled[1] as PromiseRejectedResult).reason).toMatchObject({
      code: 'SCHEMA_VIOLATION',
      kind: 'transact/schema',
      message: expect.stringMatching(/:person\/nmae.*Did you mean :person\/name/),
    });
    expect(await names()).toEqual(expect.arrayContaining(['Ada', 'Cy']));
  });

  it('leaves in fewer commits than transactions', async () => {
    const { transact, store } = await open();
    const before = await store.readVersion('db');
    await Promise.all(
      Array.from({ length: 100 }, (_, i) => transact([{ 'person/name': `P${i}` }])),
    );
    expect((await store.readVersion('db')) - before).toBeLessThan(10);
  });
});

describe('the index job', () => {
  it('folds novelty beside the writer, and every transaction is there afterwards', async () => {
    const { transact, connection, store } = await open({ foldThreshold: 50 });
    for (let i = 0; i < 60; i++) await transact([{ 'person/name': `P${i}`, 'person/age': i }]);
    await database.writer.stop();
    const root = await store.readRoot('db');
    expect(root!.indexedTx).toBeGreaterThan(connection.db().maxTx - 60);
    expect((await names()).length).toBe(60);
    const reader = await database.reader();
    expect(reader.db().maxTx).toBe(connection.db().maxTx);
    expect(((await q(NAMES, reader.db())) as unknown[]).length).toBe(60);
  });

  it('folds what is less when nothing was written for a while, so that whoever opens the database next replays no log', async () => {
    const { transact, connection, store } = await open({ foldThreshold: 1_000, foldQuietMs: 20 });
    for (let i = 0; i < 20; i++) await transact([{ 'person/name': `P${i}` }]);
    const { maxTx } = connection.db();
    await vi.waitFor(async () => expect((await store.readRoot('db'))?.indexedTx).toBe(maxTx));
    expect((await store.readRoot('db'))?.segments).toEqual([]);
    expect((await names()).length).toBe(20);
    await transact([{ 'person/name': 'one more' }]);
    expect((await names()).length).toBe(21);
  });

  it('keeps the schema what it was, so that nothing built on it has to be built again', async () => {
    const { transact, connection } = await open({ foldThreshold: 20 });
    const { userAttributes } = connection.db().schema;
    for (let i = 0; i < 40; i++) await transact([{ 'person/name': `P${i}` }]);
    expect(connection.db().schema.userAttributes).toBe(userAttributes);
  });
});

describe('the end of a writer', () => {
  it('refuses transactions after it was stopped, and answers those that waited', async () => {
    const { transact, writer } = await open();
    const waiting = transact([{ 'person/name': 'Ada' }]);
    const stopping = writer.stop();
    await expect(transact([{ 'person/name': 'Bob' }])).rejects.toMatchObject({
      code: 'WRITER_UNAVAILABLE',
    });
    await expect(waiting).resolves.toMatchObject({ datomCount: 2 });
    await stopping;
  });

  it('writes nothing once another writer has taken the lease', async () => {
    const { transact, store, connection } = await open();
    const version = await store.readVersion('db');
    // What a takeover after a lapse does: a later epoch.
    await store.leases.release('db', connection.head.epoch);
    await store.leases.acquire({ branch: 'db', owner: 'another', address: null, ttlMs: 60_000 });
    await expect(transact([{ 'person/name': 'Ada' }])).rejects.toMatchObject({
      code: 'WRITER_DEPOSED',
    });
    await expect(transact([{ 'person/name': 'Bob' }])).rejects.toMatchObject({
      code: 'WRITER_DEPOSED',
    });
    expect(await store.readVersion('db')).toBe(version);
  });
});

describe('a commit of unknown outcome', () => {
  /** The next commits fail: before they reach the store, or on the way back. */
  function failing(failures: Array<'before' | 'after'>): (store: Store) => Store {
    return (store) => ({
      ...store,
      id: store.id,
      leases: store.leases,
      read: (addresses) => store.read(addresses),
      write: (nodes) => store.write(nodes),
      readRoot: (branch) => store.readRoot(branch),
      readVersion: (branch) => store.readVersion(branch),
      readLog: (branch, from, to) => store.readLog(branch, from, to),
      close: () => store.close(),
      async commit(commit) {
        const failure = failures.shift();
        if (failure === undefined) return store.commit(commit);
        if (failure === 'after') await store.commit(commit);
        throw new DatabaseError('STORE_UNAVAILABLE', 'The connection was lost');
      },
    });
  }

  it.each(['before', 'after'] as const)(
    'lost %s it arrived: the writer looks, and goes on from what is there',
    async (when) => {
      const failures: Array<'before' | 'after'> = [];
      const { transact } = await open({ wrap: failing(failures) });
      failures.push(when);
      await expect(transact([{ 'person/name': 'Ada' }])).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
      });
      await transact([{ 'person/name': 'Bob' }]);
      expect(await names()).toEqual(when === 'after' ? ['Ada', 'Bob'] : ['Bob']);
    },
  );
});

it('does not refuse what it puts back for the next commit when a commit fails', async () => {
  let isFailing = false;
  const { transact } = await open({
    wrap: (store) => {
      const commit = store.commit.bind(store);
      store.commit = (request) => {
        if (!isFailing) return commit(request);
        isFailing = false;
        return Promise.reject(new DatabaseError('STORE_UNAVAILABLE', 'The connection was lost'));
      };
      return store;
    },
  });
  // The first commit that carries any fails; all together are more than leaves in one.
  isFailing = true;
  const large = Array.from({ length: 8 }, (_, i) =>
    transact([{ 'person/name': `${i}${'x'.repeat(300_000)}` }]),
  );
  const settled = await Promise.allSettled(large);
  const written = new Set((await names()).map((name) => String(name)[0]));
  expect(settled.some(({ status }) => status === 'rejected')).toBe(true);
  expect(settled.some(({ status }) => status === 'fulfilled')).toBe(true);
  for (const [i, { status }] of settled.entries())
    expect([i, written.has(String(i))]).toEqual([i, status === 'fulfilled']);
});

it('has made the last commit of the index job when it has stopped', async () => {
  const { transact, writer, store } = await open({ foldThreshold: 30 });
  await Promise.all(Array.from({ length: 40 }, (_, i) => transact([{ 'person/name': `P${i}` }])));
  await writer.stop();
  const version = await store.readVersion('db');
  await new Promise((resolve) => setImmediate(resolve));
  expect(await store.readVersion('db')).toBe(version);
  expect(await store.leases.current('db')).toBeUndefined();
});

it('says that it is busy instead of letting a queue grow without bound', async () => {
  const { transact } = await open();
  const many = Array.from({ length: 10_200 }, (_, i) => transact([{ 'person/age': i }]));
  const settled = await Promise.allSettled(many);
  const refused = settled.filter(({ status }) => status === 'rejected') as PromiseRejectedResult[];
  expect(refused.length).toBeGreaterThan(0);
  for (const { reason } of refused)
    expect(reason).toMatchObject({ code: 'WRITER_BUSY', retryable: true });
});
