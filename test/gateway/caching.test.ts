import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { accessOfToken } from '../../config/api-file.ts';
import { alwaysOpen } from '../support/served.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { countingReader, serveWorld } from './served-world.ts';

let world: ServedWorld;
let counted: ServedWorld;
let counts: ReturnType<typeof countingReader>['counts'];
beforeAll(async () => {
  world = await serveWorld();
  const counting = countingReader(world.reader);
  counts = counting.counts;
  counted = await serveWorld({
    databases: alwaysOpen(new Map([['world', { reader: counting.reader, writer: world.writer }]])),
  });
});
afterAll(async () => {
  await counted.stop();
  await world.stop();
});

type Parameters = Record<string, string>;

const graphql = (query: string, parameters: Parameters = {}) =>
  `/graphql?${new URLSearchParams({ query, ...parameters }).toString()}`;

const get = (path: string, headers: Parameters = {}) =>
  request(counted.app)
    .get(path)
    .set({ 'apollo-require-preflight': '1', ...headers });

const asked = () => counts.q + counts.project;

const CITIES = '{ cityConnection(first: 2) { nodes { name } } }';

describe.each([
  ['a query', graphql(CITIES)],
  ['a list', '/v1/world/city?first=2'],
  ['a list that is counted', '/v1/world/city?first=2&population.gt=100'],
  ['a description', '/v1/world/openapi.json'],
])('%s by GET', (_what, path) => {
  it('is not made again while nothing was written', async () => {
    const first = await get(path).expect(200);
    expect(first.headers).toMatchObject({
      etag: expect.stringMatching(/^"[\w-]{43}"$/) as string,
      'cache-control': 'private, no-cache',
      vary: 'Accept, Authorization, Datahike-As-Of, Prefer',
    });
    const before = asked();
    const again = await get(path, { 'If-None-Match': `"x", W/${first.headers['etag']}` });
    expect(again.status).toBe(304);
    expect(again.text).toBe('');
    expect(asked()).toBe(before);
    for (const name of ['etag', 'cache-control', 'vary'])
      expect(again.headers[name]).toBe(first.headers[name]);
  });

  it('is another one after a write', async () => {
    const { headers } = await get(path).expect(200);
    await world.sendHere('mutation { createCity(input: { name: "Graz" }) { tx { t } } }');
    const after = await get(path, { 'If-None-Match': headers['etag'] ?? '' }).expect(200);
    expect(after.headers['etag']).not.toBe(headers['etag']);
  });

  it('has no body when only its head is asked for', async () => {
    const whole = await get(path).expect(200);
    const head = await request(counted.app)
      .head(path)
      .set('apollo-require-preflight', '1')
      .expect(200);
    expect(head.headers['etag']).toBe(whole.headers['etag']);
    expect(head.headers['content-length']).toBe(whole.headers['content-length']);
    expect(head.text).toBeUndefined();
  });
});

describe('a database that has come to the same numbers by another history', () => {
  let other: ServedWorld;
  beforeAll(async () => {
    other = await serveWorld();
    while (other.reader.current().basisTx < world.reader.current().basisTx)
      await other.sendHere('mutation { createCity(input: { name: "Other" }) { tx { t } } }');
  });
  afterAll(() => other.stop());

  it.each([
    ['a query', graphql(CITIES)],
    ['a list', '/v1/world/city?first=2'],
    ['an entity', '/v1/world/country/by/cca2/FR'],
    ['an entity with others', '/v1/world/country/by/cca2/FR?include=borders'],
  ])('has other tags for %s', async (_what, path) => {
    const { headers } = await get(path).expect(200);
    const ask = (tag: string) =>
      request(other.app).get(path).set({ 'apollo-require-preflight': '1', 'If-None-Match': tag });
    const answer = await ask(headers['etag'] ?? '').expect(200);
    await ask(answer.headers['etag'] ?? '').expect(304);
  });

  it('is not changed by who has read the one before', async () => {
    const path = '/v1/world/country/by/cca2/FR';
    const { headers } = await get(path).expect(200);
    const { body } = (await request(other.app).get(path)) as { body: Json };
    const patch = (tag: string) =>
      request(other.app)
        .patch(`/v1/world/country/${body.id}`)
        .set('If-Match', tag)
        .send({ area: 1 });
    await patch(headers['etag'] ?? '').expect(412);
    // Whoever names the version alone means that.
    await patch((headers['etag'] ?? '').replace(/-.*"$/, '"')).expect(200);
  });
});

describe('the validator', () => {
  const tagOf = async (path: string, headers: Parameters = {}): Promise<string> =>
    (await get(path, headers).expect(200)).headers['etag'] ?? '';

  it('tells apart what is asked for in another way', async () => {
    const named = 'query A($n: Int) { cityConnection(first: $n) { nodes { name } } }';
    const tags = await Promise.all([
      tagOf(graphql(CITIES)),
      tagOf(graphql(CITIES), { Accept: 'application/graphql-response+json' }),
      tagOf(graphql(CITIES), { 'Datahike-As-Of': '536870914' }),
      tagOf(graphql(named, { variables: '{"n":1}' })),
      tagOf(graphql(named, { variables: '{"n":2}' })),
      tagOf('/v1/world/city'),
      tagOf('/v1/world/city', { Prefer: 'count=exact' }),
    ]);
    expect(new Set(tags).size).toBe(tags.length);
  });

  it('tells apart callers who see other things, and not those who see the same', async () => {
    const everything = { types: { '*': { read: true } } };
    const { tokens: [one] = [] } = accessOfToken('one-token-of-many');
    const { tokens: [two] = [] } = accessOfToken('two-tokens-of-many');
    const { tokens: [three] = [] } = accessOfToken('three-tokens-of-many');
    const ofCountry = { types: { City: { read: { country: { cca2: { eq: '$claims.cca2' } } } } } };
    const token = (given: typeof one, cca2: string, ...roles: string[]) => ({
      ...(given ?? { name: '', sha256: '' }),
      roles,
      claims: { cca2 },
    });
    const guarded = await serveWorld({
      access: {
        tokens: [token(one, 'FR', 'all'), token(two, 'FR', 'some'), token(three, 'DE', 'some')],
        roles: { all: everything, some: ofCountry as never },
        anonymous: ['all'],
      },
    });
    const tag = async (text?: string): Promise<string> => {
      const headers = text === undefined ? {} : { Authorization: `Bearer ${text}` };
      const answer = await request(guarded.app).get('/v1/world/city').set(headers).expect(200);
      return answer.headers['etag'] ?? '';
    };
    expect(await tag('one-token-of-many')).toBe(await tag());
    const tags = [await tag(), await tag('two-tokens-of-many'), await tag('three-tokens-of-many')];
    expect(new Set(tags).size).toBe(3);
    await guarded.stop();
  });

  it('is not given for errors', async () => {
    const bad = graphql('{ country(by: { id: "x" }) { name } }');
    const { headers, body } = await get(bad);
    expect((body as Json).errors).toHaveLength(1);
    expect(headers['etag']).toBeUndefined();
    expect(headers['cache-control']).toBe('no-store');
    const problem = await get('/v1/world/contry').expect(404);
    expect(problem.headers['cache-control']).toBe('no-store');
  });
});

describe('what was', () => {
  const settled = 'public, max-age=31536000, immutable';
  const open = 'private, no-cache';

  it.each([
    [graphql('{ cityConnection(asOf: { t: "536870914" }) { totalCount } }'), {}, settled],
    [graphql(CITIES), { 'Datahike-As-Of': '536870914' }, settled],
    [
      graphql(
        '{ countryDiff(by: { cca2: "FR" }, from: { t: "536870913" }, to: { t: "536870914" }) { before { name } } }',
      ),
      {},
      settled,
    ],
    [
      graphql(
        '{ a: cityConnection(asOf: { t: "536870914" }) { totalCount } cityConnection { totalCount } }',
      ),
      {},
      open,
    ],
    [graphql('{ cityConnection(asOf: { t: "999999999" }) { totalCount } }'), {}, open],
    [
      graphql('{ cityConnection(asOf: { instant: "2020-01-01T00:00:00Z" }) { totalCount } }'),
      {},
      open,
    ],
    [graphql('{ __schema { queryType { name } } }'), {}, open],
    ['/v1/world/city?asOf=536870914', {}, settled],
    ['/v1/world/country/by/cca2/FR?asOf=536870914', {}, settled],
    ['/v1/world/country/by/cca2/FR', {}, open],
  ])('%s with %o may be kept: %s', async (path, headers, control) => {
    await world.sendHere('mutation { createCity(input: { name: "Linz" }) { tx { t } } }');
    const answer = await get(path, headers);
    expect(answer.body).not.toHaveProperty('errors');
    expect(answer.headers['cache-control']).toBe(control);
  });

  it('is kept by its callers alone where access is guarded', async () => {
    const everything = { '*': { read: true, history: true } };
    const guarded = await serveWorld({
      access: { anonymous: ['all'], roles: { all: { types: everything } } },
    });
    await guarded.writer.transact({ txData: [] });
    const { headers } = await request(guarded.app).get('/v1/world/city?asOf=536870913').expect(200);
    expect(headers['cache-control']).toBe('private, max-age=31536000, immutable');
    await guarded.stop();
  });
});

describe('GET of an operation', () => {
  it('is answered like POST', async () => {
    const query = 'query Q($n: Int!) { cityConnection(first: $n) { nodes { name } } }';
    const path = graphql(query, { variables: '{"n":1}', operationName: 'Q' });
    const posted = await request(counted.app)
      .post('/graphql')
      .send({ query, variables: { n: 1 } });
    const { body } = await get(path).expect(200);
    expect(body).toEqual(posted.body);
  });

  it.each([
    [graphql('mutation { createCity(input: { name: "X" }) { tx { t } } }'), 405, /GET requests/],
    [graphql('{ nothing }'), 400, /Cannot query field/],
    [graphql('{ __typename }', { variables: '[' }), 400, /variables/],
    [graphql('query($n: Int!) { cityConnection(first: $n) { totalCount } }'), 400, /\$n/],
    ['/graphql?query={__typename}&query={__typename}', 400, /query/],
  ])('%s is refused with %i', async (path, status, message) => {
    for (const _ of [1, 2]) {
      const { body } = await get(path, { Accept: 'application/graphql-response+json' }).expect(
        status,
      );
      expect((body as Json).errors[0].message).toMatch(message);
    }
  });
});
