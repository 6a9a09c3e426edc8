/** Writes with conditions, several in one transaction, of many entities at once, and those that are only tried. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
beforeEach(async () => {
  world = await serveWorld();
});
afterEach(() => world.stop());

const basis = (): number => world.reader.current().basisTx;

async function idOf(cca2: string): Promise<string> {
  const { country } = await world.data(`{ country(by: {cca2: "${cca2}"}) { id } }`);
  return country.id;
}

async function versionOf(cca2: string): Promise<string> {
  const snapshot = world.reader.current();
  const id = Buffer.from(await idOf(cca2), 'base64url').toString();
  const [version] = await snapshot.versions([Number(id.split(':')[1])]);
  return String(version);
}

/** The code of the error, or 'done'. */
async function outcome(mutation: string, send = world.send): Promise<unknown> {
  const { body } = (await send(`mutation { ${mutation} { tx { t } } }`)) as { body: Json };
  return body.errors?.[0].extensions.code ?? 'done';
}

/** Where what went before on this database counts, or comes at the same time. */
const here = (mutation: string): Promise<unknown> => outcome(mutation, world.sendHere);

async function dataHere(mutation: string): Promise<Json> {
  const { body } = (await world.sendHere(`mutation { ${mutation} }`)) as { body: Json };
  return body.data;
}

async function country(cca2: string, fields = 'name area languages'): Promise<Json> {
  return (await world.data(`{ country(by: {cca2: "${cca2}"}) { ${fields} } }`)).country;
}

describe('a condition', () => {
  it('of a version holds until the entity or a component of it is written', async () => {
    const version = await versionOf('ES');
    const update = `updateCountry(by: {cca2: "ES"}, patch: {area: 1}, if: {version: "${version}"})`;
    expect(await outcome('createCity(input: {name: "Vigo"})')).toBe('done');
    expect(await outcome(update)).toBe('done');
    const error = await world.error(`mutation { ${update} { tx { t } } }`);
    expect(error.extensions).toMatchObject({
      code: 'CAS_CONFLICT',
      id: await idOf('ES'),
      expected: version,
      version: await versionOf('ES'),
    });
    expect((await country('ES')).area).toBe(1);
  });

  it.each([
    ['{name: "Spain"}', 'done'],
    ['{name: "Spain", area: 505992}', 'done'],
    ['{languages: ["Basque", "Spanish", "Catalan"]}', 'done'],
    ['{borders: [{cca2: "FR"}, {cca2: "PT"}]}', 'done'],
    ['{languages: ["Spanish"]}', 'CAS_CONFLICT'],
    ['{name: null}', 'CAS_CONFLICT'],
    ['{name: "España"}', 'CAS_CONFLICT'],
    ['{borders: [{cca2: "FR"}]}', 'CAS_CONFLICT'],
  ])('of values, %s: %s', async (attrs, expected) => {
    const target = 'by: {cca2: "ES"}';
    const condition = `if: {attrs: ${attrs}}`;
    expect(
      await outcome(`updateCountry(${target}, patch: {independent: false}, ${condition})`),
    ).toBe(expected);
    expect(
      await outcome(`upsertCountry(${target}, input: {independent: true}, ${condition})`),
    ).toBe(expected);
    expect(await outcome(`deleteCountry(${target}, ${condition})`)).toBe(expected);
  });

  it('of an upsert fails where there is nothing', async () => {
    const upsert = 'upsertCountry(by: {cca2: "AT"}, input: {area: 1}, if: {attrs: {name: null}})';
    expect(await outcome(upsert)).toBe('CAS_CONFLICT');
  });

  it('of the database holds until anything is written', async () => {
    const t = basis();
    const write = `transact(ops: [{createCity: {input: {name: "Vigo"}}}], if: {basisT: "${t}"})`;
    expect(await outcome(write)).toBe('done');
    expect(await outcome(write)).toBe('CAS_CONFLICT');
  });

  it('of entities that are only read', async () => {
    const versions = `[{id: "${await idOf('FR')}", version: "${await versionOf('FR')}"}]`;
    const write = `transact(ops: [{createCity: {input: {name: "Vigo"}}}], if: {versions: ${versions}})`;
    expect(await outcome(write)).toBe('done');
    expect(await outcome('updateCountry(by: {cca2: "FR"}, patch: {area: 1})')).toBe('done');
    expect(await outcome(write)).toBe('CAS_CONFLICT');
  });
});

describe('writers that come together', () => {
  it('make one entity of an identity, and the others fail', async () => {
    const outcomes = await Promise.all(
      Array.from({ length: 8 }, (_, i) =>
        here(`createCountry(input: {cca2: "AT", name: "Austria ${i}"})`),
      ),
    );
    expect(outcomes.toSorted()).toEqual([...Array<string>(7).fill('UNIQUE_CONFLICT'), 'done']);
  });

  it('do not write what another one has removed', async () => {
    const id = await idOf('BE');
    const outcomes = await Promise.all([
      here('deleteCountry(by: {cca2: "BE"})'),
      ...[1, 2, 3, 4].map((area) =>
        here(`updateCountry(by: {id: "${id}"}, patch: {area: ${area}})`),
      ),
    ]);
    const { node } = await world.data(`{ node(id: "${id}") { id } }`);
    expect(outcomes).toContain('done');
    expect(node).toBe(null);
  });
});

describe('transact', () => {
  it('writes all of it in one transaction, with tempids between the parts', async () => {
    const before = basis();
    const { transact } = await world.data(`mutation {
      transact(clientMutationId: "m", ops: [
        {createCountry: {tempid: "tmp:at", input: {cca2: "AT", name: "Austria"}}}
        {createCity: {tempid: "tmp:graz", input: {name: "Graz", country: {link: {id: "tmp:at"}}}}}
        {updateCountry: {by: {cca2: "DE"}, patch: {borders: {add: [{link: {id: "tmp:at"}}]}}}}
        {updateCity: {by: {id: "tmp:graz"}, patch: {population: "290000"}}}
        {deleteCountry: {by: {cca2: "PT"}}}
      ]) {
        clientMutationId
        tempids { tempid id }
        tx { t }
        entities { __typename id ... on Country { name } ... on City { name country { name } population } }
      }
    }`);
    expect(Number(transact.tx.t)).toBe(before + 1);
    const [austria, graz, germany] = transact.entities;
    expect(transact).toMatchObject({
      clientMutationId: 'm',
      tempids: [
        { tempid: 'tmp:at', id: austria.id },
        { tempid: 'tmp:graz', id: graz.id },
      ],
      entities: [
        { __typename: 'Country', name: 'Austria' },
        { name: 'Graz', population: '290000', country: { name: 'Austria' } },
        { name: 'Germany' },
        { id: graz.id },
        null,
      ],
    });
    expect(germany.name).toBe('Germany');
    expect(await country('PT')).toBe(null);
  });

  it('writes nothing where one part fails', async () => {
    const before = basis();
    const code = await outcome(`transact(ops: [
      {createCity: {input: {name: "Graz"}}}
      {updateCountry: {by: {cca2: "ES"}, patch: {area: 1}, if: {version: "1"}}}
    ])`);
    expect(code).toBe('CAS_CONFLICT');
    expect(basis()).toBe(before);
  });

  it.each([
    ['[]', 'BAD_USER_INPUT'],
    ['[{createCity: {input: {name: "a", country: {link: {id: "tmp:x"}}}}}]', 'BAD_USER_INPUT'],
    [
      '[{createCity: {tempid: "tmp:x", input: {name: "a"}}}, {createCity: {tempid: "tmp:x", input: {name: "b"}}}]',
      'BAD_USER_INPUT',
    ],
    ['[{createCity: {tempid: "x", input: {name: "a"}}}]', 'BAD_USER_INPUT'],
    [
      '[{createCity: {tempid: "tmp:x", input: {name: "a"}}}, {createCity: {input: {name: "b", country: {link: {id: "tmp:x"}}}}}]',
      'BAD_USER_INPUT',
    ],
    [
      '[{createCity: {tempid: "tmp:x", input: {name: "a"}}}, {deleteCity: {by: {id: "tmp:x"}}}]',
      'BAD_USER_INPUT',
    ],
    [
      '[{createCountry: {input: {cca2: "AT"}}}, {createCountry: {input: {cca2: "AT"}}}]',
      'UNIQUE_CONFLICT',
    ],
    [
      '[{createCity: {input: {name: "a"}}, deleteCity: {by: {id: "x"}}}]',
      'GRAPHQL_VALIDATION_FAILED',
    ],
  ])('refuses %s', async (ops, code) => {
    expect(await outcome(`transact(ops: ${ops})`)).toBe(code);
  });
});

describe('a dry run', () => {
  it('answers what would be written, and writes nothing', async () => {
    const before = basis();
    const { transact } = await world.data(`mutation {
      transact(dryRun: true, ops: [
        {createCountry: {tempid: "tmp:at", input: {cca2: "AT", name: "Austria"}}}
        {updateCountry: {by: {cca2: "DE"}, patch: {borders: {set: [{link: {id: "tmp:at"}}]}}}}
      ]) { tx { t } tempids { id } entities { ... on Country { name borders { name } } } }
    }`);
    expect(transact).toEqual({
      tx: { t: String(before + 1) },
      tempids: [{ id: expect.any(String) as string }],
      entities: [
        { name: 'Austria', borders: [] },
        { name: 'Germany', borders: [{ name: 'Austria' }] },
      ],
    });
    expect(basis()).toBe(before);
    expect(await country('AT')).toBe(null);
  });

  it('fails where the write would', async () => {
    const code = await outcome('createCountry(dryRun: true, input: {cca2: "FR"})');
    expect(code).toBe('UNIQUE_CONFLICT');
    const stale =
      'updateCountry(by: {cca2: "ES"}, dryRun: true, patch: {area: 1}, if: {version: "1"})';
    expect(await outcome(stale)).toBe('CAS_CONFLICT');
  });
});

describe('a write of many', () => {
  const IN_FRANCE = 'where: {country: {cca2: {eq: "FR"}}}';

  it('changes those that a filter lets through', async () => {
    const { updateCitys } = await world.data(`mutation {
      updateCitys(${IN_FRANCE}, atMost: 5, patch: {population: "1"}) { count tx { t } nodes { name population } }
    }`);
    expect(updateCitys).toMatchObject({ count: 2, tx: { t: String(basis()) } });
    expect(updateCitys.nodes).toEqual(
      expect.arrayContaining([
        { name: 'Lyon', population: '1' },
        { name: 'Paris', population: '1' },
      ]),
    );
  });

  it('removes them, and shows them as they were', async () => {
    const { deleteCitys } = await world.data(
      `mutation { deleteCitys(where: {name: {eq: "Lyon"}}) { count nodes { name country { name } } } }`,
    );
    expect(deleteCitys).toEqual({
      count: 1,
      nodes: [{ name: 'Lyon', country: { name: 'France' } }],
    });
    const { cityConnection } = await world.data('{ cityConnection { totalCount } }');
    expect(cityConnection.totalCount).toBe(8);
  });

  it('of nobody is no transaction', async () => {
    const before = basis();
    const { deleteCitys } = await world.data(
      'mutation { deleteCitys(where: {name: {eq: "Ys"}}) { count tx { t } nodes { name } } }',
    );
    expect(deleteCitys).toEqual({ count: 0, tx: null, nodes: [] });
    expect(basis()).toBe(before);
  });

  it('writes nothing where there are more than it may change', async () => {
    const before = basis();
    const error = await world.error(`mutation { deleteCitys(${IN_FRANCE}) { count } }`);
    expect(error.message).toMatch(/would change 2 entities, more than the 1/);
    expect(error.extensions).toMatchObject({ code: 'LIMIT_EXCEEDED', count: '2', atMost: '1' });
    expect(basis()).toBe(before);
  });

  it.each(['{}', '{_and: []}', '{_and: [{}]}', '{_not: {}}', '{_or: [{}, {_and: [{}]}]}'])(
    'refuses a filter that asks for nothing: %s',
    async (where) => {
      expect(await outcome(`deleteCitys(where: ${where}, atMost: 100)`)).toBe('BAD_USER_INPUT');
    },
  );

  it('refuses a variable that says nothing', async () => {
    const query =
      'mutation ($n: String) { deleteCitys(where: {name: {eq: $n}}, atMost: 9) { count } }';
    expect((await world.error(query, {})).extensions['code']).toBe('BAD_USER_INPUT');
    expect((await world.error(query, { n: null })).extensions['code']).toBe('BAD_USER_INPUT');
  });
});

describe('57: an idempotency key', () => {
  const create = (name: string): string =>
    `createCity(idempotencyKey: "k", input: {name: "${name}"}) { tx { t instant } city { id name } }`;

  it('writes once, and answers each time what that did', async () => {
    const first = await dataHere(create('Vigo'));
    await dataHere('createCity(input: {name: "Other"}) { tx { t } }');
    const before = basis();
    expect(await dataHere(create('Vigo'))).toEqual(first);
    expect(basis()).toBe(before);
  });

  it('belongs to one request', async () => {
    await dataHere(create('Vigo'));
    const other = 'createCity(idempotencyKey: "k", input: {name: "Lugo"})';
    expect(await here(other)).toBe('IDEMPOTENCY_KEY_REUSED');
  });

  it.each([
    'deleteCountry(by: {cca2: "PT"}, idempotencyKey: "k") { tx { t } country { name borders { name } } }',
    'updateCountry(by: {cca2: "PT"}, idempotencyKey: "k", patch: {cca2: "PX"}) { tx { t } country { id cca2 } }',
    'createCountry(idempotencyKey: "k", input: {cca2: "AT"}) { tx { t } country { id } }',
    'updateCountry(by: {cca2: "PT"}, idempotencyKey: "k", patch: {area: 7}, if: {attrs: {area: 92090}}) { tx { t } country { area } }',
    'deleteCitys(where: {name: {eq: "Lyon"}}, idempotencyKey: "k") { tx { t } count nodes { name } }',
  ])('answers although what it names is otherwise now: %s', async (mutation) => {
    const first = await dataHere(mutation);
    expect(await dataHere(mutation)).toEqual(first);
  });

  it('has 1 to 1,024 characters', async () => {
    for (const key of ['', 'k'.repeat(1_025), 'k'.repeat(1_000_000)])
      expect(await here(`createCity(idempotencyKey: "${key}", input: {name: "Lugo"})`)).toBe(
        'BAD_USER_INPUT',
      );
    expect(
      await here(`createCity(idempotencyKey: "${'k'.repeat(1_024)}", input: {name: "Lugo"})`),
    ).toBe('done');
  });

  it('of a write that failed is still to be used', async () => {
    const update = 'updateCountry(by: {cca2: "AT"}, idempotencyKey: "k", patch: {area: 7})';
    expect(await here(update)).toBe('ENTITY_NOT_FOUND');
    expect(await here('createCountry(input: {cca2: "AT"})')).toBe('done');
    expect(await here(update)).toBe('done');
  });
});

describe('meta', () => {
  it('says something of the transaction, which is an entity', async () => {
    const { createCity } = await world.data(`mutation {
      createCity(input: {name: "Vigo"}, meta: {country: {name: "by hand", borders: [{link: {cca2: "ES"}}]}}) {
        tx { id entity { ... on Country { name borders { name } } } }
      }
    }`);
    const said = { name: 'by hand', borders: [{ name: 'Spain' }] };
    expect(createCity.tx.entity).toEqual(said);
    const { node } = await world.data(
      `{ node(id: "${createCity.tx.id}") { ... on Country { name borders { name } } } }`,
    );
    expect(node).toEqual(said);
  });
});

describe('below what is written', () => {
  const cities = '_cityByCountry(orderBy: [{name: ASC}]) { nodes { name population } }';

  async function citiesOf(cca2: string): Promise<ReadonlyArray<string>> {
    const { _cityByCountry } = await country(cca2, cities);
    return _cityByCountry.nodes.map((each: Json) => each.name);
  }

  async function cityId(name: string): Promise<string> {
    const { cityConnection } = await world.data(
      `{ cityConnection(where: {name: {eq: "${name}"}}) { nodes { id } } }`,
    );
    return cityConnection.nodes[0].id;
  }

  it('references are made from their other end', async () => {
    const lyon = await cityId('Lyon');
    const create = `createCountry(input: {cca2: "AT", _cityByCountry: [{create: {name: "Graz"}}, {link: {id: "${lyon}"}}]})`;
    expect(await outcome(create)).toBe('done');
    expect(await citiesOf('AT')).toEqual(['Graz', 'Lyon']);
    expect(await citiesOf('FR')).toEqual(['Paris']);
  });

  it('they are added, removed and replaced from there', async () => {
    const paris = await cityId('Paris');
    const patch = (change: string) =>
      outcome(`updateCountry(by: {cca2: "FR"}, patch: {_cityByCountry: ${change}})`);
    expect(await patch(`{add: [{create: {name: "Nice"}}], remove: [{id: "${paris}"}]}`)).toBe(
      'done',
    );
    expect(await citiesOf('FR')).toEqual(['Lyon', 'Nice']);
    expect(await patch(`{set: [{link: {id: "${paris}"}}]}`)).toBe('done');
    expect(await citiesOf('FR')).toEqual(['Paris']);
    expect(await patch('null')).toBe('done');
    expect(await citiesOf('FR')).toEqual([]);
  });

  it('entities are changed with those that refer to them', async () => {
    const id = await cityId('Paris');
    const { updateCity } = await world.data(`mutation {
      updateCity(by: {id: "${id}"}, patch: {country: {update: {area: 3, _cityByCountry: {update: [{by: {id: "${id}"}, patch: {population: "5"}}]}}}}) {
        city { population country { area } }
      }
    }`);
    expect(updateCity.city).toEqual({ population: '5', country: { area: 3 } });
  });

  it('only those that they refer to', async () => {
    const [paris, berlin] = [await cityId('Paris'), await cityId('Berlin')];
    const update = (id: string) =>
      outcome(
        `updateCountry(by: {cca2: "FR"}, patch: {_cityByCountry: {update: [{by: {id: "${id}"}, patch: {population: "5"}}]}})`,
      );
    expect(await update(paris)).toBe('done');
    expect(await update(berlin)).toBe('ENTITY_NOT_FOUND');
  });

  it('components go with their place', async () => {
    const id = await cityId('Paris');
    const monuments = async (): Promise<Json> =>
      (
        await world.data(
          '{ cityMonumentsConnection(orderBy: [{name: ASC}]) { nodes { id name } } }',
        )
      ).cityMonumentsConnection.nodes;
    const [louvre, tower] = await monuments();
    const patch = (change: string) =>
      outcome(`updateCity(by: {id: "${id}"}, patch: {monuments: ${change}})`);
    expect(await patch(`{remove: [{id: "${louvre.id}"}]}`)).toBe('done');
    expect(await monuments()).toEqual([tower]);
    expect(await patch('{set: [{create: {name: "Orsay"}}]}')).toBe('done');
    expect((await monuments()).map((each: Json) => each.name)).toEqual(['Orsay']);
  });
});
