import { afterAll, beforeAll, expect, it } from 'vitest';
import { printEdn, readEdn } from '../../../../engine/index.ts';
import { RemoteWriter, WriterServer } from '../../../../services/index.ts';
import type { WrittenDatabase } from '../../../support/written-database.ts';
import { PERSON_SCHEMA, log, writtenDatabase } from '../../../support/written-database.ts';

let database: WrittenDatabase;
let server: WriterServer;
let url: string;

beforeAll(async () => {
  database = await writtenDatabase();
  await database.transact(PERSON_SCHEMA);
  const writers = new Map([['test', database.writer]]);
  server = new WriterServer({ writers, host: '127.0.0.1', port: 0, bodyLimitBytes: 10_000, log });
  url = await server.start();
});

afterAll(async () => {
  await server.stop();
  await database.close();
});

function post(body: string, path = '/transact/test', type = 'application/edn'): Promise<Response> {
  return fetch(`${url}${path}`, { method: 'POST', headers: { 'content-type': type }, body });
}

it('writes a transaction and answers with its ids', async () => {
  const response = await post('{:tx-data [{:db/id "ada" :person/name "Ada"}]}');
  expect(response.status).toBe(200);
  const result = readEdn(await response.text()) as ReadonlyMap<unknown, unknown>;
  expect(printEdn(result as never)).toMatch(/:tempids \{"ada" \d+, :db\/current-tx \d+\}/);
});

it.each([
  ['text that is no EDN', '{:tx-data [', 400, 'BAD_EDN'],
  ['an unknown tag', '{:tx-data [#evil "x"]}', 400, 'BAD_EDN'],
  ['100,000 nested brackets', '['.repeat(9_000), 400, 'BAD_EDN'],
  ['no transaction data', '{:foo 1}', 400, 'BAD_TRANSACTION'],
  ['something else than a map', '[1 2]', 400, 'BAD_TRANSACTION'],
  ['an empty body', '', 400, 'BAD_EDN'],
  ['an unknown attribute', '{:tx-data [{:person/nmae "x"}]}', 400, 'SCHEMA_VIOLATION'],
  ['a value of the wrong type', '{:tx-data [{:person/age "old"}]}', 400, 'SCHEMA_VIOLATION'],
  ['an unknown operation', '{:tx-data [[:db/explode 1]]}', 400, 'BAD_TRANSACTION'],
  [
    'a transaction function from the wire',
    '{:tx-data [[:db.fn/call inc 1]]}',
    400,
    'BAD_TRANSACTION',
  ],
  [
    'a lookup ref that names nothing',
    '{:tx-data [{:db/id [:person/name "Nobody"] :person/age 1}]}',
    404,
    'ENTITY_NOT_FOUND',
  ],
  ['a body that is too large', `{:tx-data ["${'x'.repeat(20_000)}"]}`, 413, 'BODY_TOO_LARGE'],
])('refuses %s', async (_what, body, status, code) => {
  const response = await post(body);
  const text = await response.text();
  expect(text).toContain(`:code "${code}"`);
  expect(response.status).toBe(status);
  expect(text).not.toMatch(/\bat .*\.ts:|node_modules/);
  // The next one is fine.
  expect((await post('{:tx-data []}')).status).toBe(200);
});

it('refuses a database that it does not serve, and a body of another type', async () => {
  expect((await post('{:tx-data []}', '/transact/other')).status).toBe(404);
  expect((await post('{}', '/transact/test', 'application/json')).status).toBe(400);
});

it('is found by its lease, and its errors arrive as they were thrown', async () => {
  const lease = { owner: 'x', address: url, epoch: 1, remainingMs: 1_000 };
  const store = {
    ...database.store,
    leases: { ...database.store.leases, current: async () => lease },
  };
  const writer = new RemoteWriter({ database: 'test', store, branch: 'db' });
  const form = new Map([[readEdn(':person/name'), 'Grace']]);
  await expect(writer.transact({ txData: [form] })).resolves.toMatchObject({ datomCount: 2 });
  const wrong = new Map([[readEdn(':person/age'), 'old']]);
  await expect(writer.transact({ txData: [wrong] })).rejects.toMatchObject({
    code: 'SCHEMA_VIOLATION',
    kind: 'transact/schema',
  });
});

it('that nobody holds is unavailable after some patience', async () => {
  const store = {
    ...database.store,
    leases: { ...database.store.leases, current: async () => undefined },
  };
  const writer = new RemoteWriter({ database: 'test', store, branch: 'db', patienceMs: 50 });
  await expect(writer.transact({ txData: [] })).rejects.toMatchObject({
    code: 'WRITER_UNAVAILABLE',
    retryable: true,
    message: expect.stringMatching(/^No writer holds the branch; nothing was sent/),
  });
});
