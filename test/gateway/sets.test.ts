/** Databases of customers that are asked together: some alike, some with attributes of their own, one that does not agree with the others. */
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import fc from 'fast-check';
import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { WebSocket } from 'ws';
import { loadConfig } from '../../config/config.ts';
import { createApp, startAll } from '../../gateway/index.ts';
import type { DatabasePorts } from '../../gateway/index.ts';
import { mergeRows } from '../../gateway/sets/merge-rows.ts';
import type { AccessConfig } from '../../schema/access.ts';
import { DatabaseError } from '../../schema/error.ts';
import { kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { createLog } from '../../services/shared/log.ts';
import { alwaysOpen } from '../support/served.ts';
import { listenOn } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';
import { attribute, entity } from './world.ts';
import type { WorldDatabase } from './world-database.ts';
import { openWith } from './world-database.ts';

const UNIQUE = { 'db/unique': kw('db.unique/identity') };
const MANY = { 'db/cardinality': kw('db.cardinality/many') };

const COMMON: ReadonlyArray<EdnData> = [
  attribute('country/name', 'string', UNIQUE),
  attribute('city/name', 'string'),
  attribute('city/population', 'long'),
  attribute('city/country', 'ref'),
];

const city = (name: string, population: number | undefined, facts = {}): EdnData =>
  entity({
    'city/name': name,
    ...(population === undefined ? {} : { 'city/population': population }),
    ...facts,
  });

/** Knows areas and sisters, which the others do not, and has a code that is a number. */
const ACME: ReadonlyArray<ReadonlyArray<EdnData>> = [
  [
    ...COMMON,
    attribute('city/area', 'bigdec'),
    attribute('city/code', 'long'),
    attribute('city/sisters', 'ref', { ...MANY, 'gateway/targets': kw('city') }),
    attribute('mayor/name', 'string'),
  ],
  [
    entity({ 'db/id': 'at', 'country/name': 'Austria' }),
    city('Wien', 1_900_000, { 'db/id': 'w', 'city/country': 'at', 'city/code': 1 }),
    city('Graz', 290_000, { 'city/country': 'at', 'city/sisters': ['w'] }),
    city('Nowhere', undefined),
    entity({ 'mayor/name': 'Anna' }),
  ],
];
const GLOBEX: ReadonlyArray<ReadonlyArray<EdnData>> = [
  [...COMMON, attribute('city/code', 'string')],
  [
    entity({ 'db/id': 'ch', 'country/name': 'Switzerland' }),
    city('Bern', 134_000, { 'city/country': 'ch', 'city/code': 'BE' }),
    city('Zürich', 434_000, { 'city/country': 'ch' }),
    city('Graz', 290_000),
  ],
];
const INITECH: ReadonlyArray<ReadonlyArray<EdnData>> = [
  [...COMMON, attribute('city/stars', 'long')],
  [city('Oslo', 709_000), city('Bergen', 290_000, { 'city/stars': 5 })],
];

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const roles = (...names: ReadonlyArray<string>) => names;
const ACCESS: AccessConfig = {
  tokens: [
    { name: 'all', sha256: sha256('all'), roles: roles('all') },
    { name: 'two', sha256: sha256('two'), roles: roles('acme', 'globex') },
    { name: 'one', sha256: sha256('one'), roles: roles('globex') },
    {
      name: 'claimed',
      sha256: sha256('claimed'),
      roles: roles('globex', 'initech'),
      claims: { city: 'Oslo' },
    },
    { name: 'none', sha256: sha256('none'), roles: roles('elsewhere') },
  ],
  roles: {
    all: { types: { '*': { read: true, history: true } } },
    acme: {
      databases: ['acme'],
      types: { City: { read: { population: { gt: '1000000' } } }, Country: { read: true } },
    },
    globex: {
      databases: ['globex'],
      types: { City: { read: true, fields: { population: { read: false } }, history: true } },
    },
    initech: {
      databases: ['initech'],
      types: { City: { read: { name: { eq: '$claims.city' } } } },
    },
    elsewhere: { databases: ['world'], types: { '*': { read: true } } },
  },
};

const SETS = { customers: ['acme', 'globex', 'initech'], pattern: ['*e*'] };

const open = new Map<string, WorldDatabase>();
let served: ServedWorld;
/** The databases that are away. */
const away = new Set<string>();

const ports = (...names: ReadonlyArray<string>): Map<string, DatabasePorts> =>
  new Map(Array.from(open).filter(([name]) => names.length === 0 || names.includes(name)));

beforeAll(async () => {
  for (const [name, transactions] of Object.entries({
    acme: ACME,
    globex: GLOBEX,
    initech: INITECH,
  }))
    open.set(name, await openWith(name, ...transactions));
  served = await serve();
});
afterAll(async () => {
  await served.stop();
  for (const database of open.values()) await database.close();
});

/** As {@link serveWorld}, with what is asked sent to a set. */
async function serve(options: Parameters<typeof serveWorld>[0] = {}): Promise<ServedWorld> {
  const world = await serveWorld({
    databases: alwaysOpen(ports()),
    defaultDatabase: 'acme',
    sets: SETS,
    ...options,
  });
  return world;
}

type Answer = { readonly status: number; readonly body: Json };

/** Sends an operation to a set twice, first to Apollo and then to what is compiled, which have to answer the same. */
async function ask(
  query: string,
  {
    set = 'customers',
    variables = {},
    headers = {},
    to = served,
  }: {
    set?: string;
    variables?: object;
    headers?: Record<string, string>;
    to?: Pick<ServedWorld, 'app'>;
  } = {},
): Promise<Answer> {
  const post = async () =>
    (await request(to.app)
      .post(`/graphql/${set}`)
      .set(headers)
      .send({ query, variables })) as Answer;
  const [first, second] = [await post(), await post()];
  const seen = ({ status, body }: Answer): unknown => [
    status,
    JSON.parse(JSON.stringify(body).replaceAll(/"(requestId|errorId)":"[^"]*"/g, '"id":""')),
  ];
  expect(seen(second)).toEqual(seen(first));
  return first;
}

async function dataOf(query: string, options: Parameters<typeof ask>[1] = {}): Promise<Json> {
  const { body } = await ask(query, options);
  expect(body.errors).toBeUndefined();
  return body.data;
}

async function errorOf(query: string, options: Parameters<typeof ask>[1] = {}): Promise<Json> {
  const { body } = await ask(query, options);
  expect(body.errors).toHaveLength(1);
  return body.errors[0];
}

const brief = (rows: ReadonlyArray<Json>): ReadonlyArray<string> =>
  rows.map(({ database, node }) => `${database} ${node.name}`);

it('has the entities of all databases in one order, with where they are from', async () => {
  const { cityRows } = await dataOf(
    '{ cityRows(orderBy: [{ population: DESC }, { name: ASC }]) { __typename database node { name population } } }',
  );
  expect(cityRows[0]).toEqual({
    __typename: 'CityRow',
    database: 'acme',
    node: { name: 'Wien', population: '1900000' },
  });
  expect(brief(cityRows)).toEqual([
    'acme Wien',
    'initech Oslo',
    'globex Zürich',
    'initech Bergen',
    'acme Graz',
    'globex Graz',
    'globex Bern',
    'acme Nowhere',
  ]);
});

it('pages through them, and filters each database by itself', async () => {
  const query = `query($first: Int, $offset: Int, $where: CityWhere, $in: [String!]) {
    cityRows(orderBy: [{ name: ASC }], first: $first, offset: $offset, where: $where, in: $in) { database node { name } } }`;
  const rows = async (variables: object) => brief((await dataOf(query, { variables })).cityRows);
  const all = await rows({});
  for (const offset of [0, 3, 7, 8, 20])
    expect(await rows({ offset, first: 3 })).toEqual(all.slice(offset, offset + 3));
  expect(await rows({ first: 0 })).toEqual([]);
  expect(await rows({ in: ['initech', 'globex'], first: 2 })).toEqual([
    'initech Bergen',
    'globex Bern',
  ]);
  expect(await rows({ in: [] })).toEqual([]);
  expect(await rows({ where: { country: { name: { eq: 'Austria' } } } })).toEqual([
    'acme Graz',
    'acme Wien',
  ]);
});

it('orders by the ids where nothing else decides, each database in its turn', async () => {
  const names = async (order: string) =>
    brief((await dataOf(`{ cityRows(orderBy: ${order}) { database node { name } } }`)).cityRows);
  const forwards = await names('[]');
  expect(forwards.map((each) => each.split(' ')[0])).toEqual(
    forwards.map((each) => each.split(' ')[0]).toSorted(),
  );
  expect(await names('[{ id: DESC }]')).toEqual(forwards.toReversed());
});

it('reads what a database does not have as what has no value', async () => {
  const { cityRows } = await dataOf(
    `{ cityRows(orderBy: [{ name: ASC }], where: { name: { eq: "Graz" } }) { database node {
      area stars sisters { name } sistersConnection { totalCount } _cityBySisters { nodes { name } } _meta { version } facets { __typename } } } }`,
  );
  expect(
    cityRows.map(({ node: { _meta: meta, ...node } }: Json) => [typeof meta.version, node]),
  ).toEqual([
    [
      'string',
      expect.objectContaining({
        area: null,
        stars: null,
        sisters: [{ name: 'Wien' }],
        sistersConnection: { totalCount: 1 },
      }),
    ],
    [
      'string',
      {
        area: null,
        stars: null,
        sisters: [],
        sistersConnection: { totalCount: 0 },
        _cityBySisters: { nodes: [] },
        facets: [{ __typename: 'City' }],
      },
    ],
  ]);
  const count = async (where: string) =>
    (await dataOf(`{ cityRows(where: ${where}) { node { name } } }`)).cityRows.length;
  expect(await count('{ stars: { gte: "1" } }')).toBe(1);
  expect(await count('{ stars: { isNull: true } }')).toBe(7);
  expect(await count('{ sisters: { count: { eq: 0 } } }')).toBe(7);
  expect(await count('{ _not: { sisters: { some: {} } } }')).toBe(7);
  const { cityRows: ordered } = await dataOf(
    '{ cityRows(orderBy: [{ stars: ASC }, { name: ASC }], first: 2) { database node { name } } }',
  );
  expect(brief(ordered)).toEqual(['initech Bergen', 'globex Bern']);
});

it('leaves out what the databases do not agree on, and says so', async () => {
  const { message } = await errorOf('{ cityRows { node { code } } }');
  expect(message).toContain('Cannot query field "code" on type "City"');
  const { type, databases } = await dataOf(
    '{ databases type: __type(name: "City") { description } }',
  );
  expect(type.description).toContain('Left out, because the databases differ: `code`.');
  expect(databases).toEqual(['acme', 'globex', 'initech']);
});

it('has types that one database alone has', async () => {
  const { mayorRows } = await dataOf('{ mayorRows { database node { name } } }');
  expect(mayorRows).toEqual([{ database: 'acme', node: { name: 'Anna' } }]);
});

it('adds up what adds up', async () => {
  const { cityAggregate } = await dataOf(`{ cityAggregate { __typename
    all { count sum { population } min { population name } max { population } }
    databases { database aggregate { count avg { population } } } } }`);
  expect(cityAggregate).toEqual({
    __typename: 'CityAggregates',
    all: {
      count: 8,
      sum: { population: '4047000' },
      min: { population: '134000', name: 'Bergen' },
      max: { population: '1900000' },
    },
    databases: [
      { database: 'acme', aggregate: { count: 3, avg: { population: 1_095_000 } } },
      { database: 'globex', aggregate: { count: 3, avg: { population: 286_000 } } },
      { database: 'initech', aggregate: { count: 2, avg: { population: 499_500 } } },
    ],
  });
  const { cityAggregate: none } = await dataOf(
    '{ cityAggregate(where: { name: { eq: "x" } }, in: ["acme"]) { all { count sum { population stars } } } }',
  );
  expect(none).toEqual({ all: { count: 0, sum: { population: null, stars: null } } });
});

it('names the transactions of what was read, from one snapshot of each', async () => {
  const { body } = await ask(
    '{ cityRows(in: ["acme", "globex"]) { node { id } } mayorRows(in: ["acme"]) { database } }',
  );
  const basis = (name: string) => String(open.get(name)?.reader.current().basisTx);
  expect(body.extensions).toEqual({ bases: { acme: basis('acme'), globex: basis('globex') } });
});

it('takes ids, which are of one database', async () => {
  const { cityRows } = await dataOf(
    '{ cityRows(where: { name: { eq: "Bern" } }) { node { id } } }',
  );
  const { id } = cityRows[0].node;
  const { cityRows: found } = await dataOf(
    `{ cityRows(where: { id: { eq: "${id}" } }) { database node { name } } }`,
  );
  expect(brief(found)).toEqual(['globex Bern']);
  expect(
    (await errorOf('{ cityRows(where: { id: { eq: "x" } }) { database } }')).message,
  ).toContain('is not an id');
});

it.each([
  ['{ cityRows(first: -1) { database } }', 'first must be'],
  ['{ cityRows(offset: -1) { database } }', 'offset must be'],
  ['{ cityRows(where: { name: { eq: null } }) { database } }', 'where.name.eq'],
  [
    '{ cityRows(in: ["acmee"]) { database } }',
    "in names no database of this set; did you mean 'acme'?",
  ],
  ['{ cityRows(asOf: { t: "536870920" }) { database } }', 'asOf must be an instant'],
  ['{ cityAggregate(in: ["x"]) { all { count } } }', 'in names no database of this set'],
])('says once what is wrong with a question: %s', async (query, message) => {
  const { body } = await ask(query);
  expect(body.errors).toHaveLength(1);
  expect(body.errors[0].message).toContain(message);
  expect(body.errors[0].extensions.code).toBe('BAD_USER_INPUT');
});

it('refuses what a set is not for, and says where it goes', async () => {
  for (const query of [
    'mutation { createCity { tx { t } } }',
    'subscription { cityRows { database } }',
  ]) {
    const { message } = await errorOf(query);
    expect(message).toMatch(/^This schema has no (mutation|subscription)s\. 'customers' is a set/);
    expect(message).toContain('/graphql/<database> (acme, globex, initech)');
  }
  const streamed = await ask('{ databases }', { headers: { accept: 'text/event-stream' } });
  expect(streamed.status).toBe(406);
  const min = await ask('{ databases }', { headers: { 'Datahike-Min-T': '1' } });
  expect(min.body.errors[0].message).toContain('Datahike-Min-T');
});

it('answers GET, with a tag that holds until a database that is asked is written to', async () => {
  const get = (query: string, tag = '') =>
    request(served.app)
      .get('/graphql/customers')
      .query({ query })
      .set('apollo-require-preflight', 'true')
      .set(tag === '' ? {} : { 'If-None-Match': tag });
  const { headers, body } = await get('{ databases }').expect(200);
  expect(headers['cache-control']).toBe('private, no-cache');
  expect(body).toEqual({
    data: { databases: ['acme', 'globex', 'initech'] },
    extensions: {},
  });
  const rows = (set: string) => `{ cityRows(in: [${set}]) { database node { name } } }`;
  const asked = ['"acme"', '"acme", "globex"'].map(rows);
  const [tag = '', other = ''] = await Promise.all(
    asked.map(async (query) => (await get(query).expect(200)).headers['etag']),
  );
  expect(tag).not.toBe(other);
  await get(asked[0]!, tag).expect(304);
  await open.get('globex')?.writer.transact({ txData: [entity({ 'country/name': 'France' })] });
  await get(asked[0]!, tag).expect(304);
  await get(asked[1]!, other).expect(200);
  const missing = await get(rows('"acmee"')).expect(200);
  expect(missing.headers['etag']).toBe(undefined);
  expect(missing.body.errors).toHaveLength(1);
});

it('reads all databases as of one instant', async () => {
  const before = new Date();
  await expect.poll(() => Date.now()).toBeGreaterThan(before.getTime());
  await open.get('initech')?.writer.transact({ txData: [city('Moss', 50_000)] });
  const asOf = `asOf: { instant: "${before.toISOString()}" }`;
  const count = async (args: string, headers = {}) => {
    const { cityAggregate } = await dataOf(`{ cityAggregate(${args}) { all { count } } }`, {
      headers,
    });
    return cityAggregate.all.count;
  };
  expect(await count('in: ["acme", "globex", "initech"]')).toBe(9);
  expect(await count(asOf)).toBe(8);
  const headers = { 'Datahike-As-Of': before.toISOString() };
  expect(await count('where: {}', headers)).toBe(8);
  const { cityRows } = await dataOf(
    `{ cityRows(${asOf}, where: { name: { eq: "Moss" } }) { database } }`,
  );
  expect(cityRows).toEqual([]);
});

it('counts the cost of each database', async () => {
  const small = await serve({ limits: { maxCost: 100 } });
  const cost = async (query: string): Promise<Json> => (await ask(query, { to: small })).body;
  expect((await cost('{ cityRows(first: 30) { node { name } } }')).errors).toBeUndefined();
  const { errors } = await cost('{ cityRows(first: 34) { node { name } } }');
  expect(errors[0].message).toContain('may read 102 entities');
  expect(
    (await cost('{ cityRows(first: 34, in: ["acme", "globex"]) { node { name } } }')).errors,
  ).toBeUndefined();
  expect(
    (await cost('{ cityRows(first: 1, offset: 33) { database } }')).errors[0].extensions.code,
  ).toBe('COST_LIMIT_EXCEEDED');
  await small.stop();
});

it('answers the others where a database cannot be read, and names it', async () => {
  const source = alwaysOpen(ports());
  const hold = async (name: string) => {
    if (away.has(name)) throw new DatabaseError('STORE_UNAVAILABLE', 'The store is away');
    return source.hold(name);
  };
  // What nobody uses is closed at once.
  const failing = await serve({ databases: { ...source, hold }, open: { idleMs: 10, maxOpen: 1 } });
  const query =
    '{ cityRows(orderBy: [{ name: ASC }], first: 2) { database node { name } } cityAggregate { all { count } databases { database } } }';
  // Its attributes were never seen.
  away.add('globex');
  const check = async (): Promise<void> => {
    const { body } = await ask(query, { to: failing });
    expect(brief(body.data.cityRows)).toEqual(['initech Bergen', 'acme Graz']);
    expect(body.data.cityAggregate).toEqual({
      all: null,
      databases: [{ database: 'acme' }, { database: 'initech' }],
    });
    expect(body.errors).toMatchObject(
      ['cityRows', 'cityAggregate'].map((path) => ({
        message: 'The store is away',
        path: [path],
        extensions: { code: 'STORE_UNAVAILABLE', database: 'globex', retryable: true },
      })),
    );
  };
  await check();
  away.clear();
  const { body } = await ask(query, { to: failing });
  expect(body.errors).toBeUndefined();
  expect(brief(body.data.cityRows)).toEqual(['initech Bergen', 'globex Bern']);
  // Another one is opened, so that it is closed.
  await request(failing.app).post('/graphql/acme').send({ query: '{ __typename }' });
  away.add('globex');
  await check();
  away.clear();
  await failing.stop();
});

it('shows each caller what its roles show of each database', async () => {
  const guarded = await serve({ access: ACCESS, development: false });
  const as = (token: string) => ({ to: guarded, headers: { Authorization: `Bearer ${token}` } });
  const names = '{ databases cityRows(orderBy: [{ name: ASC }]) { database node { name } } }';
  const { databases, cityRows } = await dataOf(names, as('two'));
  expect(databases).toEqual(['acme', 'globex']);
  expect(brief(cityRows)).toEqual(['globex Bern', 'globex Graz', 'acme Wien', 'globex Zürich']);
  // What is hidden in one of them has no value there.
  const hidden = await dataOf(
    '{ cityRows(where: { population: { isNull: true } }) { database node { population } } cityAggregate { all { sum { population } } } }',
    as('two'),
  );
  expect(hidden.cityRows).toHaveLength(3);
  expect(hidden.cityAggregate.all).toEqual({ sum: { population: '1900000' } });
  const { cityRows: guessed } = await dataOf(
    '{ cityRows(where: { population: { gt: "0" } }) { database } }',
    as('two'),
  );
  expect(guessed).toEqual([{ database: 'acme' }]);
  const { cityRows: shown, countryRows } = await dataOf(
    '{ cityRows(orderBy: [{ name: ASC }], first: 3) { database node { country { name } facets { __typename } } } countryRows { database } }',
    as('two'),
  );
  expect(shown.map(({ node }: Json) => node.country)).toEqual([null, null, { name: 'Austria' }]);
  expect(countryRows).toEqual([{ database: 'acme' }]);
  const abroad = '{ cityRows(where: { country: { name: { startsWith: "S" } } }) { database } }';
  expect((await dataOf(abroad, as('two'))).cityRows).toEqual([]);
  expect((await dataOf(abroad, as('all'))).cityRows).toHaveLength(2);
  expect(brief((await dataOf(names, as('claimed'))).cityRows)).toEqual([
    'globex Bern',
    'globex Graz',
    'initech Oslo',
    'globex Zürich',
  ]);
  const gone = await errorOf('{ cityRows { node { population } } }', as('one'));
  expect(gone.message).toContain('Cannot query field "population"');
  expect((await errorOf('{ cityRows(in: ["acme"]) { database } }', as('one'))).message).toContain(
    'in names no database of this set',
  );
  expect((await ask(names, as('none'))).status).toBe(403);
  expect((await ask(names, { to: guarded })).status).toBe(401);
  expect(brief((await dataOf(names, as('all'))).cityRows)).toHaveLength(9);
  // The past is for those who may see it there.
  const past = await ask(
    `{ cityRows(asOf: { instant: "${new Date().toISOString()}" }) { database } }`,
    as('two'),
  );
  expect(past.body.data.cityRows).toHaveLength(3);
  expect(past.body.errors).toMatchObject([{ extensions: { code: 'FORBIDDEN', database: 'acme' } }]);
  await guarded.stop();
});

it('takes in databases that come later, and what they come to show', async () => {
  const there = ports('acme', 'globex');
  const growing = await serve({ databases: alwaysOpen(there), sets: { pattern: ['*e*'] } });
  const set = { set: 'pattern', to: growing };
  const count = '{ databases cityAggregate { all { count } } }';
  expect(await dataOf(count, set)).toEqual({
    databases: ['acme', 'globex'],
    cityAggregate: { all: { count: 6 } },
  });
  const late = await openWith('later', COMMON, [city('Ulm', 120_000)]);
  there.set('later', late);
  expect(await dataOf(count, set)).toMatchObject({
    databases: ['acme', 'globex', 'later'],
    cityAggregate: { all: { count: 7 } },
  });
  await late.writer.transact({ txData: [attribute('city/river', 'string')] });
  await late.writer.transact({ txData: [city('Wels', 60_000, { 'city/river': 'Traun' })] });
  const rivers = '{ cityRows(where: { river: { isNull: false } }) { database node { river } } }';
  await expect
    .poll(async () => (await ask(rivers, set)).body.data)
    .toEqual({
      cityRows: [{ database: 'later', node: { river: 'Traun' } }],
    });
  await growing.stop();
  await late.close();
});

it('is set up by the configuration of a process, over databases in one store', async () => {
  const log = createLog({ level: 'silent' });
  const start = (sets: string) => {
    const overrides = {
      ...{ 'store.kind': 'memory', databases: ['left', 'right'], 'api.sets': sets },
      ...{ 'http.port': 0, 'datahike.port': 0, development: true },
    };
    return startAll(loadConfig({ env: {}, overrides }), log);
  };
  await expect(start('both=left,wrong')).rejects.toThrow(
    "api.sets.both: expected databases that are served, got 'wrong'",
  );
  const running = await start('both=*');
  for (const [name, population] of [
    ['left', 1],
    ['right', 2],
  ] as const) {
    const { value, release } = await running.databases.hold(name);
    await value.writer.transact({ txData: COMMON });
    await value.writer.transact({ txData: [city(name, population)] });
    release();
  }
  const post = async (query: string): Promise<Json> => {
    const headers = { 'content-type': 'application/json' };
    const init = { method: 'POST', headers, body: JSON.stringify({ query }) };
    return (await fetch(`${running.url}/graphql/both`, init)).json();
  };
  const rows = '{ cityRows(orderBy: [{ population: DESC }]) { database node { name } } }';
  await expect
    .poll(async () => (await post(rows)).data)
    .toEqual({
      cityRows: [
        { database: 'right', node: { name: 'right' } },
        { database: 'left', node: { name: 'left' } },
      ],
    });
  await running.stop();
});

it.each([
  [{ acme: ['globex'] }, 'api.sets.acme: expected another name than that of a database'],
  [{ some: ['acme', 'gone'] }, "api.sets.some: expected databases that are served, got 'gone'"],
  [{ some: [] }, 'api.sets.some: expected the names of databases, got none'],
  [{ 'a/b': ['acme'] }, 'api.sets.a/b: expected a name of letters'],
])('does not start with a set that could not be asked: %j', (sets, message) => {
  const start = () =>
    createApp({
      databases: alwaysOpen(ports()),
      defaultDatabase: 'acme',
      sets,
      development: true,
      log: createLog({ level: 'silent' }),
    });
  expect(start).toThrow(message);
});

it('merges rows as sorting all of them would', () => {
  const rowOf = (value: number | null, id: number) => ({
    parent: undefined,
    entity: id,
    value,
    values: () => [value],
  });
  const sorts = fc.record({
    descending: fc.boolean(),
    nullsFirst: fc.boolean(),
    entityDescending: fc.boolean(),
  });
  const values = fc.array(fc.array(fc.option(fc.integer({ min: 0, max: 5 }))), { maxLength: 6 });
  const page = fc.record({ offset: fc.nat(30), size: fc.nat(30) });
  fc.assert(
    fc.property(
      values,
      sorts,
      page,
      (lists, { descending, nullsFirst, entityDescending }, window) => {
        const keys = [{ path: [], scalar: 'Long' as const, descending, nullsFirst }];
        const rank = (value: number | null) =>
          value === null ? (nullsFirst ? -1 : 100) : descending ? 50 - value : value;
        const sign = entityDescending ? -1 : 1;
        const rows = lists.map((list) =>
          list
            .map(rowOf)
            .toSorted((a, b) => rank(a.value) - rank(b.value) || sign * (a.entity - b.entity)),
        );
        const all = rows
          .flatMap((list, i) => list.map((row) => ({ list: i, row })))
          .toSorted(
            (a, b) =>
              rank(a.row.value) - rank(b.row.value) ||
              sign * (a.list - b.list) ||
              sign * (a.row.entity - b.row.entity),
          );
        expect(mergeRows({ keys, entityDescending }, rows, window)).toEqual(
          all.slice(window.offset, window.offset + window.size),
        );
      },
    ),
  );
});

it('has no WebSockets', async () => {
  const listening = await listenOn(served);
  const socket = new WebSocket(
    `${listening.url.replace('http', 'ws')}/customers`,
    'graphql-transport-ws',
  );
  socket.on('error', () => undefined);
  const [, response] = (await once(socket, 'unexpected-response')) as [unknown, IncomingMessage];
  expect(response.statusCode).toBe(404);
  socket.terminate();
  await listening.close();
});
