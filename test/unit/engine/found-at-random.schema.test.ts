/** What random tests found in changes of the schema and in purges, each with the data that showed it. */
import { describe, expect, it } from 'vitest';
import type { DatabaseConfig, Db, EdnData, IndexOrder } from '../../../engine/index.ts';
import {
  asOf,
  countDatoms,
  databaseConfig,
  datoms,
  dbWith,
  emptyDb,
  history,
  kw,
  printEdn,
  pull,
  readEdn,
  withTx,
} from '../../../engine/index.ts';
import { StoredDatabase } from '../../support/stored-database.ts';

const SCHEMA = `[
  {:db/ident :n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :kind :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}
  {:db/ident :n+kind :db/valueType :db.type/tuple :db/cardinality :db.cardinality/one :db/tupleAttrs [:n :kind]}
  {:db/ident :tags :db/valueType :db.type/string :db/cardinality :db.cardinality/many :db/index true}]`;

const FIRST_TX = 536_870_914;

/** The database after the schema and some transactions. */
async function dbAfter(
  config: Partial<DatabaseConfig>,
  ...transactions: ReadonlyArray<string>
): Promise<Db> {
  let db = emptyDb(databaseConfig(config));
  for (const text of [SCHEMA, ...transactions]) db = await dbWith(db, readEdn(text) as EdnData[]);
  return db;
}

async function rowsOf(
  db: Db,
  order: IndexOrder,
  ...components: ReadonlyArray<EdnData>
): Promise<string[]> {
  const rows: string[] = [];
  for await (const { e, attribute, v, tx, added } of datoms(db, order, ...components))
    rows.push(printEdn([e, attribute, v, tx - FIRST_TX, added]));
  return rows;
}

/** A transaction at a time. */
async function dbAt(db: Db, time: string, text: string): Promise<Db> {
  const txMeta = new Map([[kw('db/txInstant'), new Date(time)]]);
  return (await withTx(db, readEdn(text) as EdnData[], txMeta)).dbAfter;
}

const REFS = { attributeRefs: true };

describe('an attribute that is an entity', () => {
  it('goes on to be a member of composite tuples under its new ident', async () => {
    const db = await dbAfter(
      REFS,
      '[[:db/add :kind :db/ident :sort]]',
      '[{:db/id 100 :sort :red}]',
    );
    expect(await rowsOf(db, 'eavt', 100)).toEqual([
      '[100 56 :red 1 true]',
      '[100 57 [nil :red] 1 true]',
    ]);
  });
});

describe('an attribute that got another ident', () => {
  it('goes on to refer to entities by the ident that it had', async () => {
    const renamed = await dbAfter(
      { schemaFlexibility: 'read' },
      `[{:db/ident :ref :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`,
      '[[:db/add :ref :db/ident :to]]',
      '[[:db/add 100 :ref 101]]',
    );
    const db = await dbWith(renamed, readEdn('[[:db/retractEntity 101]]') as EdnData[]);
    expect(await rowsOf(db, 'eavt', 100)).toEqual([]);
  });
});

describe('a lookup ref', () => {
  it('of something that is no attribute says that it is not unique', async () => {
    const db = await dbAfter(REFS, '[{:db/id 100 :n 1}]');
    for (const name of [100, 'n'])
      await expect(pull(db, readEdn('[*]'), [name, 1])).rejects.toMatchObject({
        kind: 'lookup-ref/unique',
      });
  });
});

describe('an attribute whose entity is gone', () => {
  it('is neither in AVET nor in a pull of everything', async () => {
    const db = await dbAfter(
      REFS,
      '[{:db/id 100 :n 1 :tags ["a"]}]',
      '[[:db/retractEntity :tags]]',
    );
    expect(await rowsOf(db, 'avet', 58)).toEqual([]);
    expect(printEdn(await pull(db, readEdn('[*]'), 100))).toBe(
      '{:db/id 100, :n 1, :n+kind [1 nil]}',
    );
    const again = '[{:db/id 58 :db/ident :words} [:db/add 58 :db/index true]]';
    const typed =
      '[:db/add 58 :db/valueType :db.type/string] [:db/add 58 :db/cardinality :db.cardinality/many]';
    const named = await dbWith(db, readEdn(again.replace(/]$/, ` ${typed}]`)) as EdnData[]);
    expect(await rowsOf(named, 'avet', kw('words'))).toEqual(['[100 58 "a" 0 true]']);
  });
});

describe('counting', () => {
  it('leaves out of AVET in views what it leaves out in the present', async () => {
    const db = await dbAfter({});
    const rows = await rowsOf(history(db), 'avet');
    expect(await countDatoms(history(db), 'avet')).toBe(rows.length);
    expect(await countDatoms(asOf(db, FIRST_TX - 1), 'avet')).toBe(rows.length);
    expect(await countDatoms(history(db), 'avet', kw('db/ident'))).toBe(4);
  });
});

describe('AVET', () => {
  const BACKFILL = { allowIndexBackfill: true };

  it('loses what is retracted together with the index', async () => {
    const db = await dbAfter(
      BACKFILL,
      '[[:db/add 100 :tags "a"] [:db/add 101 :tags "b"]]',
      '[[:db/retract :tags :db/index true] [:db/retract 100 :tags "a"]]',
    );
    expect(await rowsOf(db, 'avet', kw('tags'))).toEqual([]);
    const again = await dbWith(db, readEdn('[[:db/add :tags :db/index true]]') as EdnData[]);
    expect(await rowsOf(again, 'avet', kw('tags'))).toEqual(['[101 :tags "b" 0 true]']);
  });

  it('does not count what is retracted together with a new index', async () => {
    const database = await StoredDatabase.create(databaseConfig(BACKFILL));
    await database.transact(readEdn(SCHEMA) as EdnData[]);
    await database.transact(readEdn('[[:db/add 100 :n 1] [:db/add 101 :n 2]]') as EdnData[]);
    await database.fold();
    await database.transact(
      readEdn('[[:db/add :n :db/index true] [:db/retract 100 :n 1]]') as EdnData[],
    );
    expect(await countDatoms(database.db, 'avet', kw('n'))).toBe(1);
  });
});

describe('the past', () => {
  it('shows what was asserted again although its first assertion is of a later time', async () => {
    let db = await dbAfter({});
    db = await dbAt(db, '2030-05-01', '[[:db/add 100 :tags "a"]]');
    db = await dbAt(db, '2030-03-01', '[[:db/retract 100 :tags "a"]]');
    db = await dbAt(db, '2030-04-01', '[[:db/add 100 :tags "a"]]');
    const past = asOf(db, new Date('2030-04-15'));
    expect(await rowsOf(past, 'eavt', 100)).toEqual(['[100 :tags "a" 2 true]']);
  });

  it('shows what was asserted again after its first assertion was purged', async () => {
    let db = await dbAfter({});
    db = await dbAt(db, '2030-01-01', '[[:db/add 100 :tags "a"]]');
    db = await dbAt(db, '2030-02-01', '[[:db/retract 100 :tags "a"]]');
    db = await dbAt(db, '2030-03-01', '[[:db/add 100 :tags "a"]]');
    db = await dbAt(db, '2030-04-01', '[[:db.history.purge/before #inst "2030-01-15"]]');
    const past = asOf(db, FIRST_TX + 2);
    expect(await rowsOf(past, 'eavt', 100)).toEqual(['[100 :tags "a" 2 true]']);
  });
});

describe('a purge', () => {
  it('of history leaves the schema as it is', async () => {
    let db = await dbAfter({ allowIndexBackfill: true }, '[[:db/add 100 :tags "a"]]');
    db = await dbWith(db, readEdn('[[:db/retract :tags :db/index true]]') as EdnData[]);
    db = await dbWith(db, readEdn('[[:db/add :tags :db/index true]]') as EdnData[]);
    db = await dbAt(db, '2090-01-01', '[[:db.history.purge/before #inst "2080-01-01"]]');
    expect(await rowsOf(db, 'avet', kw('tags'))).toEqual(['[100 :tags "a" 0 true]']);
  });

  it('of a fact of an entity that was just made lets it be asserted again', async () => {
    const db = await dbAfter({}, '[{:tags "a"} [:db/purge 5 :tags "a"] [:db/add 5 :tags "a"]]');
    expect(await rowsOf(db, 'eavt', 5)).toEqual(['[5 :tags "a" 0 true]']);
  });
});
