/** Streams when things go wrong around them: slow readers, readers that are gone, transactions without end, a gateway that stops, a store that is set back. */
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { createClient } from 'graphql-ws';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { Reader } from '../../services/reader/reader.ts';
import { DatabaseError } from '../../schema/error.ts';
import { alwaysOpen } from '../support/served.ts';
import type { EventReader, Listening } from './listening.ts';
import { listenOn, readEvents } from './listening.ts';
import type { ServedWorld } from './served-world.ts';
import { countingReader, serveWorld } from './served-world.ts';

let world: ServedWorld;
let listening: Listening;
beforeEach(async () => {
  world = await serveWorld();
  listening = await listenOn(world);
});
afterEach(async () => {
  await listening.close();
  await world.stop();
});

const GERMANY = 'subscription { country(by: { cca2: "DE" }) { name } }';

const rename = (name: string, of = world): Promise<unknown> =>
  of.data(
    `mutation { updateCountry(by: { cca2: "DE" }, patch: { name: "${name}" }) { tx { t } } }`,
  );

/** The world behind a reader of the test's. */
async function serveThrough(reader: Reader): Promise<{ served: ServedWorld; at: Listening }> {
  const { writer } = world;
  const served = await serveWorld({
    databases: alwaysOpen(new Map([['world', { reader, writer }]])),
  });
  return { served, at: await listenOn(served) };
}

describe('equal live queries', () => {
  it('are run once for a transaction, whoever watches', async () => {
    const { reader, counts } = countingReader(world.reader);
    const { served, at } = await serveThrough(reader);
    const watchers: EventReader[] = [];
    for (let i = 0; i < 50; i++) watchers.push(await readEvents(at.url, { query: GERMANY }));
    for (const each of watchers) await each.answer();
    const before = counts.project;
    await rename('Allemagne');
    for (const each of watchers)
      expect(await each.answer()).toMatchObject({ data: { country: { name: 'Allemagne' } } });
    expect(counts.project - before).toBe(1);
    for (const each of watchers) each.cancel();
    await at.close();
    await served.stop();
  });
});

describe('a stream', () => {
  it('of a store that was set back is told so; queries are asked anew', async () => {
    let setBack: (error: Error) => void = () => undefined;
    const reader: Reader = {
      ...world.reader,
      async *transactions(from, signal) {
        const broken = new Promise<never>((_resolve, reject) => {
          const before = setBack;
          setBack = (error) => {
            before(error);
            reject(error);
          };
        });
        broken.catch(() => undefined);
        const following = world.reader.transactions(from, signal)[Symbol.asyncIterator]();
        for (;;) {
          const { done, value } = await Promise.race([following.next(), broken]);
          if (done === true) return;
          yield value;
        }
      },
    };
    const { served, at } = await serveThrough(reader);
    const changes = await readEvents(at.url, { query: 'subscription { countryChanged { id } }' });
    await changes.next();
    const query = await readEvents(at.url, { query: GERMANY });
    await query.answer();
    setBack(new DatabaseError('SNAPSHOT_EXPIRED', 'set back'));
    const { errors } = await changes.answer();
    expect(errors[0].extensions).toMatchObject({ code: 'SNAPSHOT_EXPIRED', retryable: true });
    expect(await changes.next()).toMatchObject({ event: 'complete' });
    await rename('Allemagne');
    expect(await query.answer()).toMatchObject({ data: { country: { name: 'Allemagne' } } });
    query.cancel();
    await at.close();
    await served.stop();
  });

  it('is read on from the log for a reader that is slow, and none is left out', async () => {
    const changes = await readEvents(listening.url, {
      query: 'subscription { countryChanged { entity { name } } }',
    });
    await changes.next();
    const query = await readEvents(listening.url, { query: GERMANY });
    await query.answer();
    for (let i = 0; i < 200; i++) await rename(`Germany ${i}`);
    for (let i = 0; i < 200; i++)
      expect((await changes.answer()).data.countryChanged.entity.name).toBe(`Germany ${i}`);
    // Of a query the newest answer is all that matters.
    let name: unknown;
    while (name !== 'Germany 199') name = (await query.answer()).data.country.name;
    changes.cancel();
    query.cancel();
  });

  it('frees what it held when its reader is gone', async () => {
    let following = 0;
    const reader: Reader = {
      ...world.reader,
      async *transactions(from, signal) {
        following++;
        try {
          yield* world.reader.transactions(from, signal);
        } finally {
          following--;
        }
      },
    };
    const { served, at } = await serveThrough(reader);
    const events: EventReader[] = [];
    for (const query of [GERMANY, GERMANY, 'subscription { countryChanged { id } }'])
      events.push(await readEvents(at.url, { query }));
    for (const each of events) await each.next();
    const client = createClient({ url: at.url.replace('http', 'ws'), webSocketImpl: WebSocket });
    const answers = client.iterate({ query: 'subscription { cityChanged { id } }' });
    const next = answers.next();
    await vi.waitFor(() => expect(following).toBe(3));
    await answers.return?.();
    await next;
    await vi.waitFor(() => expect(following).toBe(2));
    for (const each of events) each.cancel();
    await vi.waitFor(() => expect(following).toBe(0));
    await client.dispose();
    await at.close();
    await served.stop();
  });
});

describe('a request of nobody', () => {
  it.each([
    ['as a stream', 'text/event-stream'],
    ['for one answer', 'application/json'],
  ])('%s is refused, also where it goes away in the middle', async (_what, accept) => {
    const guarded = await serveWorld({ access: { tokens: [], roles: {} } });
    const at = await listenOn(guarded);
    const { port, hostname } = new URL(at.url);
    const socket = connect(Number(port), hostname);
    const headers = [
      'Host: x',
      'Authorization: Bearer unknown',
      `Accept: ${accept}`,
      'Content-Type: application/json',
      'Content-Length: 1000',
    ];
    socket.write(`POST /graphql HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n{"query"`);
    const [answer] = (await once(socket, 'data')) as [Buffer];
    expect(String(answer)).toContain('401 Unauthorized');
    // What is left of the request fails; nobody may be left to hear of it.
    socket.resetAndDestroy();
    const again = await fetch(at.url, { method: 'POST', headers: { accept } });
    expect(again.status).toBe(401);
    await at.close();
    await guarded.stop();
  });
});

describe('a gateway that stops', () => {
  it('ends what it streams, so that it is asked for elsewhere', async () => {
    const stopping = await serveWorld();
    const at = await listenOn(stopping);
    const events = await readEvents(at.url, { query: GERMANY });
    await events.answer();
    const socket = new WebSocket(at.url.replace('http', 'ws'), 'graphql-transport-ws');
    await once(socket, 'open');
    const closed = once(socket, 'close');
    await stopping.stop();
    // Without `complete`: it was cut.
    expect(await events.next()).toBeUndefined();
    expect((await closed)[0]).toBe(1001);
    expect((await fetch(at.url)).status).toBe(503);
    const late = new WebSocket(at.url.replace('http', 'ws'), 'graphql-transport-ws');
    late.on('error', () => undefined);
    const [, response] = (await once(late, 'unexpected-response')) as [unknown, IncomingMessage];
    expect(response.statusCode).toBe(503);
    await at.close();
  });
});
