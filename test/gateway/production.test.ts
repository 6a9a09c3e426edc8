/** The probes of graphql-cop (https://github.com/dolevf/graphql-cop), against a gateway that strangers reach; and how soon it gives up. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { kw } from '../../schema/keyword.ts';
import type { Edge } from './edge.ts';
import { listenAtEdge } from './edge.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';
import { entity } from './world.ts';

let world: ServedWorld;
beforeAll(async () => {
  world = await serveWorld({
    development: false,
    access: {
      anonymous: ['all'],
      roles: { all: { types: { '*': { read: true, create: true } } } },
    },
  });
});
afterAll(() => world.stop());

const ask = (query: string) => request(world.app).post('/graphql').send({ query });

async function refusal(query: string): Promise<Json> {
  const { body } = (await ask(query).expect(400)) as { body: Json };
  expect(body.data).toBeUndefined();
  return body.errors[0];
}

describe('graphql-cop finds', () => {
  it('no alias overloading', async () => {
    const aliases = Array.from({ length: 101 }, (_, i) => `alias${i}:__typename`);
    const { text } = await ask(`query cop { ${aliases.join(' ')} }`).expect(400);
    expect(text).toMatch(/more than 100 aliases/);
  });

  it('no array-based query batching', async () => {
    const batch = Array.from({ length: 10 }, () => ({ query: 'query cop { __typename }' }));
    const { body } = await request(world.app).post('/graphql').send(batch).expect(400);
    expect(Array.isArray(body)).toBe(false);
  });

  it('no directive overloading', async () => {
    const told = await refusal(`query cop { __typename ${'@aa'.repeat(200)} }`);
    expect(told.extensions.code).toMatch(/COST_LIMIT_EXCEEDED|GRAPHQL_VALIDATION_FAILED/);
    const known = `query cop { ${'__typename @skip(if: false) '.repeat(200)} }`;
    expect((await ask(known).expect(400)).text).toMatch(/more than 100 directives/);
  });

  it('no field suggestions', async () => {
    for (const query of [
      'query cop { __schema { directive } }',
      '{ cityConection { totalCount } }',
    ])
      expect((await ask(query)).text).not.toMatch(/did you mean/i);
  });

  it('no console', async () => {
    for (const path of ['/graphiql', '/playground', '/console', '/graphql', '/altair']) {
      const answer = await request(world.app).get(path).set('Accept', 'text/html');
      expect(answer.headers['content-type']).toMatch(/json/);
      expect(answer.status).toBeGreaterThanOrEqual(400);
    }
  });

  it('no introspection', async () => {
    const told = await refusal('query cop { __schema { types { name fields { name } } } }');
    expect(told.message).toMatch(/introspection is not allowed/i);
    await refusal('query cop { __type(name: "City") { name } }');
  });

  it('no circular introspection', async () => {
    const circle = 'fields { type { '.repeat(4) + 'name' + ' } }'.repeat(4);
    await refusal(`query cop { __schema { types { ${circle} } } }`);
  });

  it('no queries by GET that a page elsewhere could have sent', async () => {
    await request(world.app).get('/graphql').query({ query: 'query cop {__typename}' }).expect(400);
  });

  it('no mutations by GET', async () => {
    const query = 'mutation cop { createCity(input: { name: "x" }) { tx { t } } }';
    await request(world.app).get('/graphql').query({ query }).expect(400);
    await request(world.app)
      .get('/graphql')
      .query({ query })
      .set('apollo-require-preflight', '1')
      .expect(405);
  });

  it('no queries in forms', async () => {
    const answer = await request(world.app)
      .post('/graphql')
      .type('form')
      .send({ query: 'query cop { __typename }' })
      .expect(400);
    expect((answer.body as Json).errors[0].message).toMatch(/CSRF/);
  });

  it('no tracing', async () => {
    const { body } = (await ask('query cop { __typename }').expect(200)) as { body: Json };
    expect(Object.keys(body.extensions as object)).toEqual(['basisT']);
  });

  it('no errors that were not handled', async () => {
    for (const query of ['qwerty cop { abc }', '', '{', 'query cop { abc }']) {
      const { body, text } = (await ask(query)) as { body: Json; text: string };
      expect(text).not.toMatch(/stacktrace|exception|node_modules|\.ts:/i);
      for (const { extensions } of body.errors)
        expect(Object.keys(extensions as object).toSorted()).toEqual(
          extensions.requestId === undefined
            ? ['code', 'retryable']
            : ['code', 'requestId', 'retryable'],
        );
    }
    expect(world.errors).toEqual([]);
  });
});

describe('a deadline', () => {
  const timeoutMs = 50;
  let slow: ServedWorld;
  let edge: Edge;
  beforeAll(async () => {
    slow = await serveWorld({ queryLimits: { timeoutMs } });
    const cities = Array.from({ length: 20_000 }, (_, i) =>
      entity({ 'city/name': `city ${i}`, 'city/country': [kw('country/cca2'), 'FR'] }),
    );
    await slow.writer.transact({ txData: cities });
    edge = await listenAtEdge(slow);
  });
  afterAll(async () => {
    await edge.close();
    await slow.stop();
  });

  it.each([
    [
      'groups',
      (i: number) =>
        `cityGroups(by: [{ name: true }], where: { name: { contains: "${i}" } }, first: 1000) { key { name } aggregate { count } }`,
    ],
    [
      'groups of everything',
      () =>
        'cityGroups(by: [{ country: { id: true } }, { name: true }], first: 1000, orderBy: [{ _count: DESC }]) { key { name } aggregate { count } }',
    ],
    [
      'lists in an order',
      () =>
        'cityConnection(first: 1000, orderBy: [{ country: { name: ASC } }, { name: DESC }]) { nodes { name country { name } } }',
    ],
    [
      'what was',
      (i: number) =>
        `cityConnection(first: 1000, asOf: { instant: "2200-01-01T00:00:0${i % 10}Z" }, where: { name: { endsWith: "${i}" } }) { totalCount nodes { name } }`,
    ],
    [
      'many that are there for one',
      (i: number) =>
        `countryConnection(where: { _cityByCountry: { some: { name: { matches: "${i}.*${i}" } } } }) { nodes { name } }`,
    ],
  ])('is told within a tenth of a second: %s', async (_what, fieldOf) => {
    // Enough to read for many times as long.
    const fields = Array.from({ length: 40 }, (_, i) => `a${i}: ${fieldOf(i)}`);
    const lateMs: number[] = [];
    for (let tries = 0; tries < 5; tries++) {
      const begunMs = performance.now();
      const response = await fetch(`http://127.0.0.1:${edge.port}/graphql`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify({ query: `{ ${fields.join(' ')} }` }),
      });
      const { errors } = (await response.json()) as Json;
      lateMs.push(performance.now() - begunMs - timeoutMs);
      expect(errors[0].extensions).toMatchObject({ code: 'DEADLINE_EXCEEDED', retryable: true });
    }
    expect(lateMs.toSorted((a, b) => a - b)[2]).toBeLessThan(100);
  });
});
