/**
 * Which machine this is, as far as process ids go: two processes with the same host text see each other's ids.
 */
import { readFileSync, readlinkSync } from 'node:fs';
import { hostname } from 'node:os';
import { hasCode } from './durable.ts';

let host: string | undefined;

export function thisHost(): string {
  host ??= [hostname(), bootId(), processIdNamespace()].join('/');
  return host;
}

/** True where no process of this host has the id. */
export function isProcessGone(pid: number): boolean {
  try {
    process.kill(pid, 0); // sends nothing
    return false;
  } catch (error) {
    return hasCode(error, 'ESRCH'); // EPERM: it lives, and belongs to somebody else
  }
}

/** Tells a process from a later one with the same id; empty where the system does not say. */
export function startOfProcess(pid: number): string {
  // The name of the program, in brackets, may hold blanks: what follows it is field 3 and on, and the start is field 22.
  return orEmpty(
    () => /.*\) (.*)/s.exec(readFileSync(`/proc/${pid}/stat`, 'utf8'))?.[1]?.split(' ')[19] ?? '',
  );
}

function bootId(): string {
  return orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
}

/** Containers may share a host name and a volume, and still count their processes apart. */
function processIdNamespace(): string {
  return orEmpty(() => readlinkSync('/proc/self/ns/pid'));
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return ''; // not Linux
  }
}
