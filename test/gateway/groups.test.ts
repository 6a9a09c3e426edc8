/** The entities of a type in groups. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { periodStart } from '../../schema/model/periods.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;
beforeAll(async () => {
  world = await serveWorld();
});
afterAll(() => world.stop());

async function groups(args: string, shown: string): Promise<ReadonlyArray<Json>> {
  const { cityGroups } = await world.data(`{ cityGroups(${args}) { ${shown} } }`);
  return cityGroups;
}

describe('groups', () => {
  it('count the entities that are alike in a field below a reference', async () => {
    const found = await groups(
      'by: [{country: {name: true}}]',
      'key { country { name } } aggregate { count }',
    );
    expect(found.map(({ key, aggregate }) => [key.country.name, aggregate.count])).toEqual([
      ['Belgium', 1],
      ['France', 2],
      ['Germany', 2],
      ['Portugal', 2],
      ['Spain', 2],
    ]);
  });

  it('fold the values of fields, also where some have none', async () => {
    const found = await groups(
      'by: [{country: {cca2: true}}], orderBy: [{population: {sum: DESC}}], first: 2, offset: 1',
      'key { country { cca2 } } aggregate { count sum { population } avg { population } min { name population } max { founded } countDistinct { kind } }',
    );
    expect(found).toEqual([
      {
        key: { country: { cca2: 'ES' } },
        aggregate: {
          count: 2,
          sum: { population: '4894000' },
          avg: { population: 2447000 },
          min: { name: 'Barcelona', population: '1628000' },
          max: { founded: null },
          countDistinct: { kind: 1 },
        },
      },
      {
        key: { country: { cca2: 'FR' } },
        aggregate: {
          count: 2,
          sum: { population: '2625000' },
          avg: { population: 1312500 },
          min: { name: 'Lyon', population: '522000' },
          max: { founded: null },
          countDistinct: { kind: 1 },
        },
      },
    ]);
  });

  it('are those that a condition holds for', async () => {
    const shown = 'key { country { cca2 } }';
    const having = async (condition: string): Promise<string> => {
      const found = await groups(`by: [{country: {cca2: true}}], having: ${condition}`, shown);
      return found.map(({ key }) => key.country.cca2).join(' ');
    };
    expect(await having('{_count: {gte: 2}}')).toBe('DE ES FR PT');
    expect(await having('{_count: {eq: 2}, population: {sum: {lt: "3000000"}}}')).toBe('FR PT');
    expect(await having('{population: {min: {in: [522000, "545000"]}}}')).toBe('FR PT');
    expect(await having('{founded: {max: {isNull: true}}}')).toBe('DE ES FR PT');
    expect(await having('{founded: {max: {lt: "1000-01-01T00:00:00Z"}}}')).toBe('BE');
    expect(await having('{name: {min: {startsWith: "B"}}}')).toBe('BE DE ES');
    const { message } = await world.error(
      '{ cityGroups(by: [{name: true}], having: {name: {min: {matches: "B"}}}) { aggregate { count } } }',
    );
    expect(message).toBe('having.matches is for filters of entities, not of groups');
    expect(await having('{kind: {countDistinct: {eq: 0}}}')).toBe('BE PT');
  });

  it('put those without a value together', async () => {
    const found = await groups(
      'by: [{kind: true}, {country: {id: true}}], where: {country: {cca2: {in: ["FR", "DE"]}}}, orderBy: [{_count: DESC}, {_key: {country: {id: ASC}}}]',
      'key { kind country { id name _entity { cca2 } } } aggregate { count }',
    );
    expect(found.map(({ key }) => [key.kind, key.country._entity.cca2, key.country.name])).toEqual([
      [':kind/capital', 'FR', null],
      [null, 'FR', null],
      [':kind/capital', 'DE', null],
      [null, 'DE', null],
    ]);
    expect(found[0].key.country.id).toBe(
      (await world.data('{ country(by: {cca2: "FR"}) { id } }')).country.id,
    );
  });

  it('are by periods of time', async () => {
    const found = await groups(
      'by: [{founded: {year: true}}]',
      'key { founded } aggregate { count }',
    );
    expect(found).toEqual([
      { key: { founded: '0979-01-01T00:00:00.000Z' }, aggregate: { count: 1 } },
      { key: { founded: null }, aggregate: { count: 8 } },
    ]);
  });

  it('of many values are one for each value', async () => {
    const { countryGroups } = await world.data(
      '{ countryGroups(by: [{languages: true}], orderBy: [{_count: DESC}], first: 2) { key { languages } aggregate { count } } }',
    );
    expect(countryGroups).toEqual([
      { key: { languages: 'French' }, aggregate: { count: 2 } },
      { key: { languages: 'German' }, aggregate: { count: 2 } },
    ]);
  });

  it('come with variables, aliases and type names', async () => {
    const { x } = await world.data(
      'query ($by: [CityGroup!]!, $having: CityHaving) { x: cityGroups(by: $by, having: $having) { __typename k: key { __typename c: country { __typename n: name } } a: aggregate { n: count } } }',
      { by: [{ country: { name: true } }], having: { _count: { eq: 1 } } },
    );
    expect(x).toEqual([
      {
        __typename: 'CityGroups',
        k: {
          __typename: 'CityGroupKey',
          c: { __typename: 'CountryGroupKey', n: 'Belgium' },
        },
        a: { n: 1 },
      },
    ]);
  });

  it.each([
    ['by: []', 'from 1 to 8 fields'],
    ['by: [{name: false}]', 'by[0].name must be true'],
    ['by: [{name: true}, {name: true}]', 'more than once'],
    ['by: [{name: true}], orderBy: [{_key: {population: ASC}}]', 'not in by'],
    ['by: [{name: true}], having: {_count: {eq: null}}', 'is null'],
    ['by: [{name: true}], first: -1', 'first must be'],
  ])('are asked for rightly: %s', async (args, message) => {
    const error = await world.error(`{ cityGroups(${args}) { aggregate { count } } }`);
    expect(error.extensions['code']).toBe('BAD_USER_INPUT');
    expect(error.message).toContain(message);
  });
});

describe('a period of time', () => {
  it.each([
    ['year', '2024-01-01T00:00:00.000Z'],
    ['quarter', '2024-04-01T00:00:00.000Z'],
    ['month', '2024-05-01T00:00:00.000Z'],
    ['week', '2024-05-27T00:00:00.000Z'],
    ['day', '2024-05-31T00:00:00.000Z'],
    ['hour', '2024-05-31T23:00:00.000Z'],
    ['minute', '2024-05-31T23:59:00.000Z'],
  ] as const)('of one %s begins in UTC', (period, start) => {
    expect(periodStart(period, new Date('2024-05-31T23:59:58.123Z')).toISOString()).toBe(start);
  });

  it('of a week begins on the Monday before a Sunday', () => {
    expect(periodStart('week', new Date('2024-03-03T12:00:00Z')).toISOString()).toBe(
      '2024-02-26T00:00:00.000Z',
    );
  });
});
