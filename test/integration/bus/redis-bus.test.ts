import { Redis } from 'ioredis';
import { expect, it, vi } from 'vitest';
import { openRedisBus } from '../../../services/bus/redis-bus.ts';
import { createLog } from '../../../services/shared/log.ts';
import { runNetworkBusSuite } from '../../conformance/bus-suite.ts';
import { freePort } from '../../support/child-server.ts';
import { endRedisClients } from '../../support/redis-server.ts';
import { redisUrl } from '../../support/server-urls.ts';

const log = createLog({ level: 'silent' });

runNetworkBusSuite('redis bus', async () => {
  const url = await redisUrl();
  return {
    open: () => openRedisBus({ url, log }),
    interrupt: () => endRedisClients(url),
  };
});

it('ignores what is no announcement of the channel', async () => {
  const url = await redisUrl();
  const bus = await openRedisBus({ url, log });
  const liar = new Redis(url);
  const versions: number[] = [];
  await bus.listen(
    'one',
    'db',
    ({ version }) => versions.push(version),
    () => undefined,
  );
  const truth = { format: 1, database: 'one', branch: 'db', epoch: 1, basisTx: 1, segments: null };
  const channel = 'datahike-gateway/one/db';
  for (const message of [
    'nonsense',
    JSON.stringify({ ...truth, version: 1, database: 'two' }),
    JSON.stringify({ ...truth, version: 'x' }),
    'x'.repeat(10_000_000),
    JSON.stringify({ ...truth, version: 5 }),
  ]) {
    await liar.publish(channel, message);
  }
  await vi.waitFor(() => expect(versions).toEqual([5]));
  liar.disconnect();
  await bus.close();
});

it('opens, listens and announces where there is no Redis', async () => {
  const bus = await openRedisBus({ url: `redis://127.0.0.1:${await freePort()}`, log });
  const stop = await bus.listen(
    'one',
    'db',
    () => undefined,
    () => undefined,
  );
  await bus.announce({
    database: 'one',
    branch: 'db',
    version: 1,
    epoch: 1,
    basisTx: 1,
    segments: [],
  });
  await stop();
  await bus.close();
});
