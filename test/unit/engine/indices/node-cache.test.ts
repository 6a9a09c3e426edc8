import { describe, expect, it } from 'vitest';
import type { Db, EdnData, Store } from '../../../../engine/index.ts';
import { NodeCache, kw, q, readEdn, restoreHead } from '../../../../engine/index.ts';
import { must } from '../../../../engine/shared/assert.ts';
import { countReads } from '../../../support/counting-store.ts';
import { StoredDatabase } from '../../../support/stored-database.ts';

const SCHEMA = readEdn(
  '[{:db/ident :text :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]',
) as EdnData[];

async function databaseOf(texts: ReadonlyArray<string>): Promise<StoredDatabase> {
  const database = await StoredDatabase.create();
  await database.transact(SCHEMA);
  await database.transact(
    texts.map((text, i): EdnData => [kw('db/add'), 100 + i, kw('text'), text]),
  );
  await database.fold();
  return database;
}

async function restored(store: Store): Promise<Db> {
  const root = must(await store.readRoot('db'), 'a root');
  return (await restoreHead(root, new NodeCache(0).open(store))).db;
}

/** The database through a cache of the smallest size. */
async function withSmallestCache(
  database: StoredDatabase,
): Promise<{ db: Db; nodesRead: () => number }> {
  const store = countReads(database.store);
  const root = must(await store.readRoot('db'), 'a root');
  const { db } = await restoreHead(root, new NodeCache(0).open(store));
  return { db, nodesRead: () => store.nodesRead };
}

describe('a cache of nodes', () => {
  it('keeps a node that is larger than all of its budget', async () => {
    const { db } = await withSmallestCache(await databaseOf(['x'.repeat(12_000_000)]));
    expect(await q('[:find (count ?t) . :where [_ :text ?t]]', db)).toBe(1);
  });

  it('lets a scan go on over more than it can hold, and reads each node a few times at most', async () => {
    const texts = Array.from({ length: 60 }, (_, i) => `${i} ${'x'.repeat(800_000)}`);
    const { db, nodesRead } = await withSmallestCache(await databaseOf(texts));
    expect(await q('[:find (count ?e) . :where [?e :text ?t]]', db)).toBe(60);
    expect(nodesRead()).toBeLessThan(4 * 60);
  });

  it('reads nothing for a history that has ended, not even what is on its way', async () => {
    const { store } = await databaseOf(['x']);
    let arrive = (): void => undefined;
    const arrived = new Promise<void>((resolve) => (arrive = resolve));
    const late: Store = Object.create(store, {
      read: {
        value: async (addresses: ReadonlyArray<number>) => {
          const blocks = await store.read(addresses);
          await arrived;
          return blocks;
        },
      },
    });
    const nodes = new NodeCache(0).open(late);
    const loading = nodes.load([1]);
    nodes.end();
    arrive();
    await expect(loading).rejects.toMatchObject({ code: 'SNAPSHOT_EXPIRED', retryable: true });
    expect(nodes.peek(1)).toBeUndefined();
    await expect(nodes.load([1])).rejects.toMatchObject({ code: 'SNAPSHOT_EXPIRED' });
    const { roots } = nodes.base({ ...(await restored(store)).base.roots });
    expect([roots.current.eavt.count > 0, nodes.heldRoots().size]).toEqual([true, 0]);
  });

  it('says which node is damaged, and that it is', async () => {
    const { store } = await databaseOf(['x']);
    const cutOff: Store = Object.create(store, {
      read: {
        value: async (addresses: ReadonlyArray<number>) =>
          (await store.read(addresses)).map((bytes) => bytes.subarray(0, bytes.length - 1)),
      },
    });
    const root = must(await store.readRoot('db'), 'a root');
    const reading = restoreHead(root, new NodeCache(0).open(cutOff));
    await expect(reading).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      message: expect.stringContaining('The node at address'),
      data: { database: store.id, address: expect.any(Number) },
    });
  });
});
