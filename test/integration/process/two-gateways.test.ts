/** A writer and two gateways as processes of their own, over one PostgreSQL. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { readEdn } from '../../../engine/index.ts';
import {
  createLog,
  closeStorage,
  openDatabase,
  openStorage,
  RemoteWriter,
} from '../../../services/index.ts';
import type { OurProcess } from '../../support/our-process.ts';
import { graphql, startProcess } from '../../support/our-process.ts';
import { freshSchema } from '../../support/postgres.ts';
import type { TestSchema } from '../../support/postgres.ts';
import { redisUrl } from '../../support/server-urls.ts';

const SCHEMA = `[{:db/ident :person/email :db/valueType :db.type/string :db/cardinality :db.cardinality/one
  :db/unique :db.unique/identity}
 {:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`;

const CREATE = `mutation { createPerson(input: {email: "ada@example.test", name: "Ada"}) { tx { t } } }`;
const READ = `{ person(by: {email: "ada@example.test"}) { name } }`;

/** Polling is so slow here that only an announcement can be in time. */
const SLOW_POLL = { DATAHIKE_GATEWAY_POLL_INTERVAL_MS: '3600000' };

async function transact(env: Readonly<Record<string, string>>, txData: string): Promise<void> {
  const url = env['DATABASE_URL'] ?? '';
  const schema = env['DATAHIKE_GATEWAY_SCHEMA'] ?? '';
  const log = createLog({ level: 'silent' });
  const storage = await openStorage(
    {
      store: { kind: 'postgres', url, schema, poolSize: 1 },
      bus: { kind: 'none' },
      nodeCacheBytes: 0,
      pollIntervalMs: 60_000,
    },
    log,
  );
  const connection = await openDatabase(storage, 'world');
  const { store, branch } = connection;
  const writer = new RemoteWriter({ database: 'world', store, branch });
  await writer.transact({ txData: readEdn(txData) as [] });
  await connection.release();
  await closeStorage(storage);
}

/** Asks until the answer holds; the field is unknown until the schema has arrived. */
async function eventually(
  url: string,
  query: string,
  isReached: (data: unknown) => boolean,
): Promise<number> {
  const startedAt = performance.now();
  for (;;) {
    const { data } = await graphql(url, query);
    if (data !== undefined && data !== null && isReached(data))
      return performance.now() - startedAt;
    if (performance.now() - startedAt > 10_000) throw new Error(`Not reached: ${query}`);
  }
}

const hasAda = (data: unknown): boolean =>
  JSON.stringify(data) === JSON.stringify({ person: { name: 'Ada' } });

describe.each(['redis', 'postgres', 'none'] as const)('with %s to announce commits', (bus) => {
  let database: TestSchema;
  let env: Record<string, string>;
  let processes: OurProcess[] = [];

  beforeAll(async () => {
    database = await freshSchema();
    const poll = bus === 'none' ? { DATAHIKE_GATEWAY_POLL_INTERVAL_MS: '100' } : SLOW_POLL;
    env = {
      DATABASE_URL: database.url,
      DATAHIKE_GATEWAY_SCHEMA: database.schema,
      DATAHIKE_GATEWAY_BUS: bus,
      DATAHIKE_GATEWAY_DEVELOPMENT: 'true',
      DATAHIKE_GATEWAY_LOG_LEVEL: 'error',
      ...poll,
      ...(bus === 'redis' ? { REDIS_URL: await redisUrl() } : {}),
    };
    const start = (name: string): Promise<OurProcess> =>
      startProcess({ args: ['gateway/main.ts', name, '--port', '0'], env });
    const writer = await start('writer');
    processes = [writer, ...(await Promise.all([start('gateway'), start('gateway')]))];
    await transact(env, SCHEMA);
  });

  afterAll(async () => {
    for (const each of processes.reverse()) expect(await each.end('SIGTERM')).toBe(0);
    await database.drop();
  });

  it('shows an attribute that was transacted, without a restart', async () => {
    for (const { url } of processes.slice(1)) {
      await eventually(url, '{ personConnection { totalCount } }', () => true);
      expect(await (await fetch(`${url}/health`)).json()).toMatchObject({ status: 'ok' });
    }
  });

  it('reads at one gateway what was written at the other', async () => {
    const [, one, other] = processes;
    expect((await graphql(one!.url, CREATE)).errors).toBeUndefined();
    await eventually(other!.url, READ, hasAda);
  });

  it('reads what was written at once where the caller names the transaction', async () => {
    const [, one, other] = processes;
    const update = `mutation { updatePerson(by: {email: "ada@example.test"}, patch: {name: "Ada L."}) { tx { t } } }`;
    const { data } = await graphql(one!.url, update);
    const { t } = (data as { updatePerson: { tx: { t: string } } }).updatePerson.tx;
    const { data: read } = await graphql(other!.url, READ, { 'datahike-min-t': t });
    expect(read).toEqual({ person: { name: 'Ada L.' } });
  });
});

describe('with Redis gone', () => {
  it('a reader sees a commit by polling', async () => {
    const database = await freshSchema();
    const env = {
      DATABASE_URL: database.url,
      DATAHIKE_GATEWAY_SCHEMA: database.schema,
      // Nobody listens there.
      REDIS_URL: 'redis://127.0.0.1:9',
      DATAHIKE_GATEWAY_POLL_INTERVAL_MS: '100',
      DATAHIKE_GATEWAY_DEVELOPMENT: 'true',
      DATAHIKE_GATEWAY_LOG_LEVEL: 'silent',
    };
    const writer = await startProcess({ args: ['gateway/main.ts', 'writer', '--port', '0'], env });
    const gateway = await startProcess({
      args: ['gateway/main.ts', 'gateway', '--port', '0'],
      env,
    });
    await transact(env, SCHEMA);
    await eventually(gateway.url, '{ personConnection { totalCount } }', () => true);
    expect((await graphql(gateway.url, CREATE)).errors).toBeUndefined();
    await eventually(gateway.url, READ, hasAda);
    const health: unknown = await (await fetch(`${gateway.url}/health`)).json();
    expect(health).toMatchObject({ status: 'degraded', bus: 'not connected' });
    expect(await gateway.end('SIGTERM')).toBe(0);
    expect(await writer.end('SIGTERM')).toBe(0);
    await database.drop();
  });
});
