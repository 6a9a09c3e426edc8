/** Lists as lines of JSON, however long they are. */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { get } from 'node:http';
import { once } from 'node:events';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kw } from '../../schema/keyword.ts';
import { alwaysOpen } from '../support/served.ts';
import { calmly } from '../support/calmly.ts';
import type { Listening } from './listening.ts';
import { listenOn } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { countingReader, serveWorld } from './served-world.ts';
import { openWorld } from './world-database.ts';
import type { WorldDatabase } from './world-database.ts';

const COUNT = 50_000;

/** In each name, so that all of them are several times what the system takes for a reader that takes nothing. */
const PADDING = 'x'.repeat(300);
const ALL = 'city?name.startsWith=Long';
const LINES = { accept: 'application/x-ndjson' };

let database: WorldDatabase;
let world: ServedWorld;
let listening: Listening;
let counts: { q: number; project: number };
let response: ServerResponse;

beforeAll(async () => {
  database = await openWorld();
  for (let from = 0; from < COUNT; from += 5_000)
    await database.writer.transact({
      txData: Array.from({ length: 5_000 }, (_, i) => {
        const name = `Long ${String(from + i).padStart(6, '0')} ${PADDING}`;
        return new Map<never, never>([
          [kw('city/name'), name],
          [kw('city/population'), (from + i) % 1000],
          [kw('city/country'), [kw('country/cca2'), 'FR']],
        ] as never);
      }),
    });
  const counting = countingReader(database.reader);
  counts = counting.counts;
  const databases = alwaysOpen(
    new Map([['world', { reader: counting.reader, writer: database.writer }]]),
  );
  world = await serveWorld({ databases, queryLimits: { timeoutMs: 20_000 } });
  listening = await listenOn({
    ...world,
    app: (asked, answered) => {
      response = answered;
      world.app(asked, answered);
    },
  });
});

afterAll(async () => {
  await listening.close();
  await world.stop();
  await database.close();
});

async function open(path: string, headers = LINES, { url } = listening) {
  const request = get(`${new URL(url).origin}/v1/world/${path}`, { headers });
  const [answer] = (await once(request, 'response')) as [IncomingMessage];
  return { request, answer };
}

async function linesOf(path: string): Promise<Json[]> {
  const { answer } = await open(path);
  let text = '';
  for await (const chunk of answer.setEncoding('utf8')) text += chunk as string;
  return text
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Json);
}

async function countLines(answer: IncomingMessage): Promise<number> {
  let count = 0;
  for await (const chunk of answer) count += newlinesIn(chunk as Buffer);
  return count;
}

function newlinesIn(bytes: Buffer): number {
  let count = 0;
  for (const byte of bytes) if (byte === 10) count += 1;
  return count;
}

describe('a long list', () => {
  it(
    'is read as it is taken, and holds up nobody else',
    calmly(async () => {
      const { answer } = await open(ALL);
      expect(answer.headers['content-type']).toBe('application/x-ndjson');
      expect(answer.headers['cache-control']).toBe('no-store');
      let longest = 0;
      let count = 0;
      for await (const chunk of answer) {
        longest = Math.max(longest, response.writableLength);
        count += newlinesIn(chunk as Buffer);
      }
      expect(count).toBe(COUNT);
      // Of some twenty million bytes.
      expect(longest).toBeLessThan(500_000);
    }),
  );

  it('is not read on for a reader that takes nothing, and not for one that is gone', async () => {
    await countLines((await open(`${ALL}&include=country`)).answer);
    const whole = counts.project;
    counts.project = 0;
    const slow = await open(`${ALL}&include=country`);
    slow.answer.pause();
    await stalled();
    const readSoFar = counts.project;
    expect(readSoFar).toBeLessThan(whole / 2);
    slow.answer.resume();
    expect(await countLines(slow.answer)).toBe(COUNT);
    counts.project = 0;
    const gone = await open(`${ALL}&include=country`);
    gone.answer.pause();
    await stalled();
    const closed = once(response, 'close');
    gone.request.destroy();
    await closed;
    expect(counts.project).toBeLessThan(whole / 2);
  });

  it('shows one state, in its order, from where it is to begin to where it is to end', async () => {
    const parameters = 'name.startsWith=Long&orderBy=population:desc,name&fields=name,population';
    const before = await linesOf(`city?${parameters}&first=12000&offset=5`);
    expect(before).toHaveLength(12_000);
    const expected = Array.from({ length: COUNT }, (_, i) => i)
      .toSorted((a, b) => (b % 1000) - (a % 1000) || a - b)
      .slice(5, 12_005);
    expect(before.map(({ name }) => Number(name.slice(5, 11)))).toEqual(expected);
    expect(Object.keys(before[0])).toEqual(['id', 'name', 'population']);
    const { basisTx } = database.reader.current();
    const reading = await open(ALL);
    reading.answer.pause();
    await stalled();
    await database.writer.transact({
      txData: [new Map([[kw('city/name'), 'Long after the others']])],
    });
    reading.answer.resume();
    expect(await countLines(reading.answer)).toBe(COUNT);
    expect(await linesOf(`city?name.eq=Long after the others&asOf=${basisTx}`)).toEqual([]);
    expect(await linesOf('city?name.eq=Long after the others')).toHaveLength(1);
  });

  it('says in its last line what went wrong', async () => {
    const databases = alwaysOpen(new Map([['world', database]]));
    const callers = { rate: { requestsPerMinute: 0, costPerMinute: 2_000 } };
    const limited = await serveWorld({ databases, callers });
    const server = await listenOn(limited);
    const url = `${new URL(server.url).origin}/v1/world/city`;
    const text = await (await fetch(url, { headers: LINES })).text();
    const lines = text
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Json);
    expect(lines.length).toBeGreaterThan(1_000);
    expect(lines.length).toBeLessThan(2_002);
    expect(lines.at(-1)).toEqual({
      error: expect.objectContaining({ code: 'RATE_LIMITED', status: 429 }) as unknown,
    });
    await server.close();
    await limited.stop();
  });

  it('ends when the gateway does', async () => {
    const databases = alwaysOpen(new Map([['world', database]]));
    const stopping = await serveWorld({ databases });
    const server = await listenOn({
      ...stopping,
      app: (asked, answered) => {
        response = answered;
        stopping.app(asked, answered);
      },
    });
    const { answer } = await open('city', LINES, server);
    answer.pause();
    await stalled();
    const stopped = stopping.stop();
    answer.resume();
    let text = '';
    for await (const chunk of answer.setEncoding('utf8')) text += chunk as string;
    expect(JSON.parse(text.trimEnd().split('\n').at(-1) ?? '')).toMatchObject({
      error: { code: 'CANCELLED', retryable: true },
    });
    await stopped;
    await server.close();
  });
});

it('are not made for HEAD', async () => {
  counts.project = 0;
  const answer = await fetch(`${new URL(listening.url).origin}/v1/world/${ALL}`, {
    method: 'HEAD',
    headers: LINES,
  });
  expect(answer.status).toBe(200);
  expect(answer.headers.get('content-type')).toBe('application/x-ndjson');
  expect(await answer.text()).toBe('');
  expect(counts.project).toBeLessThan(10);
});

it.each([
  ['city?last=3', 'BAD_USER_INPUT', /last is for pages/],
  ['city?first=-1', 'BAD_USER_INPUT', /first must be a whole number/],
  ['city?after=x', 'BAD_CURSOR', /damaged/],
  ['city?naem.eq=x', 'BAD_USER_INPUT', /did you mean 'name.eq'/],
])('%s is a problem with %s', async (path, code, detail) => {
  const [problem] = await linesOf(path);
  expect(problem).toMatchObject({ code });
  expect(problem.detail).toMatch(detail);
});

/** Until what is written has nowhere to go, for a while. */
async function stalled(): Promise<void> {
  for (let turns = 0; turns < 50; turns = response.writableNeedDrain ? turns + 1 : 0)
    await new Promise((resolve) => setTimeout(resolve, 2));
}
