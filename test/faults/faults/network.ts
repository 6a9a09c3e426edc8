/** What happens on the way between processes and servers. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Faults } from '../fault.ts';
import { OUTLASTING_MS, leaderSeat } from '../fault.ts';

export const NETWORK_FAULTS: Faults = {
  'lost-replies': {
    what: 'answers of PostgreSQL to the writer are lost, then its connections',
    inject: async (context) => {
      const { proxy } = await leaderSeat(context);
      proxy.set({ losesReplies: true });
      await wait(context.random.between(50, 800));
      proxy.heal();
    },
  },
  'lost-requests': {
    what: 'what the writer sends to PostgreSQL is lost, then its connections',
    inject: async (context) => {
      const { proxy } = await leaderSeat(context);
      proxy.set({ losesRequests: true });
      await wait(context.random.between(50, 800));
      proxy.heal();
    },
  },
  'cut-writer': {
    what: 'all connections of the writer to PostgreSQL are reset',
    inject: async (context) => (await leaderSeat(context)).proxy.cut(),
  },
  'partition-writer': {
    what: 'the writer is parted from PostgreSQL for longer than its lease',
    inject: async (context) => {
      const { proxy } = await leaderSeat(context);
      proxy.set({ losesRequests: true, losesReplies: true });
      await wait(OUTLASTING_MS);
      proxy.heal();
    },
  },
  'partition-clients': {
    what: 'clients are parted from PostgreSQL',
    inject: async ({ cluster }) => {
      cluster.clientProxy.set({ losesRequests: true, losesReplies: true });
      await wait(OUTLASTING_MS);
      cluster.clientProxy.heal();
    },
  },
  'slow-store': {
    what: 'PostgreSQL answers the writer 100 ms later',
    inject: async (context) => {
      const { proxy } = await leaderSeat(context);
      proxy.set({ delayMs: 50 });
      await wait(OUTLASTING_MS);
      proxy.heal();
    },
  },
};
