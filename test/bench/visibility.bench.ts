/**
 * How long it takes from the answer to a transaction until another process sees it, against a bare message through the same Redis between the
 * same processes; and the same with Redis dead.
 */
import { randomBytes } from 'node:crypto';
import { setTimeout as wait } from 'node:timers/promises';
import { Redis } from 'ioredis';
import { createLog, openRedisBus } from '../../services/index.ts';
import type { StartedServer } from '../support/child-server.ts';
import { startProcess } from '../support/our-process.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { installRedis, startRedis } from '../support/redis-server.ts';
import type { Result } from './harness.ts';
import { Items, item, itemsHost } from './items.ts';
import type { Seen } from './visible.ts';
import { BARE_CHANNEL, nanoseconds } from './visible.ts';

const SAMPLES = 1_000;
const WITHOUT_REDIS = 20;
const BETWEEN_MS = 3;
const POLL_INTERVAL_MS = 1_000;
const GOAL_P99_MS = 50;
/** About what an announcement of such a transaction has. */
const MESSAGE_BYTES = 450;

export async function visibilityBench(): Promise<Result[]> {
  const postgres = await startPostgres();
  const redis = await startRedis(await installRedis());
  try {
    return await measure(postgres, redis);
  } finally {
    await redis.stop();
    await postgres.stop();
  }
}

async function measure(postgres: StartedServer, redis: StartedServer): Promise<Result[]> {
  const url = `postgres://gateway@127.0.0.1:${postgres.port}/gateway`;
  const redisUrl = `redis://127.0.0.1:${redis.port}`;
  const { host, schema } = await itemsHost(url);
  const bus = await openRedisBus({ url: redisUrl, log: createLog({ level: 'silent' }) });
  const items = await Items.open({ host, bus });
  await items.load(1_000);
  const reader = await startProcess({
    args: ['test/bench/visible-reader.ts', url, schema, redisUrl],
    readyWhen: /^Following/,
  });
  const publisher = new Redis(redisUrl);
  publisher.on('error', () => undefined);
  const padding = randomBytes(MESSAGE_BYTES / 2).toString('hex');
  const acknowledged = new Map<number, number>();
  const published = new Map<number, number>();
  const transact = async (): Promise<number> => {
    const { tx } = await items.writer.transact({ txData: [item(10_000 + acknowledged.size)] });
    acknowledged.set(tx, nanoseconds());
    return tx;
  };
  // What runs for the first time is not what is measured.
  await items.add(SAMPLES, 1);
  for (let i = 0; i < SAMPLES; i++) {
    await transact();
    await wait(BETWEEN_MS);
    published.set(i, nanoseconds());
    await publisher.publish(BARE_CHANNEL, `${i} ${padding}`);
    await wait(BETWEEN_MS);
  }
  const withoutRedis = new Set<number>();
  await redis.end('SIGKILL');
  for (let i = 0; i < WITHOUT_REDIS; i++) {
    withoutRedis.add(await transact());
    await wait(POLL_INTERVAL_MS * Math.random());
  }
  await wait(2 * POLL_INTERVAL_MS);
  await reader.end('SIGTERM');
  const seen = JSON.parse(reader.output().split('\n').at(-1) ?? '') as Seen;
  publisher.disconnect();
  await items.close();
  await bus.close();
  await host.close();
  const last = Math.max(...[...acknowledged.keys()].filter((tx) => !withoutRedis.has(tx)));
  const storeReads = seen.transactions.find(([tx]) => tx >= last)?.[2];
  const [heard, polled] = [true, false].map((isHeard) =>
    [...acknowledged]
      .filter(([tx]) => withoutRedis.has(tx) !== isHeard)
      .map(([tx, at]) => millisecondsUntil(seen.transactions, tx, at)),
  );
  const bare = [...published].map(([i, at]) => millisecondsUntil(seen.bare, i, at));
  const result = (name: string, ours: number, peer: string, theirs: number): Result => ({
    name: `acknowledged until visible in another process, ${name}`,
    ours,
    peer,
    theirs,
    ratio: theirs / ours,
    unit: 'ms',
  });
  return [
    result(
      `median (${storeReads} reads of the store for ${2 * SAMPLES} transactions)`,
      percentile(heard!, 0.5),
      'a bare message through Redis',
      percentile(bare, 0.5),
    ),
    result('99 of 100', percentile(heard!, 0.99), 'the goal', GOAL_P99_MS),
    result('Redis dead, the longest', Math.max(...polled!), 'the interval', POLL_INTERVAL_MS),
  ];
}

/** From a moment until something that is that far, or farther, was seen. */
function millisecondsUntil(
  seen: ReadonlyArray<readonly [number, number, ...unknown[]]>,
  place: number,
  from: number,
): number {
  const at = seen.find(([each]) => each >= place)?.[1] ?? Infinity;
  return (at - from) / 1e6;
}

function percentile(values: ReadonlyArray<number>, share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
