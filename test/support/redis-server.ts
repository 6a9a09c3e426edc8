/**
 * A private Redis that keeps nothing on the disk. No package of the registry brings a Redis, so where the machine has none
 * it is installed with the system's package manager.
 */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
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

export async function startRedis(program: string): Promise<StartedServer> {
  const account = serverAccount();
  const folder = serverFolder(account);
  const port = await freePort();
  return startServer({
    program,
    args: ['--port', String(port), '--bind', '127.0.0.1', '--save', '', '--dir', folder.path],
    folder,
    port,
    account,
    stopSignal: 'SIGTERM',
    killSignal: 'SIGKILL',
    isReady: () => accepts(port),
  });
}
