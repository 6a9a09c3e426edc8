import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { alwaysOpen } from '../support/served.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { decodeId } from '../../gateway/read/global-id.ts';
import { kw } from '../../schema/keyword.ts';
import { countingReader, serveWorld } from './served-world.ts';

let world: ServedWorld;
beforeAll(async () => {
  world = await serveWorld();
});
afterAll(() => world.stop());

const names = (nodes: ReadonlyArray<{ readonly name: string }>): string =>
  nodes.map(({ name }) => name).join(' ');

/** The names of the cities that a connection with these arguments has. */
async function cities(args: string): Promise<string> {
  const call = args === '' ? '' : `(${args})`;
  const { cityConnection } = await world.data(`{ cityConnection${call} { nodes { name } } }`);
  return names(cityConnection.nodes);
}

/** The names of the countries that hold a condition, in order of their names. */
async function countries(where: string): Promise<string> {
  const { countryConnection } = await world.data(
    `{ countryConnection(where: ${where}, orderBy: [{name: ASC}]) { nodes { name } } }`,
  );
  return names(countryConnection.nodes);
}

function nested(levels: number): object {
  let where = {};
  for (let i = 0; i < levels; i += 1) where = { _not: where };
  return where;
}

describe('a lookup', () => {
  it('finds an entity by a unique attribute', async () => {
    expect(
      await world.data('{ country(by: {cca2: "FR"}) { name area independent languages } }'),
    ).toEqual({
      country: { name: 'France', area: 551695, independent: true, languages: ['French'] },
    });
  });

  it('finds it by its id, under each alias', async () => {
    const { country } = await world.data('{ country(by: {cca2: "FR"}) { id } }');
    expect(
      await world.data(
        'query ($id: ID!) { a: country(by: {id: $id}) { x: name y: name } }',
        country,
      ),
    ).toEqual({ a: { x: 'France', y: 'France' } });
  });

  it('finds nothing where there is nothing, or nothing of the type', async () => {
    const { country } = await world.data('{ country(by: {cca2: "FR"}) { id } }');
    expect(
      await world.data(
        'query ($id: ID!) { country(by: {cca2: "XX"}) { name } city(by: {id: $id}) { name } }',
        country,
      ),
    ).toEqual({ country: null, city: null });
  });

  it('shows any entity under its primary type', async () => {
    const { country } = await world.data('{ country(by: {cca2: "FR"}) { id } }');
    const query = `query ($id: ID!) {
      node(id: $id) { __typename id ... on City { population } ...Country }
    }
    fragment Country on Country { name borders(first: 1, orderBy: [{name: DESC}]) { name } }`;
    expect(await world.data(query, country)).toEqual({
      node: { __typename: 'Country', id: country.id, name: 'France', borders: [{ name: 'Spain' }] },
    });
  });

  it('shows the target of a reference without a type', async () => {
    const query =
      '{ cityConnection(where: {name: {eq: "Berlin"}}) { nodes { twin { __typename id ... on City { name country { name } } } } } }';
    const { cityConnection } = await world.data(query);
    expect(cityConnection.nodes[0].twin).toMatchObject({
      __typename: 'City',
      name: 'Paris',
      country: { name: 'France' },
    });
  });

  it('leaves out what directives exclude', async () => {
    const query = `query ($yes: Boolean!) {
      country(by: {cca2: "FR"}) { name @include(if: $yes) area @skip(if: $yes) ... @skip(if: $yes) { cca2 } }
    }`;
    expect(await world.data(query, { yes: true })).toEqual({ country: { name: 'France' } });
  });
});

describe('a connection', () => {
  it('answers the ten most populous cities of the neighbours of a country, with languages', async () => {
    const query = `{ cityConnection(
        first: 10, orderBy: [{population: DESC}],
        where: {country: {borders: {some: {cca2: {eq: "FR"}}}}}
      ) { nodes { name population country { name languages } } } }`;
    const { cityConnection } = await world.data(query);
    expect(names(cityConnection.nodes)).toBe('Berlin Madrid Hamburg Barcelona Brussels');
    const [berlin, madrid] = cityConnection.nodes as [Json, Json];
    expect(berlin).toEqual({
      name: 'Berlin',
      population: '3677000',
      country: { name: 'Germany', languages: ['German'] },
    });
    expect([...madrid.country.languages].sort()).toEqual(['Basque', 'Catalan', 'Spanish']);
  });

  it('counts all pages', async () => {
    expect(
      await world.data(
        '{ cityConnection(first: 1, where: {population: {gt: "1700000"}}) { totalCount } }',
      ),
    ).toEqual({ cityConnection: { totalCount: 4 } });
  });

  it('has every entity of the type in order of its id when nothing is said', async () => {
    expect(await cities('')).toBe(
      'Paris Lyon Berlin Hamburg Madrid Barcelona Brussels Lisbon Atlantis',
    );
    expect(await cities('first: 2, offset: 3')).toBe('Hamburg Madrid');
    expect(await cities('last: 2')).toBe('Lisbon Atlantis');
    expect(await cities('first: 0')).toBe('');
  });
});

describe('a filter', () => {
  it.each([
    ['{name: {eq: "Paris"}}', 'Paris'],
    ['{name: {ne: "Paris"}, population: {gte: 3000000}}', 'Berlin Madrid'],
    ['{name: {in: ["Lyon", "Paris", "Rome"]}}', 'Paris Lyon'],
    ['{name: {nin: ["Lyon", "Paris"]}, population: {lt: 1500000}}', 'Brussels Lisbon'],
    ['{name: {in: []}}', ''],
    ['{name: {startsWith: "B", contains: "l"}}', 'Berlin Brussels Barcelona'],
    ['{name: {endsWith: "is"}}', 'Paris Atlantis'],
    ['{population: {isNull: true}}', 'Atlantis'],
    ['{population: {isNull: false, gt: 3000000}}', 'Berlin Madrid'],
    ['{kind: {eq: ":kind/capital"}}', 'Paris Berlin Madrid'],
    ['{founded: {lt: "1000-01-01"}}', 'Brussels'],
    ['{_or: [{name: {eq: "Lyon"}}, {population: {gt: 3000000}}]}', 'Lyon Berlin Madrid'],
    [
      '{_and: [{population: {gt: 1000000}}, {_not: {kind: {eq: ":kind/capital"}}}]}',
      'Hamburg Barcelona Brussels',
    ],
    ['{_not: {population: {gt: 1000000}}}', 'Lyon Lisbon Atlantis'],
    ['{_not: {}}', ''],
    ['{country: {name: {eq: "France"}}}', 'Paris Lyon'],
    ['{twin: {_isNull: false}}', 'Berlin'],
    ['{monuments: {some: {name: {eq: "Louvre"}}}}', 'Paris'],
    ['{monuments: {some: {}}}', 'Paris'],
    ['{_or: [{name: {in: ["Lyon"]}}, {name: {in: []}}], _not: {name: {in: ["Paris"]}}}', 'Lyon'],
  ])('%s holds for %s', async (where, expected) => {
    const found = await cities(`where: ${where}`);
    expect(found.split(' ').sort()).toEqual(expected.split(' ').sort());
  });

  it.each([
    ['{languages: {has: "French"}}', 'Belgium France'],
    ['{languages: {hasAny: ["Basque", "Dutch"]}}', 'Belgium Spain'],
    ['{languages: {hasAll: ["French", "German"]}}', 'Belgium'],
    ['{languages: {isEmpty: true}}', ''],
    ['{borders: {every: {languages: {has: "French"}}}}', 'Germany'],
    ['{borders: {none: {cca2: {eq: "FR"}}}}', 'France Portugal'],
    ['{_cityByCountry: {some: {population: {gt: 3000000}}}}', 'Germany Spain'],
    ['{_cityByCountry: {none: {population: {gt: 1000000}}}}', 'Portugal'],
    ['{independent: {eq: false}}', ''],
  ])('%s holds for %s', async (where, expected) => {
    expect(await countries(where)).toBe(expected);
  });
});

describe('an order', () => {
  it.each([
    ['{population: DESC}', 'Berlin Madrid Paris Hamburg Barcelona Brussels Lisbon Lyon Atlantis'],
    [
      '{population: ASC_NULLS_FIRST}',
      'Atlantis Lyon Lisbon Brussels Barcelona Hamburg Paris Madrid Berlin',
    ],
    [
      '{country: {name: ASC}}, {population: DESC}',
      'Brussels Paris Lyon Berlin Hamburg Lisbon Atlantis Madrid Barcelona',
    ],
    [
      '{kind: ASC}, {name: DESC}',
      'Paris Madrid Berlin Lyon Lisbon Hamburg Brussels Barcelona Atlantis',
    ],
    [
      '{id: DESC}, {name: ASC}',
      'Atlantis Lisbon Brussels Barcelona Madrid Hamburg Berlin Lyon Paris',
    ],
  ])('by %s is %s', async (orderBy, expected) => {
    expect(await cities(`orderBy: [${orderBy}]`)).toBe(expected);
    expect(await cities(`last: 4, orderBy: [${orderBy}]`)).toBe(
      expected.split(' ').slice(-4).join(' '),
    );
    expect(await cities(`first: 3, offset: 7, orderBy: [${orderBy}]`)).toBe(
      expected.split(' ').slice(7).join(' '),
    );
  });

  it.each([
    '{population: DESC}',
    '{population: ASC_NULLS_FIRST}',
    '{kind: DESC}, {founded: ASC}, {population: DESC}',
    '{country: {name: DESC}}',
    '{id: DESC}',
  ])('by %s has the same pages in both directions', async (orderBy) => {
    const all = await cities(`orderBy: [${orderBy}]`);
    const page = async (args: string, cursor?: string) => {
      const variables = cursor === undefined ? '' : 'query ($c: String)';
      const query = `${variables} { cityConnection(orderBy: [${orderBy}], ${args}) {
        nodes { name } pageInfo { hasNextPage hasPreviousPage startCursor endCursor } } }`;
      return (await world.data(query, { c: cursor })).cityConnection;
    };
    const forwards: string[] = [];
    let last = await page('first: 2');
    forwards.push(names(last.nodes));
    while (last.pageInfo.hasNextPage) {
      last = await page('first: 2, after: $c', last.pageInfo.endCursor);
      forwards.push(names(last.nodes));
    }
    expect(forwards.join(' ')).toBe(all);
    const backwards: string[] = [names(last.nodes)];
    while (last.pageInfo.hasPreviousPage) {
      last = await page('last: 2, before: $c', last.pageInfo.startCursor);
      backwards.unshift(names(last.nodes));
    }
    expect(backwards.filter((each) => each !== '').join(' ')).toBe(all);
  });
});

describe('a list inside an entity', () => {
  it('has a page, order and filter of its own, for all parents at once', async () => {
    const query = `{ countryConnection(orderBy: [{name: ASC}]) { nodes {
        name
        _cityByCountry(first: 1, orderBy: [{population: DESC}]) { totalCount nodes { name } }
        borders(first: 2, orderBy: [{name: DESC}]) { name }
        big: borders(where: {area: {gt: 400000}}, orderBy: [{name: ASC}]) { name }
        bordersConnection(first: 1, orderBy: [{name: ASC}]) { totalCount edges { node { name } } pageInfo { hasNextPage } }
      } } }`;
    const { countryConnection } = await world.data(query);
    expect(countryConnection.nodes[0]).toEqual({
      name: 'Belgium',
      _cityByCountry: { totalCount: 1, nodes: [{ name: 'Brussels' }] },
      borders: [{ name: 'Germany' }, { name: 'France' }],
      big: [{ name: 'France' }],
      bordersConnection: {
        totalCount: 2,
        edges: [{ node: { name: 'France' } }],
        pageInfo: { hasNextPage: true },
      },
    });
    expect(countryConnection.nodes[1].big).toEqual([{ name: 'Spain' }]);
    expect(countryConnection.nodes[3]).toMatchObject({
      name: 'Portugal',
      _cityByCountry: { totalCount: 2, nodes: [{ name: 'Lisbon' }] },
      bordersConnection: { totalCount: 1, pageInfo: { hasNextPage: false } },
    });
  });

  it('takes a page of a plain list as the index has it', async () => {
    const query =
      '{ country(by: {cca2: "FR"}) { all: borders { name } some: borders(first: 1, offset: 1) { id: name } } }';
    const { country } = await world.data(query);
    expect(country.some).toEqual([{ id: country.all[1].name }]);
  });
});

describe('how many', () => {
  it.each([
    ['{borders: {count: {gt: 2}}}', 'France'],
    ['{borders: {count: {eq: 1}}}', 'Portugal'],
    ['{_cityByCountry: {count: {lt: 2}}}', 'Belgium'],
    ['{_cityByCountry: {count: {in: [1, 7]}}, borders: {count: {gte: 2}}}', 'Belgium'],
    [
      '{_or: [{borders: {count: {eq: 3}}}, {_not: {borders: {count: {gte: 2}}}}]}',
      'France Portugal',
    ],
    ['{borders: {some: {borders: {count: {eq: 1}}}}}', 'Spain'],
  ])('filters: %s', async (where, expected) => {
    expect(await countries(where)).toBe(expected);
  });

  it('counts none', async () => {
    const query = `{
      none: cityConnection(where: {monuments: {count: {eq: 0}}}) { totalCount }
      some: cityConnection(where: {monuments: {count: {ne: 0}}}) { nodes { name } }
    }`;
    expect(await world.data(query)).toEqual({
      none: { totalCount: 8 },
      some: { nodes: [{ name: 'Paris' }] },
    });
  });

  it('is an order, with pages', async () => {
    const query = `query ($c: String) { countryConnection(
      first: 2, after: $c, orderBy: [{borders: {count: DESC}}, {name: ASC}]
    ) { nodes { name } pageInfo { endCursor } } }`;
    const pages: string[] = [];
    let cursor: string | null = null;
    for (let i = 0; i < 3; i += 1) {
      const { countryConnection }: Json = await world.data(query, { c: cursor });
      pages.push(names(countryConnection.nodes));
      cursor = countryConnection.pageInfo.endCursor;
    }
    expect(pages).toEqual(['France Belgium', 'Germany Spain', 'Portugal']);
  });
});

describe('an aggregate', () => {
  it('is of all entities of the list, whatever the page', async () => {
    const query = `{
      cityConnection(first: 1, where: {country: {cca2: {in: ["FR", "DE", "PT"]}}}) {
        nodes { __typename }
        aggregate {
          __typename count
          sum { population } avg { population }
          min { population name founded } max { population name }
          countDistinct { kind country: name population }
        }
      }
    }`;
    const { cityConnection } = await world.data(query);
    expect(cityConnection.aggregate).toEqual({
      __typename: 'CityAggregate',
      count: 6,
      sum: { population: '8753000' },
      avg: { population: 1750600 },
      min: { population: '522000', name: 'Atlantis', founded: null },
      max: { population: '3677000', name: 'Paris' },
      countDistinct: { kind: 1, country: 6, population: 5 },
    });
  });

  it('of a list inside each entity is one question for all', async () => {
    const query = `{ countryConnection(orderBy: [{name: ASC}]) { nodes {
      name _cityByCountry { aggregate { count max { population } sum { population } } }
      bordersConnection(where: {area: {gt: 400000}}) { aggregate { count sum { area } } }
    } } }`;
    const { countryConnection } = await world.data(query);
    expect(countryConnection.nodes[0]).toEqual({
      name: 'Belgium',
      _cityByCountry: {
        aggregate: { count: 1, max: { population: '1222000' }, sum: { population: '1222000' } },
      },
      bordersConnection: { aggregate: { count: 1, sum: { area: 551695 } } },
    });
  });

  it('of nothing is nothing', async () => {
    const query =
      '{ cityConnection(where: {name: {eq: "?"}}) { aggregate { count sum { population } countDistinct { name } } } }';
    expect(await world.data(query)).toEqual({
      cityConnection: {
        aggregate: { count: 0, sum: { population: null }, countDistinct: { name: 0 } },
      },
    });
  });
});

describe('facets', () => {
  it('show an entity under each of its types', async () => {
    const { createCity } = await world.data(
      'mutation { createCity(input: {name: "Vatican"}) { city { id } } }',
    );
    const id = createCity.city.id as string;
    await world.writer.transact({
      txData: [[kw('db/add'), decodeId('world', id), kw('country/cca2'), 'VA']],
    });
    const query = `query ($id: ID!) {
      city(by: {id: $id}) { name facets { __typename id ... on Country { cca2 } ... on City { name } } }
      country(by: {cca2: "VA"}) { cca2 facets { __typename ... on City { name } } }
      node(id: $id) { __typename facets { __typename facets { __typename } } }
      only: city(by: {id: $id}) { facets { __typename } }
    }`;
    const both = [{ __typename: 'Country' }, { __typename: 'City' }];
    expect(await world.data(query, { id })).toEqual({
      city: {
        name: 'Vatican',
        facets: [
          { __typename: 'Country', id, cca2: 'VA' },
          { __typename: 'City', id, name: 'Vatican' },
        ],
      },
      country: { cca2: 'VA', facets: [both[0], { ...both[1], name: 'Vatican' }] },
      node: { __typename: 'Country', facets: both.map((each) => ({ ...each, facets: both })) },
      only: { facets: both },
    });
    await world.data('mutation ($id: ID!) { deleteCity(by: {id: $id}) { tx { t } } }', { id });
  });
});

describe('the cost of an operation', () => {
  const operations: ReadonlyArray<readonly [string, { q: number; project: number }, string]> = [
    [
      'a lookup by a unique attribute',
      { q: 0, project: 5 },
      '{ country(by: {cca2: "FR"}) { name borders { name borders { name } } } }',
    ],
    [
      'a page',
      { q: 1, project: 3 },
      '{ cityConnection(first: 3, orderBy: [{population: DESC}]) { nodes { name country { name } } edges { node { name } } } }',
    ],
    ['only the count', { q: 1, project: 0 }, '{ cityConnection { totalCount } }'],
    [
      'a sorted list in each of several entities',
      { q: 1, project: 4 },
      '{ countryConnection { nodes { borders(orderBy: [{name: ASC}]) { name } } } }',
    ],
    [
      'a filtered list in each of several entities',
      { q: 3, project: 2 },
      '{ countryConnection { nodes { borders(where: {name: {gt: "A"}}, orderBy: [{name: ASC}]) { name } } } }',
    ],
  ];

  it.each(operations)('%s is %j', async (_name, cost, query) => {
    const { reader, counts } = countingReader(world.reader);
    const counted = await serveWorld({
      databases: alwaysOpen(new Map([['world', { reader, writer: world.writer }]])),
    });
    await request(counted.app).post('/graphql').send({ query }).expect(200);
    await counted.stop();
    expect(counts).toEqual(cost);
  });
});

describe('bad input', () => {
  it.each([
    [
      '{ cityConnection(first: 5000) { totalCount } }',
      'BAD_USER_INPUT',
      /first must be a whole number from 0 to 1000/,
    ],
    ['{ cityConnection(first: -1) { totalCount } }', 'BAD_USER_INPUT', /first must be/],
    [
      '{ cityConnection(first: 1, last: 1) { totalCount } }',
      'BAD_USER_INPUT',
      /exclude each other/,
    ],
    ['{ cityConnection(offset: -1) { totalCount } }', 'BAD_USER_INPUT', /offset must be/],
    ['{ cityConnection(after: "zzz") { totalCount } }', 'BAD_CURSOR', /start again/],
    ['{ cityConnection(after: "WzFd") { totalCount } }', 'BAD_CURSOR', /start again/],
    ['{ node(id: "zzz") { id } }', 'BAD_USER_INPUT', /is not an id/],
    ['{ node(id: "b3RoZXI6MQ") { id } }', 'BAD_USER_INPUT', /belongs to the database 'other'/],
    [
      '{ cityConnection(where: {name: {eq: null}}) { totalCount } }',
      'BAD_USER_INPUT',
      /use isNull/,
    ],
    [
      'query ($n: String) { cityConnection(where: {name: {eq: $n}}) { totalCount } }',
      'BAD_USER_INPUT',
      /no operator/,
    ],
    [
      '{ cityConnection(where: {naem: {eq: "x"}}) { totalCount } }',
      'GRAPHQL_VALIDATION_FAILED',
      /Did you mean "name"/,
    ],
    [
      '{ cityConnection(where: {population: {eq: "many"}}) { totalCount } }',
      'BAD_USER_INPUT',
      /expected Long/,
    ],
    [
      '{ cityConnection(where: {population: {eq: "9223372036854775808"}}) { totalCount } }',
      'BAD_USER_INPUT',
      /64-bit/,
    ],
    [
      '{ cityConnection(where: {__proto__: {eq: "x"}}) { totalCount } }',
      'GRAPHQL_VALIDATION_FAILED',
      /__proto__/,
    ],
    ['{ country(by: {}) { name } }', 'GRAPHQL_VALIDATION_FAILED', /exactly one/i],
    ['{ nothing }', 'GRAPHQL_VALIDATION_FAILED', /Cannot query field/],
    ['{ city', 'GRAPHQL_PARSE_FAILED', /Syntax Error/],
  ])('%s is %s', async (query, code, message) => {
    const error = await world.error(query);
    expect(error.extensions['code']).toBe(code);
    expect(error.extensions['requestId']).toBeTypeOf('string');
    expect(error.message).toMatch(message);
  });

  it('in variables names the variable', async () => {
    const query =
      'query ($p: Long) { cityConnection(where: {population: {gt: $p}}) { totalCount } }';
    const error = await world.error(query, { p: 1.5 });
    expect(error.extensions['code']).toBe('BAD_USER_INPUT');
    expect(error.message).toMatch(/\$p.*expected Long/s);
  });

  it.each([
    [
      'an operation',
      `{ cityConnection(where: ${'{_not: '.repeat(300)}{}${'}'.repeat(300)}) { totalCount } }`,
      {},
    ],
    [
      'variables',
      'query ($w: CityWhere) { cityConnection(where: $w) { totalCount } }',
      { w: nested(300) },
    ],
  ])('nests too deep in %s', async (_name, query, variables) => {
    const answer = await world.send(query, variables);
    expect(answer.status).toBe(400);
    expect((answer.body as Json).errors[0]).toMatchObject({
      message: expect.stringMatching(/nest deeper than 200/) as string,
      extensions: { code: 'BAD_USER_INPUT' },
    });
  });

  it('is only data where it looks like a query', async () => {
    for (const name of [
      '?e',
      ':db/ident',
      '[?e :city/name ?n]',
      "' OR 1=1 --",
      '#"',
      '__proto__',
    ]) {
      const query = 'query ($n: String) { cityConnection(where: {name: {eq: $n}}) { totalCount } }';
      expect(await world.data(query, { n: name })).toEqual({ cityConnection: { totalCount: 0 } });
    }
  });

  it('does not let a response key reach a prototype', async () => {
    const { body } = await world.send(
      '{ country(by: {cca2: "FR"}) { __proto__: name constructor: cca2 } }',
    );
    const country = (body as Json).data.country;
    expect(Object.getOwnPropertyNames(country).sort()).toEqual(['__proto__', 'constructor']);
  });

  it('refuses a cursor of another list', async () => {
    const { cityConnection } = await world.data(
      '{ cityConnection(first: 1) { pageInfo { endCursor } } }',
    );
    const error = await world.error(
      'query ($c: String) { cityConnection(after: $c, orderBy: [{name: ASC}]) { totalCount } }',
      { c: cityConnection.pageInfo.endCursor },
    );
    expect(error.extensions['code']).toBe('BAD_CURSOR');
    expect(error.message).toMatch(/another where, orderBy or asOf/);
  });
});
