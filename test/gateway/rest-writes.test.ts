/** Writes over REST: with conditions, patches of either kind, preferences, of many, and several in one transaction. */
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
beforeEach(async () => {
  world = await serveWorld();
});
afterEach(() => world.stop());

type Method = 'get' | 'post' | 'put' | 'patch' | 'delete' | 'options';
type Headers = Readonly<Record<string, string>>;

async function ask(
  method: Method,
  path: string,
  headers: Headers = {},
  body?: object,
): Promise<{ status: number; body: Json; headers: Headers }> {
  const asked = request(world.app)[method](`/v1/world/${path}`).set(headers);
  const answered = await (body === undefined ? asked : asked.send(JSON.stringify(body)));
  return answered as unknown as { status: number; body: Json; headers: Headers };
}

const json = (headers: Headers = {}): Headers => ({
  'Content-Type': 'application/json',
  ...headers,
});
const jsonPatch = (headers: Headers = {}): Headers => ({
  'Content-Type': 'application/json-patch+json',
  ...headers,
});

const basis = (): number => world.reader.current().basisTx;

/** The address of a country, and its tag. */
async function country(cca2: string): Promise<{ path: string; tag: string; body: Json }> {
  const { body, headers } = await ask('get', `country/by/cca2/${cca2}`);
  return { path: `country/${body.id}`, tag: headers['etag'] ?? '', body };
}

describe('an entity tag', () => {
  it('is the version of the entity, wherever it is shown', async () => {
    const { path, tag } = await country('ES');
    expect(tag).toMatch(/^"v\d+-[\w-]{8}"$/);
    expect((await ask('get', path)).headers['etag']).toBe(tag);
    const patched = await ask('patch', path, json(), { area: 1 });
    expect(patched.headers['etag']).toMatch(`"v${basis()}-`);
    expect((await ask('get', path)).headers['etag']).toMatch(`"v${basis()}-`);
  });

  it.each([
    ['the same', (tag: string) => tag, 304],
    ['one of several', (tag: string) => `"v1", ${tag}`, 304],
    ['weak', (tag: string) => `W/${tag}`, 304],
    ['any', () => '*', 304],
    ['another', () => '"v1"', 200],
  ])('saves the answer where it is %s', async (_name, header, status) => {
    const { path, tag } = await country('ES');
    const answer = await ask('get', path, { 'If-None-Match': header(tag) });
    expect(answer.status).toBe(status);
    expect(answer.headers['etag']).toBe(tag);
  });

  it.each([
    ['the same', (tag: string) => tag, 200],
    ['one of several', (tag: string) => `"v1", ${tag}`, 200],
    ['any', () => '*', 200],
    ['another', () => '"v1"', 412],
    ['none of several', () => '"v1", "v2"', 412],
    ['weak', (tag: string) => `W/${tag}`, 412],
    ['no tag', () => 'v1', 400],
  ])('keeps a change from what has changed, %s', async (_name, header, status) => {
    const { path, tag } = await country('ES');
    const headers = { 'If-Match': header(tag) };
    const before = basis();
    const answer = await ask('patch', path, json(headers), { area: 1 });
    expect(answer.status).toBe(status);
    expect(basis()).toBe(status === 200 ? before + 1 : before);
    const deleted = await ask('delete', path, { 'If-Match': header((await country('ES')).tag) });
    expect(deleted.status).toBe(status === 200 ? 204 : status);
  });

  it('says what is there instead', async () => {
    const { path, tag, body } = await country('ES');
    const answer = await ask('patch', path, json({ 'If-Match': '"v7"' }), { area: 1 });
    expect(answer.body).toMatchObject({
      code: 'PRECONDITION_FAILED',
      id: body.id,
      expected: '7',
      version: /\d+/.exec(tag)?.[0],
    });
  });

  it('may be required', async () => {
    const strict = await serveWorld({ requireIfMatch: true });
    const { path } = await country('ES');
    const address = `/v1/world/${path}`;
    const { headers } = await request(strict.app).get(address).expect(200);
    const tag = String(headers['etag']);
    await request(strict.app).patch(address).send({ area: 1 }).expect(428);
    await request(strict.app).delete(address).expect(428);
    await request(strict.app).patch(address).set('If-Match', tag).send({ area: 1 }).expect(200);
    await request(strict.app).delete(address).set('If-Match', '*').expect(204);
    await request(strict.app).post('/v1/world/city').send({ name: 'Vigo' }).expect(201);
    await strict.stop();
  });
});

describe('PUT of a unique value', () => {
  it('makes the entity, and then changes it', async () => {
    const made = await ask('put', 'country/by/cca2/AT', json(), { name: 'Austria' });
    expect(made.status).toBe(201);
    expect(made.headers['location']).toBe(`/v1/world/country/${made.body.id}`);
    const changed = await ask('put', 'country/by/cca2/AT', json(), { area: 83871 });
    expect(changed.status).toBe(200);
    expect(changed.body).toEqual({ ...made.body, area: 83871 });
  });

  it('needs nothing more', async () => {
    expect((await ask('put', 'country/by/cca2/AT', json(), {})).status).toBe(201);
    expect((await ask('put', 'country/by/cca2/AT', json(), {})).status).toBe(200);
  });

  it('only makes it, or only changes it, where that is asked', async () => {
    const put = async (cca2: string, headers: Headers) =>
      (await ask('put', `country/by/cca2/${cca2}`, json(headers), { area: 1 })).status;
    expect(await put('ES', { 'If-None-Match': '*' })).toBe(412);
    expect(await put('AT', { 'If-None-Match': '*' })).toBe(201);
    expect(await put('FR', { 'If-Match': '"v1"' })).toBe(412);
    expect(await put('FR', { 'If-Match': (await country('FR')).tag })).toBe(200);
    expect(await put('CH', { 'If-Match': '"v1"' })).toBe(412);
  });
});

describe('a JSON patch', () => {
  async function patch(operations: ReadonlyArray<object>): Promise<Json> {
    const { path } = await country('ES');
    const { status, body } = await ask('patch', path, jsonPatch(), operations);
    return status === 200 ? { ...body, languages: body.languages.toSorted() } : [status, body.code];
  }
  const replace = (path: string, value: unknown) => ({ op: 'replace', path, value });

  it('adds, removes, replaces, moves and copies', async () => {
    const { body } = await country('ES');
    const basque: number = body.languages.indexOf('Basque');
    expect(
      await patch([
        { op: 'test', path: '/name', value: 'Spain' },
        replace('/area', 1.5),
        { op: 'remove', path: `/languages/${basque}` },
        { op: 'add', path: '/languages/-', value: 'Galician' },
        { op: 'copy', from: '/cca2', path: '/name' },
        { op: 'remove', path: '/independent' },
      ]),
    ).toMatchObject({
      area: 1.5,
      languages: ['Catalan', 'Galician', 'Spanish'],
      name: 'ES',
      independent: null,
    });
    expect(await patch([{ op: 'move', from: '/area', path: '/area' }])).toMatchObject({
      area: 1.5,
    });
  });

  it('changes references', async () => {
    const france = (await country('FR')).body.id as string;
    const { body } = await country('ES');
    const place: number = body.borders.findIndex(({ id }: Json) => id === france);
    const patched = await patch([
      { op: 'remove', path: `/borders/${place}` },
      { op: 'add', path: '/borders/0', value: { cca2: 'BE' } },
    ]);
    const belgium = (await country('BE')).body.id as string;
    const portugal = (await country('PT')).body.id as string;
    expect(patched.borders.map(({ id }: Json) => id as string).toSorted()).toEqual(
      [belgium, portugal].toSorted(),
    );
  });

  it.each([
    [[{ op: 'test', path: '/name', value: 'x' }, replace('/area', 1)], 409, 'CAS_CONFLICT'],
    [[replace('/nmae', 'x')], 400, 'BAD_USER_INPUT'],
    [[replace('/id', 'x')], 400, 'BAD_USER_INPUT'],
    [[replace('/languages/7', 'x')], 400, 'BAD_USER_INPUT'],
    [[replace('/languages/-', 'x')], 400, 'BAD_USER_INPUT'],
    [[replace('name', 'x')], 400, 'BAD_USER_INPUT'],
    [[replace('', {})], 400, 'BAD_USER_INPUT'],
    [[{ op: 'replace', path: '/name' }], 400, 'BAD_USER_INPUT'],
    [[{ op: 'move', path: '/name' }], 400, 'BAD_USER_INPUT'],
    [[{ op: 'rename', path: '/name' }], 400, 'BAD_USER_INPUT'],
    [[replace('/area', 'x')], 400, 'BAD_USER_INPUT'],
    [{ name: 'x' }, 400, 'BAD_USER_INPUT'],
  ])('%j is refused, and nothing of it done', async (operations, status, code) => {
    const before = basis();
    expect(await patch(operations as ReadonlyArray<object>)).toEqual([status, code]);
    expect(basis()).toBe(before);
  });

  it('counts on what it read until it is written', async () => {
    const { path } = await country('ES');
    const raise = (i: number) =>
      ask('patch', path, jsonPatch(), [
        { op: 'test', path: '/area', value: 505992 },
        replace('/area', i),
      ]);
    const statuses = (await Promise.all([1, 2, 3, 4].map(raise))).map(({ status }) => status);
    expect(statuses.toSorted()).toEqual([200, 409, 409, 409]);
  });
});

describe('preferences', () => {
  it('say what an answer holds', async () => {
    const minimal = { Prefer: 'return=minimal' };
    const full = { Prefer: 'return=representation' };
    const made = await ask('post', 'city', json(minimal), { name: 'Vigo' });
    expect(made).toMatchObject({
      status: 201,
      headers: { 'preference-applied': 'return=minimal' },
    });
    expect(made.headers['location']).toMatch(/^\/v1\/world\/city\/\w+$/);
    const { path } = await country('ES');
    expect((await ask('patch', path, json(minimal), { area: 1 })).status).toBe(204);
    const deleted = await ask('delete', path, full);
    expect(deleted).toMatchObject({ status: 200, body: { cca2: 'ES', area: 1 } });
  });

  it('that are not known are ignored, unless that is not wanted', async () => {
    const lenient = await ask('post', 'city', json({ Prefer: 'wait=3, return=all' }), {
      name: 'Vigo',
    });
    expect(lenient.status).toBe(201);
    expect(lenient.headers['preference-applied']).toBeUndefined();
    const strict = json({ Prefer: 'handling=strict; x=y, return=all' });
    expect(await ask('post', 'city', strict, { name: 'Vigo' })).toMatchObject({
      status: 400,
      body: { detail: expect.stringMatching(/return cannot be followed/) as string },
    });
  });
});

describe('a write of many', () => {
  it('changes what the filter finds', async () => {
    const headers = json({ Prefer: 'max-affected=5, return=representation' });
    const { status, body } = await ask('patch', 'city?population.gte=2000000', headers, {
      kind: ':kind/large',
    });
    expect(status).toBe(200);
    expect(body.count).toBe(3);
    expect(body.nodes.map(({ kind }: Json) => kind)).toEqual(Array(3).fill(':kind/large'));
  });

  it('removes it', async () => {
    const answer = await ask('delete', 'city?name.in=Lyon,Paris', { Prefer: 'max-affected=2' });
    expect(answer).toMatchObject({
      status: 200,
      body: { count: 2 },
      headers: { 'preference-applied': 'max-affected=2' },
    });
  });

  it.each([
    ['delete', 'city?name.in=Lyon,Paris', 422, 'LIMIT_EXCEEDED'],
    ['delete', 'city', 400, 'BAD_USER_INPUT'],
    ['patch', 'city', 400, 'BAD_USER_INPUT'],
    ['delete', 'city?first=1&name.eq=Lyon', 400, 'BAD_USER_INPUT'],
  ] as const)('%s %s is refused', async (method, path, status, code) => {
    const before = basis();
    const answer = await ask(method, path, json(), { population: null });
    expect([answer.status, answer.body.code]).toEqual([status, code]);
    expect(basis()).toBe(before);
  });
});

describe('57: an idempotency key', () => {
  it('writes once', async () => {
    const headers = json({ 'Idempotency-Key': 'k' });
    const first = await ask('post', 'city', headers, { name: 'Vigo' });
    const second = await ask('post', 'city', headers, { name: 'Vigo' });
    expect(second.body).toEqual(first.body);
    expect(second.headers['location']).toBe(first.headers['location']);
    const other = await ask('post', 'city', headers, { name: 'Lugo' });
    expect(other).toMatchObject({ status: 422, body: { code: 'IDEMPOTENCY_KEY_REUSED' } });
  });

  it('has 1 to 1,024 characters', async () => {
    const headers = json({ 'Idempotency-Key': 'k'.repeat(1_025) });
    const told = await ask('post', 'city', headers, { name: 'Vigo' });
    expect(told).toMatchObject({ status: 400, body: { code: 'BAD_USER_INPUT' } });
  });

  it('of a deletion answers for it again', async () => {
    const { path } = await country('ES');
    const headers = { 'Idempotency-Key': 'k', Prefer: 'return=representation' };
    const first = await ask('delete', path, headers);
    expect((await ask('delete', path, headers)).body).toEqual(first.body);
    expect((await ask('delete', path)).status).toBe(404);
  });
});

describe('transact', () => {
  const ops = [
    { createCountry: { tempid: 'tmp:at', input: { cca2: 'AT', name: 'Austria' } } },
    { createCity: { input: { name: 'Graz', country: { id: 'tmp:at' }, population: 290000 } } },
    {
      updateCountry: { by: { cca2: 'DE' }, patch: { area: 1 }, if: { attrs: { name: 'Germany' } } },
    },
    { deleteCountry: { by: { cca2: 'PT' } } },
  ];

  it('writes all of it', async () => {
    const before = basis();
    const { status, body } = await ask('post', 'transact', json(), { ops });
    const [austria, graz] = body.entities;
    expect(status).toBe(200);
    expect(body).toMatchObject({
      tx: { t: String(before + 1) },
      tempids: { 'tmp:at': austria.id },
      entities: [
        { cca2: 'AT' },
        { name: 'Graz', population: '290000', country: { id: austria.id } },
        { cca2: 'DE', area: 1 },
        null,
      ],
    });
    expect((await ask('get', `city/${graz.id}`)).headers['etag']).toMatch(`"v${before + 1}-`);
  });

  it('tries it', async () => {
    const before = basis();
    const { status, body } = await ask('post', 'transact', json(), { ops, dryRun: true });
    expect([status, body.entities[0].name]).toEqual([200, 'Austria']);
    expect(basis()).toBe(before);
  });

  it('is shown as it is by a key', async () => {
    const meta = { country: { name: 'by hand' } };
    const headers = json({ 'Idempotency-Key': 'k', Prefer: 'return=minimal' });
    const first = await ask('post', 'transact', headers, { ops, meta });
    expect(Object.keys(first.body)).toEqual(['tx', 'tempids']);
    expect((await ask('post', 'transact', headers, { ops, meta })).body).toEqual(first.body);
    const other = await ask('post', 'transact', headers, { ops });
    expect(other.body.code).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it.each([
    [{}, 'BAD_USER_INPUT'],
    [{ ops: [] }, 'BAD_USER_INPUT'],
    [{ ops: [{}] }, 'BAD_USER_INPUT'],
    [{ ops: [{ createVillage: {} }] }, 'BAD_USER_INPUT'],
    [{ ops: [{ createCity: { input: { nmae: 'x' } } }] }, 'BAD_USER_INPUT'],
    [{ ops: [{ createCity: { inptu: {} } }] }, 'BAD_USER_INPUT'],
    [{ ops: [{ deleteCitys: { where: {} } }] }, 'BAD_USER_INPUT'],
    [{ ops, dryrun: true }, 'BAD_USER_INPUT'],
    [{ ops, meta: { village: {} } }, 'BAD_USER_INPUT'],
    [{ ops, if: { basisT: '1' } }, 'CAS_CONFLICT'],
    [{ ops: [{ updateCity: { by: { id: 'x' }, patch: { name: 'y' } } }] }, 'BAD_USER_INPUT'],
  ])('refuses %j', async (body, code) => {
    const before = basis();
    expect((await ask('post', 'transact', json(), body)).body.code).toBe(code);
    expect(basis()).toBe(before);
  });
});

describe('an address', () => {
  it.each([
    ['put', 'city', 'GET, HEAD, POST, PATCH, DELETE, OPTIONS'],
    ['post', 'city/x', 'GET, HEAD, PATCH, DELETE, OPTIONS'],
    ['get', 'transact', 'POST, OPTIONS'],
    ['delete', 'country/by/cca2/FR', 'GET, HEAD, PUT, OPTIONS'],
  ] as const)('says what it takes: %s %s', async (method, path, allow) => {
    expect(await ask(method, path)).toMatchObject({
      status: 405,
      headers: { allow },
      body: { code: 'METHOD_NOT_ALLOWED' },
    });
    expect(await ask('options', path)).toMatchObject({ status: 204, headers: { allow } });
  });

  it.each([
    ['post', 'city', 'text/plain', undefined],
    ['post', 'city', 'application/json-patch+json', undefined],
    [
      'patch',
      'city/x',
      'text/plain',
      'application/json, application/merge-patch+json, application/json-patch+json',
    ],
    [
      'patch',
      'city/x',
      'application/vnd.x+json',
      'application/json, application/merge-patch+json, application/json-patch+json',
    ],
  ] as const)('says what bodies it takes: %s %s of %s', async (method, path, type, accepts) => {
    const answer = await ask(method, path, { 'Content-Type': type }, {});
    expect(answer).toMatchObject({ status: 415, body: { code: 'UNSUPPORTED_MEDIA_TYPE' } });
    if (accepts !== undefined) expect(answer.headers['accept-patch']).toBe(accepts);
  });
});
