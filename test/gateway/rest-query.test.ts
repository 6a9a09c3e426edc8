/** What REST shows of entities, lists that a body asks for, and what answers are made in. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
beforeAll(async () => {
  world = await serveWorld();
});
afterAll(() => world.stop());

const get = (path: string) => request(world.app).get(`/v1/world/${path}`);
const shown = async (path: string) => ((await get(path).expect(200)) as { body: Json }).body;
const query = (type: string, body: object) =>
  request(world.app).post(`/v1/world/${type}/query`).send(body);

const id = expect.any(String) as unknown;

describe('fields and include', () => {
  it('shows the fields that are named', async () => {
    expect(await shown('country/by/cca2/FR?fields=name,languages')).toEqual({
      id,
      name: 'France',
      languages: ['French'],
    });
  });

  it('puts entities in the place of ids, and follows references backwards', async () => {
    const france = await shown('country/by/cca2/FR');
    const included = await shown(
      'country/by/cca2/FR?include=borders,_cityByCountry&fields=cca2,borders.cca2,_cityByCountry.name',
    );
    expect(included).toEqual({
      id,
      cca2: 'FR',
      borders: expect.arrayContaining([{ id, cca2: 'ES' }]) as unknown,
      _cityByCountry: expect.arrayContaining([{ id, name: 'Paris' }]) as unknown,
    });
    expect(included.borders).toHaveLength(france.borders.length as number);
  });

  it('shows all of what is included where nothing is named', async () => {
    const { nodes } = await shown('city?name.eq=Berlin&include=country');
    const germany = await shown('country/by/cca2/DE');
    expect(nodes).toEqual([{ ...(await shown('city?name.eq=Berlin')).nodes[0], country: germany }]);
  });

  it('goes on from what is included, as it was', async () => {
    const { basisTx } = world.reader.current();
    const path = 'city?name.eq=Berlin&fields=name,country.borders.name';
    const { nodes } = await shown(path);
    expect(nodes[0].country.borders.map((each: Json) => each.name)).toContain('France');
    expect((await shown(`${path}&asOf=${basisTx}`)).nodes).toEqual(nodes);
  });

  it('has a tag of all that it shows', async () => {
    const path = 'country/by/cca2/FR?include=borders';
    const { headers } = await get(path).expect(200);
    const tag = headers['etag'] ?? '';
    expect(tag).not.toMatch(/^"v\d+-.{8}"$/);
    await get(path).set('If-None-Match', tag).expect(304);
  });

  it.each([
    ['city?fields=naem', 400, /naem names no field of City; did you mean 'name'/],
    ['city?include=contry', 400, /contry names no reference of City; did you mean 'country'/],
    ['city?include=name', 400, /name names no reference of City/],
    ['city?include=country.__proto__', 400, /names no reference of Country/],
    ['city?include=twin', 400, /twin leads to entities of any type/],
    ['city?include=', 200, /nodes/],
    [
      `city?include=${'country.borders._cityByCountry.'.repeat(4)}country`,
      400,
      /more than 10 steps/,
    ],
    [`city?fields=${'name,'.repeat(101)}name`, 400, /more than 100 paths/],
    ['country/by/cca2/FR?first=1', 400, /no parameter 'first' here/],
    ['city?first=1000&include=country.borders.borders', 400, /ask for a smaller page, or include/],
  ])('%s is answered with %i', async (path, status, text) => {
    const answer = await get(path).expect(status);
    expect(answer.text).toMatch(text);
  });
});

describe('POST of a query', () => {
  it('answers as GET does', async () => {
    const { body } = await query('city', {
      where: { population: { gte: 2_000_000 } },
      orderBy: [{ population: 'DESC' }],
      fields: ['name', 'country.name'],
      first: 2,
    }).expect(200);
    expect(body).toEqual(
      await shown(
        'city?population.gte=2000000&orderBy=population:desc&fields=name,country.name&first=2',
      ),
    );
  });

  it('takes any filter, and goes on after a cursor', async () => {
    const where = {
      _or: [
        { name: { in: ['Berlin', 'Paris'] } },
        { country: { borders: { some: { cca2: { eq: 'PT' } } } } },
      ],
      _not: { population: { isNull: true } },
    };
    const asked = { where, orderBy: [{ name: 'ASC' }], fields: ['name'] };
    const all = ((await query('city', asked).expect(200)) as { body: Json }).body.nodes as Json[];
    const graphql = await world.data(
      `{ cityConnection(orderBy: [{ name: ASC }], where: {
        _or: [{ name: { in: ["Berlin", "Paris"] } }, { country: { borders: { some: { cca2: { eq: "PT" } } } } }]
        _not: { population: { isNull: true } } }) { nodes { id name } } }`,
    );
    expect(all).toEqual(graphql.cityConnection.nodes);
    const names: Json[] = [];
    let after: string | null = null;
    for (let i = 0; i < all.length; i++) {
      const { body } = (await query('city', { ...asked, first: 1, after }).expect(200)) as {
        body: Json;
      };
      names.push(...body.nodes);
      after = body.pageInfo.endCursor as string;
    }
    expect(names).toEqual(all);
  });

  it('asks for the namespace of a keyword', async () => {
    const where = { kind: { ns: 'kind' } };
    const { body } = await query('city', { where, fields: ['kind'] }).expect(200);
    expect((body as Json).nodes.length).toBeGreaterThan(0);
    expect(await shown('city?kind.ns=kind&fields=kind')).toEqual(body);
    const { cityConnection } = await world.data(
      '{ cityConnection(where: { kind: { ns: "kind" } }) { nodes { id kind } } }',
    );
    expect((body as Json).nodes).toEqual(cityConnection.nodes);
    const { nodes } = await shown('city?kind.ns=other');
    expect(nodes).toEqual([]);
  });

  it('looks for what a regular expression matches, in time', async () => {
    const matching = async (pattern: string): Promise<Json> => {
      const where = { name: { matches: pattern } };
      const asked = await query('city', { where, fields: ['name'], orderBy: [{ name: 'ASC' }] });
      return (asked.body as Json).nodes?.map(({ name }: Json) => name).join(' ') ?? asked.body;
    };
    expect(await matching('^B.*[ns]$')).toBe('Berlin Brussels');
    expect(await matching('(?i)LIN$')).toBe('Berlin');
    expect((await shown('city?name.matches=^Be&fields=name')).nodes).toEqual([
      { id, name: 'Berlin' },
    ]);
    expect(await matching('(')).toMatchObject({ code: 'BAD_QUERY', status: 400 });
    expect(await matching('(a)\\1')).toMatchObject({ code: 'BAD_QUERY' });
    expect(await matching('a'.repeat(501))).toMatchObject({ code: 'BAD_QUERY' });
    // What takes an engine that goes back for ever.
    const long = `${'a'.repeat(5_000)}!`;
    await world.sendHere(
      'mutation ($name: String) { createCity(input: { name: $name }) { tx { t } } }',
      { name: long },
    );
    const begunMs = performance.now();
    expect(await matching('^(a+)+$')).toBe('');
    expect(performance.now() - begunMs).toBeLessThan(1_000);
    await world.sendHere(
      'mutation ($name: String) { deleteCitys(where: { name: { eq: $name } }) { count } }',
      { name: long },
    );
  });

  it('is answered in lines as well, counted, and read as it was', async () => {
    const lines = await query('city', { where: { name: { startsWith: 'Be' } }, fields: ['name'] })
      .set('Accept', 'application/x-ndjson')
      .expect(200);
    expect(
      lines.text
        .trim()
        .split('\n')
        .map((line) => JSON.parse(line) as Json),
    ).toEqual([{ id, name: 'Berlin' }]);
    const counted = await query('city', { first: 0 }).set('Prefer', 'count=exact').expect(200);
    expect(counted.body).toMatchObject({ nodes: [], totalCount: 9 });
    expect(counted.headers['preference-applied']).toBe('count=exact');
    const { body } = await query('city', { asOf: '1970-01-01T00:00:00Z' }).expect(200);
    expect((body as Json).nodes).toEqual([]);
  });

  it.each([
    [{ limit: 5 }, /body.limit is not known here/],
    [{ where: { naem: { eq: 'x' } } }, /where.naem names no field of City; did you mean 'name'/],
    [{ where: { name: { equals: 'x' } } }, /where.name.equals is no operator/],
    [{ where: { kind: { lt: ':kind/a' } } }, /where.kind.lt is no operator/],
    [{ where: { name: { eq: 5 } } }, /where.name.eq: expected String/],
    [{ where: { name: { eq: null } } }, /where.name.eq/],
    [{ where: { name: { in: 'Berlin' } } }, /where.name.in must be a list/],
    [{ where: { id: { eq: 5 } } }, /where.id.eq must be the id of an entity/],
    [{ where: [] }, /where must be an object/],
    [{ orderBy: { name: 'ASC' } }, /orderBy must be a list/],
    [{ orderBy: [{ name: 'UP' }] }, /orderBy\[0\].name/],
    [{ fields: 'name' }, /fields must be a list/],
    [{ first: 1.5 }, /first must be a whole number/],
    [{ asOf: {} }, /asOf must be the number of a transaction/],
  ])('%j is refused', async (body, detail) => {
    const answer = await query('city', body).expect(400);
    expect((answer.body as Json).detail).toMatch(detail);
  });

  it('takes a body of JSON alone', async () => {
    await request(world.app)
      .post('/v1/world/city/query')
      .set('Content-Type', 'application/merge-patch+json')
      .send('{}')
      .expect(415);
    await request(world.app).post('/v1/world/nothing/query').send({}).expect(404);
  });
});

describe('the pages of a list', () => {
  it('are linked: the first, the next and the one before', async () => {
    const rels = async (path: string) => {
      const { headers } = await get(path).expect(200);
      const links = String(headers['link']).split(', ');
      return new Map(
        links.map((link) => [/rel="(\w+)"/.exec(link)?.[1], /<(.*)>/.exec(link)?.[1]]),
      );
    };
    const first = await rels('city?first=4&orderBy=name&name.ne=x');
    expect([...first.keys()]).toEqual(['first', 'next']);
    const next = await rels(first.get('next')?.replace('/v1/world/', '') ?? '');
    expect([...next.keys()]).toEqual(['first', 'next', 'prev']);
    expect(new URL(next.get('first') ?? '', 'http://x').searchParams.toString()).toBe(
      'orderBy=name&name.ne=x&first=4',
    );
  });
});

describe('Accept', () => {
  it.each([
    ['application/json', 200],
    ['application/*', 200],
    ['text/html, */*;q=0.1', 200],
    ['application/problem+json, application/json', 200],
    ['text/html', 406],
    ['application/json;q=0', 406],
  ])('%s is answered with %i', async (accept, status) => {
    await get('city?first=1').set('Accept', accept).expect(status);
  });

  it('is looked at before anything is written', async () => {
    const { basisTx } = world.reader.current();
    const answer = await request(world.app)
      .post('/v1/world/city')
      .set('Accept', 'text/csv')
      .send({ name: 'Nowhere' })
      .expect(406);
    expect(answer.body).toMatchObject({ code: 'NOT_ACCEPTABLE', status: 406 });
    expect(world.reader.current().basisTx).toBe(basisTx);
  });

  it('does not ask for lines of one entity', async () => {
    await get('country/by/cca2/FR').set('Accept', 'application/x-ndjson').expect(406);
  });
});
