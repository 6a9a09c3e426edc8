import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { openPostgresStoreHost } from '../../../engine/store/postgres-store.ts';
import type { Commit, Store, StoreHost } from '../../../engine/store/store.ts';
import { freePort } from '../../support/child-server.ts';
import { freshSchema, withClient, type TestSchema } from '../../support/postgres.ts';
import { startTcpProxy, type TcpProxy } from '../../support/tcp-proxy.ts';

const BRANCH = 'db';
const SLOW_MS = 20_000;

const commitOf = (expectedVersion: number): Commit => ({
  branch: BRANCH,
  expectedVersion,
  epoch: 0,
  record: new Uint8Array(),
  indexedTx: 0,
  segments: [{ tx: 100 + expectedVersion, bytes: Uint8Array.from([expectedVersion]) }],
});

let place: TestSchema;
let proxy: TcpProxy;
const hosts: StoreHost[] = [];

async function openHost(changes: { readonly outcomeTimeoutMs?: number } = {}): Promise<StoreHost> {
  const url = new URL(place.url);
  url.port = String(proxy.port);
  const host = await openPostgresStoreHost({ url: url.href, schema: place.schema, ...changes });
  hosts.push(host);
  return host;
}

/** A database with one commit, reached through the proxy, and the same one reached directly. */
async function openBoth(changes = {}): Promise<{ readonly store: Store; readonly truth: Store }> {
  const store = await (await openHost(changes)).create('a');
  await store.commit(commitOf(0));
  const direct = await openPostgresStoreHost({ url: place.url, schema: place.schema });
  hosts.push(direct);
  return { store, truth: await direct.open('a') };
}

async function versionsOf(store: Store): Promise<unknown> {
  const log = await store.readLog(BRANCH, 0, 1_000);
  return { version: (await store.readRoot(BRANCH))?.version, txs: log.map(({ tx }) => tx) };
}

beforeEach(async () => {
  place = await freshSchema();
  const { hostname, port } = new URL(place.url);
  proxy = await startTcpProxy(hostname, Number(port || 5_432));
});
afterEach(async () => {
  await proxy.close();
  await Promise.all(hosts.splice(0).map((host) => host.close()));
  await place.drop();
});

describe('a commit whose connection is lost', () => {
  it('is reported as done where only the answer was lost', async () => {
    const { store, truth } = await openBoth();
    proxy.dropReplies();
    const done = store.commit(commitOf(1));
    await vi.waitFor(() => expect(proxy.droppedReplies()).toBeGreaterThan(0), SLOW_MS);
    proxy.cutClients();
    expect(await done).toBe(true);
    expect(await versionsOf(truth)).toEqual({ version: 2, txs: [100, 101] });
  });

  it('is done once where the request was lost', async () => {
    const { store, truth } = await openBoth();
    proxy.holdRequests();
    const done = store.commit(commitOf(1));
    await vi.waitFor(() => expect(proxy.heldBytes()).toBeGreaterThan(0), SLOW_MS);
    proxy.cutClients();
    expect(await done).toBe(true);
    proxy.forwardHeld();
    await vi.waitFor(() => expect(proxy.droppedReplies()).toBeGreaterThan(0), SLOW_MS);
    expect(await versionsOf(truth)).toEqual({ version: 2, txs: [100, 101] });
  });

  it('has no effect when it arrives after it was given up', async () => {
    const { store, truth } = await openBoth({ outcomeTimeoutMs: 0 });
    proxy.holdRequests();
    const done = store.commit(commitOf(1));
    await vi.waitFor(() => expect(proxy.heldBytes()).toBeGreaterThan(0), SLOW_MS);
    proxy.cutClients();
    await expect(done).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' });
    proxy.forwardHeld();
    await vi.waitFor(() => expect(proxy.droppedReplies()).toBeGreaterThan(0), SLOW_MS);
    expect(await versionsOf(truth)).toEqual({ version: 1, txs: [100] });
    expect(await truth.commit(commitOf(1))).toBe(true);
  });

  it('is refused where another writer was faster', async () => {
    const { store, truth } = await openBoth();
    proxy.holdRequests();
    const done = store.commit({ ...commitOf(1), record: Uint8Array.from([1]) });
    await vi.waitFor(() => expect(proxy.heldBytes()).toBeGreaterThan(0), SLOW_MS);
    expect(await truth.commit(commitOf(1))).toBe(true);
    proxy.cutClients();
    expect(await done).toBe(false);
    expect((await truth.readRoot(BRANCH))?.record).toHaveLength(0);
  });

  it('says that the outcome is unknown where the server does not come back', async () => {
    const { store } = await openBoth({ outcomeTimeoutMs: 0 });
    await proxy.close();
    await expect(store.commit(commitOf(1))).rejects.toMatchObject({
      code: 'OUTCOME_UNKNOWN',
      data: { outcome: 'unknown', branch: BRANCH, version: 2 },
    });
  });
});

describe('connections', () => {
  it('that the server ends are replaced', async () => {
    const { store } = await openBoth();
    await withClient(place.url, (client) =>
      client.query(`SELECT pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE application_name = 'datahike-gateway' AND pid <> pg_backend_pid()`),
    );
    expect(await store.readRoot(BRANCH)).toMatchObject({ version: 1 });
    expect(await store.commit(commitOf(1))).toBe(true);
    expect(await store.leases.current(BRANCH)).toBeUndefined();
  });

  it('that are all dead without a word are replaced, one after the other', async () => {
    const { store } = await openBoth();
    await Promise.all(Array.from({ length: 8 }, () => store.readVersion(BRANCH)));
    proxy.holdRequests();
    proxy.cutClients();
    const lease = { branch: BRANCH, owner: 'first', address: null, ttlMs: 60_000 };
    const [read, taken] = await Promise.all([
      store.readVersion(BRANCH),
      store.leases.acquire(lease),
    ]);
    expect([read, taken.acquired]).toEqual([1, true]);
    expect(await store.commit({ ...commitOf(1), epoch: taken.lease.epoch })).toBe(true);
  });

  it('83: that cannot be made say so', async () => {
    const url = `postgres://gateway@127.0.0.1:${await freePort()}/gateway`;
    await expect(openPostgresStoreHost({ url })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
      message: 'PostgreSQL does not answer (ECONNREFUSED)',
    });
  });

  it('to a database that is not there are a mistake of the configuration', async () => {
    const url = new URL(place.url);
    url.pathname = '/no_such_database';
    await expect(openPostgresStoreHost({ url: url.href })).rejects.toMatchObject({
      code: 'BAD_CONFIG',
    });
  });
});

describe('the schema', () => {
  it('is made once by many processes that start together', async () => {
    const opened = await Promise.all(Array.from({ length: 4 }, () => openHost()));
    await opened[0]!.create('a');
    expect(await opened[3]!.list()).toEqual(['a']);
  });

  it.each(['', 'Upper', 'a-b', 'pg_x', 'a; DROP TABLE x', 'x'.repeat(64)])(
    'may not be called %j',
    async (schema) => {
      await expect(openPostgresStoreHost({ url: place.url, schema })).rejects.toMatchObject({
        code: 'BAD_CONFIG',
      });
    },
  );

  it('is made however long it takes, whatever the timeout of statements', async () => {
    const { url, schema } = place;
    await withClient(url, async (client) => {
      await client.query('SELECT pg_advisory_lock(hashtext($1))', [`datahike-gateway ${schema}`]);
      const opening = openPostgresStoreHost({ url, schema, statementTimeoutMs: 100 });
      // Longer than the server may take, and than the client waits for its answer.
      const waited = async (): Promise<void> => {
        const { rows } = await client.query(
          `SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND wait_event = 'advisory'
            AND clock_timestamp() - query_start > interval '2500 ms'`,
        );
        expect(rows).toHaveLength(1);
      };
      await vi.waitFor(waited, { timeout: 10_000 });
      await client.query('SELECT pg_advisory_unlock_all()');
      hosts.push(await opening);
    });
    expect(await hosts[0]!.list()).toEqual([]);
  });

  it('83: of an older version is brought up to date, with what is in it', async () => {
    const store = await (await openHost()).create('a');
    await store.commit(commitOf(0));
    const before = await versionsOf(store);
    const { url, schema } = place;
    const applied = (): Promise<ReadonlyArray<unknown>> =>
      withClient(url, async (client) => {
        const { rows } = await client.query(`SELECT number FROM ${schema}.migrations ORDER BY 1`);
        return rows;
      });
    const all = await applied();
    // As the release had it that made the first three steps.
    await withClient(url, (client) =>
      client.query(`
        DELETE FROM ${schema}.migrations WHERE number > 3;
        DROP INDEX ${schema}.log_timed_commits;
        DROP INDEX ${schema}.log_other_commits;
        CREATE INDEX log_commit_id ON ${schema}.log (database_id, commit_id) WHERE commit_id IS NOT NULL;
        DROP TABLE ${schema}.readers;
        DROP TABLE ${schema}.held_nodes;
        ALTER TABLE ${schema}.databases DROP COLUMN sweeps, DROP COLUMN kept_since_ms;`),
    );
    const opened = await (await openHost()).open('a');
    expect(await versionsOf(opened)).toEqual(before);
    expect(await opened.commit(commitOf(1))).toBe(true);
    expect(await applied()).toEqual(all);
  });

  it('83: of a newer version is left alone', async () => {
    await openHost();
    await withClient(place.url, (client) =>
      client.query(`INSERT INTO ${place.schema}.migrations (number) VALUES (1000)`),
    );
    await expect(openHost()).rejects.toMatchObject({ code: 'BAD_CONFIG' });
  });

  it('belongs to a user without special rights', async () => {
    const { rows } = await withClient(place.url, (client) =>
      client.query(
        'SELECT rolsuper, rolcreatedb, rolcreaterole FROM pg_roles WHERE rolname = user',
      ),
    );
    expect(rows).toEqual([{ rolsuper: false, rolcreatedb: false, rolcreaterole: false }]);
  });

  it('keeps a node of 8,000 bytes in one heap tuple', async () => {
    const store = await (await openHost()).create('a');
    await store.write([1, 2, 3].map((address) => ({ address, bytes: new Uint8Array(8_000) })));
    const { rows } = await withClient(place.url, (client) =>
      client.query(
        `SELECT pg_relation_size(reltoastrelid)::integer AS toast FROM pg_class
          WHERE oid = $1::regclass`,
        [`${place.schema}.nodes`],
      ),
    );
    expect(rows).toEqual([{ toast: 0 }]);
  });
});

it('a deletion that was interrupted is finished by the next one', async () => {
  const host = await openHost();
  const store = await host.create('a');
  await store.write([{ address: 1, bytes: new Uint8Array(10) }]);
  await withClient(place.url, (client) =>
    client.query(`WITH gone AS (DELETE FROM ${place.schema}.databases RETURNING database_id)
      INSERT INTO ${place.schema}.deleted_databases SELECT database_id FROM gone`),
  );
  await host.delete('b');
  const { rows } = await withClient(place.url, (client) =>
    client.query(`SELECT count(*)::integer AS count FROM ${place.schema}.nodes`),
  );
  expect(rows).toEqual([{ count: 0 }]);
});

describe('a deleted branch', () => {
  const origin = { branch: BRANCH, tx: 101 };
  const fork = { branch: 'fork', origin, record: new Uint8Array(), indexedTx: 101 };

  async function counts(): Promise<unknown> {
    const { rows } = await withClient(place.url, (client) =>
      client.query(`SELECT (SELECT count(*)::integer FROM ${place.schema}.log) AS log,
        (SELECT count(*)::integer FROM ${place.schema}.inherited_logs) AS inherited,
        (SELECT count(*)::integer FROM ${place.schema}.deleted_branches) AS deleted`),
    );
    return rows[0];
  }

  it('leaves the rows that its forks need, until they go too', async () => {
    const store = await (await openHost()).create('a');
    for (const version of [0, 1, 2, 3]) await store.commit(commitOf(version));
    await store.fork(fork);
    await store.deleteBranch(BRANCH);
    expect(await counts()).toEqual({ log: 2, inherited: 1, deleted: 1 });
    await store.deleteBranch('fork');
    expect(await counts()).toEqual({ log: 0, inherited: 0, deleted: 0 });
  });

  it('whose removal was interrupted is removed by the next deletion', async () => {
    const store = await (await openHost()).create('a');
    await store.commit(commitOf(0));
    await withClient(place.url, (client) =>
      client.query(
        `WITH gone AS (
            INSERT INTO ${place.schema}.deleted_branches SELECT database_id, branch_id
            FROM ${place.schema}.branches RETURNING branch_id)
          UPDATE ${place.schema}.branches SET branch_id = DEFAULT, version = 0, epoch = 1`,
      ),
    );
    await store.fork({ ...fork, branch: 'x' }).catch(() => undefined);
    await store.commit({ ...commitOf(0), branch: 'other' });
    await store.deleteBranch('other');
    expect(await counts()).toEqual({ log: 0, inherited: 0, deleted: 0 });
  });

  it('is not found by a commit that its connection had lost', async () => {
    const { store, truth } = await openBoth();
    proxy.holdRequests();
    const done = store.commit(commitOf(1));
    await vi.waitFor(() => expect(proxy.heldBytes()).toBeGreaterThan(0), SLOW_MS);
    await truth.deleteBranch(BRANCH);
    proxy.cutClients();
    expect(await done).toBe(false);
    expect(await truth.branches()).toEqual([]);
    expect(await counts()).toEqual({ log: 0, inherited: 0, deleted: 0 });
  });
});

describe('rewriting the log', () => {
  const newBytes = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ tx: 100 + i, bytes: Uint8Array.from([200]) }));

  const isRewritten = async (store: Store): Promise<boolean[]> =>
    (await store.readLog(BRANCH, 0, 10_000)).map(({ bytes }) => bytes[0] === 200);

  it('is repeated after a lost connection, and then complete', async () => {
    const { store, truth } = await openBoth();
    for (let version = 1; version < 150; version++) await truth.commit(commitOf(version));
    const done = store.rewriteLog(BRANCH, 0, newBytes(150));
    await vi.waitFor(async () => expect(await isRewritten(truth)).toContain(true), SLOW_MS);
    proxy.cutClients();
    await done.catch((error: unknown) =>
      expect(error).toMatchObject({ code: 'STORE_UNAVAILABLE', retryable: true }),
    );
    expect(await isRewritten(truth)).toHaveLength(150);
    expect(await store.rewriteLog(BRANCH, 0, newBytes(150))).toBe(true);
    expect(await isRewritten(truth)).toEqual(Array.from({ length: 150 }, () => true));
  });

  it('stops where another writer takes over, and says so', async () => {
    const { store, truth } = await openBoth();
    for (let version = 1; version < 150; version++) await truth.commit(commitOf(version));
    const [done, taken] = await withClient(place.url, async (client) => {
      const waiting = async (): Promise<number> => {
        const { rows } = await client.query(`SELECT count(*)::integer AS count FROM pg_locks l
          JOIN pg_stat_activity a USING (pid)
          WHERE NOT l.granted AND a.query LIKE '%${place.schema}%'`);
        return (rows[0] as { count: number }).count;
      };
      await client.query('BEGIN');
      await client.query(`SELECT FROM ${place.schema}.log WHERE last_tx = 150 FOR UPDATE`);
      const rewriting = store.rewriteLog(BRANCH, 0, newBytes(150)).catch((error: unknown) => error);
      await vi.waitFor(async () => expect(await waiting()).toBe(1), SLOW_MS);
      const request = { branch: BRANCH, owner: 'second', address: null, ttlMs: 60_000 };
      const acquiring = truth.leases.acquire(request);
      await vi.waitFor(async () => expect(await waiting()).toBe(2), SLOW_MS);
      await client.query('COMMIT');
      return Promise.all([rewriting, acquiring]);
    });
    expect(taken.acquired).toBe(true);
    const rewritten = await isRewritten(truth);
    expect(rewritten.slice(0, 100)).not.toContain(false);
    // Between two of its transactions the rewriting may get the row of the branch once more before the other writer does.
    if (done === true) expect(rewritten).not.toContain(false);
    else {
      expect(done).toMatchObject({ code: 'WRITER_DEPOSED', data: { branch: BRANCH } });
      expect(rewritten.slice(100)).not.toContain(true);
    }
    expect(await store.rewriteLog(BRANCH, 0, newBytes(150))).toBe(false);
  });
});
