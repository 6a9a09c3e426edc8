/** What processes took of the processors, as Linux counts it; nothing is known elsewhere. */
import { readFileSync, readdirSync } from 'node:fs';

/** Linux counts in hundredths of a second for every program, whatever it uses itself. */
const TICK_MS = 10;

export interface ProcessorTimes {
  readonly server: number;
  readonly postgres: number;
  /** Of the process that makes the load. */
  readonly load: number;
  /** All processes of the machine, and all that its processors could have done. */
  readonly busy: number;
  readonly total: number;
}

/** Of the processes that a round is about. */
export interface Pids {
  readonly server: number;
  readonly postgres: number | undefined;
  readonly load: number | undefined;
}

/** Milliseconds until now; NaN where they are not known. */
export function processorTimes({ server, postgres, load }: Pids): ProcessorTimes {
  return {
    server: timeOf(server),
    postgres: familyTime(postgres),
    load: timeOf(load),
    ...machineTimes(),
  };
}

/** What came between two moments. */
export function between(from: ProcessorTimes, to: ProcessorTimes): ProcessorTimes {
  return {
    server: to.server - from.server,
    postgres: to.postgres - from.postgres,
    load: to.load - from.load,
    busy: to.busy - from.busy,
    total: to.total - from.total,
  };
}

/** The part of the machine, from 0 to 1, that went to processes that have no part in the bench. */
export function shareOfOthers({ server, postgres, load, busy, total }: ProcessorTimes): number {
  return Math.max(0, busy - server - (Number.isNaN(postgres) ? 0 : postgres) - load) / total;
}

interface ProcessStat {
  readonly parent: number;
  readonly time: number;
  /** Of children that have ended. */
  readonly ended: number;
}

function statOf(pid: number | string | undefined): ProcessStat | undefined {
  const text = pid === undefined ? undefined : read(`/proc/${pid}/stat`);
  if (text === undefined) return undefined;
  // The name of the program is in brackets, and may hold anything.
  const fields = text
    .slice(text.lastIndexOf(')') + 2)
    .split(' ')
    .map(Number);
  const [, parent = NaN] = fields;
  const [user = NaN, system = NaN, endedUser = NaN, endedSystem = NaN] = fields.slice(11, 15);
  return {
    parent,
    time: (user + system) * TICK_MS,
    ended: (endedUser + endedSystem) * TICK_MS,
  };
}

function timeOf(pid: number | undefined): number {
  return statOf(pid)?.time ?? NaN;
}

/** A process and its children, those that have ended too. */
function familyTime(pid: number | undefined): number {
  const own = statOf(pid);
  if (own === undefined) return NaN;
  const children = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(statOf)
    .filter((stat) => stat?.parent === pid);
  return children.reduce((sum, stat) => sum + (stat?.time ?? 0), own.time + own.ended);
}

function machineTimes(): Pick<ProcessorTimes, 'busy' | 'total'> {
  const line = read('/proc/stat')?.split('\n')[0] ?? '';
  const times = line.split(/\s+/).slice(1, 9).map(Number);
  const total = times.reduce((sum, time) => sum + time, 0) * TICK_MS;
  const [, , , idle = NaN, waiting = NaN] = times;
  return { total, busy: total - (idle + waiting) * TICK_MS };
}

function read(path: string): string | undefined {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return undefined; // it has ended, or this is no Linux
  }
}
