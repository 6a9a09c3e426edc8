/** What happens to PostgreSQL and Redis. */
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import type { Cluster } from '../cluster.ts';
import type { FaultContext, Faults } from '../fault.ts';
import { OUTLASTING_MS, asSuperuser } from '../fault.ts';
import type { Random } from '../random.ts';

const END_CONNECTIONS = `SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'gateway'`;

export const SERVER_FAULTS: Faults = {
  'kill-backends': {
    what: 'PostgreSQL ends every connection',
    inject: ({ cluster }) =>
      asSuperuser(cluster, async (client) => {
        await client.query(END_CONNECTIONS);
      }),
  },
  'few-connections': {
    what: 'PostgreSQL ends every connection, and lets two be made again',
    inject: ({ cluster }) =>
      asSuperuser(cluster, async (client) => {
        await client.query('ALTER ROLE gateway CONNECTION LIMIT 2');
        try {
          await client.query(END_CONNECTIONS);
          await wait(OUTLASTING_MS);
        } finally {
          await client.query('ALTER ROLE gateway CONNECTION LIMIT -1');
        }
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
