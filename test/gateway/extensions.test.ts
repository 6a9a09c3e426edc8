/** Code of users: fields that it computes, what it finds and writes, and what becomes of its faults. */
import { createHash } from 'node:crypto';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { AccessConfig } from '../../schema/access.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { AppOptions, Extension, ExtensionContext } from '../../gateway/index.ts';
import { createApp, defineExtension } from '../../gateway/index.ts';
import { alwaysOpen } from '../support/served.ts';
import { listenOn, readEvents } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { countingReader, serveWorld } from './served-world.ts';
import { attribute, entity } from './world.ts';
import { openWith, openWorld } from './world-database.ts';

const batches: Array<ReadonlyArray<number>> = [];

async function lengthsOf(keys: ReadonlyArray<number>): Promise<ReadonlyArray<string>> {
  batches.push(keys);
  return keys.map((key) => `${key} letters`);
}

const EXTENSION = defineExtension({
  name: 'geography',
  typeDefs: `
    enum Size { SMALL LARGE }
    extend type Country {
      density: Float
      size: Size!
      label(upper: Boolean = false): String!
      letters: String!
      largest: City
      neighbours(first: Int): [Country!]!
      picky: String!
      stuck: String
    }
    extend type City { share: Float  millions: Long }
    type Hit { score: Float!  where: Place  shout(times: Int!): String  strict: String! }
    union Place = City | Country | Sea
    type Sea { name: String!  beaches: [City!] }
    extend type Query {
      search(text: String!): [Hit!]!
      whoAmI: String
      broken: String
      refused: String
    }
    extend type Mutation { found(name: String!, cca2: String!): City }
  `,
  resolvers: {
    Country: {
      density: {
        needs: ['area'],
        resolve: ({ area }: { area: number | null }) => (area === null ? null : 1_000_000 / area),
      },
      size: {
        needs: ['area'],
        resolve: ({ area }: { area: number | null }) => ((area ?? 0) > 200_000 ? 'LARGE' : 'SMALL'),
      },
      label: {
        needs: ['name', 'cca2', 'id'],
        resolve: async (
          { name, cca2, id }: Record<string, string>,
          { upper }: { upper: boolean },
        ) => `${upper ? name!.toUpperCase() : name} (${cca2}) ${typeof id}`,
      },
      letters: {
        needs: ['name'],
        resolve: ({ name }: { name: string }, _args, { loader }) =>
          loader(lengthsOf).load(name.length),
      },
      largest: {
        needs: ['id'],
        resolve: ({ id }: { id: string }, _args, { loader }) => loader(largestOf).load(id),
      },
      neighbours: {
        needs: ['borders'],
        resolve: ({ borders }: { borders: number[] }, { first = 10 }: { first?: number }) =>
          borders.slice(0, first),
      },
      picky: {
        needs: ['cca2'],
        resolve: ({ cca2 }: { cca2: string }) => {
          if (cca2 === 'ES') throw new Error('a secret');
          return cca2;
        },
      },
      stuck: { needs: [], resolve: () => new Promise(() => undefined) },
    },
    City: {
      share: {
        needs: ['population', 'country'],
        resolve: async (
          { population, country }: { population: number | null; country: number },
          _args,
          context,
        ) => (population ?? 0) / (await context.loader(totalsOf).load(country)),
      },
      millions: {
        needs: ['population'],
        resolve: ({ population }: { population: number | null }) =>
          population === null ? null : BigInt(Math.floor(population / 1e6)),
      },
    },
    Hit: {
      shout: (hit: { text: string }, { times }: { times: number }) => hit.text + '!'.repeat(times),
      strict: () => null,
    },
    Query: {
      search: async (_root, { text }: { text: string }, context) => [
        ...(await found(context, text)).map((place, i) => ({ score: i + 0.5, where: place, text })),
        { score: 9, where: { __typename: 'Sea', name: 'Biscay', beaches: [] }, text },
      ],
      whoAmI: (_root, _args, { principal }) => principal.name,
      broken: () => {
        throw new Error('a secret');
      },
      refused: () => {
        throw new DatabaseError('FORBIDDEN', 'Not on a Sunday');
      },
    },
    Mutation: {
      found: async (_root, { name, cca2 }: { name: string; cca2: string }, context) => {
        const { entities } = await context.transact({
          ops: [{ createCity: { input: { name, population: '1', country: { cca2 } } } }],
        });
        return entities[0]![0];
      },
    },
  },
});

async function largestOf(ids: ReadonlyArray<string>, context: ExtensionContext) {
  const countries = await Promise.all(ids.map((id) => context.entity(id)));
  const rows = (await context.q(
    '[:find ?c (max ?p) :in $ [?c ...] :where [?e :city/country ?c] [?e :city/population ?p]]',
    countries as number[],
  )) as ReadonlyArray<readonly [number, number]>;
  const cities = (await context.q(
    '[:find ?c ?e :in $ [[?c ?p]] :where [?e :city/country ?c] [?e :city/population ?p]]',
    rows,
  )) as ReadonlyArray<readonly [number, number]>;
  const byCountry = new Map(cities);
  return countries.map((country) => byCountry.get(country!)!);
}

async function totalsOf(countries: ReadonlyArray<number>, context: ExtensionContext) {
  const rows = (await context.q(
    '[:find ?c (sum ?p) :with ?e :in $ [?c ...] :where [?e :city/country ?c] [?e :city/population ?p]]',
    countries,
  )) as ReadonlyArray<readonly [number, number]>;
  return countries.map((country) => new Map(rows).get(country) ?? 1);
}

async function found({ q }: ExtensionContext, text: string) {
  const query = `[:find [?e ...] :in $ ?text :where
    (or [?e :city/name ?name] [?e :country/name ?name]) [(clojure.string/starts-with? ?name ?text)]]`;
  return (await q(query, text)) as ReadonlyArray<number>;
}

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');
const everything = { read: true, create: true, update: true, delete: true, history: true };
const ACCESS: AccessConfig = {
  tokens: ['admin', 'visitor', 'iberian'].map((name) => ({
    name,
    sha256: sha256(name),
    roles: [name],
  })),
  roles: {
    admin: { types: { '*': everything }, introspection: true },
    visitor: {
      introspection: true,
      types: { Country: { read: true, fields: { area: { read: false } } } },
    },
    iberian: {
      types: {
        Country: { read: { cca2: { in: ['ES', 'PT'] } } },
        City: { read: { country: { cca2: { in: ['ES', 'PT'] } } } },
      },
    },
  },
};

let served: ServedWorld;

beforeAll(async () => {
  served = await serveWorld({ extensions: [EXTENSION], queryLimits: { timeoutMs: 5_000 } });
});
afterAll(() => served.stop());

it('computes fields from what they need, whatever else is selected', async () => {
  const { country } = await served.data(
    '{ country(by: { cca2: "FR" }) { density big: size label(upper: true) plain: label letters } }',
  );
  expect(country).toEqual({
    density: 1_000_000 / 551695,
    big: 'LARGE',
    label: 'FRANCE (FR) string',
    plain: 'France (FR) string',
    letters: '6 letters',
  });
});

it('computes them below lists, connections, references and facets', async () => {
  const { countryConnection } = await served.data(`{
    countryConnection(orderBy: [{ cca2: ASC }], first: 2) {
      nodes {
        cca2
        borders(orderBy: [{ cca2: ASC }]) { size }
        _cityByCountry(orderBy: [{ name: ASC }]) { nodes { name millions country { label } } }
        facets { ... on Country { size } }
      }
    }
  }`);
  expect(countryConnection.nodes[0]).toEqual({
    cca2: 'BE',
    borders: [{ size: 'LARGE' }, { size: 'LARGE' }],
    _cityByCountry: {
      nodes: [{ name: 'Brussels', millions: '1', country: { label: 'Belgium (BE) string' } }],
    },
    facets: [{ size: 'SMALL' }],
  });
});

it('hands a batch the keys of a whole level, each once', async () => {
  batches.length = 0;
  await served.data('{ countryConnection { nodes { letters again: letters } } }');
  expect(batches.map((keys) => [...keys].sort())).toEqual([
    [5, 6, 7, 8],
    [5, 6, 7, 8],
  ]);
});

it('shows entities that code names by their plans, and reads those of a level together', async () => {
  const world = await openWorld();
  const { reader, counts } = countingReader(world.reader);
  const app = createApp({
    databases: alwaysOpen(new Map([['world', { reader, writer: world.writer }]])),
    defaultDatabase: 'world',
    development: true,
    locksSchema: false,
    extensions: [EXTENSION],
    log: silentLog(),
  });
  const listening = await listenOn(app);
  const ask = async (query: string) =>
    (await (await post(listening.url, { query })).json()) as { data: Json };
  const query = `{ countryConnection(orderBy: [{ cca2: ASC }]) {
    nodes { largest { name share country { cca2 } } neighbours(first: 1) { name } } } }`;
  await ask(query);
  const before = { ...counts };
  const { data } = await ask(query);
  expect(data.countryConnection.nodes[1]).toMatchObject({
    largest: { name: 'Berlin', share: 3677000 / (3677000 + 1906000), country: { cca2: 'DE' } },
  });
  // The list in two segments, the largest in two, and their totals; the countries, their cities and the countries of those, and the neighbours.
  expect({ q: counts.q - before.q, project: counts.project - before.project }).toEqual({
    q: 5,
    project: 4,
  });
  await app.stop();
  await listening.close();
  await world.close();
});

it('shows objects by their properties, and entities among them', async () => {
  const query = `query ($text: String!) { search(text: $text) {
    __typename score shout(times: 2)
    where { __typename ... on City { name country { cca2 } } ... on Country { cca2 size } ... on Sea { called: name beaches { name } } }
  } }`;
  const { search } = await served.data(query, { text: 'Be' });
  expect(search).toHaveLength(3);
  expect(search).toContainEqual({
    __typename: 'Hit',
    score: expect.any(Number),
    shout: 'Be!!',
    where: { __typename: 'City', name: 'Berlin', country: { cca2: 'DE' } },
  });
  expect(search).toContainEqual(
    expect.objectContaining({ where: { __typename: 'Country', cca2: 'BE', size: 'SMALL' } }),
  );
  expect(search[2].where).toEqual({ __typename: 'Sea', called: 'Biscay', beaches: [] });
  expect((await served.data('{ whoAmI }')).whoAmI).toBe('developer');
});

it('tells a fault at its place and no more of it, and answers the rest', async () => {
  const { body } = await served.send(
    '{ countryConnection(where: { cca2: { in: ["ES", "PT"] } }, orderBy: [{ cca2: ASC }]) { totalCount } city: cityConnection(first: 1, orderBy: [{ name: DESC }], where: { country: { cca2: { eq: "ES" } } }) { edges { node { name country { cca2 picky } } } } broken refused }',
  );
  expect(body.data).toEqual({
    countryConnection: { totalCount: 2 },
    city: { edges: [{ node: { name: 'Madrid', country: null } }] },
    broken: null,
    refused: null,
  });
  expect(body.errors).toMatchObject([
    {
      path: ['city', 'edges', 0, 'node', 'country', 'picky'],
      message: expect.stringMatching(/^A fault in this software, logged as/),
      locations: [{ line: 1, column: expect.any(Number) }],
      extensions: { code: 'INTERNAL' },
    },
    { path: ['broken'], extensions: { code: 'INTERNAL', errorId: expect.any(String) } },
    { path: ['refused'], message: 'Not on a Sunday', extensions: { code: 'FORBIDDEN' } },
  ]);
  expect(JSON.stringify(body)).not.toContain('secret');
  expect(JSON.stringify(served.errors.map((each) => String((each as Json).error)))).toContain(
    'a secret',
  );
});

it('lets null go up to where it may be', async () => {
  const { body } = await served.send(
    '{ countryConnection { nodes { cca2 picky } } other: country(by: { cca2: "FR" }) { picky } }',
  );
  expect(body.data).toBeNull();
  expect(body.errors).toMatchObject([{ path: ['countryConnection', 'nodes', 1 + 1, 'picky'] }]);
  const { body: nulls } = await served.send('{ search(text: "Lis") { strict } }');
  expect(nulls.data).toBeNull();
  expect(nulls.errors).toMatchObject([
    { path: ['search', 0, 'strict'] },
    { path: ['search', 1, 'strict'] },
  ]);
});

it('cuts off what never ends, and answers the rest', async () => {
  const hasty = await serveWorld({ extensions: [EXTENSION], queryLimits: { timeoutMs: 150 } });
  const { body } = await hasty.send('{ country(by: { cca2: "FR" }) { name stuck } }');
  expect(body.data).toEqual({ country: { name: 'France', stuck: null } });
  expect(body.errors).toMatchObject([
    { path: ['country', 'stuck'], extensions: { code: 'DEADLINE_EXCEEDED' } },
  ]);
  await hasty.stop();
});

it('writes with the rights of the caller, and shows what was written', async () => {
  const { found: made } = await served.data(
    'mutation { found(name: "Porto", cca2: "PT") { name country { name size } } }',
  );
  expect(made).toEqual({ name: 'Porto', country: { name: 'Portugal', size: 'SMALL' } });
  const { createCity } = await served.data(
    'mutation { createCity(input: { name: "Vigo", population: "3000000" }) { city { millions } } }',
  );
  expect(createCity).toEqual({ city: { millions: '3' } });
  const guarded = await serveWorld({ extensions: [EXTENSION], access: ACCESS });
  const { body } = await guarded.sendHere(
    'mutation { found(name: "Faro", cca2: "PT") { name } }',
    {},
    { authorization: 'Bearer iberian' },
  );
  expect(body.errors[0].extensions.code).not.toBe('INTERNAL');
  expect(body.data).toEqual({ found: null });
  await guarded.stop();
});

it('hides what is made of what is hidden, and all that it alone leads to', async () => {
  const guarded = await serveWorld({ extensions: [EXTENSION], access: ACCESS });
  const as = (name: string) => ({ authorization: `Bearer ${name}` });
  const types = '{ __schema { types { name fields { name } } } }';
  const seenBy = async (name: string): Promise<Map<string, ReadonlyArray<string>>> => {
    const { body } = await guarded.send(types, {}, as(name));
    return new Map(
      body.data.__schema.types.map((type: Json) => [
        type.name,
        (type.fields ?? []).map((field: Json) => field.name),
      ]),
    );
  };
  const all = await seenBy('admin');
  expect(all.get('Country')).toEqual(expect.arrayContaining(['density', 'largest', 'neighbours']));
  expect(all.get('Sea')).toEqual(['name', 'beaches']);
  const some = await seenBy('visitor');
  expect(some.has('City') || some.has('Size')).toBe(false);
  expect(some.get('Country')).toEqual(expect.arrayContaining(['label', 'letters', 'neighbours']));
  expect(some.get('Country')).not.toContain('density');
  expect(some.get('Sea')).toEqual(['name']);
  expect(some.get('Mutation')).toBeUndefined();
  // Entities that rules hide are left out of lists, and null elsewhere.
  const { body } = await guarded.send(
    '{ country(by: { cca2: "ES" }) { neighbours { cca2 } } search(text: "Par") { where { __typename } } }',
    {},
    as('iberian'),
  );
  expect(body.data).toEqual({
    country: { neighbours: [{ cca2: 'PT' }] },
    search: [{ where: null }, { where: { __typename: 'Sea' } }],
  });
  await guarded.stop();
});

it('makes them again in live queries, for what they need', async () => {
  const listening = await listenOn(served);
  const events = await readEvents(listening.url, {
    query: 'subscription { country(by: { cca2: "BE" }) { size picky } }',
  });
  expect((await events.answer()).data).toEqual({ country: { size: 'SMALL', picky: 'BE' } });
  await served.sendHere(
    'mutation { updateCountry(by: { cca2: "BE" }, patch: { area: 999999 }) { tx { t } } }',
  );
  expect((await events.answer()).data).toEqual({ country: { size: 'LARGE', picky: 'BE' } });
  events.cancel();
  const searches = await readEvents(listening.url, {
    query: 'subscription { search(text: "Ghent") { where { ... on City { name } } } }',
  });
  expect((await searches.answer()).data.search).toHaveLength(1);
  await served.sendHere('mutation { createCity(input: { name: "Ghent" }) { tx { t } } }');
  expect((await searches.answer()).data.search[0]).toEqual({ where: { name: 'Ghent' } });
  searches.cancel();
  const changes = await readEvents(listening.url, {
    query:
      'subscription ($since: String!) { countryChanged(since: $since) { entity { cca2 picky } } }',
    variables: { since: String(served.reader.current().basisTx) },
  });
  await served.sendHere(
    'mutation { updateCountry(by: { cca2: "ES" }, patch: { area: 1 }) { tx { t } } }',
  );
  const change = await changes.answer();
  expect(change).toMatchObject({
    data: { countryChanged: { entity: null } },
    errors: [{ path: ['countryChanged', 'entity', 'picky'] }],
  });
  changes.cancel();
  await listening.close();
});

it('keeps no answers of code', async () => {
  const listening = await listenOn(served);
  const get = (query: string) =>
    fetch(`${listening.url}?query=${encodeURIComponent(query)}`, {
      headers: { 'apollo-require-preflight': '1' },
    });
  expect(
    (await get('{ country(by: { cca2: "FR" }) { name } }')).headers.get('etag'),
  ).not.toBeNull();
  const made = await get('{ country(by: { cca2: "FR" }) { name density } }');
  expect(made.headers.get('etag')).toBeNull();
  expect(made.headers.get('cache-control')).toBe('no-store');
  await listening.close();
});

it('is in the document of the subgraph, and answers representations', async () => {
  const { _service, _entities } = await served.data(
    `{ _service { sdl } _entities(representations: [{ __typename: "Country", cca2: "PT" }]) { ... on Country { letters } } }`,
  );
  expect(_service.sdl).toContain('union Place = City | Country | Sea');
  expect(_service.sdl).toContain('search(text: String!): [Hit!]!');
  expect(_entities).toEqual([{ letters: '8 letters' }]);
});

it('is read in the past with what was then', async () => {
  const { countryDiff } = await served.data(
    `{ countryDiff(by: { cca2: "BE" }, from: { t: "536870914" }) { before { size } after { size } } }`,
  );
  expect(countryDiff).toEqual({ before: { size: 'SMALL' }, after: { size: 'LARGE' } });
});

const refused: ReadonlyArray<readonly [what: string, extension: Extension, message: RegExp]> = [
  ['syntax', { typeDefs: 'extend type City {' }, /extension 1: typeDefs, line 1 column 19: Syntax/],
  [
    'a field without code',
    { name: 'geo', typeDefs: 'extend type City { a: Int }' },
    /^The extension geo: typeDefs add City\.a, and resolvers\.City\.a is missing$/,
  ],
  [
    'code without a field',
    {
      typeDefs: 'extend type City { area: Int }',
      resolvers: { City: { aera: { needs: [], resolve: () => 1 } } },
    },
    /resolvers\.City\.aera is for no field of its typeDefs; did you mean 'area'\?/,
  ],
  [
    'no needs',
    { typeDefs: 'extend type City { a: Int }', resolvers: { City: { a: () => 1 } } },
    /resolvers\.City\.a says no `needs`: name the fields of City that it is made of, \[\] for none/,
  ],
  [
    'an unknown need',
    {
      typeDefs: 'extend type City { a: Int }',
      resolvers: { City: { a: { needs: ['poplation'], resolve: () => 1 } } },
    },
    /resolvers\.City\.a needs poplation, which is no field of City; did you mean 'population'\?/,
  ],
  [
    'an unknown type',
    {
      typeDefs: 'extend type Citi { a: Int }',
      resolvers: { Citi: { a: { needs: [], resolve: () => 1 } } },
    },
    /typeDefs extend Citi, which is no type of the database; did you mean 'City'\?/,
  ],
  [
    'a field that is there',
    {
      typeDefs: 'extend type City { name: String }',
      resolvers: { City: { name: { needs: [], resolve: () => '' } } },
    },
    /Field "City\.name" already exists in the schema/,
  ],
  [
    'a type that is not there',
    { typeDefs: 'extend type Query { a: Nothing }', resolvers: { Query: { a: () => 1 } } },
    /typeDefs: Unknown type "Nothing"\. Did you mean "String"\?$/,
  ],
  ['a root type', { typeDefs: 'type Query { a: Int }' }, /write `extend type Query`/],
  [
    'an address of the gateway',
    { routes: [{ method: 'GET', path: '/country/:id', handle: () => ({}) }] },
    /the route \/country\/:id is at an address of the gateway: begin it otherwise/,
  ],
  [
    'any address',
    { routes: [{ method: 'GET', path: '/:all', handle: () => ({}) }] },
    /the route \/:all begins with a parameter: begin it with a name/,
  ],
  [
    'no address',
    { routes: [{ method: 'GET', path: 'reports', handle: () => ({}) }] },
    /the route GET reports: expected a path such as \/reports\/:year/,
  ],
  ['a database', { databases: ['moon'] }, /there is no database moon here/],
];

it.each(refused)('does not start with what is wrong: %s', async (_what, extension, message) => {
  const world = await openWorld();
  const check = async (): Promise<void> => {
    const app = createApp({
      databases: alwaysOpen(new Map([['world', world]])),
      defaultDatabase: 'world',
      development: true,
      locksSchema: false,
      extensions: [extension],
      log: silentLog(),
    });
    try {
      await app.checkExtensions();
    } finally {
      await app.stop();
    }
  };
  await expect(check()).rejects.toThrow(message);
  await world.close();
});

it('is for the roles and the databases that it names', async () => {
  const field = (name: string) => `extend type Query { ${name}: String }`;
  const guarded = await serveWorld({
    access: ACCESS,
    extensions: [
      { databases: ['other'], typeDefs: field('other'), resolvers: { Query: { other: () => '' } } },
      {
        typeDefs: field('ofAdmins'),
        resolvers: { Query: { ofAdmins: { roles: ['admin'], resolve: () => 'yes' } } },
      },
      // Of its interface a visitor sees a field that the object cannot show.
      {
        typeDefs: `interface At { at: Entity }  type Sea implements At { at: City }
          extend type Query { sea: Sea  anything: At }`,
        resolvers: { Query: { sea: () => ({}), anything: () => ({}) } },
      },
    ],
  });
  const ask = async (query: string, token: string) =>
    (await guarded.send(query, {}, { authorization: `Bearer ${token}` })).body as Json;
  expect((await ask('{ ofAdmins sea { at { name } } }', 'admin')).data).toEqual({
    ofAdmins: 'yes',
    sea: { at: null },
  });
  const [error] = (await ask('{ ofAdmins }', 'iberian')).errors;
  expect(error.extensions.code).toBe('GRAPHQL_VALIDATION_FAILED');
  expect((await ask('{ other }', 'admin')).errors[0].message).toMatch(/Cannot query field "other"/);
  expect((await ask('{ countryConnection { totalCount } }', 'visitor')).data).toEqual({
    countryConnection: { totalCount: 5 },
  });
  await guarded.stop();
});

it('is left out of databases that it does not fit, and comes when they do', async () => {
  const world = await openWith('young', [attribute('city/name', 'string')], []);
  const errors: Json[] = [];
  const size = defineExtension({
    typeDefs: 'extend type City { double: Long }',
    resolvers: {
      City: {
        double: { needs: ['size'], resolve: ({ size: one }: { size: number }) => one * 2 },
      },
    },
  });
  const app = createApp({
    databases: alwaysOpen(new Map([['young', world]])),
    defaultDatabase: 'young',
    development: true,
    locksSchema: false,
    extensions: [size],
    log: silentLog((event) => errors.push(event)),
  });
  const listening = await listenOn(app);
  const ask = async (query: string) =>
    (await (await post(listening.url, { query })).json()) as Json;
  expect((await ask('{ cityConnection { totalCount } }')).data).toEqual({
    cityConnection: { totalCount: 0 },
  });
  expect(errors).toMatchObject([{ event: 'extension left out', database: 'young' }]);
  await world.writer.transact({ txData: [attribute('city/size', 'long')] });
  await world.writer.transact({ txData: [entity({ 'city/size': 4 })] });
  const query = '{ cityConnection { nodes { double } } }';
  await expect
    .poll(async () => (await ask(query)).data)
    .toEqual({
      cityConnection: { nodes: [{ double: '8' }] },
    });
  await app.stop();
  await listening.close();
  await world.close();
});

function post(url: string, body: object): Promise<Response> {
  return fetch(url, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify(body),
  });
}

function silentLog(error: (event: object) => void = () => undefined): AppOptions['log'] {
  const log = { error, info: () => undefined, debug: () => undefined };
  return { ...log, with: () => log } as unknown as AppOptions['log'];
}

it('answers addresses of its own, below those of the database', async () => {
  const routed = defineExtension({
    routes: [
      {
        method: 'GET',
        path: '/reports/:cca2/cities',
        summary: 'The cities of a country.',
        response: { type: 'object', properties: { names: { type: 'array' } } },
        handle: async ({ params: { cca2 = '' }, query, headers, context }) => {
          const text = '[:find [?n ...] :in $ ?c :where [?e :city/country ?c] [?e :city/name ?n]]';
          const country = await context.entity([':country/cca2', cca2]);
          if (country === undefined) throw new DatabaseError('NOT_FOUND', `There is no ${cca2}`);
          const names = (await context.q(text, country)) as ReadonlyArray<string>;
          return {
            headers: { 'X-Asked-By': context.principal.name },
            body: { names: [...names].sort(), limit: query.get('limit'), mark: headers['x-mark'] },
          };
        },
      },
      {
        method: 'POST',
        path: '/echo',
        handle: ({ body }) => ({ status: 201, body: (body as Json).text }),
      },
      {
        method: 'PUT',
        path: '/secrets/:name',
        roles: ['admin'],
        handle: () => {
          throw new Error('a secret');
        },
      },
      { method: 'GET', path: '/never', handle: () => new Promise(() => undefined) },
    ],
  });
  const guarded = await serveWorld({
    extensions: [routed],
    access: ACCESS,
    queryLimits: { timeoutMs: 200 },
  });
  const listening = await listenOn(guarded);
  const ask = (path: string, init: RequestInit = {}, token = 'admin') =>
    fetch(listening.url.replace('/graphql', `/v1/world${path}`), {
      ...init,
      headers: { authorization: `Bearer ${token}`, 'x-mark': 'm', ...init.headers },
    });
  const report = await ask('/reports/DE/cities?limit=3');
  expect(await report.json()).toEqual({ names: ['Berlin', 'Hamburg'], limit: '3', mark: 'm' });
  expect(report.headers.get('x-asked-by')).toBe('admin');
  expect(report.headers.get('datahike-basis-t')).toMatch(/^\d+$/);
  expect((await ask('/reports/XX/cities')).status).toBe(404);
  const echoed = await ask('/echo', {
    method: 'POST',
    body: '{"text": "hello"}',
    headers: { 'content-type': 'application/json' },
  });
  expect([echoed.status, await echoed.text()]).toEqual([201, 'hello']);
  expect(echoed.headers.get('content-type')).toBe('text/plain; charset=utf-8');
  const failed = await ask('/secrets/a', { method: 'PUT' });
  expect([failed.status, ((await failed.json()) as Json).code]).toEqual([500, 'INTERNAL']);
  // As if there were no such address.
  expect((await ask('/secrets/a', { method: 'PUT' }, 'visitor')).status).toBe(405);
  expect((await ask('/never')).status).toBe(504);
  expect((await ask('/country')).status).toBe(200);
  const { paths } = (await (await ask('/openapi.json')).json()) as Json;
  expect(paths['/reports/{cca2}/cities'].get.responses['200'].content).toEqual({
    'application/json': { schema: { type: 'object', properties: { names: { type: 'array' } } } },
  });
  expect(paths['/echo']).toBeUndefined();
  await listening.close();
  await guarded.stop();
});
