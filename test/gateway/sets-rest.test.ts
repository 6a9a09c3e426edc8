/** Databases that are asked together in REST: lists of all of them, page by page and in lines. */
import { createHash } from 'node:crypto';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessConfig } from '../../schema/access.ts';
import { DatabaseError } from '../../schema/error.ts';
import { kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { alwaysOpen } from '../support/served.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';
import { attribute, entity } from './world.ts';
import type { WorldDatabase } from './world-database.ts';
import { openWith } from './world-database.ts';

const COMMON: ReadonlyArray<EdnData> = [
  attribute('country/name', 'string', { 'db/unique': kw('db.unique/identity') }),
  attribute('city/name', 'string'),
  attribute('city/population', 'long'),
  attribute('city/country', 'ref'),
];

const city = (name: string, population: number, facts = {}): EdnData =>
  entity({ 'city/name': name, 'city/population': population, ...facts });

const DATA: Readonly<Record<string, ReadonlyArray<ReadonlyArray<EdnData>>>> = {
  acme: [
    [...COMMON, attribute('city/area', 'long')],
    [
      entity({ 'db/id': 'at', 'country/name': 'Austria' }),
      city('Wien', 1_900_000, { 'city/country': 'at', 'city/area': 415 }),
      city('Graz', 290_000, { 'city/country': 'at' }),
    ],
  ],
  globex: [COMMON, [city('Bern', 134_000), city('Zürich', 434_000), city('Graz', 290_000)]],
  initech: [COMMON, [city('Oslo', 709_000)]],
};

/** Lists that are longer than what is known of one database at a time. */
const LONG = { many: 4_000, more: 3_600, few: 3 };

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const ACCESS: AccessConfig = {
  tokens: [
    { name: 'all', sha256: sha256('all'), roles: ['all'] },
    { name: 'some', sha256: sha256('some'), roles: ['acme', 'globex'] },
    { name: 'none', sha256: sha256('none'), roles: ['elsewhere'] },
  ],
  roles: {
    all: { types: { '*': { read: true } } },
    acme: { databases: ['acme'], types: { City: { read: { population: { gt: '1000000' } } } } },
    globex: {
      databases: ['globex'],
      types: { City: { read: true, fields: { population: { read: false } } } },
    },
    elsewhere: { databases: ['world'], types: { '*': { read: true } } },
  },
};

const open = new Map<string, WorldDatabase>();
let served: ServedWorld;

const serve = (options: Parameters<typeof serveWorld>[0] = {}): Promise<ServedWorld> =>
  serveWorld({
    databases: alwaysOpen(new Map(open)),
    defaultDatabase: 'acme',
    sets: { customers: Object.keys(DATA), long: Object.keys(LONG) },
    ...options,
  });

beforeAll(async () => {
  for (const [name, transactions] of Object.entries(DATA))
    open.set(name, await openWith(name, ...transactions));
  for (const [name, count] of Object.entries(LONG)) {
    const cities = Array.from({ length: count }, (_, i) => city(`${name} ${i}`, i % 1_000));
    open.set(name, await openWith(name, COMMON, cities));
  }
  served = await serve();
});
afterAll(async () => {
  await served.stop();
  for (const database of open.values()) await database.close();
});

const get = (path: string, headers = {}, to: Pick<ServedWorld, 'app'> = served) =>
  request(to.app).get(`/v1/${path}`).set(headers);

const brief = (rows: ReadonlyArray<Json>): ReadonlyArray<string> =>
  rows.map(({ database, node }) => `${database} ${node.name}`);

describe('a list of a set', () => {
  it('has the entities of all databases in one order, with where they are from', async () => {
    const { body, headers } = await get(
      'customers/city?orderBy=population:desc,name&first=2&fields=name,population,country.name',
    ).expect(200);
    const acme = open.get('acme')?.reader.current().basisTx;
    expect(body).toEqual({
      nodes: [
        {
          database: 'acme',
          node: {
            id: expect.any(String),
            name: 'Wien',
            population: '1900000',
            country: { id: expect.any(String), name: 'Austria' },
          },
        },
        { database: 'initech', node: expect.objectContaining({ name: 'Oslo', country: null }) },
      ],
      pageInfo: { hasNextPage: true, hasPreviousPage: false },
      bases: expect.objectContaining({ acme: String(acme) }),
    });
    expect(headers['datahike-basis-t']).toBe(undefined);
  });

  it('says what GraphQL says', async () => {
    const parameters = 'orderBy=name&population.gt=200000&country._isNull=true&in=globex,acme';
    const { body } = await get(`customers/city?${parameters}`).expect(200);
    const query = `{ cityRows(orderBy: [{ name: ASC }], in: ["acme", "globex"],
      where: { population: { gt: 200000 }, country: { _isNull: true } }) { database node { name } } }`;
    const { body: same } = await request(served.app).post('/graphql/customers').send({ query });
    expect(brief(body.nodes)).toEqual(['globex Graz', 'globex Zürich']);
    expect(brief(same.data.cityRows)).toEqual(brief(body.nodes));
  });

  it('is paged through by its links', async () => {
    const all = (await get('customers/city?orderBy=name').expect(200)).body.nodes;
    const found: string[] = [];
    let next: string | undefined = 'customers/city?orderBy=name&first=4';
    const relations: ReadonlyArray<string>[] = [];
    while (next !== undefined) {
      const { body, headers }: request.Response = await get(next).expect(200);
      found.push(...brief(body.nodes));
      const links: string = headers['link'] ?? '';
      relations.push(Array.from(links.matchAll(/rel="(\w+)"/g), ([, rel = '']) => rel));
      next = /<\/v1\/([^>]*)>; rel="next"/.exec(links)?.[1];
    }
    expect(found).toEqual(brief(all));
    expect(relations).toEqual([
      ['first', 'next'],
      ['first', 'prev'],
    ]);
  });

  it('is asked for by a body as well', async () => {
    const { body, headers } = await request(served.app)
      .post('/v1/customers/city/query')
      .send({
        where: { _or: [{ name: { eq: 'Oslo' } }, { area: { gt: 1 } }] },
        orderBy: [{ name: 'ASC' }],
        in: ['initech', 'acme'],
        fields: ['name'],
      })
      .expect(200);
    expect(brief(body.nodes)).toEqual(['initech Oslo', 'acme Wien']);
    expect(headers['link']).toBe(undefined);
  });

  it.each([
    ['city?after=x', /no parameter 'after'/],
    ['city?since=1', /no parameter 'since'/],
    ['city?first=-1', /first must be/],
    ['city?in=acmee', /in names no database of this set; did you mean 'acme'/],
    ['city?asOf=1', /asOf must be an instant/],
    ['city?fields=nam', /did you mean 'name'/],
  ])('is refused where it is none: %s', async (path, message) => {
    const { body } = await get(`customers/${path}`).expect(400);
    expect(body.detail).toMatch(message);
  });

  it('is all that a set answers', async () => {
    expect((await get('customers/town').expect(404)).body.detail).toContain(
      "The set 'customers' has no entity type 'town'",
    );
    for (const path of ['customers/city/by/name/Graz', 'customers/city/x/history'])
      expect((await get(path).expect(404)).body.detail).toContain('is a set of databases');
    await request(served.app).post('/v1/customers/city').send({ name: 'Linz' }).expect(405);
    await get('acme/city').expect(200);
  });

  it('costs as much as in each database', async () => {
    const small = await serve({ limits: { maxCost: 100 } });
    await get('customers/city?first=33', {}, small).expect(200);
    const { body } = await get('customers/city?first=33&offset=1', {}, small).expect(400);
    expect(body.detail).toContain('may read 102 entities');
    await get('customers/city?first=33&offset=1&in=acme', {}, small).expect(200);
    await small.stop();
  });

  it('shows each caller what its roles show of each database', async () => {
    const guarded = await serve({ access: ACCESS });
    const as = (token: string, path = 'customers/city?orderBy=name') =>
      get(path, { Authorization: `Bearer ${token}` }, guarded);
    expect(brief((await as('some').expect(200)).body.nodes)).toEqual([
      'globex Bern',
      'globex Graz',
      'acme Wien',
      'globex Zürich',
    ]);
    const { body } = await as('some', 'customers/city?population.gt=0').expect(200);
    expect(brief(body.nodes)).toEqual(['acme Wien']);
    expect((await as('all').expect(200)).body.nodes).toHaveLength(6);
    await as('none').expect(403);
    await get('customers/city', {}, guarded).expect(401);
    await guarded.stop();
  });

  it('is an error where a database cannot be read, which it names', async () => {
    const source = alwaysOpen(new Map(open));
    const hold = async (name: string) => {
      if (name === 'globex') throw new DatabaseError('STORE_UNAVAILABLE', 'The store is away');
      return source.hold(name);
    };
    const failing = await serve({ databases: { ...source, hold } });
    for (const accept of ['application/json', 'application/x-ndjson']) {
      const { body } = await get('customers/city', { accept }, failing).expect(503);
      expect(body).toMatchObject({
        code: 'STORE_UNAVAILABLE',
        detail: "The database 'globex': The store is away",
      });
    }
    await get('customers/city?in=acme,initech', {}, failing).expect(200);
    await failing.stop();
  });

  it('has a tag that holds until one of its databases is written to', async () => {
    const ask = (path: string, tag = '') => get(path, tag === '' ? {} : { 'If-None-Match': tag });
    const [all, others] = ['customers/city', 'customers/city?in=acme,globex'];
    const [first, second] = [await ask(all).expect(200), await ask(others).expect(200)];
    const [tag, tagOfOthers] = [first, second].map(({ headers }) => headers['etag'] ?? '');
    expect(first.headers['cache-control']).toBe('private, no-cache');
    expect(tag).not.toBe(tagOfOthers);
    await ask(all, tag).expect(304);
    await open.get('initech')?.writer.transact({ txData: [city('Moss', 50_000)] });
    const { headers, body } = await ask(all, tag).expect(200);
    expect(headers['etag']).not.toBe(tag);
    expect(body.nodes).toHaveLength(7);
    await ask(others, tagOfOthers).expect(304);
  });
});

describe('lines of a set', () => {
  const LINES = { accept: 'application/x-ndjson' };
  const lines = async (path: string): Promise<ReadonlyArray<Json>> => {
    const { text } = await get(path, LINES).expect(200);
    return text
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as Json);
  };

  it('are the list, each with its database', async () => {
    const path = 'customers/city?orderBy=name&fields=name';
    const { body } = await get(path).expect(200);
    expect(await lines(path)).toEqual(body.nodes);
    expect(await lines(`${path}&first=2&offset=1`)).toEqual(body.nodes.slice(1, 3));
    expect(await lines('customers/city?name.eq=x')).toEqual([]);
  });

  it('are in order however long the lists of databases are', async () => {
    const found = await lines('long/city?orderBy=population:desc&fields=name,population');
    const expected = Object.keys(LONG)
      .toSorted()
      .flatMap((name) =>
        Array.from({ length: LONG[name as keyof typeof LONG] }, (_, i) => ({ name, i })),
      )
      .toSorted(
        (a, b) => (b.i % 1_000) - (a.i % 1_000) || (a.name < b.name ? -1 : Number(a.name > b.name)),
      );
    expect(brief(found)).toEqual(expected.map(({ name, i }) => `${name} ${name} ${i}`));
  });
});

it('describes itself', async () => {
  const { body } = await get('customers/openapi.json').expect(200);
  expect(Object.keys(body.paths)).toEqual(
    expect.arrayContaining(['/city', '/city/query', '/country', '/country/query']),
  );
  expect(Object.keys(body.paths)).toHaveLength(4);
  const names = body.paths['/city'].get.parameters.map(
    ({ $ref, name }: Json) => name ?? $ref.split('/').at(-1),
  );
  expect(names).toEqual(expect.arrayContaining(['in', 'offset', 'population.gte']));
  expect(names).not.toContain('after');
  const properties = Object.keys(body.components.schemas.City.properties);
  expect(properties).toEqual(expect.arrayContaining(['name', 'area']));
  await get('customers').expect(302).expect('Location', '/v1/customers/openapi.json');
});
