/** The bus over a cluster, over a master that sentinels watch, and over TLS. */
import { readFileSync } from 'node:fs';
import { resolve } from 'node:path';
import { Redis } from 'ioredis';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { Bus, RootAnnouncement } from '../../../services/bus/bus.ts';
import { openRedisBus } from '../../../services/bus/redis-bus.ts';
import { createLog } from '../../../services/shared/log.ts';
import { runNetworkBusSuite, type BusServer } from '../../conformance/bus-suite.ts';
import { freePort, type StartedServer } from '../../support/child-server.ts';
import {
  endRedisClients,
  startRedisCluster,
  startRedisSentinels,
  startRedisWithTls,
  type RedisGroup,
} from '../../support/redis-server.ts';

const log = createLog({ level: 'silent' });
const SLOW_MS = 30_000;

const announcementOf = (version: number): RootAnnouncement => ({
  database: 'one',
  branch: 'db',
  version,
  epoch: 1,
  basisTx: 1,
  segments: [],
});

/** Ends all connections of clients, on each of the servers. */
async function interrupt(servers: ReadonlyArray<StartedServer>): Promise<void> {
  for (const { port } of servers) await endRedisClients(`redis://127.0.0.1:${port}`);
}

function busServer(url: string, servers: ReadonlyArray<StartedServer>): BusServer {
  return { open: () => openRedisBus({ url, log }), interrupt: () => interrupt(servers) };
}

interface Listening {
  readonly bus: Bus;
  readonly versions: number[];
  readonly gaps: () => number;
}

async function listening(url: string): Promise<Listening> {
  const bus = await openRedisBus({ url, log });
  const versions: number[] = [];
  const onGap = vi.fn();
  await bus.listen('one', 'db', ({ version }) => versions.push(version), onGap);
  return { bus, versions, gaps: () => onGap.mock.calls.length };
}

/** Announces until it is heard, as a writer goes on committing. */
async function expectHeard(from: Bus, { versions }: Listening, version: number): Promise<void> {
  await vi.waitFor(
    async () => {
      await from.announce(announcementOf(version));
      expect(versions).toContain(version);
    },
    { timeout: SLOW_MS, interval: 100 },
  );
}

describe('a cluster', () => {
  let cluster: RedisGroup;
  beforeAll(async () => {
    cluster = await startRedisCluster();
  });
  afterAll(() => cluster.stop());

  runNetworkBusSuite('redis bus over a cluster', () => busServer(cluster.url, cluster.servers));

  it('carries announcements between all of its nodes', async () => {
    const readers = await Promise.all(Array.from({ length: 6 }, () => listening(cluster.url)));
    const writer = await openRedisBus({ url: cluster.url, log });
    for (let version = 1; version <= 30; version++) await writer.announce(announcementOf(version));
    for (const { versions } of readers) await vi.waitFor(() => expect(versions).toHaveLength(30));
    await Promise.all([writer, ...readers.map(({ bus }) => bus)].map((bus) => bus.close()));
  });

  it('is found by the one of its nodes that answers', async () => {
    const [{ port } = { port: 0 }] = cluster.servers;
    const url = `redis+cluster://127.0.0.1:${await freePort()},127.0.0.1:${port}`;
    const reader = await listening(url);
    await expectHeard(reader.bus, reader, 1);
    await reader.bus.close();
  });

  it('loses the node at which somebody listens, who is told and goes on elsewhere', async () => {
    const lossy = await startRedisCluster();
    const reader = await listening(lossy.url);
    const writer = await openRedisBus({ url: lossy.url, log });
    const admins = lossy.servers.map(({ port }) => new Redis(port, '127.0.0.1'));
    const lists = await Promise.all(
      admins.map((admin) => admin.call('CLIENT', 'LIST', 'TYPE', 'pubsub')),
    );
    for (const admin of admins) admin.disconnect();
    const listened = lists.findIndex((list) => String(list).includes('sub=1'));
    await lossy.servers[listened]!.stop();
    await expectHeard(writer, reader, 7);
    expect(reader.gaps()).toBeGreaterThan(0);
    await Promise.all([writer.close(), reader.bus.close()]);
    await lossy.stop();
  });
});

describe('sentinels', () => {
  let group: RedisGroup;
  beforeAll(async () => {
    group = await startRedisSentinels();
  });
  afterAll(() => group.stop());

  runNetworkBusSuite('redis bus behind sentinels', () =>
    busServer(group.url, group.servers.slice(0, 1)),
  );

  it('lead to the new master when the old one is gone, and the gap is told', async () => {
    const failing = await startRedisSentinels();
    const reader = await listening(failing.url);
    const writer = await openRedisBus({ url: failing.url, log });
    await expectHeard(writer, reader, 1);
    await failing.servers[0]!.stop();
    await expectHeard(writer, reader, 2);
    expect(reader.gaps()).toBeGreaterThan(0);
    await Promise.all([writer.close(), reader.bus.close()]);
    await failing.stop();
  });

  it('lead to the new master when the old one lives on as a replica', async () => {
    const moving = await startRedisSentinels();
    const [reader, other] = [
      await listening(moving.url),
      await openRedisBus({ url: moving.url, log }),
    ];
    const [, , sentinel] = moving.servers;
    const admin = new Redis(sentinel!.port, '127.0.0.1');
    await admin.call('SENTINEL', 'FAILOVER', 'main');
    await vi.waitFor(() => expect(reader.gaps()).toBeGreaterThan(0), { timeout: SLOW_MS });
    admin.disconnect();
    await expectHeard(other, reader, 3);
    await Promise.all([other.close(), reader.bus.close()]);
    await moving.stop();
  });

  it('that nobody can reach keep no process from starting', async () => {
    const url = `redis+sentinel://127.0.0.1:${await freePort()}/main`;
    const { bus } = await listening(url);
    await bus.announce(announcementOf(1));
    await bus.close();
  });
});

it('a cluster that nobody can reach keeps no process from starting', async () => {
  const { bus } = await listening(`redis+cluster://127.0.0.1:${await freePort()}`);
  await bus.announce(announcementOf(1));
  await bus.close();
});

describe('TLS', () => {
  const file = (name: string): string => resolve('test/fixtures/tls', name);
  const text = (name: string): string => readFileSync(file(name), 'utf8');
  const tls = {
    certificate: text('server.crt'),
    key: text('server.key'),
    authority: text('ca.crt'),
  };
  const trusting = `?sslrootcert=${file('ca.crt')}`;

  it.each([
    ['one server', startRedisWithTls],
    ['a cluster', startRedisCluster],
    ['a master behind sentinels', startRedisSentinels],
  ])('carries announcements to and from %s, with the authority of the URL', async (_, start) => {
    const group = await start(tls);
    const reader = await listening(`${group.url}${trusting}`);
    const writer = await openRedisBus({ url: `${group.url}${trusting}`, log });
    await expectHeard(writer, reader, 1);
    await Promise.all([writer.close(), reader.bus.close()]);
    await group.stop();
  });

  it('carries nothing where the authority is another one', async () => {
    const group = await startRedisWithTls(tls);
    const events: string[] = [];
    const loud = createLog({ level: 'debug', write: (line) => void events.push(line) });
    const url = `${group.url}?sslrootcert=${file('other-ca.crt')}`;
    const bus = await openRedisBus({ url, log: loud });
    expect(events.join('')).toMatch(/redis connection failed.*certificate/i);
    await bus.close();
    await group.stop();
  });
});
