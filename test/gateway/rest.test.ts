import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
beforeEach(async () => {
  world = await serveWorld();
});
afterEach(() => world.stop());

const get = (path: string) => request(world.app).get(path);

async function cityNames(parameters: string): Promise<string> {
  const { body } = (await get(`/v1/world/city?${parameters}`).expect(200)) as { body: Json };
  return body.nodes.map((each: Json) => each.name).join(' ');
}

describe('GET of a type', () => {
  it('lists entities in the form that GraphQL gives them', async () => {
    const { body, headers } = await get('/v1/world/city?first=1&name.eq=Berlin').expect(200);
    const [berlin] = (body as Json).nodes;
    expect(berlin).toEqual({
      id: expect.any(String) as string,
      name: 'Berlin',
      population: '3677000',
      founded: null,
      kind: ':kind/capital',
      country: { id: expect.any(String) as string },
      monuments: [],
      twin: { id: expect.any(String) as string },
    });
    expect(headers['datahike-basis-t']).toBe(String(world.reader.current().basisTx));
  });

  it.each([
    ['population.gte=2000000&orderBy=population:desc', 'Berlin Madrid Paris'],
    ['name.in=Lyon,Paris&orderBy=name', 'Lyon Paris'],
    ['name.in=Lyon&name.in=Paris&orderBy=name:desc', 'Paris Lyon'],
    ['population.isNull=true', 'Atlantis'],
    ['country._isNull=true', ''],
    ['orderBy=country.name,population:desc&first=3', 'Brussels Paris Lyon'],
    ['orderBy=population:asc_nulls_first&first=2&offset=1', 'Lyon Lisbon'],
  ])('%s gives %s', async (parameters, expected) => {
    expect(await cityNames(parameters)).toBe(expected);
  });

  it('links to its pages, which stay at one transaction', async () => {
    const first = await get('/v1/world/city?first=4&orderBy=name').expect(200);
    await request(world.app).post('/v1/world/city').send({ name: 'Munich' }).expect(201);
    const next = /<([^>]*)>; rel="next"/.exec(first.headers['link'] ?? '')?.[1] ?? '';
    const second = await get(next).expect(200);
    expect((second.body as Json).nodes.map((each: Json) => each.name)).toEqual([
      'Hamburg',
      'Lisbon',
      'Lyon',
      'Madrid',
    ]);
    const previous = /<([^>]*)>; rel="prev"/.exec(second.headers['link'] ?? '')?.[1] ?? '';
    const again = await get(previous).expect(200);
    expect((again.body as Json).nodes).toEqual((first.body as Json).nodes);
  });

  it('counts when it is asked to', async () => {
    const { body } = await get('/v1/world/city?first=1').set('Prefer', 'count=exact').expect(200);
    expect((body as Json).totalCount).toBe(9);
  });
});

describe('an entity', () => {
  it('is at its id and at its unique values', async () => {
    const { body } = (await get('/v1/world/country/by/cca2/FR').expect(200)) as { body: Json };
    expect(body).toMatchObject({ cca2: 'FR', name: 'France', languages: ['French'] });
    await get(`/v1/world/country/${body.id}`).expect(200, body);
    await get(`/v1/world/city/${body.id}`).expect(404);
  });

  it('is created, patched and deleted', async () => {
    const graz = { name: 'Graz', population: 5, country: { cca2: 'DE' } };
    const created = await request(world.app).post('/v1/world/city').send(graz).expect(201);
    const path = created.headers['location'] ?? '';
    expect(created.body).toMatchObject({ name: 'Graz', population: '5' });
    const patched = await request(world.app)
      .patch(path)
      .set('Content-Type', 'application/merge-patch+json')
      .send(JSON.stringify({ population: null, name: 'Graaz' }))
      .expect(200);
    expect(patched.body).toMatchObject({ name: 'Graaz', population: null });
    const { headers } = await request(world.app).delete(path).expect(204);
    await get(path)
      .set('Datahike-Min-T', headers['datahike-basis-t'] ?? '')
      .expect(404);
    await get(`${path}?asOf=${patched.headers['datahike-basis-t']}`).expect(
      200,
      patched.body as Json,
    );
  });

  it('has a list replaced by a merge patch', async () => {
    const { body } = (await get('/v1/world/country/by/cca2/ES')) as { body: Json };
    const patched = await request(world.app)
      .patch(`/v1/world/country/${body.id}`)
      .send({ languages: ['Spanish'], borders: [{ cca2: 'FR' }] })
      .expect(200);
    expect(patched.body).toMatchObject({
      languages: ['Spanish'],
      borders: [{ id: expect.any(String) as string }],
    });
  });
});

describe('a problem', () => {
  it.each([
    ['GET', '/v1/nowhere/city', 404, 'DATABASE_NOT_FOUND', /no database 'nowhere'/],
    ['GET', '/v1/world/contry', 404, 'NOT_FOUND', /did you mean 'country'/],
    ['GET', '/v1/world/__proto__', 404, 'NOT_FOUND', /no entity type/],
    ['GET', '/v1/world/city/zzz', 400, 'BAD_USER_INPUT', /is not an id/],
    ['GET', '/v1/world/country/by/cca2/XX', 404, 'ENTITY_NOT_FOUND', /no such Country/],
    ['GET', '/v1/world/country/by/name/x', 400, 'BAD_USER_INPUT', /no unique attribute/],
    ['GET', '/v1/world/city?naem.eq=1', 400, 'BAD_USER_INPUT', /did you mean 'name.eq'/],
    ['GET', '/v1/world/city?__proto__.eq=1', 400, 'BAD_USER_INPUT', /no parameter/],
    [
      'GET',
      '/v1/world/city?population.gte=abc',
      400,
      'BAD_USER_INPUT',
      /population.gte: expected Long/,
    ],
    ['GET', '/v1/world/city?first=99999', 400, 'BAD_USER_INPUT', /from 0 to 1000/],
    ['GET', '/v1/world/city?first=x', 400, 'BAD_USER_INPUT', /first must be a whole number/],
    ['GET', '/v1/world/city?after=x', 400, 'BAD_CURSOR', /start again/],
    ['GET', '/v1/world/city?orderBy=naem', 400, 'BAD_USER_INPUT', /orderBy\[0\].naem/],
    ['GET', '/v1/world/city?asOf=yesterday', 400, 'BAD_USER_INPUT', /asOf: expected DateTime/],
  ])('%s %s is %i %s', async (_method, path, status, code, detail) => {
    const { body, headers } = (await get(path).expect(status)) as { body: Json; headers: Json };
    expect(headers['content-type']).toMatch(/^application\/problem\+json/);
    expect(body).toMatchObject({
      status,
      code,
      retryable: false,
      requestId: headers['x-request-id'],
    });
    expect(body.type).toMatch(/^urn:datahike-gateway:error:[a-z-]+$/);
    expect(body.detail).toMatch(detail);
  });

  it.each([
    [{ name: 5 }, /name: expected String/],
    [{ nmae: 'x' }, /did you mean 'name'/],
    [{ country: 'FR' }, /country must name an entity/],
    [{ monuments: {} }, /monuments must be a list/],
    [[], /body must be an object/],
    [{}, /needs at least one value/],
  ])('%j is no city', async (body, detail) => {
    const answer = await request(world.app).post('/v1/world/city').send(body).expect(400);
    expect((answer.body as Json).detail).toMatch(detail);
  });

  it('keeps two entities from one identity', async () => {
    const answer = await request(world.app)
      .post('/v1/world/country')
      .send({ cca2: 'FR' })
      .expect(409);
    expect(answer.body).toMatchObject({ code: 'UNIQUE_CONFLICT', attribute: ':country/cca2' });
  });
});
