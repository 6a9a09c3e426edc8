/** What is done to the cluster while clients write: each does its harm, and undoes it before it resolves. */
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { Client } from 'pg';
import type { Cluster, WriterSeat } from './cluster.ts';
import { LEASE_TTL_MS, signal } from './cluster.ts';
import type { Random } from './random.ts';

export interface FaultContext {
  readonly cluster: Cluster;
  readonly random: Random;
  /** The address that the lease names now. */
  readonly leader: () => Promise<string | null>;
}

export interface Fault {
  /** As in the list of faults that the project holds itself to. */
  readonly what: string;
  readonly inject: (context: FaultContext) => Promise<void>;
}

/** Long enough for a lease to lapse. */
const OUTLASTING_MS = 2 * LEASE_TTL_MS;

export const FAULTS: Readonly<Record<string, Fault>> = {
  none: { what: 'nothing at all', inject: () => wait(2_000) },
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
  'kill-backends': {
    what: 'PostgreSQL ends every connection',
    inject: ({ cluster }) =>
      asSuperuser(cluster, async (client) => {
        await client.query(
          `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'`,
        );
      }),
  },
  'restart-postgres': {
    what: 'PostgreSQL is shut down fast and started again',
    inject: async ({ cluster: { postgres } }) => {
      await postgres.end('SIGINT');
      await postgres.start();
    },
  },
  'crash-postgres': {
    what: 'PostgreSQL is ended at once, and recovers',
    inject: async ({ cluster: { postgres } }) => {
      await postgres.end('SIGQUIT');
      await postgres.start();
    },
  },
  'kill-postgres': {
    what: 'kill -9 of the first process of PostgreSQL',
    inject: async ({ cluster: { postgres } }) => {
      await postgres.end('SIGKILL');
      await postgres.start();
    },
  },
  'kill-redis': {
    what: 'Redis is killed, and started again',
    inject: async ({ cluster: { redis } }) => {
      await redis.end('SIGKILL');
      await wait(OUTLASTING_MS);
      await redis.start();
    },
  },
  'deaf-redis': {
    what: 'Redis ends its subscribers, forgets all, and pauses',
    inject: ({ cluster }) =>
      asRedisUser(cluster, async (redis) => {
        for (let i = 0; i < 5; i++) {
          await redis.call('CLIENT', 'KILL', 'TYPE', 'pubsub');
          await wait(100);
        }
        await redis.flushall();
        await redis.call('CLIENT', 'PAUSE', '1000');
      }),
  },
  'lying-redis': {
    what: 'announcements that are old, doubled, forged, of the future, too large, or no announcements',
    inject: lie,
  },
};

async function leaderSeat({ cluster, leader }: FaultContext): Promise<WriterSeat> {
  for (;;) {
    const seat = cluster.seatAt(await leader().catch(() => null));
    if (seat !== undefined) return seat;
    await wait(50);
  }
}

async function asSuperuser(
  { postgres }: Cluster,
  work: (client: Client) => Promise<void>,
): Promise<void> {
  const client = new Client({
    host: '127.0.0.1',
    port: postgres.port,
    user: 'postgres',
    database: 'gateway',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}

async function asRedisUser(
  { redis }: Cluster,
  work: (client: Redis) => Promise<void>,
): Promise<void> {
  const client = new Redis(redis.port, '127.0.0.1');
  client.on('error', () => undefined);
  try {
    await work(client);
  } finally {
    client.disconnect();
  }
}

/** Says again what was said, and what was not. */
function lie({ cluster, random }: FaultContext): Promise<void> {
  return asRedisUser(cluster, async (redis) => {
    const heard: Array<readonly [channel: string, text: string]> = [];
    const ears = redis.duplicate();
    ears.on('error', () => undefined);
    ears.on('pmessage', (_pattern: string, channel: string, text: string) =>
      heard.push([channel, text]),
    );
    await ears.psubscribe('*');
    const until = performance.now() + OUTLASTING_MS;
    // What was published by this is heard as well, and said again; so it is bounded.
    for (let said = 0; performance.now() < until && said < 2_000; said++) {
      await wait(1);
      if (heard.length === 0) continue;
      const [channel, text] = random.pick(heard);
      await redis.publish(channel, lieOf(text, random));
      if (heard.length > 500) heard.splice(0, 250);
    }
    ears.disconnect();
  });
}

function lieOf(text: string, random: Random): string {
  const changed = (change: object): string => {
    try {
      return JSON.stringify({ ...(JSON.parse(text) as object), ...change });
    } catch {
      return text;
    }
  };
  return random.pick<() => string>([
    () => text,
    () => text.slice(0, random.between(0, text.length)),
    () => changed({ version: random.between(0, 2 ** 30) }),
    () => changed({ segments: [[random.between(0, 2 ** 30), 'AAAA']] }),
    () => changed({ epoch: 2 ** 20 }),
    () => changed({ branch: 'another' }),
    () => changed({ isReleased: true }),
    () => 'x'.repeat(random.between(0, 2 ** 20)),
  ])();
}
