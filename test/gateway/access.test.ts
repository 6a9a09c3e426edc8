/** What callers may see and do, whichever way they ask. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { exportJWK, SignJWT } from 'jose';
import request from 'supertest';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { AccessConfig } from '../../schema/access.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const sha256 = (token: string): string => createHash('sha256').update(token).digest('hex');

const directory = mkdtempSync(join(tmpdir(), 'access-'));
const keys = generateKeyPairSync('ed25519');

/** France, and the cities of the countries that a caller's claim names. */
const ACCESS: AccessConfig = {
  tokens: [
    { name: 'old', sha256: sha256('old-token'), roles: ['admin'], expires: '2020-01-01T00:00:00Z' },
    { name: 'admin', sha256: sha256('admin-token'), roles: ['admin'] },
    { name: 'next', sha256: sha256('next-token'), roles: ['admin'] },
    { name: 'french', sha256: sha256('french-token'), roles: ['local'], claims: { code: 'FR' } },
    { name: 'editor', sha256: sha256('editor-token'), roles: ['editor'] },
    { name: 'nobody', sha256: sha256('nobody-token'), roles: ['local', 'none'] },
    { name: 'elsewhere', sha256: sha256('elsewhere-token'), roles: ['elsewhere'] },
    { name: 'two', sha256: sha256('two-token'), roles: ['local', 'spain'], claims: { code: 'PT' } },
  ],
  jwt: {
    jwks: join(directory, 'keys.json'),
    issuer: 'test',
    audience: 'gateway',
    algorithms: ['EdDSA'],
    rolesClaim: 'realm.roles',
  },
  roles: {
    admin: {
      types: { '*': { read: true, create: true, update: true, delete: true, history: true } },
      introspection: true,
    },
    local: {
      types: {
        Country: { read: { cca2: { eq: '$claims.code' } }, fields: { area: { read: false } } },
        City: { read: { country: { cca2: { eq: '$claims.code' } } } },
      },
    },
    spain: {
      types: { Country: { read: { cca2: { eq: 'ES' } }, fields: { area: { read: false } } } },
    },
    editor: {
      types: {
        Country: {
          read: { cca2: { in: ['FR', 'DE', 'IT', 'BE'] } },
          create: true,
          update: true,
          delete: true,
        },
        City: { read: true, update: true, fields: { population: { write: false } } },
      },
    },
    elsewhere: { databases: ['other'], types: { '*': { read: true } } },
  },
};

let world: ServedWorld;
beforeAll(async () => {
  const jwk = { ...(await exportJWK(keys.publicKey)), kid: 'one', alg: 'EdDSA' };
  writeFileSync(join(directory, 'keys.json'), JSON.stringify({ keys: [jwk] }));
  world = await serveWorld({ access: ACCESS, development: false });
});
afterAll(async () => {
  await world.stop();
  rmSync(directory, { recursive: true });
});

const as = (token: string): Record<string, string> => ({ Authorization: `Bearer ${token}` });

async function data(token: string, query: string): Promise<Json> {
  const { body } = (await world.send(query, {}, as(token))) as { body: Json };
  if (body.errors !== undefined) throw new Error(JSON.stringify(body.errors));
  return body.data;
}

async function codeOf(headers: Record<string, string>, query = '{ __typename }'): Promise<unknown> {
  const { body, status } = (await world.send(query, {}, headers)) as { body: Json; status: number };
  return [status, body.errors?.[0].extensions.code];
}

function jwt(claims: Record<string, unknown>, expires = '1h'): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
    .setIssuer('test')
    .setAudience('gateway')
    .setExpirationTime(expires)
    .sign(keys.privateKey);
}

describe('a token', () => {
  it.each([
    ['is needed', {}],
    ['has to be known', as('wrong-token')],
    ['ends', as('old-token')],
    ['is one', { Authorization: 'Bearer admin-token next-token' }],
    ['is not empty', { Authorization: 'Bearer ' }],
    ['is a bearer token', { Authorization: 'Basic admin-token' }],
    ['is not endless', as('x'.repeat(9_000))],
    ['is ASCII', { Authorization: 'Bearer t\u00f6ken' }],
  ])('%s', async (_name, headers) => {
    expect(await codeOf(headers)).toEqual([401, 'UNAUTHENTICATED']);
  });

  it('may follow another one', async () => {
    expect(await codeOf(as('admin-token'))).toEqual([200, undefined]);
    expect(await codeOf(as('next-token'))).toEqual([200, undefined]);
  });

  it('is good for some databases', async () => {
    expect(await codeOf(as('elsewhere-token'))).toEqual([403, 'FORBIDDEN']);
  });

  it('without the claims that a role speaks of does not give that role', async () => {
    expect(await codeOf(as('nobody-token'))).toEqual([403, 'FORBIDDEN']);
  });

  it('is asked for by REST, too', async () => {
    const answer = await request(world.app).get('/v1/world/city').expect(401);
    expect(answer.body).toMatchObject({ code: 'UNAUTHENTICATED' });
    expect(answer.headers['www-authenticate']).toMatch(/^Bearer/);
  });
});

describe('a JWT', () => {
  it('gives roles and claims', async () => {
    const token = await jwt({ realm: { roles: ['local'] }, code: 'DE' });
    expect(await data(token, '{ countryConnection { nodes { name } } }')).toEqual({
      countryConnection: { nodes: [{ name: 'Germany' }] },
    });
  });

  it.each([
    ['that has expired', () => jwt({ realm: { roles: ['admin'] } }, '-1s')],
    [
      'of another issuer',
      () =>
        new SignJWT({ realm: { roles: ['admin'] } })
          .setProtectedHeader({ alg: 'EdDSA', kid: 'one' })
          .setIssuer('other')
          .setAudience('gateway')
          .setExpirationTime('1h')
          .sign(keys.privateKey),
    ],
    [
      'that nobody signed',
      async () => {
        const [header, payload] = (await jwt({ realm: { roles: ['admin'] } })).split('.');
        return `${header}.${payload}.AAAA`;
      },
    ],
  ])('%s is refused', async (_name, make) => {
    expect(await codeOf(as(await make()))).toEqual([401, 'UNAUTHENTICATED']);
  });
});

describe('what is hidden', () => {
  it('is in no list, count, reference or filter', async () => {
    const seen = await data(
      'french-token',
      `{
        countryConnection { totalCount nodes { name borders { name } _cityByCountry { totalCount nodes { name } } } }
        cityConnection(orderBy: [{name: ASC}]) { totalCount nodes { name twin { ... on City { name } } country { name } } }
        none: countryConnection(where: {borders: {some: {cca2: {eq: "ES"}}}}) { totalCount }
        every: countryConnection(where: {borders: {every: {cca2: {eq: "FR"}}}}) { totalCount }
        hidden: country(by: {cca2: "ES"}) { name }
      }`,
    );
    expect(seen).toEqual({
      countryConnection: {
        totalCount: 1,
        nodes: [
          {
            name: 'France',
            borders: [],
            _cityByCountry: { totalCount: 2, nodes: [{ name: 'Paris' }, { name: 'Lyon' }] },
          },
        ],
      },
      cityConnection: {
        totalCount: 2,
        nodes: [
          { name: 'Lyon', twin: null, country: { name: 'France' } },
          { name: 'Paris', twin: null, country: { name: 'France' } },
        ],
      },
      none: { totalCount: 0 },
      every: { totalCount: 1 },
      hidden: null,
    });
  });

  it('has no id', async () => {
    const { country } = await data('admin-token', '{ country(by: {cca2: "ES"}) { id } }');
    expect(await data('french-token', `{ node(id: "${country.id}") { id } }`)).toEqual({
      node: null,
    });
    await request(world.app)
      .get(`/v1/world/country/${country.id}`)
      .set(as('french-token'))
      .expect(404);
  });

  it('is not there by REST', async () => {
    const { body } = await request(world.app)
      .get('/v1/world/city?orderBy=name')
      .set(as('french-token'))
      .set('Prefer', 'count=exact')
      .expect(200);
    expect((body as Json).nodes.map((each: Json) => each.name)).toEqual(['Lyon', 'Paris']);
    expect((body as Json).totalCount).toBe(2);
  });

  it.each([
    ['a field', '{ country(by: {cca2: "FR"}) { area } }'],
    ['a filter by it', '{ countryConnection(where: {area: {gt: 1}}) { totalCount } }'],
    ['an order by it', '{ countryConnection(orderBy: [{area: ASC}]) { totalCount } }'],
    ['a type', '{ cityMonumentsConnection { totalCount } }'],
    ['a reference to it', '{ cityConnection { nodes { monuments { name } } } }'],
    ['a mutation', 'mutation { deleteCountry(by: {cca2: "FR"}) { tx { t } } }'],
  ])('is as if it did not exist: %s', async (_name, query) => {
    expect(await codeOf(as('french-token'), query)).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
    const { body } = await world.send(query, {}, as('french-token'));
    expect(JSON.stringify(body)).not.toMatch(/did you mean/i);
  });

  it('is shown to those who may see it, in the same process', async () => {
    expect(await data('admin-token', '{ country(by: {cca2: "ES"}) { area } }')).toEqual({
      country: { area: 505992 },
    });
  });
});

describe('roles', () => {
  it('add up', async () => {
    const { countryConnection } = await data(
      'two-token',
      '{ countryConnection(orderBy: [{name: ASC}]) { nodes { name borders { name } } } }',
    );
    expect(countryConnection.nodes).toEqual([
      { name: 'Portugal', borders: [{ name: 'Spain' }] },
      { name: 'Spain', borders: [{ name: 'Portugal' }] },
    ]);
  });

  it('let some see the schema', async () => {
    const query = '{ __schema { queryType { name } } }';
    expect(await codeOf(as('admin-token'), query)).toEqual([200, undefined]);
    expect(await codeOf(as('french-token'), query)).toEqual([400, 'GRAPHQL_VALIDATION_FAILED']);
  });
});

describe('a write', () => {
  const editor = as('editor-token');

  async function mutate(mutation: string): Promise<unknown> {
    const { body } = (await world.send(`mutation { ${mutation} { tx { t } } }`, {}, editor)) as {
      body: Json;
    };
    return body.errors?.[0].extensions.code ?? 'done';
  }

  it.each([
    ['updateCountry(by: {cca2: "FR"}, patch: {area: 1.5})', 'done'],
    ['updateCountry(by: {cca2: "ES"}, patch: {area: 1.5})', 'ENTITY_NOT_FOUND'],
    ['deleteCountry(by: {cca2: "ES"})', 'ENTITY_NOT_FOUND'],
    ['upsertCountry(by: {cca2: "ES"}, input: {name: "?"})', 'UNIQUE_CONFLICT'],
    ['upsertCountry(input: {cca2: "ES", name: "?"})', 'UNIQUE_CONFLICT'],
    [
      'updateCountry(by: {cca2: "FR"}, patch: {borders: {add: [{link: {cca2: "PT"}}]}})',
      'ENTITY_NOT_FOUND',
    ],
    ['createCity(input: {name: "x"})', 'GRAPHQL_VALIDATION_FAILED'],
    ['deleteCity(by: {id: "x"})', 'GRAPHQL_VALIDATION_FAILED'],
    ['updateCity(by: {id: "x"}, patch: {population: "1"})', 'GRAPHQL_VALIDATION_FAILED'],
    [
      'updateCity(by: {id: "x"}, patch: {twin: {create: {name: "x"}}})',
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('%s is %s', async (mutation, code) => {
    expect(await mutate(mutation)).toBe(code);
  });

  it('is held to the same by REST', async () => {
    await request(world.app).post('/v1/world/city').set(editor).send({ name: 'x' }).expect(403);
    const { country } = await data('admin-token', '{ country(by: {cca2: "ES"}) { id } }');
    await request(world.app).delete(`/v1/world/country/${country.id}`).set(editor).expect(404);
    await request(world.app)
      .patch(`/v1/world/country/${country.id}`)
      .set(editor)
      .send({ name: 'x' })
      .expect(404);
  });
});
