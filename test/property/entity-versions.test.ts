/** The version of an entity is the last transaction among all datoms that there ever were of it and of its components. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Db, EdnData } from '../../engine/index.ts';
import { asOf, datoms, entityVersions, history, kw, readEdn } from '../../engine/index.ts';
import { runs } from '../support/runs.ts';
import { StoredDatabase } from '../support/stored-database.ts';

const SCHEMA = readEdn(`[
  {:db/ident :item/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :item/parts :db/valueType :db.type/ref :db/cardinality :db.cardinality/many :db/isComponent true}
  {:db/ident :item/friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`) as EdnData[];

const FIRST = 100;
const entities = fc.integer({ min: FIRST, max: FIRST + 8 });

const changes = fc.oneof(
  fc.tuple(entities, fc.constantFrom('a', 'b')).map(([e, name]) => add(e, 'item/name', name)),
  fc.tuple(entities, entities).map(([e, part]) => add(e, 'item/parts', part)),
  fc.tuple(entities, entities).map(([e, friend]) => add(e, 'item/friend', friend)),
  fc.tuple(entities, entities).map(([e, part]) => [kw('db/retract'), e, kw('item/parts'), part]),
  entities.map((e) => [kw('db.fn/retractAttribute'), e, kw('item/name')]),
  entities.map((e) => [kw('db/retractEntity'), e]),
);

const cases = fc.record({
  batches: fc.array(fc.array(changes, { minLength: 1, maxLength: 4 }), {
    minLength: 1,
    maxLength: 6,
  }),
  folded: fc.integer({ min: 0, max: 6 }),
  isCold: fc.boolean(),
  isPast: fc.boolean(),
});

it('of random entities, now and then', async () => {
  await fc.assert(
    fc.asyncProperty(cases, async ({ batches, folded, isCold, isPast }) => {
      const database = await StoredDatabase.create();
      await database.transact(SCHEMA);
      const middle = database.db.maxTx + Math.floor(batches.length / 2);
      for (const [i, batch] of batches.entries()) {
        await database.transact(batch as EdnData[]);
        if (i < folded) await database.fold();
      }
      const present = isCold ? await database.restore() : database.db;
      const db = isPast ? asOf(present, middle) : present;
      const wanted = Array.from({ length: 10 }, (_, i) => FIRST + i);
      const expected: number[] = [];
      for (const e of wanted) expected.push(await versionOf(db, e));
      expect(await entityVersions(db, wanted)).toEqual(expected);
    }),
    runs(60),
  );
});

function add(e: number, ident: string, value: EdnData): EdnData {
  return [kw('db/add'), e, kw(ident), value];
}

async function versionOf(db: Db, entity: number): Promise<number> {
  const seen = new Set([entity]);
  let last = 0;
  for (const e of seen) {
    for await (const { tx } of datoms(history(db), 'eavt', e)) last = Math.max(last, tx);
    for await (const { v } of datoms(db, 'eavt', e, kw('item/parts'))) seen.add(v as number);
  }
  return last;
}
