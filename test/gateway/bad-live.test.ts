/** Streams that no client asks for, and clients that do not take what they asked for. */
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { calmly } from '../support/calmly.ts';
import type { Listening } from './listening.ts';
import { listenOn } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
let listening: Listening;
beforeAll(async () => {
  world = await serveWorld({ live: { patienceMs: 50, initTimeoutMs: 100 } });
  listening = await listenOn(world);
});
afterAll(async () => {
  await listening.close();
  await world.stop();
});
const sockets: WebSocket[] = [];
/** The next request is fine, and nothing was our fault. */
afterEach(async () => {
  for (const socket of sockets.splice(0)) socket.terminate();
  const { status } = await world.sendHere('{ __typename }');
  expect(status).toBe(200);
  expect(world.errors).toEqual([]);
});

const GERMANY = 'subscription { country(by: { cca2: "DE" }) { name } }';
const INIT = '{"type":"connection_init"}';
const subscribe = (id: string): string =>
  JSON.stringify({ id, type: 'subscribe', payload: { query: GERMANY } });

async function open(): Promise<WebSocket> {
  const socket = new WebSocket(listening.url.replace('http', 'ws'), 'graphql-transport-ws');
  sockets.push(socket);
  await once(socket, 'open');
  return socket;
}

async function acknowledged(): Promise<WebSocket> {
  const socket = await open();
  socket.send(INIT);
  await once(socket, 'message');
  return socket;
}

describe('a WebSocket', () => {
  it(
    'that asks a thousand things has as many as it may, and no more',
    calmly(async () => {
      const socket = await acknowledged();
      const told = { next: 0, error: 0 };
      const all = new Promise<void>((resolve) => {
        socket.on('message', (data) => {
          const { type, payload } = JSON.parse(String(data as Buffer)) as Json;
          if (type === 'error') expect(payload[0].extensions.code).toBe('RATE_LIMITED');
          told[type as 'next' | 'error']++;
          if (told.next + told.error === 1_000) resolve();
        });
      });
      for (let i = 0; i < 1_000; i++) socket.send(subscribe(String(i)));
      await all;
      expect(told).toEqual({ next: 100, error: 900 });
      for (let i = 0; i < 100; i++)
        socket.send(JSON.stringify({ id: String(i), type: 'complete' }));
      socket.removeAllListeners('message');
      socket.send(subscribe('again'));
      const [data] = (await once(socket, 'message')) as [Buffer];
      expect(JSON.parse(String(data))).toMatchObject({ id: 'again', type: 'next' });
    }),
  );

  it.each([
    ['never begins', [], 4408],
    ['begins twice', [INIT, INIT], 4429],
    ['asks before it begins', [subscribe('1'), INIT], 4401],
    ['begins as nothing', ['{"type":"connection_init","payload":7}'], 4400],
  ])(
    'that %s is closed',
    calmly(async (_what, messages, code) => {
      const socket = await open();
      for (const each of messages) socket.send(each);
      expect((await once(socket, 'close'))[0]).toBe(code);
    }),
  );

  it(
    'that never answers what it is told is told everything all the same',
    calmly(async () => {
      const socket = await acknowledged();
      socket.send(subscribe('1'));
      await once(socket, 'message');
      for (let i = 0; i < 20; i++) socket.send('{"type":"pong"}');
      socket.send('{"type":"ping"}');
      const [data] = (await once(socket, 'message')) as [Buffer];
      expect(JSON.parse(String(data))).toEqual({ type: 'pong' });
    }),
  );
});

describe('a stream', () => {
  it(
    'that nobody reads is left, and takes no more memory than what is being sent',
    calmly(async () => {
      const { port, hostname } = new URL(listening.url);
      const accepted = once(listening.server, 'connection') as Promise<[Socket]>;
      const socket = connect(Number(port), hostname);
      const body = JSON.stringify({ query: GERMANY });
      const headers = [
        'Host: x',
        'Accept: text/event-stream',
        'Content-Type: application/json',
        `Content-Length: ${body.length}`,
      ];
      socket.write(`POST /graphql HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n${body}`);
      const [taken] = await accepted;
      const left = once(taken, 'close');
      await once(socket, 'readable');
      // Long answers, so that the buffers between the two are soon full.
      let heldBytes = 0;
      for (let i = 0; i < 30 && !taken.destroyed; i++) {
        const name = String(i % 10).repeat(900_000);
        await world.sendHere(
          `mutation($name: String) { updateCountry(by: { cca2: "DE" }, patch: { name: $name }) { tx { t } } }`,
          { name },
        );
        heldBytes = Math.max(heldBytes, taken.writableLength);
      }
      await left;
      expect(heldBytes).toBeLessThan(2_000_000);
      socket.destroy();
    }),
  );
});
