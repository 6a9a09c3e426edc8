/** What a router of a supergraph asks. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
beforeAll(async () => {
  world = await serveWorld();
});
afterAll(() => world.stop());

const QUERY =
  'query ($representations: [_Any!]!) { _entities(representations: $representations) { __typename ... on Country { name } ... on City { n: name country { cca2 } } } }';

describe('the document of the subgraph', () => {
  it('says what the database is to a supergraph', async () => {
    const { _service } = await world.data('{ _service { __typename sdl } }');
    expect(_service.__typename).toBe('_Service');
    expect(_service.sdl).toContain(
      'type Country implements Node & Entity @key(fields: "id") @key(fields: "cca2")',
    );
    expect(_service.sdl).not.toContain('_entities');
  });
});

describe('entities by their keys', () => {
  it('come in the order of the representations, null where there is none', async () => {
    const { fr } = await world.data('{ fr: country(by: {cca2: "FR"}) { id } }');
    const { cityConnection } = await world.data('{ cityConnection(first: 1) { nodes { id } } }');
    const representations = [
      { __typename: 'City', id: cityConnection.nodes[0].id },
      { __typename: 'Country', cca2: 'DE' },
      { __typename: 'Country', cca2: 'XX' },
      { __typename: 'Country', id: fr.id },
      { __typename: 'City', id: fr.id },
    ];
    const { _entities } = await world.data(QUERY, { representations });
    expect(_entities).toEqual([
      { __typename: 'City', n: 'Paris', country: { cca2: 'FR' } },
      { __typename: 'Country', name: 'Germany' },
      null,
      { __typename: 'Country', name: 'France' },
      null,
    ]);
  });

  it('may stand in the document', async () => {
    expect(
      await world.data(
        '{ _entities(representations: [{__typename: "Country", cca2: "ES"}]) { ... on Country { name } } }',
      ),
    ).toEqual({ _entities: [{ name: 'Spain' }] });
  });

  it.each([
    [{ __typename: 'Planet', id: '1' }, 'names no type'],
    [{ __typename: 'Country' }, 'needs one of id, cca2'],
    [{ __typename: 'Country', cca2: 7 }, 'representations[0].cca2'],
    ['Country', 'must be an object'],
  ])('are asked for rightly: %o', async (representation, message) => {
    const error = await world.error(QUERY, { representations: [representation] });
    expect(error.extensions['code']).toBe('BAD_USER_INPUT');
    expect(error.message).toContain(message);
  });
});
