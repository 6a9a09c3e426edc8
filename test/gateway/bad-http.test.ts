/** Addresses, headers and connections that no client makes. */
import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import type { Edge } from './edge.ts';
import { calmly } from '../support/calmly.ts';
import { listenAtEdge } from './edge.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
let edge: Edge;
beforeAll(async () => {
  world = await serveWorld({
    development: false,
    access: {
      tokens: [
        {
          name: 'reader',
          // Of "a-secret-of-a-reader".
          sha256: '3a2fe319aa1bded3a1fda8286e025d1761fc79cea8651b6019b54edbd21152bd',
          roles: ['reader'],
        },
      ],
      anonymous: ['reader'],
      roles: { reader: { types: { '*': { read: true } } } },
    },
  });
  edge = await listenAtEdge(world, { receiveTimeoutMs: 300, maxHeaderBytes: 32_768 });
});
afterAll(async () => {
  await edge.close();
  await world.stop();
});
/** The next request is fine, and nothing was our fault. */
afterEach(async () => {
  const { status } = await get('/v1/world/city?first=1');
  expect(status).toBe(200);
  expect(world.errors).toEqual([]);
});

async function get(path: string, headers: Record<string, string> = {}, method = 'GET') {
  const response = await fetch(`http://127.0.0.1:${edge.port}${path}`, { headers, method });
  const text = await response.text();
  return {
    status: response.status,
    headers: response.headers,
    body: (text.startsWith('{') ? JSON.parse(text) : undefined) as Json,
  };
}

const statusOf = (answer: string) => Number(/^HTTP\/1.1 (\d+)/.exec(answer)?.[1]);
const codeOf = (answer: string) => /"code":"(\w+)"/.exec(answer)?.[1];

describe('an address', () => {
  it.each([
    ['/nowhere', 404, 'NOT_FOUND'],
    ['/v1', 404, 'NOT_FOUND'],
    ['/v1/world/nothing', 404, 'NOT_FOUND'],
    ['/v1/world/%252e%252e', 404, 'NOT_FOUND'],
    ['/v1/world/..%2f..%2fetc%2fpasswd', 404, 'NOT_FOUND'],
    ['/v1/world/%00', 404, 'NOT_FOUND'],
    ['/v1/world/__proto__', 404, 'NOT_FOUND'],
    ['/v1/world/constructor', 404, 'NOT_FOUND'],
    ['/v1/__proto__/city', 404, 'DATABASE_NOT_FOUND'],
    ['/v1/world/city/by/__proto__/x', 400, 'BAD_USER_INPUT'],
    ['/v1/world/%E0%A4%A', 400, 'BAD_USER_INPUT'],
    ['/v1/world/city/%ff', 400, 'BAD_USER_INPUT'],
    ['/graphql/../../etc/passwd', 404, 'NOT_FOUND'],
  ])(
    '%s is answered with %i',
    calmly(async (path, status, code) => {
      const answer = await edge.sendRaw(
        `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n`,
      );
      expect([statusOf(answer), codeOf(answer)]).toEqual([status, code]);
    }),
  );

  it(
    'is the same with a slash at its end',
    calmly(async () => {
      expect((await get('/v1/world/city/?first=1')).status).toBe(200);
    }),
  );

  it.each([
    ['POST', '/v1/world/country/by/cca2/FR', 'GET, HEAD, PUT, OPTIONS'],
    ['DELETE', '/v1/world/openapi.json', 'GET, HEAD, OPTIONS'],
    ['PUT', '/v1/world/city', 'GET, HEAD, POST, PATCH, DELETE, OPTIONS'],
  ])(
    'is not asked by %s: %s',
    calmly(async (method, path, allowed) => {
      const { status, headers, body } = await get(path, {}, method);
      expect(status).toBe(405);
      expect(headers.get('allow')).toBe(allowed);
      expect(body.code).toBe('METHOD_NOT_ALLOWED');
      const options = await get(path, {}, 'OPTIONS');
      expect([options.status, options.headers.get('allow')]).toEqual([204, allowed]);
    }),
  );

  it(
    'of operations is asked by GET and POST',
    calmly(async () => {
      for (const method of ['PUT', 'DELETE', 'PATCH']) {
        const { status, headers, body } = await get(
          '/graphql',
          { 'apollo-require-preflight': '1' },
          method,
        );
        expect(status).toBe(405);
        expect(headers.get('allow')).toMatch(/GET, POST/);
        expect(body.errors[0].extensions.code).toBe('METHOD_NOT_ALLOWED');
      }
    }),
  );

  it.each(['/graphql?query=', '/v1/world/'])(
    'may not be too long: %s',
    calmly(async (path) => {
      const long = await get(`${path}${'a'.repeat(20_000)}`);
      expect(long.status).toBe(414);
      expect(long.body.code ?? long.body.errors[0].extensions.code).toBe('URL_TOO_LONG');
      const longer = await edge.sendRaw(
        `GET ${path}${'a'.repeat(100_000)} HTTP/1.1\r\nHost: x\r\n\r\n`,
      );
      expect([statusOf(longer), codeOf(longer)]).toEqual([414, 'URL_TOO_LONG']);
    }),
  );

  it.each([
    ['first=10&first=20', 400],
    ['first=-1', 400],
    ['first=1e9', 400],
    ['first=', 400],
    ['filter[__proto__][x]=1', 400],
    ['__proto__.eq=1', 400],
    ['constructor.prototype.eq=1', 400],
    ['name.eq.__proto__=1', 400],
    ['after=AAAA', 400],
    ['asOf=never', 400],
    [Array.from({ length: 1_500 }, (_, i) => `a${i}=1`).join('&'), 400],
  ])(
    'with the parameters %s is answered with %i',
    calmly(async (parameters, status) => {
      const { status: told, body } = await get(`/v1/world/city?${parameters}`);
      expect(told).toBe(status);
      expect(['BAD_USER_INPUT', 'BAD_CURSOR']).toContain(body.code);
    }),
  );
});

describe('headers', () => {
  it.each([
    '',
    ' ',
    'Bearer',
    'Bearer ',
    'Bearer a b',
    'Bearer a, Bearer b',
    'Basic eDp5',
    'Bearer é',
    `Bearer ${'a'.repeat(9_000)}`,
  ])(
    'with the credentials "%s" are nobody’s',
    calmly(async (authorization) => {
      const answer = await edge.sendRaw(
        Buffer.from(
          `GET /v1/world/city HTTP/1.1\r\nHost: x\r\nConnection: close\r\nAuthorization: ${authorization}\r\n\r\n`,
          'latin1',
        ),
      );
      expect([statusOf(answer), codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED']);
      expect(answer).toMatch(/www-authenticate: bearer/i);
    }),
  );

  it(
    'may not be too long',
    calmly(async () => {
      const answer = await edge.sendRaw(
        `GET /health HTTP/1.1\r\nHost: x\r\nX-Long: ${'a'.repeat(1_000_000)}\r\n\r\n`,
      );
      expect([statusOf(answer), codeOf(answer)]).toEqual([431, 'HEADERS_TOO_LARGE']);
    }),
  );

  it.each([
    ['which do not agree', ['a-secret-of-a-reader', 'another']],
    ['even where they agree', ['a-secret-of-a-reader', 'a-secret-of-a-reader']],
  ])(
    'with credentials twice are nobody’s, %s',
    calmly(async (_what, tokens) => {
      const lines = tokens.map((token) => `Authorization: Bearer ${token}`);
      for (const path of ['/v1/world/city?first=1', '/graphql?query={__typename}']) {
        const answer = await edge.sendRaw(
          `GET ${path} HTTP/1.1\r\nHost: x\r\nConnection: close\r\nApollo-Require-Preflight: 1\r\n${lines.join('\r\n')}\r\n\r\n`,
        );
        expect([statusOf(answer), codeOf(answer)]).toEqual([401, 'UNAUTHENTICATED']);
      }
    }),
  );

  it(
    'that say what is known may be long, and wrong',
    calmly(async () => {
      const tags = Array.from({ length: 500 }, (_, i) => `"${i}"`).join(', ');
      for (const tag of [tags, '"', 'W/', '*x', `"${'a'.repeat(9_000)}`])
        expect((await get('/v1/world/city', { 'if-none-match': tag })).status).toBe(200);
    }),
  );

  it(
    'of a part are ignored: answers come whole',
    calmly(async () => {
      expect((await get('/v1/world/city', { range: 'bytes=0-10' })).status).toBe(200);
    }),
  );

  it(
    'that name another host change nothing',
    calmly(async () => {
      const answer = await edge.sendRaw(
        'GET /v1/world/city?first=1 HTTP/1.1\r\nHost: evil.example.com\r\nX-Forwarded-Host: evil.example.com\r\nConnection: close\r\n\r\n',
      );
      expect(statusOf(answer)).toBe(200);
      expect(answer).not.toContain('evil');
      expect(answer).toMatch(/link: <\/v1\/world\/city/i);
    }),
  );

  it(
    'that ask for a type that there is not are answered with 406',
    calmly(async () => {
      const path = '/graphql?query={__typename}';
      const { status, body } = await get(path, {
        accept: 'image/png',
        'apollo-require-preflight': '1',
      });
      expect([status, body.errors[0].extensions.code]).toEqual([406, 'NOT_ACCEPTABLE']);
    }),
  );

  it(
    'that wait to go on are let',
    calmly(async () => {
      const body = '{"query":"{__typename}"}';
      const answer = await edge.sendRaw(
        `POST /graphql HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nConnection: close\r\nContent-Type: application/json\r\nContent-Length: ${body.length}\r\n\r\n`,
        body,
      );
      expect(answer).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    }),
  );
});

describe('a connection', () => {
  const head = (...lines: ReadonlyArray<string>) =>
    ['POST /graphql HTTP/1.1', 'Host: x', 'Content-Type: application/json', ...lines, '', ''].join(
      '\r\n',
    );
  const body = '{"query":"{__typename}"}';

  it.each([
    ['a length below zero', head('Content-Length: -1')],
    ['a length that is none', head('Content-Length: x')],
    ['two lengths', head('Content-Length: 5', 'Content-Length: 6')],
    ['a length and chunks', head('Content-Length: 5', 'Transfer-Encoding: chunked')],
    ['chunks that are none', `${head('Transfer-Encoding: chunked')}zz\r\n`],
    ['no HTTP', '\x16\x03\x01\x02\x00\x01\x00'],
    ['a header with a line break', head('X: a\rb')],
    ['no host', 'GET /health HTTP/1.1\r\n\r\n'],
  ])(
    'with %s is refused and closed',
    calmly(async (_what, text) => {
      const answer = await edge.sendRaw(text, body);
      expect(statusOf(answer)).toBe(400);
    }),
  );

  it.each([
    ['headers', 'POST /graphql HTTP/1.1\r\nHost: x\r\n'],
    ['a body', `${head('Content-Length: 100')}{"query":`],
    [
      'a body of REST',
      `${head('Content-Length: 100').replace('/graphql', '/v1/world/city')}{"name":`,
    ],
    ['chunks', `${head('Transfer-Encoding: chunked')}5\r\n{"que\r\n`],
  ])(
    'whose %s do not come to an end is told so in time, and closed',
    calmly(async (_what, text) => {
      const begunMs = performance.now();
      const answer = await edge.sendRaw(text);
      expect([statusOf(answer), codeOf(answer)]).toEqual([408, 'REQUEST_TIMEOUT']);
      expect(performance.now() - begunMs).toBeLessThan(5_000);
    }),
  );

  it(
    'may be broken off in the middle',
    calmly(async () => {
      for (const text of [`${head('Content-Length: 100')}{"query":`, 'POST /gra']) {
        const socket = connect(edge.port, '127.0.0.1');
        await once(socket, 'connect');
        await new Promise((resolve) => socket.write(text, resolve));
        socket.resetAndDestroy();
        await once(socket, 'close');
      }
    }),
  );
});

describe('a WebSocket', () => {
  const open = async (): Promise<WebSocket> => {
    const socket = new WebSocket(`ws://127.0.0.1:${edge.port}/graphql`, 'graphql-transport-ws');
    await once(socket, 'open');
    return socket;
  };
  const closing = async (socket: WebSocket): Promise<number> => {
    const [code] = (await once(socket, 'close')) as [number];
    return code;
  };

  it.each([
    ['no JSON', 'x', 4400],
    ['an unknown message', '{"type":"other"}', 4400],
    [
      'a subscription before it is begun',
      '{"type":"subscribe","id":"1","payload":{"query":"{a}"}}',
      4401,
    ],
    ['too much', 'x'.repeat(2_000_000), 1009],
  ])(
    'that says %s is closed',
    calmly(async (_what, message, code) => {
      const socket = await open();
      socket.send(message);
      expect(await closing(socket)).toBe(code);
    }),
  );

  it.each([
    ['no UTF-8', [0x81, 0x82, 0, 0, 0, 0, 0xc3, 0x28], 1007],
    ['no mask', [0x81, 0x01, 0x61], 1002],
    ['an unknown opcode', [0x83, 0x80, 0, 0, 0, 0], 1002],
    ['compression that was not agreed on', [0xc1, 0x81, 0, 0, 0, 0, 0x61], 1002],
    ['a length of 100 MB', [0x82, 0xff, 0, 0, 0, 0, 0x05, 0xf5, 0xe1, 0, 0, 0, 0, 0], 1009],
  ])(
    'that sends %s is closed',
    calmly(async (_what, bytes, code) => {
      const socket = await open();
      const raw = (socket as unknown as { _socket: { write: (bytes: Buffer) => void } })._socket;
      raw.write(Buffer.from(bytes));
      expect(await closing(socket)).toBe(code);
    }),
  );
});
