/** Which news a head takes: only what names its commit as the one before. */
import { randomUUID } from 'node:crypto';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { CommitInfo, Head, RootWithLog, Store, StoredSegment } from '../../../engine/index.ts';
import {
  NodeCache,
  comesAfter,
  createMemoryStoreHost,
  decodeRecord,
  encodeRecord,
  extendHead,
  followHead,
  restoreHead,
  withCommit,
  withoutCommit,
} from '../../../engine/index.ts';
import { commitOf } from '../../../engine/commit/segment.ts';
import { must } from '../../../engine/shared/assert.ts';
import type { WrittenDatabase, WrittenDatabaseOptions } from '../../support/written-database.ts';
import { PERSON_SCHEMA, writtenDatabase } from '../../support/written-database.ts';

const BRANCH = 'db';

let database: WrittenDatabase;
const opened: WrittenDatabase[] = [];
let store: Store;
let known: Head;

const rootOf = async (afterTx?: number): Promise<RootWithLog> =>
  must(await store.readRoot(BRANCH, afterTx), 'a root');
const headOf = (root: RootWithLog): Promise<Head> =>
  restoreHead(root, new NodeCache(0).open(store));
const isAfter = async (head: Head): Promise<boolean> =>
  comesAfter(head, await rootOf(), store, BRANCH);
const write = (name: string) => database.transact([{ 'person/name': name }]);

/** The head as if another transaction had been written in its place. */
function ofOtherHistory(head: Head): Head {
  return { ...head, db: { ...head.db, commit: { id: randomUUID(), parents: [] } } };
}

function withParents(segment: StoredSegment, parents: ReadonlyArray<string>): StoredSegment {
  const commit: CommitInfo = { ...must(commitOf(segment.bytes), 'a commit'), parents };
  return { ...segment, bytes: withCommit(withoutCommit(segment.bytes), commit) };
}

async function open(options: WrittenDatabaseOptions = {}): Promise<void> {
  database = await writtenDatabase(options);
  opened.push(database);
  ({ store } = database);
  await database.transact(PERSON_SCHEMA);
}

beforeEach(async () => {
  await open();
  await write('Ada');
  known = await headOf(await rootOf());
});

afterEach(async () => {
  for (const each of opened.splice(0)) await each.close();
});

describe.each([
  [
    'announced',
    async (head: Head, segments: ReadonlyArray<StoredSegment>) =>
      followHead(head, head.version + 1, head.epoch, segments),
  ],
  [
    'read',
    async (head: Head, segments: ReadonlyArray<StoredSegment>) =>
      extendHead(head, { ...(await rootOf()), segments }),
  ],
])('news that are %s', (_how, take) => {
  let news: ReadonlyArray<StoredSegment>;

  beforeEach(async () => {
    await Promise.all(['Grace', 'Alan', 'Kurt'].map(write));
    ({ segments: news } = await rootOf(known.db.maxTx));
    expect(news.length).toBe(3);
  });

  it('are taken where their first commit names that of the head', async () => {
    expect((await take(known, news))?.db.commit).toEqual(commitOf(news[2]!.bytes));
  });

  it('are taken where the commit of the head is not known', async () => {
    const head = { ...known, db: { ...known.db, commit: undefined } };
    expect((await take(head, news))?.db.maxTx).toBe(news[2]!.tx);
  });

  it('are taken from a merge, which names several', async () => {
    const id = must(known.db.commit, 'a commit').id;
    const first = news.findIndex(({ bytes }) => commitOf(bytes) !== undefined);
    const merged = news.map((each, i) =>
      i === first ? withParents(each, [randomUUID(), id]) : each,
    );
    expect((await take(known, merged))?.db.maxTx).toBe(news[2]!.tx);
  });

  it('are not taken where their first commit names another one', async () => {
    expect(await take(ofOtherHistory(known), news)).toBeUndefined();
  });

  it('are not taken where a later commit does not follow the first', async () => {
    const apart = news.map((each, i) =>
      withParents(
        {
          ...each,
          bytes: withCommit(withoutCommit(each.bytes), { id: randomUUID(), parents: [] }),
        },
        i === 0 ? [must(known.db.commit, 'a commit').id] : [randomUUID()],
      ),
    );
    expect(await take(known, apart)).toBeUndefined();
  });

  it('are not taken where they name no commit, or a transaction is missing, or there are none', async () => {
    const nameless = news.map(({ tx, bytes }) => ({ tx, bytes: withoutCommit(bytes) }));
    expect(await take(known, nameless)).toBeUndefined();
    expect(await take(known, news.slice(1))).toBeUndefined();
    expect(await take(known, [])).toBeUndefined();
  });
});

it('takes news only on the base trees that it has, whichever transactions those hold', async () => {
  await write('Grace');
  const news = await rootOf(known.db.maxTx);
  const record = decodeRecord(news.record);
  const tree = { address: 7, count: 1, level: 0 };
  const roots = { ...record.roots, current: { ...record.roots.current, eavt: tree } };
  expect(await extendHead(known, news)).toBeDefined();
  const other = { ...news, record: encodeRecord({ ...record, roots }) };
  expect(await extendHead(known, other)).toBeUndefined();
});

describe('a root comes after a head', () => {
  it('where the log after its base trees has the commit of the head', async () => {
    await write('Grace');
    expect(await isAfter(known)).toBe(true);
    expect(await isAfter(ofOtherHistory(known))).toBe(false);
  });

  it('where its base trees end with the commit, or hold it', async () => {
    await open({ foldThreshold: 1, config: { keepHistory: false } });
    const early = await headOf(await rootOf());
    for (let i = 0; i < 30; i++) await write(`P${i}`);
    const root = await rootOf();
    expect(root.indexedTx).toBeGreaterThan(early.db.maxTx);
    expect(await isAfter(early)).toBe(true);
    expect(await isAfter(ofOtherHistory(early))).toBe(false);
    const atTrees = await headOf({ ...root, segments: [] });
    expect(await isAfter(atTrees)).toBe(true);
    expect(await isAfter(ofOtherHistory(atTrees))).toBe(false);
  });

  it('where commits have ids that follow from what they say', async () => {
    await open({ config: { cryptoHash: true } });
    const head = await headOf(await rootOf());
    await write('Grace');
    expect(await extendHead(head, await rootOf(head.db.maxTx))).toBeDefined();
    expect(await isAfter(head)).toBe(true);
  });

  it('not where its version is lower, or it has not come so far', async () => {
    expect(await isAfter({ ...known, version: known.version + 1 })).toBe(false);
    const maxTx = known.db.maxTx + 1;
    expect(await isAfter({ ...known, db: { ...known.db, maxTx } })).toBe(false);
  });

  it('also where neither tells the commit, as where a fork ends within one', async () => {
    const origin = await rootOf();
    const host = createMemoryStoreHost();
    store = await host.create('cut');
    const cut = origin.segments.map(({ tx, bytes }) => ({ tx, bytes: withoutCommit(bytes) }));
    const { record, indexedTx } = origin;
    const commit = { branch: BRANCH, expectedVersion: 0, epoch: 0, record, indexedTx };
    await store.commit({ ...commit, segments: cut });
    const head = await headOf(await rootOf());
    expect(head.db.commit).toBeUndefined();
    expect(await isAfter(head)).toBe(true);
    expect(await isAfter(ofOtherHistory(head))).toBe(false);
  });
});
