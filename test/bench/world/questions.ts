/** Ten questions about the world, as those who have such data ask them. */
import type { Inputs } from '../query/question.ts';

export interface WorldQuestion {
  readonly name: string;
  /** As it stands in the document. */
  readonly query: string;
  /** EDN text; the first input after the database. */
  readonly rules?: string;
  readonly inputs?: Inputs;
  /** The present by default; `before` is as of the import, before Eswatini was named Swaziland. */
  readonly view?: 'before' | 'history';
}

export const WORLD_QUESTIONS: ReadonlyArray<WorldQuestion> = [
  {
    name: 'One city by its number',
    query: `[:find ?name ?population ?country
 :in $ ?number
 :where [?city :city/geonameid ?number]
        [?city :city/name ?name]
        [?city :city/population ?population]
        [?city :city/country ?c]
        [?c :country/name ?country]]`,
    inputs: [2_988_507],
  },
  {
    name: 'Cities above a million in the neighbours of France, with their languages',
    query: `[:find ?city ?population ?language
 :in $ ?code
 :where [?france :country/cca2 ?code]
        [?france :country/borders ?neighbour]
        [?c :city/country ?neighbour]
        [?c :city/population ?population]
        [(> ?population 1000000)]
        [?c :city/name ?city]
        [?neighbour :country/languages ?l]
        [?l :language/name ?language]]`,
    inputs: ['FR'],
  },
  {
    name: 'The ten most populous cities',
    query: `{:find [?name ?country ?population]
 :where [[?city :city/population ?population]
         [(> ?population 5000000)]
         [?city :city/name ?name]
         [?city :city/country ?c]
         [?c :country/name ?country]]
 :order-by [?population :desc]
 :limit 10}`,
  },
  {
    name: 'Cities and their population by region',
    query: `[:find ?region (count ?city) (sum ?population)
 :where [?country :country/region ?region]
        [?city :city/country ?country]
        [?city :city/population ?population]]`,
  },
  {
    name: 'Where one gets from Portugal over land',
    query: `[:find ?name
 :in $ % ?code
 :where [?from :country/cca2 ?code]
        (overland ?from ?to)
        [?to :country/name ?name]]`,
    rules: `[[(overland ?from ?to)
  [?from :country/borders ?to]]
 [(overland ?from ?to)
  [?from :country/borders ?via]
  (overland ?via ?to)]]`,
    inputs: ['PT'],
  },
  {
    name: 'Countries without a land border that have a city above a million',
    query: `[:find ?name (max ?population)
 :where [?city :city/population ?population]
        [(> ?population 1000000)]
        [?city :city/country ?country]
        (not [?country :country/borders _])
        [?country :country/name ?name]]`,
  },
  {
    name: 'Cities of Canada that have the name of one in France',
    query: `[:find ?name ?population
 :where [?france :country/cca2 "FR"]
        [?one :city/country ?france]
        [?one :city/name ?name]
        [?other :city/name ?name]
        [?other :city/country ?canada]
        [?canada :country/cca2 "CA"]
        [?other :city/population ?population]]`,
  },
  {
    name: 'Cities within a degree of the equator',
    query: `[:find ?name ?latitude ?longitude
 :where [?city :city/latitude ?latitude]
        [(< -1.0 ?latitude 1.0)]
        [?city :city/longitude ?longitude]
        [?city :city/name ?name]]`,
  },
  {
    name: 'A country and its larger cities, as of before it was renamed',
    query: `[:find ?country ?city ?population
 :in $ ?code
 :where [?c :country/cca2 ?code]
        [?c :country/name ?country]
        [?x :city/country ?c]
        [?x :city/population ?population]
        [(> ?population 10000)]
        [?x :city/name ?city]]`,
    inputs: ['SZ'],
    view: 'before',
  },
  {
    name: 'Every name that the country had, and since when (in its history)',
    query: `[:find ?name ?when
 :in $ ?code
 :where [?c :country/cca2 ?code]
        [?c :country/name ?name ?tx true]
        [?tx :db/txInstant ?when]]`,
    inputs: ['SZ'],
    view: 'history',
  },
];
