import { Client } from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openPostgresStoreHost } from '../../../engine/store/postgres-store.ts';
import { bytesOf, plain } from '../../conformance/store-fixtures.ts';
import { runStoreSuite } from '../../conformance/store-suite.ts';
import { postgresBackend } from '../../support/backends.ts';
import { freshSchema, withClient, type TestSchema } from '../../support/postgres.ts';
import {
  startTransactionPooler,
  type TransactionPooler,
} from '../../support/transaction-pooler.ts';

let place: TestSchema;
let strict: TransactionPooler;
let silent: TransactionPooler;

beforeAll(async () => {
  place = await freshSchema();
  strict = await startTransactionPooler(place.url, { connections: 4 });
  silent = await startTransactionPooler(place.url, { connections: 4, refusesParameters: false });
});
afterAll(async () => {
  await strict.close();
  await silent.close();
  await place.drop();
});

function runThrough(name: string, poolerOf: () => TransactionPooler): void {
  runStoreSuite(name, () => postgresBackend({ ...place, url: poolerOf().url }));
}

runThrough('PostgreSQL behind a pooler of transactions', () => strict);
runThrough('PostgreSQL behind a pooler that keeps silent about parameters', () => silent);

describe('the pooler of these tests', () => {
  it('was asked for parameters and refused them, and moved its clients about', () => {
    expect(strict.refusals()).toBeGreaterThan(50);
    expect(silent.refusals()).toBe(0);
    for (const pooler of [strict, silent]) expect(pooler.changes()).toBeGreaterThan(1_000);
  });

  it('gives a transaction one connection, and the next one another', async () => {
    await withClient(strict.url, async (client) => {
      const pid = async (): Promise<unknown> =>
        (await client.query('SELECT pg_backend_pid() AS pid')).rows[0];
      const first = await pid();
      expect(await pid()).not.toEqual(first);
      await client.query('BEGIN');
      const inside = await pid();
      expect(await pid()).toEqual(inside);
      await client.query('COMMIT');
      expect(await pid()).not.toEqual(inside);
    });
  });

  it('loses prepared statements and settings', async () => {
    await withClient(strict.url, async (client) => {
      await client.query("SET work_mem = '77MB'");
      expect((await client.query('SHOW work_mem')).rows).not.toEqual([{ work_mem: '77MB' }]);
      const twice = async (): Promise<void> => {
        for (let i = 0; i < 2; i++) await client.query({ name: 'mine', text: 'SELECT 1' });
      };
      await expect(twice()).rejects.toMatchObject({ code: '26000' });
    });
  });

  it('refuses the parameters of a session', async () => {
    const client = new Client({ connectionString: strict.url, statement_timeout: 1_000 });
    client.on('error', () => undefined);
    await expect(client.connect()).rejects.toMatchObject({ code: '08P01' });
  });
});

it('hosts of two schemas behind one pooler never run the statements of each other', async () => {
  const other = await freshSchema();
  const hosts = await Promise.all(
    [place.schema, other.schema].map((schema) =>
      openPostgresStoreHost({ url: silent.url, schema, poolSize: 2 }),
    ),
  );
  const stores = await Promise.all(hosts.map((host) => host.create('same name')));
  for (const [i, store] of stores.entries()) {
    await store.write([{ address: 1, bytes: bytesOf(i) }]);
  }
  for (let round = 0; round < 20; round++) {
    const read = await Promise.all(stores.map((store) => store.read([1])));
    expect(read.map(([bytes]) => plain(bytes!))).toEqual([[0], [1]]);
  }
  await hosts[0]!.delete('same name');
  await Promise.all(hosts.map((host) => host.close()));
  await other.drop();
});

it('a statement of a transaction that waits too long is ended by the server', async () => {
  const { schema, url } = place;
  const host = await openPostgresStoreHost({ url: strict.url, schema, statementTimeoutMs: 300 });
  const store = await host.create('waits');
  const request = { branch: 'db', owner: 'first', address: null, ttlMs: 60_000 };
  await store.leases.acquire(request);
  await withClient(url, async (client) => {
    await client.query('BEGIN');
    await client.query(`SELECT FROM ${schema}.branches WHERE branch = 'db' FOR UPDATE`);
    await expect(store.leases.acquire(request)).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      data: { state: '57014' },
    });
    await client.query('ROLLBACK');
  });
  expect(await store.leases.acquire(request)).toMatchObject({ acquired: true });
  await host.delete('waits');
  await host.close();
});
