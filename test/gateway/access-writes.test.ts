/** Rules for what callers may write: of which entities, as they are before and after the write. */
import { createHash } from 'node:crypto';
import request from 'supertest';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { AccessConfig, TypeRule } from '../../schema/access.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

const token = (name: string, roles: ReadonlyArray<string>) => ({
  name,
  sha256: createHash('sha256').update(name).digest('hex'),
  roles,
  claims: { code: 'FR' },
});

const inOwnCountry = { country: { cca2: { eq: '$claims.code' } } };
const mayor: TypeRule = {
  read: true,
  create: inOwnCountry,
  update: inOwnCountry,
  delete: { _and: [inOwnCountry, { population: { lt: '1000000' } }] },
};
const everything = { read: true, create: true, update: true, delete: true };

const ACCESS: AccessConfig = {
  tokens: [token('mayor', ['mayor']), token('local', ['local']), token('admin', ['admin'])],
  roles: {
    mayor: { types: { City: mayor, Country: { read: true } } },
    local: {
      types: {
        City: { ...everything, read: inOwnCountry },
        Country: { ...everything, read: { cca2: { eq: '$claims.code' } } },
      },
    },
    admin: { types: { '*': everything } },
  },
};

let world: ServedWorld;
let ids: Readonly<Record<string, string>>;
beforeEach(async () => {
  world = await serveWorld({ access: ACCESS, development: false });
  const { body } = (await world.send(
    '{ cityConnection { nodes { id name } } countryConnection { nodes { id name: cca2 } } }',
    {},
    as('admin'),
  )) as { body: Json };
  const all = [...body.data.cityConnection.nodes, ...body.data.countryConnection.nodes];
  ids = Object.fromEntries(all.map(({ id, name }: Json) => [name, id]));
});
afterEach(() => world.stop());

const as = (name: string): Record<string, string> => ({ Authorization: `Bearer ${name}` });

/** `@Paris` stands for the id of Paris. The code of the error, or 'done'. */
async function outcome(caller: string, mutation: string): Promise<unknown> {
  const before = world.reader.current().basisTx;
  const named = mutation.replaceAll(/@(\w+)/g, (_, name: string) => `{id: "${ids[name]}"}`);
  const { body } = (await world.send(`mutation { ${named} { tx { t } } }`, {}, as(caller))) as {
    body: Json;
  };
  const code: unknown = body.errors?.[0].extensions.code ?? 'done';
  expect(world.reader.current().basisTx === before).toBe(code !== 'done');
  return code;
}

describe('a rule', () => {
  it.each([
    ['createCity(input: {name: "Nice", country: {link: {cca2: "FR"}}})', 'done'],
    ['createCity(input: {name: "Graz", country: {link: {cca2: "DE"}}})', 'FORBIDDEN'],
    ['createCity(input: {name: "Nowhere"})', 'FORBIDDEN'],
    ['updateCity(by: @Lyon, patch: {name: "Lugdunum"})', 'done'],
    ['updateCity(by: @Berlin, patch: {name: "Cölln"})', 'FORBIDDEN'],
    // Neither given away nor taken.
    ['updateCity(by: @Lyon, patch: {country: {link: {cca2: "DE"}}})', 'FORBIDDEN'],
    ['updateCity(by: @Berlin, patch: {country: {link: {cca2: "FR"}}})', 'FORBIDDEN'],
    ['deleteCity(by: @Lyon)', 'done'],
    ['deleteCity(by: @Paris)', 'FORBIDDEN'],
    ['upsertCity(by: @Lyon, input: {population: "1"})', 'done'],
    ['upsertCity(by: @Berlin, input: {population: "1"})', 'FORBIDDEN'],
    [
      'updateCitys(where: {name: {in: ["Lyon", "Paris"]}}, atMost: 2, patch: {population: "1"})',
      'done',
    ],
    [
      'updateCitys(where: {name: {in: ["Lyon", "Berlin"]}}, atMost: 2, patch: {population: "1"})',
      'FORBIDDEN',
    ],
    ['deleteCitys(where: {name: {in: ["Lyon", "Paris"]}}, atMost: 2)', 'FORBIDDEN'],
    [
      'transact(ops: [{updateCity: {by: @Lyon, patch: {population: "1"}}}, {deleteCity: {by: @Paris}}])',
      'FORBIDDEN',
    ],
    // What makes the rule hold may come with it.
    [
      'transact(ops: [{createCity: {input: {name: "Nice", country: {link: {cca2: "FR"}}, twin: {link: @Berlin}}}}])',
      'done',
    ],
    ['updateCountry(by: {cca2: "FR"}, patch: {area: 1})', 'GRAPHQL_VALIDATION_FAILED'],
  ])('of entities, %s: %s', async (mutation, expected) => {
    expect(await outcome('mayor', mutation)).toBe(expected);
  });

  it('counts when the write comes to be written', async () => {
    const [taken, changed] = await Promise.all([
      outcomeOf('admin', 'updateCity(by: @Lyon, patch: {country: {link: {cca2: "DE"}}})'),
      outcomeOf('mayor', 'updateCity(by: @Lyon, patch: {name: "Lugdunum"})'),
    ]);
    const { body } = (await world.send(
      '{ cityConnection(where: {name: {eq: "Lugdunum"}}) { totalCount } }',
      {},
      as('admin'),
    )) as { body: Json };
    expect(taken).toBe('done');
    expect(body.data.cityConnection.totalCount).toBe(changed === 'done' ? 1 : 0);
  });

  it('is kept by REST', async () => {
    const patch = (name: string) =>
      request(world.app).patch(`/v1/world/city/${ids[name]}`).set(as('mayor')).send({ name: 'x' });
    await patch('Berlin').expect(403);
    await patch('Lyon').expect(200);
  });
});

describe('what is hidden', () => {
  it.each([
    ['updateCity(by: @Berlin, patch: {name: "x"})', 'ENTITY_NOT_FOUND'],
    ['deleteCity(by: @Berlin)', 'ENTITY_NOT_FOUND'],
    ['upsertCountry(input: {cca2: "DE", name: "x"})', 'UNIQUE_CONFLICT'],
    ['upsertCountry(by: {cca2: "DE"}, input: {name: "x"})', 'UNIQUE_CONFLICT'],
    ['createCountry(input: {cca2: "DE"})', 'UNIQUE_CONFLICT'],
    ['createCity(input: {name: "x", country: {link: {cca2: "DE"}}})', 'ENTITY_NOT_FOUND'],
    ['createCity(input: {name: "x", country: {link: @DE}})', 'ENTITY_NOT_FOUND'],
    [
      'updateCountry(by: {cca2: "FR"}, patch: {_cityByCountry: {add: [{link: @Berlin}]}})',
      'ENTITY_NOT_FOUND',
    ],
    ['upsertCountry(input: {cca2: "AT", name: "x"})', 'done'],
    ['upsertCountry(input: {cca2: "FR", name: "x"})', 'done'],
  ])('cannot be written: %s is %s', async (mutation, expected) => {
    expect(await outcome('local', mutation)).toBe(expected);
  });

  it('is out of reach of a write of many', async () => {
    const query = 'mutation { deleteCitys(where: {population: {gt: "0"}}, atMost: 100) { count } }';
    const { body } = (await world.send(query, {}, as('local'))) as { body: Json };
    expect(body.data.deleteCitys).toEqual({ count: 2 });
    const rest = await world.send('{ cityConnection { totalCount } }', {}, as('admin'));
    expect((rest.body as Json).data.cityConnection.totalCount).toBe(7);
  });

  it('stays where a reference is set', async () => {
    const patch = 'updateCountry(by: {cca2: "FR"}, patch: {area: 1, borders: {set: []}})';
    expect(await outcome('local', patch)).toBe('done');
    const { body } = (await world.send(
      '{ country(by: {cca2: "FR"}) { borders { cca2 } } }',
      {},
      as('admin'),
    )) as { body: Json };
    expect(body.data.country.borders).toHaveLength(3);
  });
});

async function outcomeOf(caller: string, mutation: string): Promise<unknown> {
  const named = mutation.replaceAll(/@(\w+)/g, (_, name: string) => `{id: "${ids[name]}"}`);
  const query = `mutation { ${named} { tx { t } } }`;
  const { body } = (await world.sendHere(query, {}, as(caller))) as { body: Json };
  return body.errors?.[0].extensions.code ?? 'done';
}
