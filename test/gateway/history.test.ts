/** What was: versions and histories of entities, transactions, differences, and who may see them. */
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { createHash } from 'node:crypto';
import type { AccessConfig } from '../../schema/access.ts';
import { kw } from '../../schema/keyword.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

const ACCESS: AccessConfig = {
  tokens: [
    { name: 'keeper', sha256: sha256('keeper'), roles: ['keeper'] },
    { name: 'present', sha256: sha256('present'), roles: ['present'] },
    { name: 'half', sha256: sha256('half'), roles: ['half'] },
    { name: 'german', sha256: sha256('german'), roles: ['german'] },
  ],
  roles: {
    keeper: { types: { '*': { read: true, update: true, history: true } } },
    present: { types: { '*': { read: true } } },
    half: {
      types: {
        City: { read: true, history: true, fields: { population: { read: false } } },
        Country: { read: true },
      },
    },
    german: {
      types: {
        City: { read: { country: { cca2: { eq: 'DE' } } }, history: true },
        Country: { read: { cca2: { eq: 'DE' } }, history: true },
      },
    },
  },
};

let world: ServedWorld;
/** After the world was made, then after each change. */
const ts: number[] = [];

const now = async (): Promise<number> => (await world.reader.snapshot()).basisTx;

async function change(by: string, patch: string): Promise<void> {
  await world.data(`mutation { updateCountry(by: {cca2: "${by}"}, patch: ${patch}) { tx { t } } }`);
  ts.push(await now());
}

beforeAll(async () => {
  world = await serveWorld();
  ts.push(await now());
  await change('FR', '{area: 1, languages: {add: ["Breton"]}}');
  await change('FR', '{area: null, languages: {remove: ["French"]}}');
  await change('BE', '{borders: {remove: [{cca2: "DE"}]}}');
});
afterAll(() => world.stop());

describe('an entity', () => {
  it('has the version of the last transaction that changed it', async () => {
    const { fr, es } = await world.data(
      '{ fr: country(by: {cca2: "FR"}) { _meta { version tx { t instant } created { t } } } es: country(by: {cca2: "ES"}) { _meta { version } } }',
    );
    expect(fr._meta).toEqual({
      version: String(ts[2]),
      tx: { t: String(ts[2]), instant: expect.stringMatching(/Z$/) },
      created: { t: String(ts[0]) },
    });
    expect(es._meta.version).toBe(String(ts[0]));
  });

  it('has a version of its own at each time, also under any type', async () => {
    const { country } = await world.data(
      `{ country(by: {cca2: "FR"}, asOf: {t: ${ts[1]}}) { id _meta { version } } }`,
    );
    expect(country._meta.version).toBe(String(ts[1]));
    const { node } = await world.data(`{ node(id: "${country.id}") { _meta { version } } }`);
    expect(node._meta.version).toBe(String(ts[2]));
  });

  it('has a version that follows its components', async () => {
    const paris =
      '{ cityConnection(where: {name: {eq: "Paris"}}) { nodes { id _meta { version } monuments { id } } } }';
    const before = (await world.data(paris)).cityConnection.nodes[0];
    const { updateCityMonuments } = await world.data(
      `mutation { updateCityMonuments(by: {id: "${before.monuments[0].id}"}, patch: {name: "Eiffel"}) { tx { t } } }`,
    );
    const after = (await world.data(paris)).cityConnection.nodes[0];
    expect(after._meta.version).toBe(updateCityMonuments.tx.t);
    expect(after._meta.version).not.toBe(before._meta.version);
  });

  it('tells its history, the newest first', async () => {
    const { country } = await world.data(
      '{ country(by: {cca2: "FR"}) { _meta { history(first: 4) { totalCount nodes { field attribute value added tx { t } } pageInfo { hasNextPage } } } } }',
    );
    const { nodes, totalCount, pageInfo } = country._meta.history;
    expect(nodes.map(line)).toEqual([
      `- languages French ${ts[2]}`,
      `- area 1 ${ts[2]}`,
      `+ languages Breton ${ts[1]}`,
      `+ area 1 ${ts[1]}`,
    ]);
    expect(nodes[0].attribute).toBe(':country/languages');
    expect(pageInfo.hasNextPage).toBe(true);
    expect(totalCount).toBe(13);
  });

  it('tells it in pages that newer facts do not move', async () => {
    const page = (after: string) =>
      `{ country(by: {cca2: "ES"}) { _meta { history(first: 3 ${after}) { edges { cursor node { field value } } pageInfo { hasNextPage endCursor } } } } }`;
    const first = (await world.data(page(''))).country._meta.history;
    await world.data('mutation { updateCountry(by: {cca2: "ES"}, patch: {area: 2}) { tx { t } } }');
    const seen = [...first.edges];
    let { pageInfo } = first;
    while (pageInfo.hasNextPage) {
      const { history } = (await world.data(page(`after: "${pageInfo.endCursor}"`))).country._meta;
      seen.push(...history.edges);
      ({ pageInfo } = history);
    }
    const facts = seen.map(({ node }: Json) => `${node.field} ${node.value}`);
    expect(new Set(facts).size).toBe(facts.length);
    expect(facts).toContain('area 505992');
    expect(facts).not.toContain('area 2');
  });

  it('tells that of some fields, the oldest first, with the entities that they are about', async () => {
    const { country } = await world.data(
      '{ country(by: {cca2: "FR"}) { _meta { history(fields: ["area"], newestFirst: false) { nodes { field value added entity { ... on Country { name } } } } } } }',
    );
    expect(country._meta.history.nodes).toEqual([
      { field: 'area', value: 551695, added: true, entity: { name: 'France' } },
      { field: 'area', value: 551695, added: false, entity: { name: 'France' } },
      { field: 'area', value: 1, added: true, entity: { name: 'France' } },
      { field: 'area', value: 1, added: false, entity: { name: 'France' } },
    ]);
  });

  it('is asked for fields that there are', async () => {
    const { message, extensions } = await world.error(
      '{ country(by: {cca2: "FR"}) { _meta { history(fields: ["ares"]) { totalCount } } } }',
    );
    expect(extensions['code']).toBe('BAD_USER_INPUT');
    expect(message).toContain("'ares'");
    expect(message).toContain('area');
  });
});

describe('the resource of a history', () => {
  it('tells it in pages', async () => {
    const { country } = await world.data('{ country(by: {cca2: "FR"}) { id } }');
    const path = `/v1/world/country/${country.id}/history`;
    const { body, headers } = await request(world.app).get(`${path}?first=2&fields=area`);
    expect(body.nodes.map(line)).toEqual([`- area 1 ${ts[2]}`, `+ area 1 ${ts[1]}`]);
    expect(body.totalCount).toBe(4);
    const next = /<([^>]*)>; rel="next"/.exec(headers['link'] ?? '')?.[1] ?? '';
    const rest = await request(world.app).get(next);
    expect(rest.body.nodes.map(({ value }: Json) => value)).toEqual([551695, 551695]);
    expect(rest.headers['link']).toBeUndefined();
  });

  it('is there for an entity that is gone, and for none that never was', async () => {
    const { createCountry } = await world.data(
      'mutation { createCountry(input: {cca2: "QQ"}) { country { id } } }',
    );
    const path = `/v1/world/country/${createCountry.country.id}`;
    await request(world.app).delete(path);
    const gone = await request(world.app).get(`${path}/history`);
    expect(gone.body.nodes.map(({ added }: Json) => added)).toEqual([false, true]);
    const other = await request(world.app).get(`${path.replace('country', 'city')}/history`);
    expect(other.status).toBe(404);
  });

  it('takes no parameter that is not there', async () => {
    const { country } = await world.data('{ country(by: {cca2: "FR"}) { id } }');
    const { body, status } = await request(world.app).get(
      `/v1/world/country/${country.id}/history?newest=true`,
    );
    expect(status).toBe(400);
    expect(body.detail).toContain("'newest'");
  });
});

describe('the difference of two points in time', () => {
  it('is what the fields said and say', async () => {
    const { countryDiff } = await world.data(
      `{ countryDiff(by: {cca2: "FR"}, from: {t: ${ts[0]}}, to: {t: ${ts[2]}}) { before { area } after { area languages } changes { field removed added } } }`,
    );
    expect(countryDiff).toEqual({
      before: { area: 551695 },
      after: { area: null, languages: ['Breton'] },
      changes: [
        { field: 'area', removed: [551695], added: [] },
        { field: 'languages', removed: ['French'], added: ['Breton'] },
      ],
    });
  });

  it('is to the present where nothing else is said, and shows what is gone', async () => {
    const { createCountry } = await world.data(
      'mutation { createCountry(input: {cca2: "XX", name: "Nowhere"}) { country { id } tx { t } } }',
    );
    await world.data('mutation { deleteCountry(by: {cca2: "XX"}) { tx { t } } }');
    const { id } = createCountry.country;
    expect(
      await world.data(
        `{ gone: countryDiff(by: {id: "${id}"}, from: {t: ${createCountry.tx.t}}) { before { name } after { name } changes { field removed } } never: countryDiff(by: {cca2: "YY"}, from: {t: ${ts[0]}}) { before { name } } }`,
      ),
    ).toEqual({
      gone: {
        before: { name: 'Nowhere' },
        after: null,
        changes: [
          { field: 'cca2', removed: ['XX'] },
          { field: 'name', removed: ['Nowhere'] },
        ],
      },
      never: null,
    });
  });
});

describe('the transactions', () => {
  it('are found by what is said of them', async () => {
    const rename = (name: string, by: string, population: string) =>
      world.data(
        `mutation { updateCity(by: { id: "${city}" }, patch: { name: "${name}" }, meta: { country: { name: "${by}" }, city: { population: "${population}" } }) { tx { t } } }`,
      );
    const { cityConnection } = await world.data('{ cityConnection(first: 1) { nodes { id } } }');
    const city = cityConnection.nodes[0].id;
    const written: string[] = [];
    for (const [by, population] of [
      ['ada', '1'],
      ['ada', '2'],
      ['bob', '2'],
    ] as const)
      written.push((await rename(`Named by ${by}`, by, population)).updateCity.tx.t);
    const [first, second, third] = written;
    const found = async (where: string): Promise<ReadonlyArray<string>> => {
      const { txConnection } = await world.data(`{ txConnection(${where}) { nodes { t } } }`);
      return txConnection.nodes.map(({ t }: Json) => t);
    };
    expect(await found('where: { country: { name: { eq: "ada" } } }')).toEqual([second, first]);
    expect(
      await found('where: { country: { name: { eq: "ada" } }, city: { population: { gt: "1" } } }'),
    ).toEqual([second]);
    expect(
      await found(
        `where: { city: { _or: [{ population: { eq: "1" } }, { _not: { name: { isNull: true } } }, { population: { eq: "2" } }] } }, from: { t: "${second}" }, newestFirst: false`,
      ),
    ).toEqual([second, third]);
    expect(await found('where: { country: {} }')).toEqual([third, second, first]);
    const where = 'where: { country: { name: { startsWith: "a" } } }, first: 1';
    const page = await world.data(
      `{ txConnection(${where}) { nodes { t } pageInfo { endCursor hasNextPage } } }`,
    );
    const { endCursor, hasNextPage } = page.txConnection.pageInfo;
    expect(hasNextPage).toBe(true);
    expect(await found(`${where}, after: "${endCursor}"`)).toEqual([first]);
    expect(
      (await world.error(`{ txConnection(first: 1, after: "${endCursor}") { nodes { t } } }`))
        .extensions.code,
    ).toBe('BAD_CURSOR');
  });

  it('come in pages, the newest first', async () => {
    const { all, page } = await world.data(
      `{ all: txConnection(first: 100) { nodes { t } } page: txConnection(from: {t: ${ts[0]}}, to: {t: ${ts[2]}}, first: 2) { nodes { t instant id } pageInfo { hasNextPage endCursor } } }`,
    );
    const all_ = all.nodes.map(({ t }: Json) => Number(t));
    expect(all_).toEqual(all_.toSorted((a: number, b: number) => b - a));
    expect(page.nodes.map(({ t }: Json) => t)).toEqual([String(ts[2]), String(ts[1])]);
    const rest = await world.data(
      `{ txConnection(from: {t: ${ts[0]}}, to: {t: ${ts[2]}}, first: 2, after: "${page.pageInfo.endCursor}") { nodes { t } pageInfo { hasNextPage hasPreviousPage } } }`,
    );
    expect(rest.txConnection).toEqual({
      nodes: [{ t: String(ts[0]) }],
      pageInfo: { hasNextPage: false, hasPreviousPage: true },
    });
  });

  it('says how far it knows to who has seen more', async () => {
    const { txConnection } = await world.data(
      '{ txConnection(first: 1) { pageInfo { endCursor } } }',
    );
    const content = Buffer.from(txConnection.pageInfo.endCursor as string, 'base64url');
    const [version, basisTx, ...others] = JSON.parse(content.toString()) as number[];
    const ahead = Buffer.from(JSON.stringify([version, basisTx! + 9, ...others]));
    const { extensions } = await world.error(
      `{ txConnection(first: 1, after: "${ahead.toString('base64url')}") { nodes { t } } }`,
    );
    expect(extensions).toMatchObject({
      ...{ code: 'BASIS_NOT_AVAILABLE', retryable: true, t: String(basisTx) },
    });
  });

  it('are found by their times', async () => {
    const { txConnection } = await world.data(
      '{ txConnection(from: {instant: "2100-01-01T00:00:00Z"}) { nodes { t } } }',
    );
    expect(txConnection.nodes).toEqual([]);
  });
});

describe('the header Datahike-As-Of', () => {
  it('is the time of all fields that name none', async () => {
    const query = `{ a: country(by: {cca2: "FR"}) { area } b: country(by: {cca2: "FR"}, asOf: {t: ${ts[1]}}) { area } c: countryConnection(where: {cca2: {eq: "FR"}}) { nodes { area } } }`;
    const { body } = await world.send(query, {}, { 'Datahike-As-Of': String(ts[0]) });
    expect(body.data).toEqual({
      a: { area: 551695 },
      b: { area: 1 },
      c: { nodes: [{ area: 551695 }] },
    });
  });

  it('holds for REST, and may be an instant', async () => {
    const { body } = await request(world.app)
      .get('/v1/world/country/by/cca2/FR')
      .set('Datahike-As-Of', String(ts[0]));
    expect(body.area).toBe(551695);
    const early = await request(world.app)
      .get('/v1/world/country/by/cca2/FR')
      .set('Datahike-As-Of', '2001-01-01T00:00:00Z');
    expect(early.status).toBe(404);
  });

  it('is refused where it is no time, and for writes', async () => {
    const bad = await world.send('{ txConnection { nodes { t } } }', {}, { 'Datahike-As-Of': 'x' });
    expect(bad.status).toBe(400);
    expect(bad.body.errors[0].message).toContain('Datahike-As-Of');
    const write = await world.send(
      'mutation { updateCountry(by: {cca2: "FR"}, patch: {area: 3}) { tx { t } } }',
      {},
      { 'Datahike-As-Of': String(ts[0]) },
    );
    expect(write.body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
    const rest = await request(world.app)
      .post('/v1/world/country')
      .set('Datahike-As-Of', String(ts[0]))
      .send({ cca2: 'ZZ' });
    expect(rest.status).toBe(400);
  });
});

describe('since', () => {
  const names = async (args: string): Promise<Json> => {
    const { countryConnection } = await world.data(
      `{ countryConnection(${args}, orderBy: [{ cca2: ASC }]) { totalCount nodes { cca2 } } }`,
    );
    expect(countryConnection.totalCount).toBe(countryConnection.nodes.length);
    return countryConnection.nodes.map(({ cca2 }: Json) => cca2).join(' ');
  };

  it('shows what something was said of after a point in time', async () => {
    const [start, area, languages, borders] = ts;
    const asOf = `asOf: {t: ${borders}}`;
    expect(await names(`since: {t: ${start}}, ${asOf}`)).toBe('BE FR');
    expect(await names(`since: {t: ${area}}, ${asOf}, where: {cca2: {ne: "BE"}}`)).toBe('FR');
    expect(await names(`since: {t: ${languages}}, ${asOf}`)).toBe('BE');
    expect(await names(`since: {t: ${borders}}, ${asOf}`)).toBe('');
    expect(await names(`since: {t: ${start}}, asOf: {t: ${area}}`)).toBe('FR');
    expect(await names('since: {instant: "1970-01-01T00:00:00Z"}')).toBe(await names('first: 100'));
    expect(await names('since: {instant: "2999-01-01T00:00:00Z"}')).toBe('');
  });

  it('goes on from page to page in one state', async () => {
    const page = async (after: string | null): Promise<Json> =>
      (
        await world.data(
          `query ($after: String) { countryConnection(since: {t: ${ts[0]}}, asOf: {t: ${ts[3]}}, first: 1, after: $after) { nodes { cca2 } pageInfo { endCursor hasNextPage } } }`,
          { after },
        )
      ).countryConnection;
    const first = await page(null);
    expect(first.pageInfo.hasNextPage).toBe(true);
    const second = await page(first.pageInfo.endCursor as string);
    expect(second.pageInfo.hasNextPage).toBe(false);
    expect([...first.nodes, ...second.nodes]).toHaveLength(2);
    const { message } = await world.error(
      `{ countryConnection(since: {t: ${ts[1]}}, asOf: {t: ${ts[3]}}, after: "${first.pageInfo.endCursor}") { totalCount } }`,
    );
    expect(message).toContain('belongs to a list with another where');
  });

  it('is a parameter of REST, in pages, lines and queries', async () => {
    const get = (path: string) => request(world.app).get(`/v1/world/country?${path}`);
    const { body } = await get(`since=${ts[0]}&asOf=${ts[3]}&fields=cca2&orderBy=cca2`).expect(200);
    expect((body as Json).nodes.map(({ cca2 }: Json) => cca2)).toEqual(['BE', 'FR']);
    const lines = await get(`since=${ts[2]}&asOf=${ts[3]}&fields=cca2`).set(
      'Accept',
      'application/x-ndjson',
    );
    expect(lines.text).toMatch(/^\{"id":"[^"]*","cca2":"BE"\}\n$/);
    const queried = await request(world.app)
      .post('/v1/world/country/query')
      .send({ since: ts[2], asOf: ts[3], fields: ['cca2'] })
      .expect(200);
    expect((queried.body as Json).nodes).toMatchObject([{ cca2: 'BE' }]);
    await get('since=yesterday').expect(400);
  });

  it('is not of entities that are gone', async () => {
    const made = await serveWorld();
    const { basisTx } = made.reader.current();
    await made
      .data('mutation { deleteCity(by: {id: "none"}) { tx { t } } }')
      .catch(() => undefined);
    const { createCity } = await made.data(
      'mutation { createCity(input: {name: "Gone"}) { city { id } } }',
    );
    await made.data(`mutation { deleteCity(by: {id: "${createCity.city.id}"}) { tx { t } } }`);
    await made.data('mutation { createCity(input: {name: "There"}) { city { id } } }');
    const { cityConnection } = await made.data(
      `{ cityConnection(since: {t: ${basisTx}}) { nodes { name } } }`,
    );
    expect(cityConnection.nodes).toEqual([{ name: 'There' }]);
    await made.stop();
  });

  it('has an end', async () => {
    const made = await serveWorld();
    const { basisTx } = made.reader.current();
    const cities = Array.from({ length: 10_001 }, (_, i) => new Map([[kw('city/name'), `${i}`]]));
    await made.writer.transact({ txData: cities });
    const { extensions, message } = await made.error(
      `{ cityConnection(since: {t: ${basisTx}}) { totalCount } }`,
    );
    expect(extensions['code']).toBe('LIMIT_EXCEEDED');
    expect(message).toContain('ask for what changed since a later point');
    await made.stop();
  });
});

describe('what a transaction said', () => {
  const DATOMS =
    'datoms { totalCount nodes { field attribute value added entity { id } tx { t } } }';

  it('is told in the order in which it was said', async () => {
    const { txConnection } = await world.data(
      `{ txConnection(from: {t: ${ts[2]}}, to: {t: ${ts[2]}}) { nodes { t ${DATOMS} } } }`,
    );
    const [{ datoms }] = txConnection.nodes;
    expect(datoms.totalCount).toBe(2);
    expect(datoms.nodes.map(({ field, value, added }: Json) => [field, value, added])).toEqual(
      expect.arrayContaining([
        ['area', 1, false],
        ['languages', 'French', false],
      ]),
    );
    expect(datoms.nodes[0].tx.t).toBe(String(ts[2]));
  });

  it('comes in pages', async () => {
    const page = async (after: string | null): Promise<Json> =>
      (
        await world.data(
          `query ($after: String) { txConnection(from: {t: ${ts[2]}}, to: {t: ${ts[2]}}) { nodes { datoms(first: 1, after: $after) { nodes { field } pageInfo { hasNextPage endCursor } } } } }`,
          { after },
        )
      ).txConnection.nodes[0].datoms;
    const first = await page(null);
    const second = await page(first.pageInfo.endCursor as string);
    expect([first.pageInfo.hasNextPage, second.pageInfo.hasNextPage]).toEqual([true, false]);
    expect([...first.nodes, ...second.nodes].map(({ field }: Json) => field).toSorted()).toEqual([
      'area',
      'languages',
    ]);
  });

  it('is told of what was just written, and not of what was only tried', async () => {
    const write = (dryRun: boolean) =>
      `mutation { createCity(input: {name: "New"}, dryRun: ${dryRun}) { tx { datoms { nodes { field value } } } } }`;
    const tried = await world.data(write(true));
    expect(tried.createCity.tx.datoms.nodes).toEqual([]);
    const written = await world.data(write(false));
    expect(written.createCity.tx.datoms.nodes).toEqual([{ field: 'name', value: 'New' }]);
  });
});

describe('who may see what was', () => {
  let guarded: ServedWorld;
  let first: number;
  beforeAll(async () => {
    guarded = await serveWorld({ access: ACCESS, development: false });
    first = (await guarded.reader.snapshot()).basisTx;
    const rename =
      'mutation { updateCountry(by: {cca2: "DE"}, patch: {name: "Deutschland"}) { tx { t } } }';
    await guarded.send(rename, {}, as('keeper'));
  });
  afterAll(() => guarded.stop());

  const as = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });
  const ask = async (token: string, query: string): Promise<Json> =>
    ((await guarded.send(query, {}, as(token))) as { body: Json }).body;

  it('is told as far as a role may see it', async () => {
    const { data } = await ask(
      'keeper',
      `{ country(by: {cca2: "DE"}, asOf: {t: ${first}}) { name _meta { history { totalCount } } } }`,
    );
    expect(data.country.name).toBe('Germany');
    expect(data.country._meta.history.totalCount).toBe(7);
  });

  it('is refused to a role without the right', async () => {
    const { errors } = await ask(
      'present',
      `{ country(by: {cca2: "DE"}, asOf: {t: ${first}}) { name } }`,
    );
    expect(errors[0].extensions.code).toBe('FORBIDDEN');
    const { status } = await request(guarded.app)
      .get(`/v1/world/country?asOf=${first}`)
      .set(as('present'));
    expect(status).toBe(403);
    const { data } = await ask(
      'present',
      '{ country(by: {cca2: "DE"}) { name _meta { history { totalCount } } } }',
    );
    expect(data.country).toEqual({ name: 'Deutschland', _meta: { history: { totalCount: 0 } } });
  });

  it('does not tell others what has changed, and what a transaction said of it', async () => {
    const since = `{ countryConnection(since: {t: ${first}}) { nodes { name } } }`;
    expect((await ask('keeper', since)).data.countryConnection.nodes).toHaveLength(1);
    expect((await ask('present', since)).errors[0].extensions.code).toBe('FORBIDDEN');
    expect((await ask('half', since)).errors[0].extensions.code).toBe('FORBIDDEN');
    const datoms = `{ txConnection(from: {t: ${first}}) { nodes { datoms { nodes { field } } } } }`;
    const fieldsFor = async (token: string): Promise<Json> =>
      new Set(
        (await ask(token, datoms)).data.txConnection.nodes.flatMap(({ datoms: { nodes } }: Json) =>
          nodes.map(({ field }: Json) => field),
        ),
      );
    expect(await fieldsFor('keeper')).toContain('languages');
    expect([...(await fieldsFor('half'))].toSorted()).not.toContain('languages');
    expect(await fieldsFor('half')).not.toContain('population');
  });

  it('has no differences and transactions for it', async () => {
    for (const query of [
      '{ txConnection { nodes { t } } }',
      '{ countryDiff { before { name } } }',
    ]) {
      const { errors } = await ask('present', query);
      expect(errors[0].extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
    }
  });

  it('holds nothing of types without the right, wherever they stand', async () => {
    const { data } = await ask(
      'half',
      `{ cityConnection(asOf: {t: ${first}}, where: {name: {eq: "Berlin"}}) { nodes { name country { name } } } hidden: cityConnection(asOf: {t: ${first}}, where: {country: {name: {eq: "Germany"}}}) { nodes { name } } }`,
    );
    expect(data.cityConnection.nodes).toEqual([{ name: 'Berlin', country: null }]);
    expect(data.hidden.nodes).toEqual([]);
  });

  it('holds no hidden fields and no entities that are not seen', async () => {
    const { data } = await ask(
      'half',
      '{ cityConnection(where: {name: {eq: "Berlin"}}) { nodes { _meta { history { nodes { field } } } } } }',
    );
    const fields = data.cityConnection.nodes[0]._meta.history.nodes.map(({ field }: Json) => field);
    expect(fields).toContain('name');
    expect(fields).not.toContain('population');
    const german = await ask(
      'german',
      '{ country(by: {cca2: "DE"}) { _meta { history { nodes { field value } } } } }',
    );
    const refs = german.data.country._meta.history.nodes.filter(
      ({ field }: Json) => field === 'borders',
    );
    expect(refs).toEqual([]);
  });

  it('groups by no entity that is not seen', async () => {
    const { data } = await ask(
      'german',
      '{ cityGroups(by: [{twin: {id: true}}]) { key { twin { id } } aggregate { count } } }',
    );
    expect(data.cityGroups).toEqual([{ key: { twin: { id: null } }, aggregate: { count: 2 } }]);
  });

  it('is not reached by a cursor', async () => {
    const page = (after: string) =>
      `{ countryConnection(first: 1, orderBy: [{name: DESC}] ${after}) { nodes { name } pageInfo { endCursor } } }`;
    const start = (await ask('present', page(''))).data.countryConnection;
    expect(start.nodes[0].name).toBe('Spain');
    const rename =
      'mutation { updateCountry(by: {cca2: "PT"}, patch: {name: "Lusitania"}) { tx { t } } }';
    await ask('keeper', rename);
    const next = (await ask('present', page(`after: "${start.pageInfo.endCursor}"`))).data;
    expect(next.countryConnection.nodes[0].name).toBe('Lusitania');
    const pinned = (await ask('keeper', page(`after: "${start.pageInfo.endCursor}"`))).data;
    expect(pinned.countryConnection.nodes[0].name).toBe('Portugal');
  });
});

function line({ field, value, added, tx }: Json): string {
  return `${added ? '+' : '-'} ${field} ${value} ${tx.t}`;
}
