/** What reads cost where nothing is in memory: round trips to the store, counted over a database of 20,000 people in folded trees. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Db, EdnData } from '../../../engine/index.ts';
import { asOf, countDatoms, datoms, kw, pullMany, q, readEdn } from '../../../engine/index.ts';
import { ColdDatabase } from '../../support/cold-database.ts';

const PEOPLE = 20_000;
const FIRST = 100;

const SCHEMA = readEdn(`[
  {:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :person/age :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :person/note :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :person/boss :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`) as EdnData[];

const nameOf = (i: number): string => `person ${String(i).padStart(6, '0')}`;

function person(i: number): EdnData {
  return new Map<EdnData, EdnData>([
    [kw('db/id'), FIRST + i],
    [kw('person/name'), nameOf(i)],
    [kw('person/age'), i % 100],
    [kw('person/note'), `note of ${i}`],
    [kw('person/boss'), FIRST + Math.floor(i / 10)],
  ]);
}

let people: ColdDatabase;

beforeAll(async () => {
  people = await ColdDatabase.of(
    SCHEMA,
    Array.from({ length: PEOPLE }, (_, i) => person(i)),
  );
});

const heightOf = (db: Db, order: 'eavt' | 'aevt' | 'avet'): number =>
  db.base.roots.current[order].level + 1;

describe('a cold database', () => {
  it('is restored by the nodes that define attributes, in as many round trips as a tree is high', async () => {
    const db = await people.restore();
    expect(people.store.roundTrips).toBeLessThanOrEqual(heightOf(db, 'aevt'));
    expect(people.store.nodesRead).toBeLessThanOrEqual(2 * 16);
  });

  it('finds an entity by a unique value in one way down each index that it looks at', async () => {
    const db = await people.open();
    const found = await q(
      '[:find ?age . :in $ ?name :where [?p :person/name ?name] [?p :person/age ?age]]',
      db,
      nameOf(12_345),
    );
    expect(found).toBe(45);
    expect(people.store.roundTrips).toBeLessThanOrEqual(
      heightOf(db, 'avet') + heightOf(db, 'eavt') + heightOf(db, 'aevt'),
    );
    expect(people.store.nodesRead).toBeLessThan(20);
  });

  it('answers a query that narrows by an indexed value without reading all of an index', async () => {
    const db = await people.open();
    const rows = await q('[:find ?n :where [?p :person/age 7] [?p :person/name ?n]]', db);
    expect((rows as EdnData[]).length).toBe(PEOPLE / 100);
    expect(people.store.roundTrips).toBeLessThanOrEqual(12);
  });

  it('counts the rows of an attribute by the counts in branches', async () => {
    const db = await people.open();
    expect(await countDatoms(db, 'aevt', kw('person/note'))).toBe(PEOPLE);
    expect(people.store.nodesRead).toBeLessThanOrEqual(2 * heightOf(db, 'aevt'));
  });

  it('reads a whole attribute in batches, not node by node', async () => {
    const db = await people.open();
    const rows = (await q('[:find ?n :where [_ :person/note ?n]]', db)) as EdnData[];
    expect(rows).toHaveLength(PEOPLE);
    expect(people.store.nodesRead).toBeGreaterThan(20);
    expect(people.store.roundTrips).toBeLessThanOrEqual(8);
  });

  it('stops reading when the consumer stops', async () => {
    const db = await people.open();
    const first: number[] = [];
    for await (const { e } of datoms(db, 'aevt', kw('person/name'))) {
      first.push(e);
      if (first.length === 5) break;
    }
    expect(first).toHaveLength(5);
    // A scan with an end asks for a batch of leaves at once.
    expect(people.store.roundTrips).toBeLessThanOrEqual(heightOf(db, 'aevt'));
  });

  it('pulls many entities in round trips by the depth of the pattern, not by the rows', async () => {
    const db = await people.open();
    const entities = Array.from({ length: 100 }, (_, i) => FIRST + 10_000 + i * 97);
    const pattern = readEdn(
      '[:person/name {:person/boss [:person/name {:person/boss [:person/age]}]}]',
    );
    const pulled = await pullMany(db, pattern, entities);
    expect(pulled.filter((one) => one !== null)).toHaveLength(100);
    expect(people.store.roundTrips).toBeLessThanOrEqual(3 * heightOf(db, 'eavt'));
  });

  it('pulls backward references in as many round trips more', async () => {
    const db = await people.open();
    const entities = Array.from({ length: 100 }, (_, i) => FIRST + i * 10);
    await pullMany(db, readEdn('[{:person/_boss [:person/name]}]'), entities);
    // The thousand people below are asked for in batches.
    const batches = 4;
    expect(people.store.roundTrips).toBeLessThanOrEqual(
      batches * heightOf(db, 'eavt') + heightOf(db, 'avet'),
    );
  });

  it('looks into the past by the rows of the entity alone', async () => {
    const db = await people.open();
    const rows: number[] = [];
    for await (const { e } of datoms(asOf(db, db.maxTx - 1), 'eavt', FIRST + 5_000)) rows.push(e);
    expect(rows).toEqual([]);
    expect(people.store.roundTrips).toBeLessThanOrEqual(heightOf(db, 'eavt') + 2);
  });
});

describe('a warm database', () => {
  it('reads nothing', async () => {
    const db = await people.open();
    const query = '[:find ?age . :in $ ?name :where [?p :person/name ?name] [?p :person/age ?age]]';
    await q(query, db, nameOf(1));
    people.store.reset();
    await q(query, db, nameOf(1));
    expect(people.store.roundTrips).toBe(0);
  });
});
