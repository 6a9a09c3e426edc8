/** Programs that no package of the registry brings: where the machine has none they are installed with its package manager. */
import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { findProgram } from './child-server.ts';

const INSTALL_TIMEOUT_MS = 300_000;
const FOLDERS = ['/usr/bin', '/usr/local/bin'];

/** The path of a program under one of its names, after installing a package where it is not there; `hint` says what to do else. */
export async function installed(
  names: ReadonlyArray<string>,
  packageName: string,
  hint: string,
): Promise<string> {
  const find = (): string | undefined =>
    names.map((name) => findProgram(name, FOLDERS)).find((path) => path !== undefined);
  const missing = (cause?: unknown): Error =>
    new Error(`No ${packageName} was found: ${hint}`, { cause });
  const found = find();
  if (found !== undefined) return found;
  if (findProgram('apt-get') === undefined || process.getuid?.() !== 0) throw missing();
  try {
    await aptGet('install', packageName).catch(async () => {
      await aptGet('update'); // the list of packages is missing or old
      await aptGet('install', packageName);
    });
  } catch (error) {
    throw missing(error);
  }
  const path = find();
  if (path === undefined) throw missing();
  return path;
}

async function aptGet(command: 'install' | 'update', packageName?: string): Promise<void> {
  const args =
    packageName === undefined ? [command] : [command, '-y', '--no-install-recommends', packageName];
  await promisify(execFile)('apt-get', ['-o', 'DPkg::Lock::Timeout=120', '-qq', ...args], {
    timeout: INSTALL_TIMEOUT_MS,
    maxBuffer: 1 << 24,
    // In run level 1 packages do not start servers of their own.
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive', RUNLEVEL: '1' },
  });
}
