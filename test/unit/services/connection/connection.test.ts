import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { q } from '../../../../engine/index.ts';
import type { RootAnnouncement } from '../../../../services/index.ts';
import { createMemoryBus } from '../../../../services/index.ts';
import type { WrittenDatabase } from '../../../support/written-database.ts';
import { PERSON_SCHEMA, writtenDatabase } from '../../../support/written-database.ts';

let database: WrittenDatabase;

beforeEach(async () => {
  database = await writtenDatabase();
  await database.transact(PERSON_SCHEMA);
});

afterEach(() => database.close());

const COUNT = '[:find (count ?e) . :where [?e :person/name]]';

/** Announcements as they were made, to be delivered as a bad network would. */
async function recorded(count: number): Promise<RootAnnouncement[]> {
  const heard: RootAnnouncement[] = [];
  const { bus, store } = database;
  const stop = await bus.listen(
    store.id,
    'db',
    (each) => heard.push(each),
    () => undefined,
  );
  for (let i = 0; i < count; i++) await database.transact([{ 'person/name': `P${i}` }]);
  await vi.waitUntil(() => heard.length === count);
  await stop();
  return heard;
}

it('moves forward by the segments of an announcement, with no read', async () => {
  const reader = await database.reader();
  let reads = 0;
  const { readRoot } = database.store;
  database.store.readRoot = (branch) => {
    reads++;
    return readRoot.call(database.store, branch);
  };
  const { tx } = await database.transact([{ 'person/name': 'Ada' }]);
  await reader.sync(tx);
  expect(await q(COUNT, reader.db())).toBe(1);
  expect(reads).toBe(0);
});

it('is right whatever happens to announcements: lost, doubled, in another order, forged', async () => {
  const bus = createMemoryBus();
  const reader = await database.reader({ bus });
  const [one, two, three, four] = (await recorded(4)) as [
    RootAnnouncement,
    RootAnnouncement,
    RootAnnouncement,
    RootAnnouncement,
  ];
  const forged = {
    ...one,
    version: one.version + 50,
    segments: [{ tx: 7, bytes: new Uint8Array([1, 2, 3]) }],
  };
  const seen: number[] = [];
  reader.onAdvance(({ maxTx }) => seen.push(maxTx));
  for (const each of [three, one, one, forged, two, four, one]) await bus.announce(each);
  await reader.sync(four.basisTx);
  expect(await q(COUNT, reader.db())).toBe(4);
  expect(seen).toEqual([...seen].sort((a, b) => a - b));
});

it('sees commits that nobody announces, by looking', async () => {
  const reader = await database.reader({ bus: createMemoryBus(), pollIntervalMs: 5 });
  const advanced = new Promise((resolve) => reader.onAdvance(resolve));
  await database.transact([{ 'person/name': 'Ada' }]);
  await advanced;
  expect(await q(COUNT, reader.db())).toBe(1);
});

it.each([
  ['waits for the announcement of a commit that a poll saw first', true, 0],
  ['reads such a commit where its announcement is lost', false, 1],
])('%s', async (_, isAnnounced, reads) => {
  const bus = createMemoryBus();
  vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  try {
    const reader = await database.reader({ bus, pollIntervalMs: 1_000 });
    await reader.refresh();
    const [one, two] = (await recorded(2)) as [RootAnnouncement, RootAnnouncement];
    await bus.announce(one);
    await vi.waitUntil(() => reader.db().maxTx === one.basisTx);
    const readRoot = vi.spyOn(database.store, 'readRoot');
    vi.spyOn(database.store, 'readVersion').mockImplementation(async () => {
      if (isAnnounced) setTimeout(() => void bus.announce(two), 1);
      return two.version;
    });
    const advanced = new Promise((resolve) => reader.onAdvance(resolve));
    await vi.advanceTimersByTimeAsync(1_100);
    await advanced;
    expect(reader.db().maxTx).toBe(two.basisTx);
    expect(readRoot).toHaveBeenCalledTimes(reads);
  } finally {
    vi.useRealTimers();
  }
});

it('reads no more of the log than what is new', async () => {
  const reader = await database.reader({ bus: createMemoryBus() });
  const known = reader.db().maxTx;
  const readRoot = vi.spyOn(database.store, 'readRoot');
  for (let i = 0; i < 3; i++) await database.transact([{ 'person/name': `P${i}` }]);
  await reader.refresh();
  expect(await q(COUNT, reader.db())).toBe(3);
  expect(readRoot.mock.calls).toEqual([['db', known]]);
});

it('ends a look although others are asked for all the time', async () => {
  const reader = await database.reader({ bus: createMemoryBus() });
  const { tx } = await database.transact([{ 'person/name': 'Ada' }]);
  const { readVersion } = database.store;
  // Whoever looks is asked again before the look ends.
  let looks = 0;
  database.store.readVersion = (branch) => {
    if (++looks < 50) queueMicrotask(() => void reader.refresh());
    return readVersion.call(database.store, branch);
  };
  await reader.refresh();
  expect(looks).toBeLessThan(3);
  expect(reader.db().maxTx).toBe(tx);
  await vi.waitUntil(() => looks >= 50);
});

it('follows what came early when what was before it has come', async () => {
  const bus = createMemoryBus();
  const reader = await database.reader({ bus });
  const all = await recorded(3);
  const readRoot = vi.spyOn(database.store, 'readRoot').mockResolvedValue(undefined);
  for (const each of [all[2]!, all[1]!, all[0]!]) await bus.announce(each);
  await reader.sync(all[2]!.basisTx);
  expect(await q(COUNT, reader.db())).toBe(3);
  readRoot.mockRestore();
});

it('says that a transaction has not arrived, when its time is over', async () => {
  const reader = await database.reader();
  const wanted = reader.db().maxTx + 1;
  await expect(reader.sync(wanted, 20)).rejects.toMatchObject({
    code: 'BASIS_NOT_AVAILABLE',
    retryable: true,
    data: { wanted, t: wanted - 1 },
  });
});

it('keeps a database value what it was, whatever is written after', async () => {
  const before = database.connection.db();
  await database.transact([{ 'person/name': 'Ada' }]);
  expect(await q(COUNT, before)).toBeNull();
  expect(await q(COUNT, database.connection.db())).toBe(1);
});

it('refuses to be used after it was released', async () => {
  const reader = await database.reader();
  await reader.release();
  expect(() => reader.db()).toThrow(expect.objectContaining({ code: 'CONNECTION_RELEASED' }));
});
