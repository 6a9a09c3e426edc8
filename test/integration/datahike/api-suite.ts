/** What holds of the JavaScript API wherever the database is: run by `api.test.ts` for each place. */
import { expect, it } from 'vitest';
import * as d from '../../../services/datahike/api.ts';

const SCHEMA = [
  {
    'db/ident': ':person/email',
    'db/valueType': ':db.type/string',
    'db/cardinality': ':db.cardinality/one',
    'db/unique': ':db.unique/identity',
  },
  {
    'db/ident': ':person/name',
    'db/valueType': ':db.type/string',
    'db/cardinality': ':db.cardinality/one',
  },
  {
    'db/ident': ':person/age',
    'db/valueType': ':db.type/long',
    'db/cardinality': ':db.cardinality/one',
    'db/index': true,
  },
  {
    'db/ident': ':person/tags',
    'db/valueType': ':db.type/keyword',
    'db/cardinality': ':db.cardinality/many',
  },
  {
    'db/ident': ':person/key',
    'db/valueType': ':db.type/uuid',
    'db/cardinality': ':db.cardinality/one',
  },
  {
    'db/ident': ':person/friends',
    'db/valueType': ':db.type/ref',
    'db/cardinality': ':db.cardinality/many',
  },
];

export const ADA = [':person/email', 'ada@example.com'] as const;
const KEY = '550e8400-e29b-41d4-a716-446655440000';
export const NAMES = '[:find [?name ...] :where [_ :person/name ?name]]';

export interface Place {
  /** A configuration of a new database. */
  config(): d.DatabaseConfig;
  /** Whether what is asked runs here, also what has no place in the protocol. */
  readonly isLocal: boolean;
  /** Datahike's server takes transactions in JSON in its own way, see docs/differences.md. */
  readonly isPlainJson?: boolean;
}

export const inMemory: Place = {
  isLocal: true,
  config: () => ({ store: { backend: ':memory', id: String(d.randomUuid()) } }),
};

/** A new database with Ada and her friend in it. */
export async function withPeople(
  place: Place,
): Promise<{ config: d.DatabaseConfig; connection: d.Connection; db: d.Database }> {
  const config = place.config();
  await d.createDatabase(config);
  const connection = await d.connect(config);
  await d.transact(connection, SCHEMA);
  await d.transact(connection, [
    {
      'person/email': 'ada@example.com',
      'person/name': 'Ada',
      'person/age': 36,
      'person/tags': [':math', ':poetry'],
      'person/key': d.uuid(KEY),
      'person/friends': [{ 'person/email': 'charles@example.com', 'person/name': 'Charles' }],
    },
  ]);
  return { config, connection, db: await d.db(connection) };
}

export function suite(place: Place): void {
  it('makes, finds and deletes databases', async () => {
    const config = place.config();
    expect(await d.databaseExists(config)).toBe(false);
    const made = await d.createDatabase(config);
    expect(made).toMatchObject({ 'schema-flexibility': ':write', store: { id: config.store?.id } });
    expect(await d.databaseExists(config)).toBe(true);
    await expect(d.createDatabase(config)).rejects.toThrow('already exists');
    const connection = await d.connect(config);
    const promised = d.db(connection);
    expect(d.isPromise(promised)).toBe(true);
    await promised;
    await d.release(connection);
    await expect(d.db(connection)).rejects.toThrow('Connection has been released.');
    await d.deleteDatabase(config);
    expect(await d.databaseExists(config)).toBe(false);
    await d.deleteDatabase(config);
    await expect(d.connect(config)).rejects.toThrow('does not exist');
  });

  it('reports what a transaction did', async () => {
    const { connection, db } = await withPeople(place);
    const report = await d.transact(connection, [
      [':db/add', 'new', ':person/name', 'Grace'],
      [':db/add', 'new', ':person/tags', ':navy'],
    ]);
    expect(Object.keys(report)).toEqual(['db-before', 'db-after', 'tx-data', 'tempids', 'tx-meta']);
    const { new: id, 'db/current-tx': tx } = report.tempids;
    expect(report['tx-data'].slice(1)).toEqual([
      { e: id, a: ':person/name', v: 'Grace', tx, added: true },
      { e: id, a: ':person/tags', v: ':navy', tx, added: true },
    ]);
    expect(report['tx-meta']).toMatchObject({ 'db/txInstant': expect.any(Date) });
    expect(await d.q(NAMES, report['db-after'])).toEqual(['Ada', 'Charles', 'Grace']);
    for (const before of [report['db-before'], db])
      expect(await d.q(NAMES, before)).toEqual(['Ada', 'Charles']);
  });

  it('takes texts of EDN, and what a transaction says of itself', async () => {
    const { connection } = await withPeople(place);
    if (place.isPlainJson === true) return;
    await d.transact(connection, '[{:person/name "Grace"}]');
    const { 'tx-meta': meta } = await d.transact(connection, {
      'tx-data': [{ 'person/name': '\\:colon' }],
      'tx-meta': { 'db/doc': 'why' },
    });
    expect(meta).toMatchObject({ 'db/doc': 'why' });
    expect(await d.q(NAMES, await d.db(connection))).toEqual(
      expect.arrayContaining([':colon', 'Grace']),
    );
  });

  it('refuses what cannot be written', async () => {
    const { connection } = await withPeople(place);
    await expect(d.transact(connection, [{ 'person/age': 'old' }])).rejects.toThrow(/person\/age/);
    await expect(d.transact(connection, [{ 'person/nmae': 'Ada' }])).rejects.toThrow(
      /person\/nmae/,
    );
  });

  it('answers queries in all forms', async () => {
    const { db } = await withPeople(place);
    const byName = '[:find ?age :in $ ?name :where [?e :person/name ?name] [?e :person/age ?age]]';
    expect(await d.q(byName, db, 'Ada')).toEqual([[36]]);
    expect(await d.q({ query: byName, args: [db, 'Ada'] })).toEqual([[36]]);
    expect(
      await d.q(d.query`[:find ?age . :where [[:person/email ${ADA[1]}] :person/age ?age]]`, db),
    ).toBe(36);
    const object = {
      find: ['?n', '.'],
      where: [
        ['?e', ':person/name', '?n'],
        ['?e', ':person/age', 36],
      ],
    };
    expect(await d.q(object as d.QueryForm, db)).toBe('Ada');
    const tags = '[:find ?tag :where [_ :person/tags ?tag]]';
    expect(await d.q({ query: tags, args: [db], limit: 1 })).toHaveLength(1);
    const ordered = { query: tags, args: [db], orderBy: ['?tag', 'desc'] } as const;
    expect(await d.q(ordered)).toEqual([[':poetry'], [':math']]);
    expect(await d.q({ ...ordered, limit: 1, offset: 1 })).toEqual([[':math']]);
    const template = d.query`[:find ?tag :where [_ :person/tags ?tag] [(not= ?tag ${':none'})]]`;
    expect(await d.q({ ...ordered, query: template })).toEqual([[':poetry'], [':math']]);
    expect(await d.q({ query: template, args: [db], limit: 1 })).toHaveLength(1);
    await expect(d.q({ ...ordered, orderby: [0] } as d.QueryForm)).rejects.toThrow('orderBy');
    expect(new Set((await d.q<string[][]>(tags, db)).flat())).toEqual(
      new Set([':math', ':poetry']),
    );
    expect(await d.q('[:find ?k . :where [_ :person/key ?k]]', db)).toBe(KEY);
    const input = '[:find ?n . :in $ ?tag :where [?e :person/tags ?tag] [?e :person/name ?n]]';
    expect(await d.q(input, db, ':math')).toBe('Ada');
    const stats = await d.queryStats(byName, db, 'Ada');
    expect(stats).toMatchObject({ ret: [[36]] });
    await expect(d.q('[:find ?x :where]', db)).rejects.toThrow();
  });

  it('pulls', async () => {
    const { db } = await withPeople(place);
    const pattern = [':person/name', ':person/tags', { ':person/friends': [':person/name'] }];
    const ada = {
      'person/name': 'Ada',
      'person/tags': [':math', ':poetry'],
      'person/friends': [{ 'person/name': 'Charles' }],
    };
    expect(await d.pull(db, pattern, [...ADA])).toEqual(ada);
    expect(await d.pull(db, { selector: pattern, eid: [...ADA] })).toEqual(ada);
    expect(await d.pull(db, '[(:person/name :as :name)]', [...ADA])).toEqual({ name: 'Ada' });
    expect(await d.pull(db, ['*'], [...ADA])).toMatchObject({
      'person/key': KEY,
      'person/age': 36,
    });
    const charles = [':person/email', 'charles@example.com'] as const;
    expect(await d.pull(db, [{ ':person/_friends': [':person/name'] }], charles)).toEqual({
      'person/_friends': [{ 'person/name': 'Ada' }],
    });
    expect(await d.pull(db, [':person/age'], charles)).toBeNull();
    expect(await d.pullMany(db, [':person/age'], [[...ADA], charles])).toEqual([
      { 'person/age': 36 },
    ]);
  });

  it('reads entities as it is asked', async () => {
    const { db } = await withPeople(place);
    const ada = await d.entity(db, [...ADA]);
    expect(await ada?.get('person/name')).toBe('Ada');
    expect(await ada?.get(':person/tags')).toEqual([':math', ':poetry']);
    expect(await ada?.has('person/age')).toBe(true);
    const [charles] = (await ada?.get('person/friends')) as d.Entity[];
    expect(await charles?.get('person/name')).toBe('Charles');
    expect(await charles?.has('person/age')).toBe(false);
    const [back] = (await charles?.get('person/_friends')) as d.Entity[];
    expect(back?.id).toBe(ada?.id);
    expect(await ada?.touch()).toMatchObject({ 'db/id': ada?.id, 'person/age': 36 });
    expect(await d.entity(db, [':person/email', 'nobody'])).toBeNull();
    expect(ada && (await d.entityDb(ada))).toBe(db);
  });

  it('gives datoms at once, or one after the other', async () => {
    const { db } = await withPeople(place);
    const names = d.datoms(db, ':aevt', ':person/name');
    expect(d.isPromise(names)).toBe(true);
    expect((await names).map(({ a, v, added }) => [a, v, added])).toEqual([
      [':person/name', 'Ada', true],
      [':person/name', 'Charles', true],
    ]);
    const seen: unknown[] = [];
    for await (const { v } of d.datoms(db, 'aevt', ':person/name')) {
      seen.push(v);
      break;
    }
    expect(seen).toEqual(['Ada']);
    const ages = { index: ':aevt', components: [':person/age'] };
    expect((await d.datoms(db, ages)).map(({ v }) => v)).toEqual([36]);
    expect(await d.datoms(db, ':eavt', 999_999)).toEqual([]);
    const range = await d.indexRange(db, { attrid: ':person/age', start: 30 });
    expect(range.map(({ v }) => v)).toEqual([36]);
    expect((await d.seekDatoms(db, ':avet', ':person/age', 40))[0]?.a).not.toBe(':person/age');
    expect((await d.rseekDatoms(db, ':avet', ':person/age', 40))[0]?.v).toBe(36);
    await expect(d.datoms(db, ':vaet')).rejects.toThrow(':avet');
  });

  it('looks at other times', async () => {
    const { connection, db } = await withPeople(place);
    await d.transact(connection, [{ 'person/email': 'ada@example.com', 'person/name': 'Ada L.' }]);
    const now = await d.db(connection);
    const name =
      '[:find [?n ...] :where [?e :person/email "ada@example.com"] [?e :person/name ?n]]';
    expect(await d.q(name, await d.asOf(now, db))).toEqual(['Ada']);
    expect(await d.q(name, await d.history(now))).toHaveLength(2);
    const names = '[:find [?n ...] :where [_ :person/name ?n]]';
    expect(await d.q(names, await d.since(now, db))).toEqual(['Ada L.']);
    expect(await d.q(names, await d.asOf(now, new Date(8.64e15)))).toContain('Ada L.');
    expect(await d.q(names, await d.validAt(now, new Date()))).toContain('Ada L.');
    const all = await d.validAll(await d.validAt(now, new Date()));
    expect(await d.q(names, all)).toContain('Ada L.');
  });

  it('tells schemas and counts', async () => {
    const { db } = await withPeople(place);
    expect((await d.schema(db))['person/email']).toMatchObject({
      'db/ident': ':person/email',
      'db/unique': ':db.unique/identity',
    });
    expect((await d.reverseSchema(db))['db/index']).toContain(':person/age');
    expect(await d.metrics(db)).toMatchObject({ 'per-attr-counts': { 'person/name': 2 } });
  });

  it('branches and merges', async () => {
    const { connection, config, db } = await withPeople(place);
    const [before] = [await d.commitId(db)];
    expect(before).toMatch(/^[0-9a-f-]{36}$/);
    await d.branch(connection, ':db', ':draft');
    expect(await d.branches(connection)).toEqual([':db', ':draft']);
    const draft = await d.connect({ ...config, branch: 'draft' });
    await d.transact(draft, [{ 'person/name': 'Grace' }]);
    const drafted = await d.branchAsDb(connection, 'draft');
    expect(drafted && (await d.q(NAMES, drafted))).toContain('Grace');
    if (place.isLocal || config['remote-peer'] !== undefined) {
      const merged = await d.mergeDb(connection, ['draft'], [{ 'person/name': 'Grace' }]);
      expect(await d.parentCommitIds(merged['db-after'])).toHaveLength(2);
    }
    const was = await d.commitAsDb(connection, before ?? '');
    expect(was && (await d.q(NAMES, was))).toEqual(['Ada', 'Charles']);
    await d.release(draft);
    await d.deleteBranch(connection, 'draft');
    expect(await d.branches(connection)).toEqual([':db']);
    expect(Array.isArray(await d.gcStorage(connection))).toBe(true);
  });

  it('loads datoms of another database', async () => {
    const [from, to] = [await withPeople(place), await withPeople(place)];
    const eve = { 'person/email': 'eve@example.com', 'person/name': 'Eve' };
    const { 'tx-data': datoms } = await d.transact(from.connection, [eve]);
    await d.loadEntities(to.connection, datoms);
    expect(await d.q(NAMES, await d.db(to.connection))).toContain('Eve');
  });

  it('asks databases together', async () => {
    const [one, other] = [await withPeople(place), await withPeople(place)];
    await d.transact(other.connection, [{ 'person/email': 'ada@example.com', 'person/age': 37 }]);
    const query = `[:find ?one ?two . :in $ $b :where
      [?e :person/email ?m] [?e :person/age ?one] [$b ?f :person/email ?m] [$b ?f :person/age ?two]]`;
    const rows = query.replace(' . ', ' ');
    expect(await d.q(rows, one.db, await d.db(other.connection))).toEqual([[36, 37]]);
  });
}
