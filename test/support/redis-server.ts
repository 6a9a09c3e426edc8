/**
 * A private Redis that keeps nothing on the disk. No package of the registry brings a Redis, so where the machine has none
 * it is installed with the system's package manager.
 */
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import {
  accepts,
  freePort,
  serverAccount,
  serverFolder,
  startServer,
  type Account,
  type StartedServer,
} from './child-server.ts';
import { installed } from './install.ts';
import type { TemporaryFolder } from './temporary-folder.ts';

const START_TIMEOUT_MS = 30_000;

/** The path of `redis-server`, after installing it where it is not there. */
export function installRedis(): Promise<string> {
  return installed(['redis-server'], 'redis-server', 'install redis-server, or set REDIS_URL');
}

interface RedisStart {
  /** Arguments behind those of every server. */
  readonly args?: ReadonlyArray<string>;
  /** Files in the folder of the server, by their names. */
  readonly files?: Readonly<Record<string, string>>;
  /** False where it listens with TLS alone. */
  readonly hasPlainPort?: boolean;
  readonly port?: number;
}

export async function startRedis(
  program: string,
  { args = [], files = {}, hasPlainPort = true, port: wanted }: RedisStart = {},
): Promise<StartedServer> {
  const account = serverAccount();
  const folder = serverFolder(account);
  addFiles(folder.path, files, account);
  const port = wanted ?? (await freePort());
  const ports = hasPlainPort
    ? ['--port', String(port)]
    : ['--port', '0', '--tls-port', String(port)];
  const listen = [...ports, '--bind', '127.0.0.1', '--save', '', '--dir', folder.path];
  return start(program, [...listen, ...args], folder, port, account);
}

function start(
  program: string,
  args: ReadonlyArray<string>,
  folder: TemporaryFolder,
  port: number,
  account: Account | undefined,
): Promise<StartedServer> {
  return startServer({
    program,
    args,
    folder,
    port,
    account,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    isReady: () => accepts(port),
  });
}

/** Ends the connections of all other clients of a server. */
export async function endRedisClients(url: string): Promise<void> {
  const admin = new Redis(url);
  await admin.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
  await admin.call('CLIENT', 'KILL', 'TYPE', 'normal', 'SKIPME', 'yes');
  admin.disconnect();
}

/** What a server shows its clients, and whom it and they trust. */
export interface RedisTls {
  readonly certificate: string;
  readonly key: string;
  readonly authority: string;
}

const TLS_SETTINGS = [
  ['tls-cert-file', 'tls.crt'],
  ['tls-key-file', 'tls.key'],
  ['tls-ca-cert-file', 'ca.crt'],
  ['tls-auth-clients', 'no'],
  ['tls-replication', 'yes'],
] as const;

function tlsStart(tls: RedisTls | undefined): RedisStart {
  if (tls === undefined) return {};
  return {
    hasPlainPort: false,
    files: { 'tls.crt': tls.certificate, 'tls.key': tls.key, 'ca.crt': tls.authority },
    args: TLS_SETTINGS.flatMap(([name, value]) => [`--${name}`, value]),
  };
}

function adminOf(port: number, tls: RedisTls | undefined): Redis {
  return new Redis(port, '127.0.0.1', tls === undefined ? {} : { tls: { ca: tls.authority } });
}

/** Servers that are one Redis together. */
export interface RedisGroup {
  readonly url: string;
  /** Addresses of the servers, as `127.0.0.1:port`; of a watched group the master is the first. */
  readonly servers: ReadonlyArray<StartedServer>;
  stop(): Promise<void>;
}

export async function startRedisWithTls(tls: RedisTls): Promise<RedisGroup> {
  const server = await startRedis(await installRedis(), tlsStart(tls));
  return { url: `rediss://127.0.0.1:${server.port}`, servers: [server], stop: () => server.stop() };
}

const SLOTS = 16_384;
const MASTERS = 3;
/** The nodes of a cluster talk to each other on a port that is higher by this. */
const CLUSTER_PORT_OFFSET = 10_000;

/** A cluster of three masters without replicas. */
export async function startRedisCluster(tls?: RedisTls): Promise<RedisGroup> {
  const program = await installRedis();
  const servers: StartedServer[] = [];
  const start = tlsStart(tls);
  const args = [
    '--cluster-enabled',
    'yes',
    '--cluster-node-timeout',
    '2000',
    ...(start.args ?? []),
  ];
  if (tls !== undefined) args.push('--tls-cluster', 'yes');
  for (let i = 0; i < MASTERS; i++) {
    const port = await freePort(CLUSTER_PORT_OFFSET);
    servers.push(await startRedis(program, { ...start, args, port }));
  }
  const admins = servers.map(({ port }) => adminOf(port, tls));
  for (const [i, admin] of admins.entries()) {
    const start = Math.floor((SLOTS * i) / MASTERS);
    const end = Math.floor((SLOTS * (i + 1)) / MASTERS);
    const slots = Array.from({ length: end - start }, (_, j) => start + j);
    await admin.call('CLUSTER', 'SET-CONFIG-EPOCH', i + 1);
    await admin.call('CLUSTER', 'ADDSLOTS', ...slots);
    if (i > 0) await admin.call('CLUSTER', 'MEET', '127.0.0.1', servers[0]?.port ?? 0);
  }
  await until(async () => {
    const states = await Promise.all(admins.map((admin) => admin.call('CLUSTER', 'INFO')));
    return states.every((state) => /cluster_state:ok[^]*cluster_known_nodes:3/.test(String(state)));
  });
  for (const admin of admins) admin.disconnect();
  const scheme = tls === undefined ? 'redis' : 'rediss';
  const url = `${scheme}+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  return { url, servers, stop: () => stopAll(servers) };
}

/** A master with a replica, and three sentinels that watch over them. */
export async function startRedisSentinels(tls?: RedisTls): Promise<RedisGroup> {
  const name = 'main';
  const program = await installRedis();
  const start = tlsStart(tls);
  const master = await startRedis(program, start);
  const replica = await startRedis(program, {
    ...start,
    args: [...(start.args ?? []), '--replicaof', '127.0.0.1', String(master.port)],
  });
  const sentinels: StartedServer[] = [];
  for (let i = 0; i < 3; i++) {
    sentinels.push(await startSentinel(program, name, master.port, tls));
  }
  const admins = sentinels.map(({ port }) => adminOf(port, tls));
  await until(async () => {
    const views = await Promise.all(admins.map((admin) => admin.call('SENTINEL', 'MASTER', name)));
    return views.every((view) => {
      const text = (view as ReadonlyArray<string>).join(' ');
      return /num-slaves 1 /.test(text) && /num-other-sentinels 2 /.test(text);
    });
  });
  for (const admin of admins) admin.disconnect();
  const hosts = sentinels.map(({ port }) => `127.0.0.1:${port}`).join(',');
  const servers = [master, replica, ...sentinels];
  return {
    url: `${tls === undefined ? 'redis' : 'rediss'}+sentinel://${hosts}/${name}`,
    servers,
    stop: () => stopAll([...servers].reverse()),
  };
}

/** It writes to its file of settings what it learns, so it has one of its own. */
async function startSentinel(
  program: string,
  name: string,
  masterPort: number,
  tls: RedisTls | undefined,
): Promise<StartedServer> {
  const account = serverAccount();
  const folder = serverFolder(account);
  const port = await freePort();
  const settings = [
    ...(tls === undefined ? [`port ${port}`] : ['port 0', `tls-port ${port}`]),
    ...(tls === undefined ? [] : TLS_SETTINGS.map((setting) => setting.join(' '))),
    'bind 127.0.0.1',
    `dir ${folder.path}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 4000`,
  ];
  addFiles(folder.path, { 'sentinel.conf': settings.join('\n'), ...tlsStart(tls).files }, account);
  return start(program, [join(folder.path, 'sentinel.conf'), '--sentinel'], folder, port, account);
}

function addFiles(
  folder: string,
  files: Readonly<Record<string, string>>,
  account: Account | undefined,
): void {
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (account !== undefined) chownSync(path, account.uid, account.gid);
  }
}

async function stopAll(servers: ReadonlyArray<StartedServer>): Promise<void> {
  await Promise.all(servers.map((server) => server.stop()));
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  const deadlineMs = Date.now() + START_TIMEOUT_MS;
  while (!(await isSo().catch(() => false))) {
    if (Date.now() > deadlineMs) throw new Error('The servers of Redis do not find each other');
    await wait(50);
  }
}
