/** Servers of special kinds, each started for itself: with TLS, with few connections, careless, and one that only follows. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { Client } from 'pg';
import { afterEach, describe, expect, it } from 'vitest';
import {
  openPostgresStoreHost,
  type PostgresStoreOptions,
} from '../../../engine/store/postgres-store.ts';
import type { DatabaseError } from '../../../schema/error.ts';
import type { StoreHost } from '../../../engine/store/store.ts';
import type { StartedServer } from '../../support/child-server.ts';
import {
  makePostgresCluster,
  startPostgres,
  type PostgresOptions,
} from '../../support/postgres-server.ts';
import { withClient } from '../../support/postgres.ts';
import { testFolder } from '../../support/test-folder.ts';
import { BRANCH, bytesOf, commitOf, leaseOf } from '../../conformance/store-fixtures.ts';

const TLS = resolve('test/fixtures/tls');
const text = (name: string): string => readFileSync(join(TLS, name), 'utf8');

const cleanUps: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).reverse()) await cleanUp();
});

const urlOf = ({ port }: StartedServer, parameters = ''): string =>
  `postgres://gateway@127.0.0.1:${port}/gateway${parameters}`;

async function started(options: PostgresOptions): Promise<StartedServer> {
  const server = await startPostgres(options);
  cleanUps.push(() => server.stop());
  return server;
}

async function opened(options: PostgresStoreOptions): Promise<StoreHost> {
  const host = await openPostgresStoreHost(options);
  cleanUps.push(() => host.close());
  return host;
}

function withTls(certificate: 'server' | 'stranger'): PostgresOptions {
  return {
    settings: ['ssl=on', 'ssl_cert_file=tls.crt', 'ssl_key_file=tls.key'],
    files: {
      'tls.crt': text(`${certificate}.crt`),
      'tls.key': text(`${certificate}.key`),
      // Without TLS nobody of ours gets in.
      'pg_hba.conf':
        'hostssl all gateway 127.0.0.1/32 trust\nhost all postgres 127.0.0.1/32 trust\n',
    },
  };
}

const trusting = (authority: string): string =>
  `?sslmode=verify-full&sslrootcert=${join(TLS, authority)}`;

describe('TLS', () => {
  it('is used where the URL asks for it, and the server must be who it says', async () => {
    const server = await started(withTls('server'));
    const host = await opened({ url: urlOf(server, trusting('ca.crt')) });
    await host.create('a');
    expect(await host.list()).toEqual(['a']);
    const { rows } = await withClient(urlOf(server, trusting('ca.crt')), (client) =>
      client.query('SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()'),
    );
    expect(rows).toEqual([{ ssl: true }]);

    for (const [parameters, reason] of [
      [trusting('other-ca.crt'), /is not trusted \([A-Z_]+\).*sslrootcert/],
      ['?sslmode=verify-full', /is not trusted \([A-Z_]+\).*sslrootcert/],
      ['?sslmode=disable', /PostgreSQL refuses: .*pg_hba.conf/],
      [trusting('no-such-file.crt'), /The URL of PostgreSQL cannot be used: .*no-such-file/],
    ] as const) {
      await expect(opened({ url: urlOf(server, parameters) })).rejects.toMatchObject({
        code: 'BAD_CONFIG',
        message: expect.stringMatching(reason) as string,
      });
    }
    const careless = await opened({ url: urlOf(server, '?sslmode=no-verify') });
    expect(await careless.list()).toEqual(['a']);
  });

  it('is refused with the certificate of somebody else', async () => {
    const server = await started(withTls('stranger'));
    await expect(opened({ url: urlOf(server, trusting('ca.crt')) })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('ERR_TLS_CERT_ALTNAME_INVALID') as string,
    });
  });

  it('is missed where the server has none', async () => {
    const server = await started({});
    await expect(opened({ url: urlOf(server, trusting('ca.crt')) })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringContaining('PostgreSQL has no TLS') as string,
    });
  });
});

describe('connections that have run out', () => {
  it('fail reads in a way that can be tried again, and leave the writer its own', async () => {
    const server = await started({
      settings: ['max_connections=15', 'superuser_reserved_connections=3'],
    });
    const url = urlOf(server);
    const host = await opened({ url, poolSize: 20 });
    const store = await host.create('a');
    const { lease } = await store.leases.acquire(leaseOf());
    await store.write([{ address: 1, bytes: bytesOf(1) }]);
    await store.commit(commitOf({ epoch: lease.epoch }));
    const crowd = await takeAllConnections(url);

    const reads = await Promise.allSettled(Array.from({ length: 20 }, () => store.read([1])));
    const refused = reads.filter(({ status }) => status === 'rejected');
    expect(refused.length).toBeGreaterThan(0);
    for (const read of refused) {
      expect(read).toMatchObject({
        reason: { code: 'STORE_UNAVAILABLE', retryable: true, data: { state: '53300' } },
      });
    }
    const written = await Promise.all([
      store.leases.renew({ ...leaseOf(), epoch: lease.epoch }),
      store.commit(commitOf({ epoch: lease.epoch, expectedVersion: 1 })),
      store.fork({
        branch: 'x',
        origin: { branch: BRANCH, tx: 0 },
        record: bytesOf(),
        indexedTx: 0,
      }),
    ]);
    expect(written).toEqual([true, true, true]);
    await expect(opened({ url })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: expect.stringContaining('max_connections') as string,
    });

    await Promise.all(crowd.map((client) => client.end()));
    expect(await store.read([1])).toHaveLength(1);
  });
});

async function takeAllConnections(url: string): Promise<Client[]> {
  const taken: Client[] = [];
  for (;;) {
    const client = new Client({ connectionString: url });
    client.on('error', () => undefined);
    try {
      await client.connect();
    } catch (error) {
      expect(error).toMatchObject({ code: '53300' });
      return taken;
    }
    taken.push(client);
  }
}

describe('a server that may lose what it confirmed', () => {
  it('83: is refused, or used with a warning', async () => {
    const server = await started({ settings: ['fsync=off', 'synchronous_commit=off'] });
    const url = urlOf(server);
    await expect(opened({ url, durability: 'required' })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
      message: expect.stringMatching(
        /fsync = off, synchronous_commit = off.*store.durability/,
      ) as string,
      data: { fsync: 'off', synchronous_commit: 'off' },
    });
    const warnings: string[] = [];
    const onWarning = (message: string): void => void warnings.push(message);
    const host = await opened({ url, durability: 'warn', onWarning });
    expect(warnings).toEqual([expect.stringContaining('can lose commits')]);
    expect(await host.list()).toEqual([]);
  });

  it('is looked at as the user of the store sees it', async () => {
    const server = await started({ settings: ['synchronous_commit=off'] });
    const url = urlOf(server);
    await withClient(url, (client) =>
      client.query('ALTER ROLE gateway SET synchronous_commit = on'),
    );
    const host = await opened({ url, durability: 'required' });
    expect(await host.list()).toEqual([]);
  });
});

describe('a replica', () => {
  it('83: is read, and refuses writes with a clear word', async () => {
    const cluster = await makePostgresCluster();
    cleanUps.push(async () => cluster.remove());
    const superuser = ({ port }: StartedServer): string =>
      `postgres://postgres@127.0.0.1:${port}/postgres`;
    const primary = await cluster.start();
    const first = await openPostgresStoreHost({ url: superuser(primary) });
    const written = await first.create('a');
    await written.write([{ address: 1, bytes: bytesOf(1) }]);
    await written.commit(commitOf());
    await first.close();
    await primary.stop();

    const replica = await cluster.start({ files: { 'standby.signal': '' } });
    cleanUps.push(() => replica.stop());
    const host = await opened({ url: superuser(replica), durability: 'required' });
    const store = await host.open('a');
    expect(await store.read([1])).toHaveLength(1);
    expect(await store.readRoot(BRANCH)).toMatchObject({ version: 1 });
    for (const attempt of [
      () => store.leases.acquire(leaseOf()),
      () => store.commit(commitOf({ expectedVersion: 1 })),
      () => host.create('b'),
      () => opened({ url: superuser(replica), schema: 'another' }),
    ]) {
      await expect(attempt()).rejects.toMatchObject({
        code: 'STORE_UNAVAILABLE',
        message: expect.stringContaining(
          'read-only replica, and writers need the primary',
        ) as string,
      });
    }
  });
});

it('83: a wrong password is a mistake of the configuration, and is told to nobody', async () => {
  const server = await started({
    files: {
      'pg_hba.conf':
        'host all gateway 127.0.0.1/32 scram-sha-256\nhost all postgres 127.0.0.1/32 trust\n',
    },
  });
  await withClient(`postgres://postgres@127.0.0.1:${server.port}/postgres`, (client) =>
    client.query("ALTER ROLE gateway PASSWORD 'right'"),
  );
  const at = (password: string): string =>
    `postgres://gateway:${password}@127.0.0.1:${server.port}/gateway`;
  await expect(opened({ url: at('wrong-secret') })).rejects.toSatisfy((error: DatabaseError) => {
    expect(error.code).toBe('BAD_CONFIG');
    expect(error.message).toContain('password authentication failed');
    expect(`${error.message}${JSON.stringify(error.data)}`).not.toContain('wrong-secret');
    return true;
  });
  expect(await (await opened({ url: at('right') })).list()).toEqual([]);
});

it('an idle connection is closed after its time, and one of a writer stays', async () => {
  const server = await started({});
  const url = urlOf(server);
  const host = await opened({ url, idleTimeoutMs: 100 });
  const store = await host.create('a');
  await store.readVersion(BRANCH);
  await store.leases.acquire(leaseOf());
  await expect
    .poll(
      () =>
        withClient(url, async (client) => {
          const { rows } = await client.query(
            `SELECT count(*)::integer AS count FROM pg_stat_activity
              WHERE application_name = 'datahike-gateway'`,
          );
          return rows[0] as unknown;
        }),
      { timeout: 10_000 },
    )
    .toEqual({ count: 3 });
});

it('a file of certificates that is no certificate is a mistake of the configuration', async () => {
  const path = join(await testFolder(), 'ca.crt');
  writeFileSync(path, 'nonsense');
  const server = await started(withTls('server'));
  const url = urlOf(server, `?sslmode=verify-full&sslrootcert=${path}`);
  await expect(opened({ url })).rejects.toMatchObject({ code: 'BAD_CONFIG' });
});
