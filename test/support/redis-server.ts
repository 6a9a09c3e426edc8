/**
 * A private Redis that keeps nothing on the disk. No package of the registry brings a Redis, so where the machine has none
 * it is installed with the system's package manager.
 */
import { execFile } from 'node:child_process';
import { chownSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { promisify } from 'node:util';
import { Redis } from 'ioredis';
import {
  accepts,
  findProgram,
  freePort,
  serverAccount,
  serverFolder,
  startServer,
  type StartedServer,
} from './child-server.ts';

const INSTALL_TIMEOUT_MS = 150_000;
const START_TIMEOUT_MS = 30_000;

/** The path of `redis-server`, after installing it where it is not there. */
export async function installRedis(): Promise<string> {
  const found = findProgram('redis-server', ['/usr/bin', '/usr/local/bin']);
  if (found !== undefined) return found;
  if (findProgram('apt-get') === undefined || process.getuid?.() !== 0) throw noRedis();
  try {
    await aptGet('install').catch(async () => {
      await aptGet('update'); // the list of packages is missing or old
      await aptGet('install');
    });
  } catch (error) {
    throw noRedis(error);
  }
  const installed = findProgram('redis-server', ['/usr/bin']);
  if (installed === undefined) throw noRedis();
  return installed;
}

async function aptGet(command: 'install' | 'update'): Promise<void> {
  const args =
    command === 'install'
      ? ['install', '-y', '--no-install-recommends', 'redis-server']
      : ['update'];
  await promisify(execFile)('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-qq', ...args], {
    timeout: INSTALL_TIMEOUT_MS,
    maxBuffer: 1 << 24,
    // In run level 1 the package does not start a Redis of its own.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
}

function noRedis(cause?: unknown): Error {
  return new Error('No Redis was found: install redis-server, or set REDIS_URL', { cause });
}

export interface RedisStart {
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
  for (const [name, text] of Object.entries(files)) {
    const path = join(folder.path, name);
    writeFileSync(path, text, { mode: 0o600 });
    if (account !== undefined) chownSync(path, account.uid, account.gid);
  }
  const port = wanted ?? (await freePort());
  const ports = hasPlainPort
    ? ['--port', String(port)]
    : ['--port', '0', '--tls-port', String(port)];
  return startServer({
    program,
    args: [...ports, '--bind', '127.0.0.1', '--save', '', '--dir', folder.path, ...args],
    folder,
    port,
    account,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    isReady: () => accepts(port),
  });
}

/** Servers that are one Redis together. */
export interface RedisGroup {
  readonly url: string;
  /** Addresses of the servers, as `127.0.0.1:port`; of a watched group the master is the first. */
  readonly servers: ReadonlyArray<StartedServer>;
  stop(): Promise<void>;
}

const SLOTS = 16_384;
const MASTERS = 3;
/** The nodes of a cluster talk to each other on a port that is higher by this. */
const CLUSTER_PORT_OFFSET = 10_000;

/** A cluster of three masters without replicas. */
export async function startRedisCluster(): Promise<RedisGroup> {
  const program = await installRedis();
  const servers: StartedServer[] = [];
  for (let i = 0; i < MASTERS; i++) {
    servers.push(
      await startRedis(program, {
        port: await freeClusterPort(),
        args: ['--cluster-enabled', 'yes', '--cluster-node-timeout', '2000'],
      }),
    );
  }
  const admins = servers.map(({ port }) => new Redis(port, '127.0.0.1'));
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
  const url = `redis+cluster://${servers.map(({ port }) => `127.0.0.1:${port}`).join(',')}`;
  return { url, servers, stop: () => stopAll(servers) };
}

/** A master with a replica, and three sentinels that watch over them. */
export async function startRedisSentinels(name = 'main'): Promise<RedisGroup> {
  const program = await installRedis();
  const master = await startRedis(program);
  const replica = await startRedis(program, {
    args: ['--replicaof', '127.0.0.1', String(master.port)],
  });
  const sentinels: StartedServer[] = [];
  for (let i = 0; i < 3; i++) sentinels.push(await startSentinel(program, name, master.port));
  const admins = sentinels.map(({ port }) => new Redis(port, '127.0.0.1'));
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
    url: `redis+sentinel://${hosts}/${name}`,
    servers,
    stop: () => stopAll([...servers].reverse()),
  };
}

/** It writes to its file of settings what it learns, so it has one of its own. */
async function startSentinel(
  program: string,
  name: string,
  masterPort: number,
): Promise<StartedServer> {
  const account = serverAccount();
  const folder = serverFolder(account);
  const port = await freePort();
  const path = join(folder.path, 'sentinel.conf');
  const settings = [
    `port ${port}`,
    'bind 127.0.0.1',
    `dir ${folder.path}`,
    `sentinel monitor ${name} 127.0.0.1 ${masterPort} 2`,
    `sentinel down-after-milliseconds ${name} 500`,
    `sentinel failover-timeout ${name} 4000`,
  ];
  writeFileSync(path, settings.join('\n'), { mode: 0o600 });
  if (account !== undefined) chownSync(path, account.uid, account.gid);
  return startServer({
    program,
    args: [path, '--sentinel'],
    folder,
    port,
    account,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    isReady: () => accepts(port),
  });
}

async function freeClusterPort(): Promise<number> {
  for (;;) {
    const port = await freePort();
    if (port + CLUSTER_PORT_OFFSET < 65_536 && !(await accepts(port + CLUSTER_PORT_OFFSET))) {
      return port;
    }
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
