/** The JavaScript API where a server is asked: for everything, or for what is written. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import * as d from '../../../services/datahike/api.ts';
import { Registry } from '../../../services/datahike/registry.ts';
import { templates } from '../../../services/datahike/store-policy.ts';
import { createLog } from '../../../services/shared/log.ts';
import type { Storage } from '../../../services/storage.ts';
import { closeStorage, openStorage } from '../../../services/storage.ts';
import type { TestSchema } from '../../support/postgres.ts';
import { freshSchema } from '../../support/postgres.ts';
import type { ProtocolServer } from '../../support/protocol-server.ts';
import { TOKEN, protocolServer } from '../../support/protocol-server.ts';
import type { Place } from './api-suite.ts';
import { ADA, NAMES, inMemory, suite, withPeople } from './api-suite.ts';

afterAll(() => d.close());

describe('peers', () => {
  let one: ProtocolServer;
  let other: ProtocolServer;
  beforeAll(async () => {
    [one, other] = [await protocolServer(), await protocolServer()];
  });
  afterAll(() => Promise.all([one.stop(), other.stop()]));

  const at = ({ url }: ProtocolServer, token = TOKEN): Place => ({
    isLocal: false,
    config: () => ({
      store: { backend: ':memory', id: String(d.randomUuid()) },
      'remote-peer': { backend: 'datahike-server', url, token },
    }),
  });

  it('are not asked together', async () => {
    const [mine, theirs, here] = [
      await withPeople(at(one)),
      await withPeople(at(other)),
      await withPeople(inMemory),
    ];
    const query = '[:find ?e :in $ $b :where [?e :person/name] [$b ?e :person/name]]';
    await expect(d.q(query, mine.db, theirs.db)).rejects.toMatchObject({
      kind: 'remote-peers-differ',
    });
    await expect(d.q(query, here.db, mine.db)).rejects.toThrow('this process');
  });

  it('do not do what runs in this process alone', async () => {
    const { connection, db } = await withPeople(at(one));
    const asked = [
      d.withDb(db, []),
      d.filter(db, () => true),
      d.isFiltered(db),
      d.listen(connection, () => undefined),
      d.explain(NAMES, db),
    ];
    for (const each of asked)
      await expect(each).rejects.toMatchObject({ kind: 'remote-not-supported' });
  });

  it('say what is wrong, and who may not ask', async () => {
    const { db } = await withPeople(at(one));
    await expect(d.pull(db, [':person/nope'], [...ADA])).rejects.toThrow(':person/nope');
    await expect(d.createDatabase(at(one, 'wrong').config())).rejects.toMatchObject({
      code: 'UNAUTHENTICATED',
    });
  });

  it('take values in a query as they are, also within clauses of their own', async () => {
    const { db } = await withPeople(at(one));
    const [name, age] = ['Charles', 36];
    const either = d.query`[:find [?n ...] :where [?e :person/name ?n]
      (or [?e :person/name ${name}] [?e :person/age ${age}])
      (not-join [?e] [?e :person/name ${'] [?x'}]) (not [?e :person/age ${age}])]`;
    expect(await d.q(either, db)).toEqual(['Charles']);
    const page = d.query`{:find [?n] :where [[_ :person/name ?n]] :limit ${1}}`;
    expect(await d.q(page, db)).toHaveLength(1);
  });
});

describe('read here and written by a server, in PostgreSQL', () => {
  let tables: TestSchema;
  let storage: Storage;
  let registry: Registry;
  let server: ProtocolServer;
  beforeAll(async () => {
    tables = await freshSchema();
    const log = createLog({ level: 'silent' });
    const { url, schema } = tables;
    storage = await openStorage(
      {
        store: { kind: 'postgres', url, schema, poolSize: 2 },
        bus: { kind: 'postgres', url },
        nodeCacheBytes: 2 ** 26,
        pollIntervalMs: 1_000,
      },
      log,
    );
    const stores = templates([
      {
        backend: 'jdbc',
        facts: { jdbcUrl: url, table: schema },
        open: () => Promise.resolve(storage),
      },
    ]);
    registry = new Registry({ stores, log });
    server = await protocolServer({ registry });
  });
  afterAll(async () => {
    await d.close();
    await server.stop();
    await registry.close();
    await closeStorage(storage);
    await tables.drop();
  });
  const place: Place = {
    isLocal: false,
    config: () => ({
      store: {
        backend: ':jdbc',
        jdbcUrl: tables.url,
        table: tables.schema,
        id: String(d.randomUuid()),
      },
      writer: { backend: ':datahike-server', url: server.url, token: TOKEN },
    }),
  };
  suite(place);

  it('hears what the server wrote, and reads it without asking', async () => {
    const { connection } = await withPeople(place);
    const told = new Promise<d.TransactionReport>((resolve) => {
      void d.listen(connection, resolve);
    });
    await d.transact(connection, [{ 'person/name': 'Grace' }]);
    expect(await d.q(NAMES, (await told)['db-after'])).toContain('Grace');
    expect(await d.explain(NAMES, await d.db(connection))).toContain(':person/name');
  });

  it('sees what others wrote as soon as it looks', async () => {
    const { config, connection } = await withPeople(place);
    const { writer, ...rest } = config;
    const peer = await d.connect({
      ...rest,
      'remote-peer': { ...writer, url: server.url } as never,
    });
    for (const name of ['Grace', 'Linus', 'Edsger']) {
      await d.transact(peer, [{ 'person/name': name }]);
      expect(await d.q(NAMES, await d.db(connection))).toContain(name);
    }
  });

  it('says what its server does not do', async () => {
    const { connection } = await withPeople(place);
    await d.branch(connection, 'db', 'draft');
    await expect(d.mergeDb(connection, ['draft'], [])).rejects.toMatchObject({
      kind: 'remote-not-supported',
    });
  });
});
