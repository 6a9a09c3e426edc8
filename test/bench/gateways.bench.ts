/** A writer and two gateways as processes on PostgreSQL and Redis: how long after a mutation is answered the other gateway shows it. */
import { randomBytes } from 'node:crypto';
import { Redis } from 'ioredis';
import { graphql, startProcess } from '../support/our-process.ts';
import { createServers } from '../support/servers.ts';
import type { Result } from './harness.ts';

const ROUNDS = 200;

const SCHEMA = `{:tx-data [{:db/ident :note/key :db/valueType :db.type/string :db/cardinality :db.cardinality/one
  :db/unique :db.unique/identity}]}`;

export async function gatewaysBench(): Promise<Result[]> {
  const servers = createServers();
  const redisUrl = await servers.redisUrl();
  const env = {
    DATABASE_URL: await servers.postgresUrl(),
    DATAHIKE_GATEWAY_SCHEMA: `bench_${randomBytes(6).toString('hex')}`,
    REDIS_URL: redisUrl,
    DATAHIKE_GATEWAY_POLL_INTERVAL_MS: '60000',
    DATAHIKE_GATEWAY_LOG_LEVEL: 'error',
  };
  const start = (name: string): ReturnType<typeof startProcess> =>
    startProcess({ args: ['gateway/main.ts', name, '--port', '0'], env });
  const writer = await start('writer');
  const [one, other] = [await start('gateway'), await start('gateway')];
  try {
    await fetch(`${writer.writerUrl}/transact/world`, {
      method: 'POST',
      headers: { 'content-type': 'application/edn' },
      body: SCHEMA,
    });
    while ((await graphql(other.url, '{ noteConnection { totalCount } }')).errors !== undefined);
    while ((await graphql(one.url, '{ noteConnection { totalCount } }')).errors !== undefined);
    const ours: number[] = [];
    for (let i = 0; i < ROUNDS; i++) ours.push(await delayOf(one.url, other.url, `n${i}`));
    const theirs = await redisRoundTrips(redisUrl);
    const [mine, peer] = [quantile(ours, 0.5), quantile(theirs, 0.5)];
    const name = `mutation answered by one gateway to read at the other, with the request that reads it (p99 ${quantile(ours, 0.99).toFixed(1)} ms)`;
    return [
      {
        name,
        ours: mine,
        peer: 'bare Redis publish to message',
        theirs: peer,
        ratio: peer / mine,
        unit: 'ms',
      },
    ];
  } finally {
    for (const each of [other, one, writer]) await each.end('SIGTERM');
    await servers.stop();
  }
}

async function delayOf(one: string, other: string, key: string): Promise<number> {
  const { errors } = await graphql(
    one,
    `mutation { createNote(input: {key: "${key}"}) { tx { t } } }`,
  );
  if (errors !== undefined) throw new Error(JSON.stringify(errors));
  const answeredAt = performance.now();
  for (;;) {
    const { data } = await graphql(other, `{ note(by: {key: "${key}"}) { key } }`);
    if ((data as { note: unknown }).note !== null) return performance.now() - answeredAt;
  }
}

async function redisRoundTrips(url: string): Promise<number[]> {
  const [publisher, subscriber] = [new Redis(url), new Redis(url)];
  await subscriber.subscribe('bench');
  const times: number[] = [];
  for (let i = 0; i < ROUNDS; i++) {
    const startedAt = performance.now();
    const received = new Promise((resolve) => subscriber.once('message', resolve));
    await publisher.publish('bench', 'x');
    await received;
    times.push(performance.now() - startedAt);
  }
  publisher.disconnect();
  subscriber.disconnect();
  return times;
}

function quantile(values: ReadonlyArray<number>, share: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? NaN;
}
