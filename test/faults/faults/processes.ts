/** What happens to the processes that write. */
import { setTimeout as wait } from 'node:timers/promises';
import { signal } from '../cluster.ts';
import type { Faults } from '../fault.ts';
import { OUTLASTING_MS, leaderSeat } from '../fault.ts';

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
};
