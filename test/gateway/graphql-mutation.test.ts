import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
beforeEach(async () => {
  world = await serveWorld();
});
afterEach(() => world.stop());

const SPAIN =
  '{ country(by: {cca2: "ES"}) { name area languages borders(orderBy: [{cca2: ASC}]) { cca2 } } }';

/** Applies a patch to Spain and gives what it has become. */
async function patchSpain(patch: string): Promise<Json> {
  await world.data(`mutation { updateCountry(by: {cca2: "ES"}, patch: ${patch}) { tx { t } } }`);
  const { country } = await world.data(SPAIN);
  return {
    ...country,
    languages: [...country.languages].sort(),
    borders: country.borders.map((each: Json) => each.cca2),
  };
}

describe('create', () => {
  it('writes an entity with those it links and creates, and shows it', async () => {
    const mutation = `mutation {
      createCity(clientMutationId: "m1", input: {
        name: "Nice", population: "342000",
        country: {link: {cca2: "FR"}},
        monuments: [{create: {name: "Promenade"}}]
      }) { clientMutationId tx { t id instant } city { name population country { name } monuments { name } } }
    }`;
    const { createCity } = await world.data(mutation);
    expect(createCity).toEqual({
      clientMutationId: 'm1',
      tx: {
        t: expect.stringMatching(/^\d+$/) as string,
        id: expect.any(String) as string,
        instant: expect.stringMatching(/^\d{4}-.*Z$/) as string,
      },
      city: {
        name: 'Nice',
        population: '342000',
        country: { name: 'France' },
        monuments: [{ name: 'Promenade' }],
      },
    });
  });

  it('does not become an update of whoever has the identity', async () => {
    const error = await world.error(
      'mutation { createCountry(input: {cca2: "FR", name: "?"}) { tx { t } } }',
    );
    expect(error.extensions).toMatchObject({ code: 'UNIQUE_CONFLICT', attribute: ':country/cca2' });
    expect(await world.data('{ country(by: {cca2: "FR"}) { name } }')).toEqual({
      country: { name: 'France' },
    });
  });

  it('that fails leaves the answers of other transactions', async () => {
    const { body } = await world.send(`mutation {
      a: createCountry(input: {cca2: "AT"}) { country { cca2 } }
      b: createCountry(input: {cca2: "FR"}) { country { cca2 } }
    }`);
    expect((body as Json).data).toEqual({ a: { country: { cca2: 'AT' } }, b: null });
    expect((body as Json).errors).toMatchObject([{ path: ['b'] }]);
  });

  it('needs a value', async () => {
    const error = await world.error('mutation { createCity(input: {name: null}) { tx { t } } }');
    expect(error.extensions['code']).toBe('BAD_USER_INPUT');
  });

  it('refuses to link what is not there', async () => {
    const error = await world.error(
      'mutation { createCity(input: {name: "X", country: {link: {cca2: "XX"}}}) { tx { t } } }',
    );
    expect(error.extensions['code']).toBe('ENTITY_NOT_FOUND');
  });
});

describe('update', () => {
  it.each([
    ['{name: "España"}', { name: 'España' }],
    ['{area: null}', { area: null }],
    ['{languages: {set: ["Spanish", "Galician"]}}', { languages: ['Galician', 'Spanish'] }],
    [
      '{languages: {add: ["Galician"], remove: ["Basque"]}}',
      { languages: ['Catalan', 'Galician', 'Spanish'] },
    ],
    ['{languages: null}', { languages: [] }],
    ['{borders: {add: [{link: {cca2: "BE"}}], remove: [{cca2: "PT"}]}}', { borders: ['BE', 'FR'] }],
    [
      '{borders: {set: [{link: {cca2: "DE"}}, {create: {cca2: "AD", name: "Andorra"}}]}}',
      { borders: ['AD', 'DE'] },
    ],
  ])('with %s gives %j', async (patch, expected) => {
    expect(await patchSpain(patch)).toMatchObject(expected);
  });

  it.each([
    ['{twin: {unlink: true}}', { twin: null, country: { name: 'Germany' } }],
    ['{country: {link: {cca2: "FR"}}}', { country: { name: 'France' } }],
    ['{country: {create: {cca2: "AT", name: "Austria"}}}', { country: { name: 'Austria' } }],
  ])('with %s changes one reference', async (patch, expected) => {
    const { cityConnection } = await world.data(
      '{ cityConnection(where: {name: {eq: "Berlin"}}) { nodes { id } } }',
    );
    const mutation = `mutation ($id: ID!) {
      updateCity(by: {id: $id}, patch: ${patch}) { city { twin { id } country { name } } }
    }`;
    const { updateCity } = await world.data(mutation, { id: cityConnection.nodes[0].id });
    expect(updateCity.city).toMatchObject(expected);
  });

  it.each([
    ['{}', 'BAD_USER_INPUT', /changes nothing/],
    ['{languages: {set: ["a"], add: ["b"]}}', 'BAD_USER_INPUT', /either set, or add and remove/],
    ['{borders: {add: [{unlink: true}]}}', 'BAD_USER_INPUT', /must link or create/],
  ])('refuses %s', async (patch, code, message) => {
    const error = await world.error(
      `mutation { updateCountry(by: {cca2: "ES"}, patch: ${patch}) { tx { t } } }`,
    );
    expect(error.extensions['code']).toBe(code);
    expect(error.message).toMatch(message);
  });

  it('refuses an entity that is not there', async () => {
    const error = await world.error(
      'mutation { updateCountry(by: {cca2: "XX"}, patch: {name: "x"}) { tx { t } } }',
    );
    expect(error.extensions).toMatchObject({
      code: 'ENTITY_NOT_FOUND',
      attribute: ':country/cca2',
    });
  });
});

describe('upsert', () => {
  it('creates, then changes the same entity', async () => {
    const mutation = `mutation {
      a: upsertCountry(by: {cca2: "IT"}, input: {name: "Italy"}) { country { id name cca2 } }
      b: upsertCountry(input: {cca2: "IT", name: "Italia"}) { country { id name } }
      c: upsertCountry(by: {cca2: "IT"}, input: {area: 301336}) { country { id name area } }
    }`;
    const { a, b, c } = await world.data(mutation);
    expect(a.country).toMatchObject({ name: 'Italy', cca2: 'IT' });
    expect(b.country).toEqual({ id: a.country.id, name: 'Italia' });
    expect(c.country).toEqual({ id: a.country.id, name: 'Italia', area: 301336 });
  });
});

describe('delete', () => {
  it('shows what is gone, and takes references and components with it', async () => {
    const { cityConnection } = await world.data(
      '{ cityConnection(where: {name: {eq: "Paris"}}) { nodes { id } } }',
    );
    const paris = { id: cityConnection.nodes[0].id };
    const { deleteCity } = await world.data(
      'mutation ($id: ID!) { deleteCity(by: {id: $id}) { city { name monuments { name } } } }',
      paris,
    );
    expect(deleteCity.city.name).toBe('Paris');
    expect(deleteCity.city.monuments).toHaveLength(2);
    expect(
      await world.data(
        `query ($id: ID!) {
          city(by: {id: $id}) { name }
          cityConnection(where: {twin: {_isNull: false}}) { totalCount }
          cityMonumentsConnection { totalCount }
        }`,
        paris,
      ),
    ).toEqual({
      city: null,
      cityConnection: { totalCount: 0 },
      cityMonumentsConnection: { totalCount: 0 },
    });
  });
});

describe('time', () => {
  const RENAME =
    'mutation { updateCountry(by: {cca2: "FR"}, patch: {name: "Gaul"}) { tx { t instant } } }';

  it('is inherited by everything below a root field', async () => {
    const { body } = await world.send('{ __typename }');
    const before = (body as Json).extensions.basisT as string;
    await world.data(RENAME);
    const query = `query ($t: Long!) {
      then: cityConnection(where: {country: {name: {eq: "France"}}}, asOf: {t: $t}) { nodes { name country { name } } }
      now: cityConnection(where: {country: {name: {eq: "Gaul"}}}) { totalCount }
      country(by: {cca2: "FR"}, asOf: {tx: $t}) { name _cityByCountry(orderBy: [{name: ASC}]) { nodes { country { name } } } }
    }`;
    expect(await world.data(query, { t: before })).toEqual({
      then: {
        nodes: [
          { name: 'Paris', country: { name: 'France' } },
          { name: 'Lyon', country: { name: 'France' } },
        ],
      },
      now: { totalCount: 2 },
      country: {
        name: 'France',
        _cityByCountry: {
          nodes: [{ country: { name: 'France' } }, { country: { name: 'France' } }],
        },
      },
    });
  });

  it('can be an instant', async () => {
    const { updateCountry } = await world.data(RENAME);
    const earlier = new Date(Date.parse(updateCountry.tx.instant as string) - 1).toISOString();
    const query =
      'query ($i: DateTime!) { country(by: {cca2: "FR"}, asOf: {instant: $i}) { name } }';
    expect(await world.data(query, { i: updateCountry.tx.instant })).toEqual({
      country: { name: 'Gaul' },
    });
    const { country } = await world.data(query, { i: earlier });
    expect(country?.name).not.toBe('Gaul');
  });

  it('stands still between the pages of a list', async () => {
    const page =
      'query ($c: String) { cityConnection(first: 4, after: $c, orderBy: [{name: ASC}]) { totalCount nodes { name } pageInfo { endCursor } } }';
    const first = await world.data(page);
    await world.data('mutation { createCity(input: {name: "Munich"}) { tx { t } } }');
    const second = await world.data(page, { c: first.cityConnection.pageInfo.endCursor });
    expect(second.cityConnection.totalCount).toBe(9);
    expect(second.cityConnection.nodes.map((each: Json) => each.name)).toEqual([
      'Hamburg',
      'Lisbon',
      'Lyon',
      'Madrid',
    ]);
  });

  it('of an answer is its basis, and a later request can ask for it', async () => {
    const { body } = await world.send(RENAME);
    const { data, extensions } = body as Json;
    expect(extensions.basisT).toBe(data.updateCountry.tx.t);
    const later = await world.send(
      '{ country(by: {cca2: "FR"}) { name } }',
      {},
      { 'Datahike-Min-T': extensions.basisT },
    );
    expect((later.body as Json).data.country.name).toBe('Gaul');
  });
});
