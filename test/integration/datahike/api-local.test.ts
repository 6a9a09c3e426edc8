/** What the JavaScript API does in the process that reads: speculation, filters, listeners, connections and configurations. */
import { access, mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import * as d from '../../../services/datahike/api.ts';
import { runCommand } from '../../support/our-process.ts';
import { freshSchema } from '../../support/postgres.ts';
import { testFolder } from '../../support/test-folder.ts';
import { NAMES, inMemory, withPeople } from './api-suite.ts';

afterAll(() => d.close());

describe('values', () => {
  it('are changed in thought alone', async () => {
    const { connection, db } = await withPeople(inMemory);
    const grace = { 'db/id': 'grace', 'person/name': 'Grace' };
    const report = await d.withDb(db, [grace], { 'db/doc': 'what if' });
    expect(report.tempids).toHaveProperty('grace');
    expect(report['tx-meta']).toMatchObject({ 'db/doc': 'what if' });
    expect(await d.q(NAMES, report['db-after'])).toContain('Grace');
    expect(await d.commitId(report['db-after'])).toBeNull();
    expect(await d.q(NAMES, await d.dbWith(db, '[{:person/name "Grace"}]'))).toContain('Grace');
    expect(await d.q(NAMES, await d.db(connection))).not.toContain('Grace');
  });

  it('are filtered by what is told of their datoms', async () => {
    const { db } = await withPeople(inMemory);
    const seen = await d.filter(db, (_, { a, v }) => a !== ':person/name' || v === 'Ada');
    expect(await d.q(NAMES, seen)).toEqual(['Ada']);
    expect([await d.isFiltered(seen), await d.isFiltered(db)]).toEqual([true, false]);
    await expect(d.dbWith(seen, [{ 'person/name': 'Grace' }])).rejects.toThrow('got a view');
  });

  it('can be explained', async () => {
    const { db } = await withPeople(inMemory);
    expect(await d.explain(NAMES, db)).toContain(':person/name');
  });

  it('show what they are where they are printed', async () => {
    const { connection, db } = await withPeople(inMemory);
    const shown = (value: object): string =>
      (Reflect.get(value, Symbol.for('nodejs.util.inspect.custom')) as () => string).call(value);
    expect(shown(db)).toMatch(/^#datahike\/DB \{:store-id \[#uuid/);
    expect(shown(connection)).toMatch(/^#datahike\/Connection \[#uuid/);
  });

  it('have tempids that nobody else has', async () => {
    const [one, other] = [await d.tempid(':db.part/user'), await d.tempid()];
    expect(one).toBeLessThan(0);
    expect(other).not.toBe(one);
    expect(await d.tempid(':db.part/user', -7)).toBe(-7);
  });
});

describe('listeners', () => {
  it('hear each transaction in order, until they are ended', async () => {
    const { connection } = await withPeople(inMemory);
    const heard: unknown[] = [];
    const isHeard = new Promise<void>((resolve) => {
      void d.listen(connection, 'log', (report) => {
        heard.push(report['tx-data'].map(({ v }) => v).at(-1));
        if (heard.length === 2) resolve();
      });
    });
    const key = await d.listen(connection, () => undefined);
    await d.transact(connection, [{ 'person/name': 'Grace' }]);
    await d.transact(connection, [{ 'person/name': 'Linus' }]);
    await isHeard;
    expect(heard).toEqual(['Grace', 'Linus']);
    expect(Object.keys(await d.unlisten(connection, key))).toEqual(['log']);
    expect(await d.unlisten(connection, 'log')).toEqual({});
    await d.transact(connection, [{ 'person/name': 'Edsger' }]);
    expect(heard).toHaveLength(2);
  });

  it('are of the database, and see what it was', async () => {
    const { connection } = await withPeople(inMemory);
    const told = new Promise<d.TransactionReport>((resolve) => {
      void d.listen(connection, resolve);
    });
    await d.transact(connection, [{ 'person/name': 'Grace' }]);
    const { 'db-before': before, 'db-after': after } = await told;
    expect(await d.q(NAMES, before)).not.toContain('Grace');
    expect(await d.q(NAMES, after)).toContain('Grace');
  });
});

describe('connections', () => {
  it('are one for all who ask, and end with the last of them', async () => {
    const { config, connection } = await withPeople(inMemory);
    expect(await d.connect(config)).toBe(connection);
    await d.release(connection);
    const db = await d.db(connection);
    await d.release(connection);
    await expect(d.transact(connection, [])).rejects.toMatchObject({
      code: 'CONNECTION_RELEASED',
      kind: 'connection-has-been-released',
    });
    expect(await d.q(NAMES, db)).toEqual(['Ada', 'Charles']);
    const again = await d.connect(config);
    expect(again).not.toBe(connection);
    await d.connect(config);
    await d.release(again, true);
    await expect(d.db(again)).rejects.toThrow('released');
  });

  it('end with their database', async () => {
    const { config, connection } = await withPeople(inMemory);
    await d.deleteDatabase(config);
    await expect(d.db(connection)).rejects.toThrow('released');
  });

  it('are what an operation wants, or it says so', async () => {
    const { connection, db } = await withPeople(inMemory);
    await expect(d.transact(db as never, [])).rejects.toThrow('arguments of transact');
    await expect(d.pull(connection as never, ['*'], 1)).rejects.toThrow(
      'must be a Datahike database',
    );
    await expect(d.listen(db as never, () => undefined)).rejects.toThrow('as connect gives it');
    await expect(d.filter(connection as never, () => true)).rejects.toThrow('as db gives it');
    await expect(d.transact(connection, [() => 1] as never)).rejects.toThrow('got a function');
  });
});

describe('configurations', () => {
  it.each<[string, unknown, string]>([
    ['nothing', undefined, 'Store :id is required'],
    ['a number', 17, 'Expected a configuration such as'],
    ['an id that is none', { store: { backend: ':memory', id: 1 } }, 'must be a UUID'],
    ['a backend that nobody has', { store: { backend: ':s3', id: 'x' } }, 'Unsupported store'],
    ['no path', { store: { backend: ':file', id: 'x' } }, 'Expected a text as :path'],
    [
      'another database',
      { store: { backend: ':jdbc', dbtype: 'mysql', id: 'x' } },
      'Expected "postgresql" as :dbtype',
    ],
    ['no URL', { store: { backend: ':jdbc', jdbcUrl: 'x', id: 'x' } }, 'Expected "postgres://'],
    [
      'a peer without an address',
      { store: { backend: ':memory', id: 'x' }, 'remote-peer': { backend: ':datahike-server' } },
      'as remote-peer',
    ],
    [
      'a writer that nobody is',
      { store: { backend: ':memory', id: 'x' }, writer: { backend: ':kabel', url: 'x' } },
      'as writer',
    ],
  ])('say what is wrong: %s', async (_what, config, message) => {
    await expect(d.connect(config as d.DatabaseConfig)).rejects.toThrow(message);
  });

  it('are keys with or without colons, and EDN', async () => {
    const id = String(d.randomUuid());
    const made = await d.createDatabase({
      ':store': { ':backend': ':memory', ':id': id },
      'keep-history': false,
      'schema-flexibility': 'read',
    } as d.DatabaseConfig);
    expect(made).toMatchObject({ 'keep-history?': false, 'schema-flexibility': ':read' });
    const connection = await d.connect(`{:store {:backend :memory :id #uuid "${id}"}
      :keep-history? false :schema-flexibility :read}`);
    await d.transact(connection, [{ name: 'Ada' }]);
    expect(await d.q('[:find ?n . :where [_ :name ?n]]', await d.db(connection))).toBe('Ada');
  });

  it('name a store where they do not, and write a first transaction', async () => {
    const config = await d.createDatabase({
      'schema-flexibility': ':read',
      'initial-tx': [{ name: 'Ada' }],
    });
    const db = await d.db(await d.connect(config));
    expect(await d.q('[:find ?n . :where [_ :name ?n]]', db)).toBe('Ada');
  });

  it('lead to PostgreSQL in parts as well, and to one place however it is written', async () => {
    const tables = await freshSchema();
    const { hostname, port, pathname, username, password } = new URL(tables.url);
    const id = String(d.randomUuid());
    const table = tables.schema;
    const inParts = {
      backend: 'jdbc',
      dbtype: 'postgresql',
      host: hostname,
      port: Number(port),
      dbname: pathname.slice(1),
      user: decodeURIComponent(username),
      password: decodeURIComponent(password),
      table,
      id,
    };
    await d.createDatabase({ store: inParts });
    const place = `//${hostname}:${port}${pathname}?user=${username}&password=${password}`;
    const asJava = { backend: 'jdbc', jdbcUrl: `jdbc:postgresql:${place}`, table, id };
    expect(await d.databaseExists({ store: asJava })).toBe(true);
    await d.deleteDatabase({ store: { backend: 'jdbc', jdbcUrl: tables.url, table, id } });
    expect(await d.databaseExists({ store: inParts })).toBe(false);
    await d.close();
    await tables.drop();
  });

  it('keep databases of one name in two stores apart', async () => {
    const id = String(d.randomUuid());
    const [memory, file] = [
      { store: { backend: 'memory', id } },
      { store: { backend: 'file', path: await testFolder(), id } },
    ];
    await d.createDatabase({ ...memory, 'initial-tx': [] });
    await d.createDatabase(file);
    const [one, other] = [await d.connect(memory), await d.connect(file)];
    expect(other).not.toBe(one);
    await d.deleteDatabase(memory);
    await expect(d.db(one)).rejects.toThrow('released');
    expect(await d.datoms(await d.db(other), 'eavt')).toEqual([]);
  });

  it('leave no folder behind when their last database is deleted', async () => {
    const path = join(await testFolder(), 'gone');
    const config = { store: { backend: ':file', path, id: String(d.randomUuid()) } };
    await d.createDatabase(config);
    await d.transact(await d.connect(config), [
      {
        'db/ident': ':name',
        'db/valueType': ':db.type/string',
        'db/cardinality': ':db.cardinality/one',
      },
    ]);
    await d.deleteDatabase(config);
    await expect(access(path)).rejects.toThrow('ENOENT');
  });

  it('leave a folder as it was that had something else in it', async () => {
    const path = await testFolder();
    await mkdir(join(path, 'empty'));
    const config = { store: { backend: ':file', path, id: String(d.randomUuid()) } };
    await d.createDatabase(config);
    await d.connect(config);
    await d.deleteDatabase(config);
    expect(await readdir(path)).toEqual(['empty']);
  });
});

it('lets a process end that has nothing left to do, with all that it wrote', async () => {
  const place = await freshSchema();
  const path = await testFolder();
  const program = `
    import * as d from 'datahike-gateway/datahike';
    for (const store of [
      { backend: 'file', path: '${path}' },
      { backend: 'jdbc', jdbcUrl: '${place.url}', table: '${place.schema}' },
    ]) {
      const config = { store: { ...store, id: d.randomUuid() }, 'schema-flexibility': 'read' };
      await d.createDatabase(config);
      const connection = await d.connect(config);
      await d.listen(connection, () => undefined);
      await d.transact(connection, [{ name: 'Ada' }]);
      console.log(await d.q('[:find ?n . :where [_ :name ?n]]', await d.db(connection)));
    }`;
  const began = performance.now();
  const printed = await runCommand(
    process.execPath,
    [
      '--conditions=datahike-gateway-source',
      '--import',
      'tsx',
      '--input-type=module',
      '-e',
      program,
    ],
    {},
  );
  expect(printed).toBe('Ada\nAda\n');
  // Its connections alone would keep it for thirty seconds.
  expect(performance.now() - began).toBeLessThan(20_000);
  await place.drop();
});
