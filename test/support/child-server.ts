/**
 * A server process of our own: started in a temporary folder, watched until it answers, ended by its id and never by name.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { chownSync, existsSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { delimiter, join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { atExit } from './clean-up.ts';
import { temporaryFolder, type TemporaryFolder } from './temporary-folder.ts';

export interface Account {
  readonly uid: number;
  readonly gid: number;
}

export interface StartedServer {
  readonly port: number;
  readonly pid: number;
  /** Ends the process and removes its folder. */
  stop(): Promise<void>;
  /** Ends the process by a signal, and leaves its folder. */
  end(signal: NodeJS.Signals): Promise<void>;
  /** Starts it again on its port and folder. */
  start(): Promise<void>;
}

const START_TIMEOUT_MS = 30_000;
const STOP_TIMEOUT_MS = 5_000;
const POLL_MS = 20;

/** The account that servers run as where we are root, which PostgreSQL refuses to be run by. */
export function serverAccount(): Account | undefined {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of ['postgres', 'nobody']) {
    const uid = idOf('-u', name);
    const gid = idOf('-g', name);
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  return { uid: 65_534, gid: 65_534 };
}

function idOf(option: string, name: string): number | undefined {
  const { status, stdout } = spawnSync('id', [option, name], { encoding: 'utf8' });
  return status === 0 ? Number(stdout.trim()) : undefined;
}

/** A folder that belongs to the account of the servers. */
export function serverFolder(account: Account | undefined): TemporaryFolder {
  const folder = temporaryFolder();
  if (account !== undefined) chownSync(folder.path, account.uid, account.gid);
  return folder;
}

export function findProgram(
  name: string,
  moreFolders: ReadonlyArray<string> = [],
): string | undefined {
  const folders = [...(process.env['PATH'] ?? '').split(delimiter), ...moreFolders];
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path));
}

/** Below the ports that systems give to connections: none takes ours before its server listens. */
const PORTS = { from: 10_000, to: 32_000 };

/**
 * A port of the loopback that nothing listens on.
 *
 * @param alsoAbove - The port that is higher by this is free as well.
 */
export async function freePort(alsoAbove = 0): Promise<number> {
  const port = randomInt(PORTS.from, PORTS.to - alsoAbove);
  const areFree = (await isFree(port)) && (alsoAbove === 0 || (await isFree(port + alsoAbove)));
  return areFree ? port : freePort(alsoAbove);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  const free = await new Promise<boolean>((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => resolve(true));
  });
  if (free) await new Promise((resolve) => server.close(resolve));
  return free;
}

export async function startServer(options: {
  readonly program: string;
  readonly args: ReadonlyArray<string>;
  readonly folder: TemporaryFolder;
  readonly port: number;
  readonly account: Account | undefined;
  /** Asks the server to end in order. */
  readonly stopSignal: NodeJS.Signals;
  /** Ends the server with all of its processes at once. */
  readonly killSignal: NodeJS.Signals;
  readonly isReady: () => Promise<boolean>;
}): Promise<StartedServer> {
  const { program, args, folder, port, account, stopSignal, killSignal, isReady } = options;
  const launch = (): ChildProcess =>
    spawn(program, [...args], {
      cwd: folder.path,
      stdio: ['ignore', 'pipe', 'pipe'],
      ...(account ?? {}),
    });
  let child = launch();
  const forget = atExit(() => child.kill(killSignal));
  const stop = async (): Promise<void> => {
    await end(child, stopSignal, killSignal);
    forget();
    folder.remove();
  };
  const ready = async (mayTryAgain: boolean): Promise<void> => {
    const deadlineMs = Date.now() + START_TIMEOUT_MS;
    let output = lastLinesOf(child);
    while (!(await isReady().catch(() => false))) {
      const hasEnded = child.exitCode !== null || child.pid === undefined;
      if ((hasEnded && !mayTryAgain) || Date.now() > deadlineMs) {
        await stop();
        throw new Error(`${program} does not start: ${output()}`);
      }
      await wait(POLL_MS);
      // What was killed may leave processes behind that have to end first.
      if (hasEnded) output = lastLinesOf((child = launch()));
    }
  };
  await ready(false);
  return {
    port,
    stop,
    get pid() {
      return child.pid ?? 0;
    },
    end: (signal) => end(child, signal, killSignal),
    async start() {
      child = launch();
      await ready(true);
    },
  };
}

function lastLinesOf(child: ChildProcess): () => string {
  const chunks: string[] = [];
  // Redis says on its standard output why it ends.
  for (const stream of [child.stdout, child.stderr]) {
    stream?.on('data', (chunk: Buffer) => {
      chunks.push(chunk.toString('utf8'));
      if (chunks.length > 50) chunks.shift();
    });
  }
  child.once('error', (error) => chunks.push(error.message));
  return () => chunks.join('').trim();
}

async function end(
  child: ChildProcess,
  stopSignal: NodeJS.Signals,
  killSignal: NodeJS.Signals,
): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  const ended = new Promise((resolve) => child.once('exit', resolve));
  child.kill(stopSignal);
  const timer = setTimeout(() => child.kill(killSignal), STOP_TIMEOUT_MS);
  await ended;
  clearTimeout(timer);
}

/** Whether something accepts connections on a port of this machine. */
export function accepts(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ port, host: '127.0.0.1' });
    socket.once('connect', () => {
      socket.destroy();
      resolve(true);
    });
    socket.once('error', () => resolve(false));
  });
}
