/** What no client should send: refused with a code, and nobody else hears of it. */
import { deflateSync, gzipSync } from 'node:zlib';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Edge } from './edge.ts';
import { calmly } from '../support/calmly.ts';
import { listenAtEdge } from './edge.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
let edge: Edge;
beforeAll(async () => {
  world = await serveWorld({ development: false });
  edge = await listenAtEdge(world);
});
afterAll(async () => {
  await edge.close();
  await world.stop();
});
/** The next request is fine, and nothing was our fault. */
afterEach(async () => {
  const { status } = await post('/graphql', '{"query":"{__typename}"}');
  expect(status).toBe(200);
  expect(world.errors).toEqual([]);
  expect(({} as Json).admin).toBeUndefined();
});

interface Told {
  readonly status: number;
  readonly code: string | undefined;
  readonly message: string;
  readonly headers: Headers;
  readonly body: Json;
}

async function send(path: string, options: RequestInit): Promise<Told> {
  const response = await fetch(`http://127.0.0.1:${edge.port}${path}`, options);
  const text = await response.text();
  const body = text === '' ? undefined : (JSON.parse(text) as Json);
  const error = body?.errors?.[0];
  return {
    status: response.status,
    code: error?.extensions?.code ?? body?.code,
    message: error?.message ?? body?.detail ?? '',
    headers: response.headers,
    body,
  };
}

const JSON_TYPE = { 'content-type': 'application/json' };

function post(
  path: string,
  body: string | Uint8Array | undefined,
  headers: Record<string, string> = JSON_TYPE,
): Promise<Told> {
  return send(path, { method: 'POST', headers, ...(body === undefined ? {} : { body }) });
}

const ask = (query: string, variables: object = {}) =>
  post('/graphql', JSON.stringify({ query, variables }));

const CREATE =
  'mutation($input: CityInput!) { createCity(input: $input) { city { name population } } }';
const CITY = '/v1/world/city';

describe('JSON', () => {
  it.each([
    ['{"__proto__":{"admin":true}}'],
    ['{"constructor":{"prototype":{"admin":true}}}'],
    ['{"name":"x","__proto__":{"admin":true}}'],
  ])(
    '%s is a field that there is not',
    calmly(async (input) => {
      const variables = `{"query":${JSON.stringify(CREATE)},"variables":{"input":${input}}}`;
      expect(await post('/graphql', variables)).toMatchObject({ code: 'BAD_USER_INPUT' });
      expect(await post(CITY, input)).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    }),
  );

  it(
    'may not be nested ten thousand deep',
    calmly(async () => {
      const deep = `${'['.repeat(10_000)}${']'.repeat(10_000)}`;
      const inVariables = `{"query":${JSON.stringify(CREATE)},"variables":{"input":{"name":${deep}}}}`;
      for (const [path, body] of [
        ['/graphql', inVariables],
        [CITY, deep],
        [CITY, `{"name":${deep}}`],
        ['/v1/world/transact', `{"ops":${deep}}`],
      ] as const)
        expect(await post(path, body)).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    }),
  );

  it(
    'with a key twice means the last, on every way',
    calmly(async () => {
      const first = await post(CITY, '{"name":"A","name":"B"}');
      expect(first.body).toMatchObject({ name: 'B' });
      const encoded = await post(CITY, gzipSync('{"name":"A","name":"B"}'), {
        ...JSON_TYPE,
        'content-encoding': 'gzip',
      });
      expect(encoded.body).toMatchObject({ name: 'B' });
      const query = JSON.stringify(CREATE);
      const variables = '{"input":{"name":"A"},"input":{"name":"B"}}';
      const told = await post('/graphql', `{"query":${query},"variables":${variables}}`);
      expect(told.body.data.createCity.city.name).toBe('B');
    }),
  );

  it.each([
    ['9007199254740993', /9007199254740993 is too large/],
    ['-9007199254740993', /-9007199254740993 is too large/],
    ['9007199254740992', /population/],
    ['100000000000000000000', /population/],
    ['1e400', /population/],
    ['1.5', /population/],
    ['NaN', /not JSON/],
    ['0x10', /not JSON/],
    ['01', /not JSON/],
  ])(
    'never makes another number of %s',
    calmly(async (number, message) => {
      const input = `{"name":"x","population":${number}}`;
      const query = JSON.stringify(CREATE);
      const byGraphQL = await post('/graphql', `{"query":${query},"variables":{"input":${input}}}`);
      expect(byGraphQL.code).toBe('BAD_USER_INPUT');
      const byRest = await post(CITY, input);
      expect(byRest).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
      expect(byRest.message).toMatch(message);
    }),
  );

  it.each(['["!kw"]', '["!kw",5]', '["!kw","a","b"]', '["!unknown",1]', '{"!kw":"a"}', '5'])(
    'has no tags, and so no keywords like %s',
    calmly(async (kind) => {
      const query = JSON.stringify(CREATE);
      const input = `{"name":"x","kind":${kind}}`;
      const told = await post('/graphql', `{"query":${query},"variables":{"input":${input}}}`);
      expect(told.code).toBe('BAD_USER_INPUT');
      expect(await post(CITY, input)).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    }),
  );

  it.each(['', ':', '::a', ':/a', ':a/', ':a/b/c', ': a', ':a b', ':a}', 'a'])(
    'makes no keyword of "%s"',
    calmly(async (text) => {
      const query = JSON.stringify(CREATE);
      const input = JSON.stringify({ name: 'x', kind: text });
      const told = await post('/graphql', `{"query":${query},"variables":{"input":${input}}}`);
      expect(told.code).toBe('BAD_USER_INPUT');
      expect(await post(CITY, input)).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    }),
  );

  it(
    'takes a minus zero for zero, and the largest long as text',
    calmly(async () => {
      expect((await post(CITY, '{"name":"x","population":-0}')).body.population).toBe('0');
      const largest = '9223372036854775807';
      const told = await post(CITY, `{"name":"x","population":"${largest}"}`);
      expect([201, 400]).toContain(told.status);
      if (told.status === 201) expect(told.body.population).toBe(largest);
    }),
  );

  it.each(['', 'null', '[]', '"text"', '42', '{}', '{"name":"x"}{}', '{"name":"x"} x'])(
    'has to be an object: %s',
    calmly(async (body) => {
      const byGraphQL = await post('/graphql', body);
      expect(byGraphQL).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
      if (body === '{}') return;
      expect(await post(CITY, body)).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    }),
  );

  it.each([
    ['no UTF-8', Buffer.from('{"name":"\xe9"}', 'latin1')],
    ['cut off in a character', Buffer.from('{"name":"é').subarray(0, -1)],
  ])(
    'that is %s is refused',
    calmly(async (_what, bytes) => {
      for (const path of ['/graphql', CITY])
        expect(await post(path, bytes)).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    }),
  );

  it.each([
    ['NUL', '"a\\u0000b"', 'a\0b'],
    ['a BOM within', '"\\ufeffa"', '\ufeffa'],
    ['an astral character', '"\\ud83d\\ude00"', '😀'],
  ])(
    'keeps %s as it is',
    calmly(async (_what, json, expected) => {
      const told = await post(CITY, `{"name":${json}}`);
      expect(told.body.name).toBe(expected);
      const { body } = await send(`${CITY}/${told.body.id}`, {});
      expect(body.name).toBe(expected);
    }),
  );

  it.each(['"\\ud800"', '"a\\udc00"'])(
    'refuses half a character: %s',
    calmly(async (json) => {
      expect(await post(CITY, `{"name":${json}}`)).toMatchObject({ status: 400 });
      const query = JSON.stringify(CREATE);
      const variables = `{"input":{"name":${json}}}`;
      const told = await post('/graphql', `{"query":${query},"variables":${variables}}`);
      expect(told.body.errors).toHaveLength(1);
    }),
  );

  it(
    'may begin with a byte order mark nowhere',
    calmly(async () => {
      for (const path of ['/graphql', CITY])
        expect(await post(path, '\ufeff{"name":"x"}')).toMatchObject({ status: 400 });
    }),
  );
});

describe('the type of a body', () => {
  it.each([
    ['text/plain', 400, 415],
    ['application/x-www-form-urlencoded', 400, 415],
    ['multipart/form-data; boundary=x', 400, 415],
    ['application/xml', 415, 415],
    ['application/edn', 415, 415],
    ['application/json; charset=utf-16', 415, 415],
    ['application/json; charset=latin1', 415, 415],
    ['nonsense', 415, 415],
  ])(
    '%s is not read',
    calmly(async (type, statusOfGraphQL, statusOfRest) => {
      const headers = { 'content-type': type };
      const byGraphQL = await post('/graphql', '{"query":"{__typename}"}', headers);
      expect(byGraphQL.status).toBe(statusOfGraphQL);
      expect(['BAD_USER_INPUT', 'UNSUPPORTED_MEDIA_TYPE']).toContain(byGraphQL.code);
      const byRest = await post(CITY, '{"name":"x"}', headers);
      expect(byRest).toMatchObject({ status: statusOfRest, code: 'UNSUPPORTED_MEDIA_TYPE' });
      expect(byRest.headers.get('content-type')).toMatch(/problem\+json/);
    }),
  );

  it(
    'is what the body has to be',
    calmly(async () => {
      for (const path of ['/graphql', CITY])
        expect(await post(path, '{:name "x"}')).toMatchObject({ status: 400 });
    }),
  );

  const small = '{"query":"{__typename}"}';
  const large = `{"query":"${' '.repeat(50_000_000)}"}`;
  it.each([
    ['gzip', gzipSync(small), gzipSync(large)],
    ['deflate', deflateSync(small), deflateSync(large)],
  ])(
    'may be encoded with %s, and is no larger than it may be after that',
    calmly(async (encoding, small, bomb) => {
      const headers = { ...JSON_TYPE, 'content-encoding': encoding };
      expect((await post('/graphql', small, headers)).status).toBe(200);
      const rssBefore = process.memoryUsage().rss;
      for (const path of ['/graphql', CITY])
        expect(await post(path, bomb, headers)).toMatchObject({
          status: 413,
          code: 'BODY_TOO_LARGE',
        });
      expect(process.memoryUsage().rss - rssBefore).toBeLessThan(40_000_000);
    }),
  );

  it.each(['br2', 'zstd', 'gzip, gzip', 'identity, gzip'])(
    'is not encoded with %s',
    calmly(async (encoding) => {
      const headers = { ...JSON_TYPE, 'content-encoding': encoding };
      for (const path of ['/graphql', CITY])
        expect(await post(path, '{"query":"{__typename}"}', headers)).toMatchObject({
          status: 415,
          code: 'UNSUPPORTED_MEDIA_TYPE',
        });
    }),
  );

  it(
    'is told truly',
    calmly(async () => {
      const headers = { ...JSON_TYPE, 'content-encoding': 'gzip' };
      for (const path of ['/graphql', CITY])
        expect(await post(path, '{"query":"{__typename}"}', headers)).toMatchObject({
          status: 400,
          code: 'BAD_USER_INPUT',
        });
    }),
  );
});

const VARIED =
  'query($first: Int, $id: ID = "x", $where: CityWhere, $after: String) { node(id: $id) { id } cityConnection(first: $first, where: $where, after: $after) { totalCount nodes { name } } }';

describe('an operation', () => {
  const nested = (depth: number) =>
    `${'{ node(id: "x") '.repeat(depth)}{ id }${' }'.repeat(depth)}`;
  const cycle = '{ ...A } fragment A on Query { ...B } fragment B on Query { ...A }';
  it.each([
    ['a depth of 1,000', nested(1_000)],
    [
      '10,000 aliases',
      `{ ${Array.from({ length: 10_000 }, (_, i) => `a${i}: __typename`).join(' ')} }`,
    ],
    ['300 aliases', `{ ${Array.from({ length: 300 }, (_, i) => `a${i}: __typename`).join(' ')} }`],
    ['10,000 directives', `{ __typename ${'@skip(if: false) '.repeat(10_000)} }`],
    ['300 directives', `{ __typename ${'@skip(if: false) '.repeat(300)} }`],
    ['a cycle of fragments', cycle],
    ['100,000 tokens', `{ ${'__typename '.repeat(100_000)} }`.slice(0, 900_000)],
    ['10,000 fields that may conflict', `{ ${'countryConnection { totalCount } '.repeat(1_500)} }`],
    ['no end', '{ __typename'],
    ['nothing', ''],
    ['NUL', '{ __type\0name }'],
    [
      'too many entities',
      '{ cityConnection(first: 1000) { nodes { country { _cityByCountry(first: 1000) { nodes { name } } } } } }',
    ],
  ])(
    'with %s is refused before it is run',
    calmly(async (_what, query) => {
      const told = await ask(query);
      expect(told.status).toBe(400);
      expect(told.code).toMatch(
        /^(GRAPHQL_(PARSE|VALIDATION)_FAILED|BAD_USER_INPUT|COST_LIMIT_EXCEEDED)$/,
      );
    }),
  );

  it(
    'is charged for each alias of an expensive field',
    calmly(async () => {
      const list =
        'cityConnection(first: 1000) { nodes { country { borders(first: 100) { name } } } }';
      const query = `{ ${Array.from({ length: 15 }, (_, i) => `a${i}: ${list}`).join(' ')} }`;
      expect(await ask(query)).toMatchObject({ status: 400, code: 'COST_LIMIT_EXCEEDED' });
    }),
  );

  it(
    'comes alone',
    calmly(async () => {
      const one = { query: '{ __typename }' };
      const batch = JSON.stringify(Array.from({ length: 1_000 }, () => one));
      expect(await post('/graphql', batch)).toMatchObject({ status: 400, code: 'BAD_USER_INPUT' });
    }),
  );

  it(
    'of 2 MB is too large',
    calmly(async () => {
      expect(await ask(`{ ${' '.repeat(2_000_000)} }`)).toMatchObject({
        status: 413,
        code: 'BODY_TOO_LARGE',
      });
    }),
  );

  it.each(
    [
      ['a wrong type', { first: 'x' }],
      ['too large an Int', { first: 2 ** 31 }],
      ['a number below zero', { first: -1 }],
      ['more than a page may have', { first: 1e9 }],
      ['an object for an id', { id: {} }],
      ['a field that there is not', { where: { nothing: 1 } }],
      ['__proto__', { where: JSON.parse('{"__proto__":{"eq":"x"}}') as object }],
      ['constructor', { where: { constructor: { eq: 'x' } } }],
      ['a cursor that was forged', { after: 'AAAA' }],
      ['a list of 50,000', { where: { name: { in: Array.from({ length: 50_000 }, String) } } }],
    ].map(([what, variables]): [string, string] => [
      String(what),
      JSON.stringify({ query: VARIED, variables }),
    ]),
  )(
    'with variables that are wrong is refused: %s',
    calmly(async (what, body) => {
      const told = await post('/graphql', body);
      if (what.startsWith('a list'))
        expect(told.body.errors?.[0]?.extensions.code).not.toBe('INTERNAL');
      else expect(told.body.errors.length).toBeGreaterThan(0);
      expect(['BAD_USER_INPUT', 'BAD_CURSOR', 'COST_LIMIT_EXCEEDED', 'ENTITY_NOT_FOUND']).toContain(
        told.code ?? 'BAD_USER_INPUT',
      );
    }),
  );

  it(
    'needs its variables',
    calmly(async () => {
      const told = await ask('query($id: ID!) { node(id: $id) { id } }');
      expect(told).toMatchObject({ code: 'BAD_USER_INPUT' });
    }),
  );

  it(
    'finds texts as they are, whatever they look like in a query',
    calmly(async () => {
      const text = '" [?e :db/ident ?i] "';
      const told = await ask(
        'query($text: String) { cityConnection(where: { name: { eq: $text } }) { totalCount } }',
        { text },
      );
      expect(told.body.data.cityConnection.totalCount).toBe(0);
      const listed = await send(`${CITY}?name.eq=${encodeURIComponent(text)}`, {});
      expect(listed.body.nodes).toEqual([]);
    }),
  );
});
