/** What happens to the processes that write. */
import { setTimeout as wait } from 'node:timers/promises';
import { connect } from 'node:net';
import { q } from '../../../engine/index.ts';
import { LEASE_TTL_MS, order, signal } from '../cluster.ts';
import type { FaultContext, Faults } from '../fault.ts';
import { NotPossibleHere, OUTLASTING_MS, RECOVERY_MS, leaderSeat } from '../fault.ts';
import { countedReadings, readMore, startReader } from '../readings.ts';
import { findProgram } from '../../support/child-server.ts';
import { runCommand } from '../../support/our-process.ts';

export const PROCESS_FAULTS: Faults = {
  'kill-writer': {
    what: 'kill -9 of the writer at any moment',
    inject: async (context) => signal((await leaderSeat(context)).process, 'SIGKILL'),
  },
  'stop-writer': {
    what: 'SIGTERM of the writer under load',
    inject: async (context) => signal((await leaderSeat(context)).process, 'SIGTERM'),
  },
  zombie: {
    what: 'a writer that pauses for longer than its lease, and comes back with a statement on its way',
    inject: async (context) => {
      const { process } = await leaderSeat(context);
      signal(process, 'SIGSTOP');
      await wait(OUTLASTING_MS + context.random.between(0, 500));
      signal(process, 'SIGCONT');
    },
  },
  'both-writers': {
    what: 'both writers killed and started together',
    inject: async ({ cluster }) => {
      for (const { process } of cluster.writers) signal(process, 'SIGKILL');
    },
  },
  'stall-writer': {
    what: 'the event loop of the writer stands still, for one to five times its lease',
    inject: async (context) => {
      const stallMs = LEASE_TTL_MS * (1 + 4 * context.random.next());
      order(await leaderSeat(context), { stallMs });
      await wait(stallMs);
    },
  },
  'wrong-clocks': {
    what: 'the clocks of the writers jump by up to ten minutes, to both sides, and stand still, while writers die',
    inject: mislead,
  },
  'few-files': {
    what: 'the writer may open no file and no connection more, and its connections are reset',
    inject: starveOfFiles,
  },
  'greedy-readers': {
    what: 'readers with 64 MB of memory ask for more rows than any memory holds',
    inject: askForTooMuch,
  },
};

const MAX_SHIFT_MS = 10 * 60_000;

async function mislead(context: FaultContext): Promise<void> {
  const { cluster, clients, random, note } = context;
  const shiftMs = (): number => random.between(-MAX_SHIFT_MS, MAX_SHIFT_MS);
  try {
    for (let jumps = 0; jumps < 4; jumps++) {
      for (const seat of cluster.writers)
        order(seat, { shiftMs: shiftMs(), isFrozen: random.next() < 0.3 });
      await wait(random.between(200, 800));
      if (jumps % 2 === 1) signal((await leaderSeat(context)).process, 'SIGKILL');
    }
  } finally {
    for (const seat of cluster.writers) order(seat, {});
  }
  const db = clients[0]!.connection.db();
  const newest = await q('[:find (max ?at) . :where [_ :db/txInstant ?at]]', db);
  const offMs = (newest as Date).getTime() - Date.now();
  note(`the newest transaction says that it is ${Math.round(offMs / 1_000)} s from now`);
}

const FLOOD = 50;
const FEW = 16;

async function starveOfFiles(context: FaultContext): Promise<void> {
  if (findProgram('prlimit') === undefined)
    throw new NotPossibleHere('limits of a running process are set with prlimit, which is missing');
  const { process, proxy } = await leaderSeat(context);
  const { note } = context;
  const limitFiles = (count: string): Promise<string> =>
    runCommand('prlimit', ['--pid', String(process.pid), `--nofile=${count}:`]);
  const before = await runCommand('prlimit', [
    ...['--pid', String(process.pid), '--nofile', '--noheadings', '--output', 'SOFT'],
  ]);
  // None can take the place of one that it loses.
  await limitFiles(String(FEW));
  const { hostname, port } = new URL(process.writerUrl);
  const flood = Array.from({ length: FLOOD }, () => connect(Number(port), hostname));
  for (const socket of flood) socket.on('error', () => undefined);
  proxy.cut();
  await wait(OUTLASTING_MS);
  for (const socket of flood) socket.destroy();
  note(`the writer lacked files ${process.output().split('EMFILE').length - 1} times`);
  // A writer that ended is started again, with limits of its own.
  await limitFiles(before.trim()).catch(() => undefined);
}

const SMALL_HEAP = ['--max-old-space-size=64'];

/** One is bounded by its budget and goes on; the other one has none that would help, and dies alone. */
async function askForTooMuch({ cluster, note, violated }: FaultContext): Promise<void> {
  const leaseMs = OUTLASTING_MS;
  const [bounded, unbounded] = await Promise.all([
    startReader(cluster, { leaseMs, tooMuch: { maxBytes: 16 * 2 ** 20 } }, SMALL_HEAP),
    startReader(cluster, { leaseMs, tooMuch: { maxBytes: 2 ** 40 } }, SMALL_HEAP),
  ]);
  try {
    await readMore(bounded, 2, RECOVERY_MS);
    const refused = countedReadings(bounded).get('Refused LIMIT_EXCEEDED');
    if (refused !== 1) violated(`a query beyond its budget was not refused: ${bounded.output()}`);
    const code = await Promise.race([unbounded.ended, wait(RECOVERY_MS, 'alive' as const)]);
    note(
      `a query within its budget of memory was refused, one without ${code === 'alive' ? 'went on' : 'ended its process'}`,
    );
  } finally {
    for (const each of [bounded, unbounded]) await each.end('SIGKILL');
  }
}
