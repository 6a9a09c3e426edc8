/** A gateway over thousands of configured databases, of which a few are asked for. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { loadConfig } from '../../../config/config.ts';
import type { Config } from '../../../config/config.ts';
import { startGateway, startWriterProcess } from '../../../gateway/index.ts';
import type { RunningProcess } from '../../../gateway/index.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';
import { redisUrl } from '../../support/server-urls.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';
import { log } from '../../support/written-database.ts';

const IDLE_MS = 50;
const SCHEMA = `{:tx-data [{:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one
  :db/unique :db.unique/identity}]}`;
const ABSENT = Array.from({ length: 5_000 }, (_, i) => `absent ${i}`);

let place: TestSchema;
let proxy: TcpProxy;
let writer: RunningProcess;
let gateway: RunningProcess;

beforeAll(async () => {
  place = await freshSchema();
  const url = new URL(place.url);
  proxy = await startTcpProxy(url.hostname, Number(url.port));
  const bus = await redisUrl();
  const configOf = (port: string, databases: ReadonlyArray<string>): Config => {
    url.port = port;
    const overrides = {
      ...{ 'store.url': String(url), 'store.schema': place.schema, 'store.durability': 'warn' },
      ...{ 'store.statementTimeoutMs': 2_000, 'bus.url': bus, databases },
      ...{ 'http.port': 0, 'writer.port': 0, pollIntervalMs: 60_000, 'open.idleMs': IDLE_MS },
      development: true,
    };
    return loadConfig({ overrides, env: {} });
  };
  writer = await startWriterProcess(configOf(url.port, ['ada', 'bob']), log);
  for (const name of ['ada', 'bob']) await transact(name, SCHEMA);
  gateway = await startGateway(configOf(String(proxy.port), ['ada', ...ABSENT, 'bob']), log);
});
afterAll(async () => {
  await gateway.stop();
  await writer.stop();
  await proxy.close();
  await place.drop();
});

async function transact(name: string, body: string): Promise<void> {
  const headers = { 'content-type': 'application/edn' };
  const answer = await fetch(`${writer.writerUrl}/transact/${name}`, {
    ...{ method: 'POST', headers, body },
  });
  expect(answer.status).toBe(200);
}

interface Answer {
  readonly status: number;
  readonly body: unknown;
}

async function graphql(name: string, query: string): Promise<Answer> {
  const answer = await fetch(`${gateway.url}/graphql/${encodeURIComponent(name)}`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ query }),
  });
  return { status: answer.status, body: await answer.json() };
}

async function openNames(): Promise<string[]> {
  const answer = await fetch(`${gateway.url}/health`);
  return Object.keys(((await answer.json()) as { databases: object }).databases);
}

const untilClosed = (): Promise<unknown> =>
  vi.waitFor(async () => expect(await openNames()).toEqual([]), { timeout: 20_000 });

const failure = (code: string): object => ({ errors: [{ extensions: { code } }] });
const QUESTION = '{ personConnection { totalCount } }';

it('starts with none of them open', async () => {
  expect(await openNames()).toEqual([]);
});

it('opens one for a request, shares it, and closes it when it is idle', async () => {
  const answers = await Promise.all([1, 2, 3].map(() => graphql('ada', QUESTION)));
  for (const { body } of answers)
    expect(body).toMatchObject({ data: { personConnection: { totalCount: 0 } } });
  await untilClosed();
  expect((await fetch(`${gateway.url}/v1/bob/person`)).status).toBe(200);
  await untilClosed();
});

it('shows what was written while it was closed, attributes too', async () => {
  await graphql('ada', QUESTION);
  await untilClosed();
  await transact(
    'ada',
    `{:tx-data [{:db/ident :person/age :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
      {:person/name "Ada"}]}`,
  );
  expect((await graphql('ada', '{ personConnection { nodes { name age } } }')).body).toMatchObject({
    data: { personConnection: { nodes: [{ name: 'Ada', age: null }] } },
  });
});

it('follows the schema of one that is asked again and again', async () => {
  await graphql('bob', QUESTION);
  await transact(
    'bob',
    '{:tx-data [{:db/ident :person/city :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]}',
  );
  await vi.waitFor(
    async () => {
      const { status } = await graphql('bob', '{ personConnection { nodes { city } } }');
      expect(status).toBe(200);
    },
    { interval: 5 },
  );
});

it('a database that is not there is an answer of its requests alone', async () => {
  const [absent = ''] = ABSENT;
  for (const name of [absent, 'nobody configured this']) {
    const { status, body } = await graphql(name, QUESTION);
    expect(status).toBe(404);
    expect(body).toMatchObject(failure('DATABASE_NOT_FOUND'));
    expect((await fetch(`${gateway.url}/v1/${encodeURIComponent(name)}/person`)).status).toBe(404);
  }
  expect((await graphql('ada', QUESTION)).status).toBe(200);
});

it('a store that is away is told to those who need it, and tried again', async () => {
  await untilClosed();
  proxy.set({ losesRequests: true });
  const { status, body } = await graphql('ada', QUESTION);
  expect(status).toBe(503);
  expect(body).toMatchObject(failure('STORE_UNAVAILABLE'));
  proxy.heal();
  expect((await graphql('ada', QUESTION)).status).toBe(200);
});
