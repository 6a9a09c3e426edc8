/** The bench of the gateway in small: both servers start, and say the same. What it costs them is for `npm run bench -- gateway`. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { compareAnswers } from '../../bench/gateway/agreement.ts';
import type { MusicServers } from '../../bench/gateway/servers.ts';
import { startBareServer, startMusicServers } from '../../bench/gateway/servers.ts';
import { SHAPES } from '../../bench/gateway/shapes.ts';
import { LoadGenerator } from '../../bench/load/load.ts';
import { postgresUrl } from '../../support/server-urls.ts';

/** Of what the bench asks of 100,000 tracks. */
const SCALE = 0.02;
const SETS = 40;

let servers: MusicServers;

beforeAll(async () => {
  servers = await startMusicServers(await postgresUrl(), SCALE);
});

afterAll(() => servers.stop());

describe('the bench of the gateway', () => {
  it.each(SHAPES)('our gateway answers $name as PostGraphile does: $what', async (shape) => {
    const variables = shape.variables(servers.music).slice(0, SETS);
    expect(new Set(variables.map((set) => JSON.stringify(set))).size).toBe(SETS);
    const { ours, theirs } = await compareAnswers(shape, variables, servers.urls);
    expect([ours.sizes.length, theirs.sizes.length]).toEqual([SETS, SETS]);
  });

  it('ends where the answers differ', async () => {
    const [point] = SHAPES;
    const shape = {
      ...point!,
      theirs: point!.theirs.replace('milliseconds', 'milliseconds: bytes'),
    };
    await expect(compareAnswers(shape, [{ id: 1 }], servers.urls)).rejects.toThrow(
      'The answers to point of {"id":1} differ',
    );
  });

  it('ends where an answer under load is not one that was compared', async () => {
    const bare = await startBareServer(100);
    const generator = await LoadGenerator.start();
    const measure = (size: number) =>
      generator.measure({
        ...{ name: 'bare', url: bare.url, headers: {}, seconds: 1, serverPid: bare.pid },
        asked: { bodies: ['{}'], sizes: [size] },
      });
    const { requestsPerSecond, p50Ms, p99Ms } = await measure(100);
    expect(requestsPerSecond).toBeGreaterThan(0);
    expect(p99Ms).toBeGreaterThanOrEqual(p50Ms);
    await expect(measure(101)).rejects.toThrow('not one of those expected');
    await generator.end();
    await bare.end('SIGTERM');
  });
});
