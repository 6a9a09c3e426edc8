/** The transactions of a database, followed by a reader at its own pace. */
import { afterEach, beforeEach, expect, it } from 'vitest';
import type { Reader, Transaction } from '../../../../services/reader/reader.ts';
import { createLocalReader } from '../../../../services/reader/local-reader.ts';
import type { WrittenDatabase } from '../../../support/written-database.ts';
import { PERSON_SCHEMA, writtenDatabase } from '../../../support/written-database.ts';

let database: WrittenDatabase;
let reader: Reader;
let ending: AbortController;
beforeEach(async () => {
  database = await writtenDatabase();
  await database.transact(PERSON_SCHEMA);
  reader = createLocalReader(database.connection);
  ending = new AbortController();
});
afterEach(() => database.close());

const write = async (name: string): Promise<number> =>
  (await database.transact([{ 'person/name': name }])).tx;
const namesIn = ({ changes }: Transaction): unknown[] =>
  changes.filter(({ attribute }) => String(attribute) === ':person/name').map(({ v }) => v);

it('tells those that are there and those to come, in order and each once', async () => {
  const from = await write('first');
  for (let i = 0; i < 100; i++) await write(`before ${i}`);
  const told: Transaction[] = [];
  const following = (async () => {
    for await (const transaction of reader.transactions(from, ending.signal)) {
      told.push(transaction);
      // While those before are told, and after all were.
      if (told.length === 50) await write('meanwhile');
      if (told.length === 102) void write('last');
      if (told.length === 103) ending.abort();
    }
  })();
  await following;
  expect(told.map(({ tx }) => tx)).toEqual(told.map((_, i) => from + i));
  expect(told.flatMap(namesIn)).toEqual([
    'first',
    ...Array.from({ length: 100 }, (_, i) => `before ${i}`),
    'meanwhile',
    'last',
  ]);
  expect(told[0]?.instant).toBeInstanceOf(Date);
});

it('reads what others want too once', async () => {
  const from = await write('first');
  let reads = 0;
  const { store } = database;
  const readLog = store.readLog.bind(store);
  store.readLog = (...range) => {
    reads++;
    return readLog(...range);
  };
  const followers = Array.from({ length: 10 }, async () => {
    for await (const { tx } of reader.transactions(from, ending.signal)) return tx;
    return undefined;
  });
  expect(new Set(await Promise.all(followers))).toEqual(new Set([from]));
  expect(reads).toBe(1);
});

it('ends when the signal is given, also while it waits', async () => {
  const following = reader.transactions(reader.current().basisTx + 1, ending.signal);
  const next = following[Symbol.asyncIterator]().next();
  ending.abort();
  expect(await next).toMatchObject({ done: true });
});

it('says that something was purged, which no change tells', async () => {
  await write('forgotten');
  const following = reader.transactions(reader.current().basisTx + 1, ending.signal);
  const next = following[Symbol.asyncIterator]().next();
  await database.transact('[[:db.purge/entity [:person/name "forgotten"]]]');
  const { value } = (await next) as { value: Transaction };
  expect(value.hasPurged).toBe(true);
  expect(namesIn(value)).toEqual([]);
  ending.abort();
});
