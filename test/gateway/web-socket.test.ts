/** Operations over WebSockets: the protocol, and what the other side may not do. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { connect } from 'node:net';
import type { Socket } from 'node:net';
import { createClient } from 'graphql-ws';
import type { Client } from 'graphql-ws';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { AccessConfig } from '../../schema/access.ts';
import type { Listening } from './listening.ts';
import { listenOn } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

const SOON_MS = 2_000;

const ACCESS: AccessConfig = {
  tokens: [
    { name: 'reader', sha256: sha256('reader'), roles: ['reader'] },
    { name: 'stranger', sha256: sha256('stranger'), roles: ['stranger'] },
    {
      name: 'brief',
      sha256: sha256('brief'),
      roles: ['reader'],
      expires: new Date(Date.now() + SOON_MS).toISOString(),
    },
  ],
  roles: {
    reader: { types: { '*': { read: true } } },
    stranger: { databases: ['other'], types: { '*': { read: true } } },
  },
};

let world: ServedWorld;
let listening: Listening;
let guarded: ServedWorld;
let guardedListening: Listening;
beforeAll(async () => {
  const origins = ['https://app.example.com'];
  world = await serveWorld({ bodyLimitBytes: 10_000, origins });
  listening = await listenOn(world);
  guarded = await serveWorld({ access: ACCESS });
  guardedListening = await listenOn(guarded);
});
const clients: Client[] = [];
const sockets: WebSocket[] = [];
afterEach(async () => {
  for (const client of clients.splice(0)) await client.dispose();
  for (const socket of sockets.splice(0)) socket.terminate();
});
afterAll(async () => {
  for (const each of [listening, guardedListening]) await each.close();
  for (const each of [world, guarded]) await each.stop();
});

const wsUrl = (of: Listening): string => of.url.replace('http', 'ws');

function client(of = listening, connectionParams: Record<string, unknown> = {}): Client {
  const made = createClient({
    url: wsUrl(of),
    webSocketImpl: WebSocket,
    connectionParams,
    retryAttempts: 0,
  });
  clients.push(made);
  return made;
}

const rename = (name: string): Promise<unknown> =>
  world.data(
    `mutation { updateCountry(by: { cca2: "DE" }, patch: { name: "${name}" }) { tx { t } } }`,
  );
const GERMANY = 'subscription { country(by: { cca2: "DE" }) { name } }';

/** A connection of which every frame is the test's. */
async function open(
  headers: Record<string, string> = {},
  protocol = 'graphql-transport-ws',
  of = listening,
): Promise<WebSocket> {
  const protocols = protocol === '' ? [] : [protocol];
  const socket = new WebSocket(wsUrl(of), protocols, { headers });
  sockets.push(socket);
  await once(socket, 'open');
  return socket;
}

async function acknowledged(payload: object = {}, of = listening): Promise<WebSocket> {
  const socket = await open({}, undefined, of);
  socket.send(JSON.stringify({ type: 'connection_init', payload }));
  expect(await message(socket)).toEqual({ type: 'connection_ack' });
  return socket;
}

async function message(socket: WebSocket): Promise<Json> {
  const [data] = (await once(socket, 'message')) as [Buffer];
  return JSON.parse(String(data)) as Json;
}

async function closeCode(socket: WebSocket): Promise<number> {
  const [code] = (await once(socket, 'close')) as [number];
  return code;
}

const subscribe = (id: string, query = GERMANY): string =>
  JSON.stringify({ id, type: 'subscribe', payload: { query } });

describe('an operation', () => {
  it('is answered once, or again and again', async () => {
    const { iterate } = client();
    const all = async (query: string): Promise<unknown[]> => {
      const answers: unknown[] = [];
      for await (const answer of iterate({ query })) answers.push(answer);
      return answers;
    };
    expect(await all('{ country(by: { cca2: "FR" }) { name } }')).toEqual([
      {
        data: { country: { name: 'France' } },
        extensions: { basisT: String(world.reader.current().basisTx) },
      },
    ]);
    expect(
      await all(
        'mutation { updateCountry(by: { cca2: "FR" }, patch: { name: "France" }) { country { name } } }',
      ),
    ).toHaveLength(1);
    const answers = iterate({ query: GERMANY });
    expect(await answers.next()).toMatchObject({
      value: { data: { country: { name: 'Germany' } } },
    });
    await rename('Allemagne');
    expect(await answers.next()).toMatchObject({
      value: { data: { country: { name: 'Allemagne' } } },
    });
    await answers.return?.();
    await rename('Germany');
  });

  it('follows changes from where they were left', async () => {
    const since = world.reader.current().basisTx;
    await rename('Germania');
    const changes = client().iterate({
      query: 'subscription($since: String) { countryChanged(since: $since) { kind cursor } }',
      variables: { since: String(since) },
    });
    const { value } = await changes.next();
    expect(value).toMatchObject({ data: { countryChanged: { kind: 'UPDATED' } } });
    await changes.return?.();
    await rename('Germany');
  });

  it.each([
    ['subscription { nothing }', 'GRAPHQL_VALIDATION_FAILED'],
    ['{', 'GRAPHQL_PARSE_FAILED'],
  ])('that is wrong is refused: %s', async (query, code) => {
    const socket = await acknowledged();
    socket.send(subscribe('1', query));
    const { type, payload } = await message(socket);
    expect(type).toBe('error');
    expect(payload[0].extensions).toMatchObject({ code, requestId: expect.any(String) });
    expect(payload[0].locations).toHaveLength(1);
  });

  it('that fails says so in its answer', async () => {
    const socket = await acknowledged();
    socket.send(subscribe('1', 'subscription { node(id: "x") { id } }'));
    const { type, payload } = await message(socket);
    expect(type).toBe('next');
    expect(payload.errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });
});

describe('a connection', () => {
  it('says who asks, in its first message or in its request', async () => {
    const query = '{ country(by: { cca2: "FR" }) { name } }';
    for (const params of [{ authorization: 'Bearer reader' }, { Authorization: 'Bearer reader' }]) {
      const { value } = await client(guardedListening, params).iterate({ query }).next();
      expect(value).toMatchObject({ data: { country: { name: 'France' } } });
    }
    const socket = await open({ Authorization: 'Bearer reader' }, undefined, guardedListening);
    socket.send(JSON.stringify({ type: 'connection_init' }));
    expect(await message(socket)).toEqual({ type: 'connection_ack' });
  });

  it.each([
    ['nobody', {}, 4401],
    ['somebody unknown', { authorization: 'Bearer unknown' }, 4401],
    ['no text', { authorization: 1 }, 4401],
    ['somebody without a role', { authorization: 'Bearer stranger' }, 4403],
  ])('of %s is closed', async (_who, payload, code) => {
    const socket = await open({}, undefined, guardedListening);
    socket.send(JSON.stringify({ type: 'connection_init', payload }));
    expect(await closeCode(socket)).toBe(code);
  });

  it('of two who are not the same is closed', async () => {
    for (const [given, code] of [
      ['Bearer brief', 4401],
      ['Bearer reader', undefined],
    ] as const) {
      const socket = await open({ Authorization: 'Bearer reader' }, undefined, guardedListening);
      socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization: given } }));
      if (code === undefined) expect(await message(socket)).toEqual({ type: 'connection_ack' });
      else expect(await closeCode(socket)).toBe(code);
    }
  });

  it('ends when its token does', async () => {
    const socket = await acknowledged({ authorization: 'Bearer brief' }, guardedListening);
    socket.send(subscribe('1'));
    expect(await message(socket)).toMatchObject({ type: 'next' });
    expect(await closeCode(socket)).toBe(4401);
  });

  it.each([
    ['https://evil.example.com', false],
    ['null', false],
    ['https://app.example.com', true],
  ])('of a page at %s: %s', async (origin, isOpened) => {
    const socket = new WebSocket(wsUrl(listening), 'graphql-transport-ws', { headers: { origin } });
    sockets.push(socket);
    socket.on('error', () => undefined);
    if (isOpened) await once(socket, 'open');
    else {
      const [, response] = (await once(socket, 'unexpected-response')) as [unknown, Json];
      expect(response.statusCode).toBe(403);
    }
  });

  it('of a page of the same host is one', async () => {
    const { host } = new URL(listening.url);
    expect((await open({ origin: `http://${host}` })).readyState).toBe(WebSocket.OPEN);
  });

  it('of a database that is not there is closed; elsewhere there is none', async () => {
    const socket = new WebSocket(`${wsUrl(listening)}/nowhere`, 'graphql-transport-ws');
    sockets.push(socket);
    await once(socket, 'open');
    socket.send(JSON.stringify({ type: 'connection_init' }));
    expect(await closeCode(socket)).toBe(4400);
    const other = new WebSocket(wsUrl(listening).replace('/graphql', '/v1/world/city'));
    other.on('error', () => undefined);
    const [, response] = (await once(other, 'unexpected-response')) as [unknown, Json];
    expect(response.statusCode).toBe(404);
  });

  it.each([
    ['speaks no protocol', '', [], 4406],
    ['sends what is no message', undefined, ['hello'], 4400],
    ['sends a message of no type', undefined, ['{"type":"dance"}'], 4400],
    ['asks before it says who it is', undefined, [subscribe('1')], 4401],
    [
      'says twice who it is',
      undefined,
      ['{"type":"connection_init"}', '{"type":"connection_init"}'],
      4429,
    ],
    [
      'asks twice under one id',
      undefined,
      ['{"type":"connection_init"}', subscribe('1'), subscribe('1')],
      4409,
    ],
    [
      'sends more than may be sent',
      undefined,
      ['{"type":"connection_init"}', subscribe('1', ' '.repeat(20_000))],
      1009,
    ],
  ])('that %s is closed', async (_what, protocol, messages, code) => {
    const socket = await open({}, protocol);
    for (const each of messages) {
      socket.send(each);
      // What comes before it is acknowledged is another mistake.
      if (each.includes('connection_init') && code !== 4429) await once(socket, 'message');
    }
    expect(await closeCode(socket)).toBe(code);
  });

  it('that sends binary data or broken frames is closed', async () => {
    const binary = await acknowledged();
    binary.send(Buffer.from([1, 2, 3]));
    expect(await closeCode(binary)).toBe(4400);
    const broken = await acknowledged();
    const { _socket: raw } = broken as unknown as { _socket: NodeJS.WritableStream };
    raw.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
    expect(await closeCode(broken)).toBe(1002);
    const unmasked = await acknowledged();
    (unmasked as unknown as { _socket: NodeJS.WritableStream })._socket.write('\x81\x02hi');
    expect(await closeCode(unmasked)).toBe(1002);
  });
});

describe('whoever says nothing', () => {
  let hasty: ServedWorld;
  let at: Listening;
  beforeAll(async () => {
    hasty = await serveWorld({ live: { pingMs: 50, initTimeoutMs: 300 } });
    at = await listenOn(hasty);
  });
  afterAll(async () => {
    await at.close();
    await hasty.stop();
  });

  /** A connection whose other side reads and writes nothing but what the test does. */
  async function silent(): Promise<Socket> {
    const { hostname, port } = new URL(at.url);
    const socket = connect(Number(port), hostname);
    const headers = [
      'Host: x',
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      'Sec-WebSocket-Protocol: graphql-transport-ws',
    ];
    socket.write(`GET /graphql HTTP/1.1\r\n${headers.join('\r\n')}\r\n\r\n`);
    await once(socket, 'data');
    return socket;
  }

  it('is not taken for somebody who asks', async () => {
    expect(await closeCode(await open({}, undefined, at))).toBe(4408);
  });

  it('is not there', async () => {
    const socket = await silent();
    socket.resume();
    await once(socket, 'close');
  });

  it('is not waited for where half of the connection is closed', async () => {
    const socket = await silent();
    socket.resume().end();
    await once(socket, 'close');
  });
});

describe('the states that a connection reads', () => {
  const first = async (params: Record<string, unknown>): Promise<Json> => {
    for await (const answer of client(listening, params).iterate({
      query: '{ cityConnection { totalCount } }',
    }))
      return answer;
    throw new Error('Expected an answer');
  };

  it('are said when it is begun', async () => {
    const { basisTx } = world.reader.current();
    await world.sendHere('mutation { createCity(input: { name: "Late" }) { tx { t } } }');
    const now = (await first({ 'Datahike-Min-T': basisTx + 1 })) as Json;
    const then = (await first({ 'datahike-as-of': String(basisTx) })) as Json;
    expect(now.data.cityConnection.totalCount).toBe(then.data.cityConnection.totalCount + 1);
  });

  it('are refused where they are none', async () => {
    const refused = first({ 'Datahike-As-Of': 'yesterday' }).catch((errors: unknown) => errors);
    expect(((await refused) as Json)[0]).toMatchObject({
      message: expect.stringContaining('Datahike-As-Of') as string,
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });
});
