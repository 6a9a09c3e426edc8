import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it, vi } from 'vitest';
import type { Db, TxInput } from '../../../engine/index.ts';
import { NodeCache, restoreHead, toTxData } from '../../../engine/index.ts';
import type { EdnData } from '../../../engine/index.ts';
import { StoredDatabase } from '../../support/stored-database.ts';

const attribute = (doc: string): TxInput =>
  `[{:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/doc "${doc}"}]`;

/** A database of its own, read from its store. */
async function restored(isFolded: boolean, ...transactions: TxInput[]): Promise<Db> {
  const database = await StoredDatabase.create();
  for (const each of transactions) await database.transact(toTxData(each) as EdnData[]);
  if (isFolded) await database.fold();
  const root = await database.store.readRoot('db');
  return (await restoreHead(root!, new NodeCache(0).open(database.store))).db;
}

it('is one for all databases that say the same, in their trees or in their logs', async () => {
  const schemas = await Promise.all(
    [true, true, false].map(async (isFolded) => {
      const { schema } = await restored(isFolded, attribute('a'), '[{:person/name "Ada"}]');
      return schema;
    }),
  );
  expect(new Set(schemas).size).toBe(1);
});

it('is another one where it says something else, or said it in another transaction', async () => {
  const dbs = await Promise.all([
    restored(true, attribute('a')),
    restored(true, attribute('b')),
    restored(true, '[]', attribute('a')),
  ]);
  expect(new Set(dbs.map(({ schema }) => schema)).size).toBe(3);
});

it('goes when nobody has it any more', async () => {
  const weakly = async (): Promise<WeakRef<object>> =>
    new WeakRef((await restored(true, attribute('gone'))).schema);
  const reference = await weakly();
  setFlagsFromString('--expose-gc');
  await vi.waitFor(
    () => {
      (runInNewContext('gc') as () => void)();
      expect(reference.deref() === undefined).toBe(true);
    },
    { timeout: 8_000 },
  );
});
