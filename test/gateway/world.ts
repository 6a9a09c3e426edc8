/** The world that the gateway's tests serve: a few countries, their neighbours and their cities. */
import { kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';

type Facts = Readonly<Record<string, EdnData>>;

export const entity = (facts: Facts): EdnData =>
  new Map<EdnData, EdnData>(Object.entries(facts).map(([ident, value]) => [kw(ident), value]));

export const attribute = (ident: string, valueType: string, facts: Facts = {}): EdnData =>
  entity({
    'db/ident': kw(ident),
    'db/valueType': kw(`db.type/${valueType}`),
    'db/cardinality': kw('db.cardinality/one'),
    ...facts,
  });

const MANY = { 'db/cardinality': kw('db.cardinality/many') };

export const WORLD_SCHEMA: ReadonlyArray<EdnData> = [
  attribute('country/cca2', 'string', {
    'db/unique': kw('db.unique/identity'),
    'db/doc': 'Two letters.',
  }),
  attribute('country/name', 'string'),
  attribute('country/area', 'double'),
  attribute('country/independent?', 'boolean'),
  attribute('country/languages', 'string', MANY),
  attribute('country/borders', 'ref', { ...MANY, 'gateway/targets': kw('country') }),
  attribute('city/name', 'string'),
  attribute('city/population', 'long'),
  attribute('city/founded', 'instant'),
  attribute('city/kind', 'keyword'),
  attribute('city/country', 'ref'),
  attribute('city/monuments', 'ref', { ...MANY, 'db/isComponent': true }),
  attribute('city.monuments/name', 'string'),
  attribute('city/twin', 'ref'),
];

const country = (
  cca2: string,
  name: string,
  languages: ReadonlyArray<string>,
  area: number,
): EdnData =>
  entity({
    'db/id': cca2,
    'country/cca2': cca2,
    'country/name': name,
    'country/languages': languages,
    'country/area': area,
    'country/independent?': true,
  });

const borders = (cca2: string, ...neighbours: ReadonlyArray<string>): EdnData =>
  entity({ 'db/id': cca2, 'country/borders': neighbours });

const city = (
  name: string,
  population: number | undefined,
  cca2: string,
  facts: Facts = {},
): EdnData =>
  entity({
    'db/id': name,
    'city/name': name,
    ...(population === undefined ? {} : { 'city/population': population }),
    'city/country': cca2,
    ...facts,
  });

export const WORLD: ReadonlyArray<EdnData> = [
  country('FR', 'France', ['French'], 551695),
  country('DE', 'Germany', ['German'], 357114),
  country('ES', 'Spain', ['Spanish', 'Catalan', 'Basque'], 505992),
  country('BE', 'Belgium', ['Dutch', 'French', 'German'], 30528),
  country('PT', 'Portugal', ['Portuguese'], 92090),
  borders('FR', 'DE', 'ES', 'BE'),
  borders('DE', 'FR', 'BE'),
  borders('ES', 'FR', 'PT'),
  borders('BE', 'FR', 'DE'),
  borders('PT', 'ES'),
  city('Paris', 2103000, 'FR', { 'city/kind': kw('kind/capital') }),
  city('Lyon', 522000, 'FR'),
  city('Berlin', 3677000, 'DE', { 'city/kind': kw('kind/capital'), 'city/twin': 'Paris' }),
  city('Hamburg', 1906000, 'DE'),
  city('Madrid', 3266000, 'ES', { 'city/kind': kw('kind/capital') }),
  city('Barcelona', 1628000, 'ES'),
  city('Brussels', 1222000, 'BE', { 'city/founded': new Date('0979-01-01T00:00:00Z') }),
  city('Lisbon', 545000, 'PT'),
  city('Atlantis', undefined, 'PT'),
  entity({
    'db/id': 'Paris',
    'city/monuments': [
      entity({ 'city.monuments/name': 'Tour Eiffel' }),
      entity({ 'city.monuments/name': 'Louvre' }),
    ],
  }),
];
