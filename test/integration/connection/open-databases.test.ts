/** Many databases on PostgreSQL and Redis in one process, opened when they are asked for and closed when they are idle. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Db, Store } from '../../../engine/index.ts';
import { q, toTxData } from '../../../engine/index.ts';
import type { LocalWriter, Storage } from '../../../services/index.ts';
import {
  closeStorage,
  collectNodes,
  createDatabase,
  listen,
  openStorage,
  startWriter,
  unlisten,
} from '../../../services/index.ts';
import { freshSchema, withClient, type TestSchema } from '../../support/postgres.ts';
import { redisUrl } from '../../support/server-urls.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { PERSON_SCHEMA, log } from '../../support/written-database.ts';

const IDLE_MS = 50;
const MAX_OPEN = 40;
const MANY = 1_000;
const POOL_SIZE = 4;

let place: TestSchema;
/** Between the storage under test and PostgreSQL. */
let proxy: TcpProxy;
let storage: Storage;
/** Of the process that writes. */
let writing: Storage;
let writer: LocalWriter;
/** Of the database that is written. */
let store: Store;

beforeAll(async () => {
  place = await freshSchema();
  const url = new URL(place.url);
  proxy = await startTcpProxy(url.hostname, Number(url.port));
  const open = async (port: number, idleMs: number): Promise<Storage> => {
    url.port = String(port);
    return openStorage(
      {
        store: {
          ...{ kind: 'postgres', url: String(url), schema: place.schema, poolSize: POOL_SIZE },
          statementTimeoutMs: 2_000,
        },
        bus: { kind: 'redis', url: await redisUrl() },
        nodeCacheBytes: 1 << 20,
        pollIntervalMs: 60_000,
        open: { idleMs, maxOpen: MAX_OPEN },
      },
      log,
    );
  };
  writing = await open(Number(url.port), IDLE_MS);
  storage = await open(proxy.port, IDLE_MS);
  await createDatabase(writing.host, 'people');
  const { value: connection, release } = await writing.databases.hold('people');
  store = connection.store;
  writer = await startWriter({ connection, bus: writing.bus, log, foldThreshold: 1 });
  release();
  await writer.transact({ txData: toTxData(PERSON_SCHEMA) });
  await setAge(1);
});
afterAll(async () => {
  await writer.stop();
  await closeStorage(storage);
  await closeStorage(writing);
  await proxy.close();
  await place.drop();
});

async function setAge(age: number): Promise<number> {
  const txData = toTxData([{ 'person/name': 'Ada', 'person/age': age }]);
  return (await writer.transact({ txData })).tx;
}

function ageIn(db: Db): Promise<unknown> {
  return q('[:find ?age . :where [_ :person/age ?age]]', db);
}

/** On a machine that is busy with other tests, too. */
function eventually(assertion: () => unknown): Promise<unknown> {
  return vi.waitFor(assertion, { timeout: 20_000 });
}

const untilClosed = (): Promise<unknown> =>
  eventually(() => expect(storage.databases.size).toBe(0));

function collectGarbage(): void {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
}

it('is opened once by all who ask at the same time', async () => {
  const open = vi.spyOn(storage.host, 'openBranch');
  const asked = Array.from({ length: 5 }, () => storage.databases.hold('people'));
  const holds = await Promise.all(asked);
  expect(open).toHaveBeenCalledTimes(1);
  expect(new Set(holds.map(({ value }) => value)).size).toBe(1);
  for (const { release } of holds) release();
  await untilClosed();
  expect(() => holds[0]?.value.db()).toThrow('released');
  open.mockRestore();
});

it('a value outlives the closing of its database, and a collection', async () => {
  const before = await setAge(10);
  let db: Db | undefined = await storage.databases.use('people', (each) => each.sync(before));
  await untilClosed();
  await setAge(11);
  await eventually(async () => {
    const root = await store.readRoot('db');
    expect(root!.indexedTx).toBeGreaterThan(before);
  });
  await collectNodes(store);
  await storage.lease.renew();
  await collectNodes(store);
  expect(await ageIn(db)).toBe(10);
  expect(await ageIn(await storage.databases.db('people'))).toBe(11);
  await untilClosed();
  // And no longer than somebody has it.
  db = undefined;
  await eventually(async () => {
    collectGarbage();
    await storage.lease.renew();
    await writing.lease.renew();
    const { freed } = await collectNodes(store);
    expect(freed.nodes).toBeGreaterThan(0);
  });
});

it('never goes backwards, however often it is closed in between', async () => {
  let seen = 0;
  for (let age = 20; age < 25; age++) {
    seen = Math.max(seen, (await storage.databases.db('people')).maxTx);
    await untilClosed();
    const tx = await setAge(age);
    const db = await storage.databases.db('people');
    expect(db.maxTx).toBeGreaterThanOrEqual(Math.max(seen, tx));
    expect(await ageIn(db)).toBe(age);
  }
});

it('stays open while somebody listens or works, or writes it in this process', async () => {
  const heard: number[] = [];
  const connection = await storage.databases.use('people', (each) => {
    listen(each, ({ tx }) => heard.push(tx), 'test');
    return each;
  });
  const { value: same, release } = await storage.databases.hold('people');
  expect(same).toBe(connection);
  release();
  await storage.databases.use('people', async () => {
    // Longer than what is idle stays open, by its own clock.
    await eventually(async () => {
      const tx = await setAge(30);
      await eventually(() => expect(heard).toContain(tx));
      expect(heard.length).toBeGreaterThan(20);
    });
    expect(storage.databases.size).toBe(1);
  });
  expect(writing.databases.size).toBe(1);
  unlisten(connection, 'test');
  await untilClosed();
});

it('forgets an opening that failed', async () => {
  const missing = { code: 'DATABASE_NOT_FOUND' };
  await expect(storage.databases.db('later')).rejects.toMatchObject(missing);
  await createDatabase(writing.host, 'later');
  await expect(storage.databases.db('later', 'nowhere')).rejects.toMatchObject(missing);
  expect((await storage.databases.db('later')).maxTx).toBeGreaterThan(0);
  await untilClosed();

  proxy.set({ losesRequests: true });
  await expect(storage.databases.db('people')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
  expect(storage.databases.size).toBe(0);
  proxy.heal();
  expect(await ageIn(await storage.databases.db('people'))).toBe(30);
});

it('opens a thousand one after the other, no more at once than it may, on the same few connections', async () => {
  let made = 0;
  await Promise.all(
    Array.from({ length: POOL_SIZE }, async () => {
      while (made < MANY) await createDatabase(writing.host, `database ${made++}`);
    }),
  );
  let most = 0;
  for (let i = 0; i < MANY; i++) {
    const db = await storage.databases.db(`database ${i}`);
    expect(db.maxTx).toBeGreaterThan(0);
    most = Math.max(most, storage.databases.size);
  }
  expect(most).toBeLessThanOrEqual(MAX_OPEN + 1);
  const { rows } = await withClient(place.url, (client) =>
    client.query<{ readonly count: string }>(
      `SELECT count(*) FROM pg_stat_activity WHERE query LIKE '%${place.schema}.%'`,
    ),
  );
  expect(Number(rows[0]!.count)).toBeLessThanOrEqual(2 * (POOL_SIZE + 3) + 1);
  await untilClosed();
});
