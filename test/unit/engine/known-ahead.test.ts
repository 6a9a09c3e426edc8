/** What the transactor takes as known and does not look up holds, whoever made it known, or nobody. */
import { expect, it } from 'vitest';
import type { Db, EdnData } from '../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  emptyDb,
  q,
  readEdn,
  run,
  transact,
} from '../../../engine/index.ts';

const NOW = new Date('2026-01-01T00:00:00Z');

async function written(db: Db, txData: string, txMeta?: string): Promise<Db> {
  const request = { txData: readEdn(txData) as EdnData[], now: NOW };
  const meta = txMeta === undefined ? undefined : (readEdn(txMeta) as Map<EdnData, EdnData>);
  return (await run(transact(db, meta === undefined ? request : { ...request, txMeta: meta })))
    .dbAfter;
}

/** The same facts, as somebody has them who just opened the database. */
function forgetful(db: Db): Db {
  return { ...db, topEntity: undefined, lastInstant: undefined };
}

const SCHEMA = `[
  {:db/ident :by :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :id :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}]`;

it.each([
  ['as it was made', (db: Db) => db],
  ['as it was opened', forgetful],
])('replaces what was said of a transaction before it was there, %s', async (_how, asKnown) => {
  const db = await written(emptyDb(DEFAULT_DATABASE_CONFIG), SCHEMA);
  const told = await written(db, `[[:db/add ${db.maxTx + 2} :by "a prophet"]]`);
  const after = await written(asKnown(told), '[]', '{:by "its author"}');
  expect(await q(`[:find [?by ...] :where [${after.maxTx} :by ?by]]`, after)).toEqual([
    'its author',
  ]);
});

it.each([
  ['as it was made', (db: Db) => db],
  ['as it was opened', forgetful],
])('gives each transaction an instant after that of the last one, %s', async (_how, asKnown) => {
  let db = await written(emptyDb(DEFAULT_DATABASE_CONFIG), SCHEMA);
  db = await written(asKnown(db), '[]', '{:db/txInstant #inst "2030-01-01"}');
  db = await written(asKnown(db), '[]');
  db = await written(asKnown(db), `[[:db/retractEntity ${db.maxTx}]]`);
  db = await written(asKnown(db), '[]');
  const times = (await q('[:find ?tx ?at :where [?tx :db/txInstant ?at]]', db)) as Array<
    readonly [number, Date]
  >;
  const later = times
    .sort(([one], [other]) => one - other)
    .slice(1)
    .map(([, at]) => at.getTime());
  const from = Date.parse('2030-01-01');
  expect(later).toEqual([from, from + 2, from + 3]);
});

it('finds who has a unique value after it was given up and taken by another in one transaction', async () => {
  let db = await written(emptyDb(DEFAULT_DATABASE_CONFIG), SCHEMA);
  db = await written(db, '[{:db/id "one" :id 1 :by "one"}]');
  const one = (await q('[:find ?e . :where [?e :id 1]]', db)) as number;
  db = await written(
    db,
    `[{:id 1 :by "still one"} [:db/retract ${one} :id 1] {:id 1 :by "another"} {:id 1 :by "the same"}]`,
  );
  expect(await q('[:find ?by ?id :where [?e :by ?by] [(get-else $ ?e :id 0) ?id]]', db)).toEqual([
    ['still one', 0],
    ['the same', 1],
  ]);
});
