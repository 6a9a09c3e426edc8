import { createHash } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { listenOn, readEvents } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const CITIES = 'query Cities($n: Int = 1) { cityConnection(first: $n) { nodes { name } } }';
const COUNTRIES = '{ countryConnection { totalCount } }';
const CREATE = 'mutation Create { createCity(input: { name: "Graz" }) { city { name } } }';

let world: ServedWorld;
let closed: ServedWorld;
beforeAll(async () => {
  world = await serveWorld();
  closed = await serveWorld({
    operations: {
      registered: new Map([
        ['cities', CITIES],
        [hashOf(COUNTRIES), COUNTRIES],
        ['create', CREATE],
      ]),
      onlyRegistered: true,
    },
  });
});
afterAll(async () => {
  await world.stop();
  await closed.stop();
});

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('hex');
}

function persisted(sha256Hash: string): object {
  return { extensions: { persistedQuery: { version: 1, sha256Hash } } };
}

/** The ways in which a request can come: compiled by then or through Apollo, in its body or its address. */
const WAYS: ReadonlyArray<[string, (to: ServedWorld, body: object) => request.Test]> = [
  ['POST', (to, body) => request(to.app).post('/graphql').send(body)],
  [
    'POST that is not plain',
    (to, body) =>
      request(to.app)
        .post('/graphql')
        .set('Content-Type', 'application/json;charset=UTF-8')
        .send(JSON.stringify(body)),
  ],
  [
    'GET',
    (to, body) => {
      const parameters = new URLSearchParams();
      for (const [name, value] of Object.entries(body))
        parameters.set(name, typeof value === 'string' ? value : JSON.stringify(value));
      return request(to.app)
        .get(`/graphql?${parameters.toString()}`)
        .set('apollo-require-preflight', '1');
    },
  ],
];

describe.each(WAYS)('a document by its hash, by %s', (way, send) => {
  it('is asked for, sent once, and known from then on', async () => {
    const query = `${CITIES} # ${way}`;
    const missing = await send(world, persisted(hashOf(query))).expect(200);
    expect(missing.body).toMatchObject({
      errors: [
        {
          message: 'PersistedQueryNotFound',
          extensions: { code: 'PERSISTED_QUERY_NOT_FOUND', retryable: false },
        },
      ],
    });
    const whole = await send(world, { query });
    expect((whole.body as Json).data.cityConnection.nodes).toHaveLength(1);
    const sent = await send(world, { query, ...persisted(hashOf(query)) }).expect(200);
    expect(sent.body).toEqual(whole.body);
    for (const _ of [1, 2]) {
      const named = await send(world, persisted(hashOf(query))).expect(200);
      expect(named.body).toEqual(whole.body);
    }
    const two = await send(world, { ...persisted(hashOf(query)), variables: { n: 2 } });
    expect((two.body as Json).data.cityConnection.nodes).toHaveLength(2);
  });

  it.each([
    [{ query: CITIES, ...persisted(hashOf('other')) }],
    [{ query: CITIES, ...persisted('') }],
    [{ extensions: { persistedQuery: { version: 2, sha256Hash: hashOf(CITIES) } } }],
    [{ extensions: { persistedQuery: 'x' } }],
    [{ documentId: 'cities' }],
  ])('is refused as %o', async (body) => {
    const answer = await send(world, body).expect(400);
    expect((answer.body as Json).errors[0].extensions.code).toBe('BAD_USER_INPUT');
  });

  it('is validated for whoever asks', async () => {
    const query = `{ nothing } # ${way}`;
    await send(world, { query, ...persisted(hashOf(query)) }).expect(400);
    const named = await send(world, persisted(hashOf(query))).expect(400);
    expect((named.body as Json).errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  });
});

describe.each(WAYS)('a registered document, by %s', (_way, send) => {
  it.each([
    ['its id', { documentId: 'cities' }],
    ['its hash', persisted(hashOf(COUNTRIES))],
    ['its id as a hash', persisted('cities')],
    ['its text', { query: CITIES }],
    ['its text and id', { query: CITIES, documentId: 'cities' }],
  ])('is answered by %s', async (_what, body) => {
    for (const _ of [1, 2]) {
      const answer = await send(closed, body).expect(200);
      expect(answer.body).not.toHaveProperty('errors');
    }
  });

  it.each([
    ['another text', { query: `${CITIES} ` }],
    ['introspection', { query: '{ __schema { queryType { name } } }' }],
    ['an unknown hash', persisted(hashOf('x'))],
    ['another text with its hash', { query: '{ a }', ...persisted(hashOf('{ a }')) }],
  ])('is all there is: %s is refused', async (_what, body) => {
    const answer = await send(closed, body).expect(403);
    expect((answer.body as Json).errors[0]).toMatchObject({
      message: expect.stringMatching(/Only registered operations/) as string,
      extensions: { code: 'FORBIDDEN' },
    });
  });
});

it('mutations are registered too', async () => {
  const answer = await request(closed.app).post('/graphql').send({ documentId: 'create' });
  expect(answer.body).toMatchObject({ data: { createCity: { city: { name: 'Graz' } } } });
});

it('streams know the same documents', async () => {
  const listening = await listenOn(closed);
  const known = await readEvents(listening.url, { documentId: 'cities' });
  expect((await known.answer()).data.cityConnection.nodes).toHaveLength(1);
  const unknown = await readEvents(listening.url, { query: '{ __typename }' });
  expect(unknown.response.status).toBe(403);
  await listening.close();
});
