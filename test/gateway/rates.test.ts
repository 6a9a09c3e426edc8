import { once } from 'node:events';
import fc from 'fast-check';
import request from 'supertest';
import { describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { networkOf } from '../../gateway/http/caller.ts';
import { Rates } from '../../gateway/http/rates.ts';
import { listenOn, readEvents } from './listening.ts';
import type { Json } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const NO_RATE = { requestsPerMinute: 0, costPerMinute: 0 };

describe('a bucket', () => {
  it('never gives more than it held and what flowed in', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 100 }),
        fc.array(fc.record({ waitMs: fc.nat(20_000), amount: fc.integer({ min: 1, max: 20 }) })),
        (perMinute, asked) => {
          let nowMs = 0;
          const rates = new Rates({ ...NO_RATE, costPerMinute: perMinute }, () => nowMs);
          let taken = 0;
          for (const { waitMs, amount } of asked) {
            nowMs += waitMs;
            try {
              rates.bucketOf('a')?.take('cost', amount);
              taken += Math.min(amount, perMinute);
            } catch (error) {
              const { data } = error as { data: { retryAfterSeconds: number } };
              // Whoever comes back when it is told to is let in.
              nowMs += data.retryAfterSeconds * 1_000;
              rates.bucketOf('a')?.take('cost', amount);
              taken += Math.min(amount, perMinute);
            }
            expect(taken).toBeLessThanOrEqual(perMinute + (nowMs * perMinute) / 60_000 + 1e-6);
          }
        },
      ),
    );
  });

  it('is forgotten for another one when there are too many', () => {
    const rates = new Rates({ ...NO_RATE, requestsPerMinute: 1 }, () => 0, 2);
    for (const caller of ['a', 'b', 'c', 'a']) rates.bucketOf(caller)?.take('requests', 1);
    expect(() => rates.bucketOf('a')?.take('requests', 1)).toThrow(/go on in 60 s/);
  });
});

it.each([
  ['192.0.2.7', '192.0.2.7'],
  ['::ffff:192.0.2.7', '::ffff:192.0.2.7'],
  ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2::/64'],
  ['2001:db8::6', '2001:db8:0:0::/64'],
  ['::1', '0:0:0:0::/64'],
])('%s counts as %s', (address, network) => {
  expect(networkOf(address)).toBe(network);
});

const rate = { requestsPerMinute: 3, costPerMinute: 150 };
const LIST = '{ cityConnection(first: 50) { nodes { name } } }';

describe('a caller', () => {
  it('is told what it has left, and refused when that is nothing', async () => {
    const world = await serveWorld({ callers: { rate } });
    const ask = () => request(world.app).post('/graphql').send({ query: LIST });
    for (const left of [2, 1, 0]) {
      const { headers } = await ask().expect(200);
      expect(headers['ratelimit-policy']).toBe('"requests";q=3;w=60, "cost";q=150;w=60');
      expect(headers['ratelimit']).toMatch(
        new RegExp(`^"requests";r=${left};t=\\d+, "cost";r=${left * 50};t=\\d+$`),
      );
    }
    const refused = await ask().expect(429);
    expect((refused.body as Json).errors[0].extensions).toMatchObject({
      code: 'RATE_LIMITED',
      retryable: true,
    });
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    const problem = await request(world.app).get('/v1/world/city').expect(429);
    expect(problem.body).toMatchObject({ code: 'RATE_LIMITED', status: 429 });
    expect(Number(problem.headers['retry-after'])).toBeGreaterThan(0);
    await world.stop();
  });

  it('is charged for what may be read, alike by GraphQL and REST', async () => {
    const world = await serveWorld({ callers: { rate: { ...rate, requestsPerMinute: 0 } } });
    await request(world.app).get('/v1/world/city?first=100').expect(200);
    await request(world.app).post('/graphql').send({ query: LIST }).expect(200);
    await request(world.app).get('/v1/world/city?first=10').expect(429);
    const refused = await request(world.app).post('/graphql').send({ query: LIST }).expect(429);
    expect((refused.body as Json).errors[0].message).toMatch(/150 entities read in a minute/);
    await world.stop();
  });

  it('is a token, or an address that no other caller can claim', async () => {
    const everything = { types: { '*': { read: true } } };
    const sha256 = '9b8e2b5bb5d8e8fe8f4d4e24c3e4e5f6a7b8c9d0e1f2a3b4c5d6e7f8a9b0c1d2';
    const world = await serveWorld({
      callers: { rate: { ...NO_RATE, requestsPerMinute: 1 } },
      access: {
        anonymous: ['all'],
        roles: { all: everything },
        tokens: [{ name: 'other', sha256, roles: ['all'] }],
      },
    });
    const ask = (forwarded: string) =>
      request(world.app).get('/v1/world/city').set('X-Forwarded-For', forwarded);
    await ask('192.0.2.1').expect(200);
    await ask('192.0.2.2').expect(429);
    // Who guesses is not let guess for ever.
    await request(world.app).get('/v1/world/city').set('Authorization', 'Bearer x').expect(429);
    await world.stop();
    const proxied = await serveWorld({
      callers: { rate: { ...NO_RATE, requestsPerMinute: 1 }, trustedProxies: 1 },
    });
    const through = (forwarded: string) =>
      request(proxied.app).get('/v1/world/city').set('X-Forwarded-For', forwarded);
    await through('192.0.2.1').expect(200);
    await through('192.0.2.2').expect(200);
    await through('192.0.2.9, 192.0.2.1').expect(429);
    await proxied.stop();
  });
});

describe('streams', () => {
  const follow = { query: 'subscription { cityConnection { totalCount } }' };

  it('are bounded for a caller, and free again when they end', async () => {
    const world = await serveWorld({ callers: { maxStreamsPerCaller: 1 } });
    const listening = await listenOn(world);
    const first = await readEvents(listening.url, follow);
    await first.answer();
    const second = await readEvents(listening.url, follow);
    expect(second.response.status).toBe(429);
    expect(second.response.headers.get('retry-after')).not.toBeNull();
    first.cancel();
    await expect
      .poll(async () => {
        const next = await readEvents(listening.url, follow);
        next.cancel();
        return next.response.status;
      })
      .toBe(200);
    await listening.close();
    await world.stop();
  });

  it('are bounded for all, WebSockets among them', async () => {
    const world = await serveWorld({ callers: { maxStreams: 0 } });
    const listening = await listenOn(world);
    const stream = await readEvents(listening.url, follow);
    expect(stream.response.status).toBe(429);
    const socket = new WebSocket(listening.url.replace('http', 'ws'), 'graphql-transport-ws');
    const [error] = (await once(socket, 'error')) as [Error];
    expect(error.message).toMatch(/503/);
    await listening.close();
    await world.stop();
  });
});
