/** An extension of the world: `DATAHIKE_GATEWAY_EXTENSIONS=examples/extension/geography.ts`, in a Node that reads TypeScript. */
import type { ExtensionContext } from '../../gateway/index.ts';
import { defineExtension } from '../../gateway/index.ts';

export const extension = defineExtension({
  name: 'geography',
  typeDefs: `
    extend type Country {
      "Millions of hectares."
      hectares: Float
      "How many of its cities are known."
      cityCount: Int!
      "The neighbour with the largest area."
      largestNeighbour: Country
    }

    extend type Query {
      "Cities and countries whose names begin with a text."
      search(text: String!, first: Int = 10): [Hit!]!
    }

    type Hit {
      name: String!
      place: Place
    }

    union Place = City | Country

    extend type Mutation {
      "Makes a city, in the country of a code."
      found(name: String!, cca2: String!): City
    }
  `,
  resolvers: {
    Country: {
      hectares: {
        needs: ['area'],
        resolve: ({ area }: { area: number | null }) => (area === null ? null : area / 10_000),
      },
      cityCount: {
        needs: ['id'],
        resolve: ({ id }: { id: string }, _args, context) => context.loader(countCities).load(id),
      },
      largestNeighbour: {
        needs: ['borders'],
        resolve: ({ borders }: { borders: number[] }, _args, context) =>
          Promise.all(borders.map((each) => context.loader(readAreas).load(each))).then((areas) =>
            largest(borders, areas),
          ),
      },
    },
    Query: {
      search: async (_root, { text, first }: { text: string; first: number }, { q }) => {
        const rows = await q(
          `{:find [?name ?e] :in [$ ?text]
            :where [(or [?e :city/name ?name] [?e :country/name ?name])
                    [(clojure.string/starts-with? ?name ?text)]]
            :order-by [?name :asc]}`,
          text,
        );
        const hits = rows as ReadonlyArray<readonly [name: string, entity: number]>;
        return hits.slice(0, first).map(([name, place]) => ({ name, place }));
      },
    },
    Mutation: {
      found: async (_root, { name, cca2 }: { name: string; cca2: string }, { transact }) => {
        const { entities } = await transact({
          ops: [{ createCity: { input: { name, country: { cca2 } } } }],
        });
        return entities[0]?.[0];
      },
    },
  },
  routes: [
    {
      method: 'GET',
      path: '/reports/:cca2',
      summary: 'A country as text.',
      response: { type: 'string' },
      handle: async ({ params: { cca2 = '' }, context }) => {
        const country = await context.pull('[:country/name :country/area]', [
          ':country/cca2',
          cca2,
        ]);
        if (country === null) return { status: 404, body: `There is no ${cca2}` };
        return { body: Array.from(country.values()).join(': ') };
      },
    },
  ],
});

/** For all countries of a level at once. */
async function countCities(ids: ReadonlyArray<string>, { q, entity }: ExtensionContext) {
  const countries = await Promise.all(ids.map((id) => entity(id)));
  const rows = await q(
    '[:find ?c (count ?e) :in $ [?c ...] :where [?e :city/country ?c]]',
    countries.map((each) => each ?? 0),
  );
  const counts = new Map(rows as ReadonlyArray<readonly [number, number]>);
  return countries.map((each) => counts.get(each ?? 0) ?? 0);
}

async function readAreas(countries: ReadonlyArray<number>, { q }: ExtensionContext) {
  const rows = await q('[:find ?c ?a :in $ [?c ...] :where [?c :country/area ?a]]', countries);
  const areas = new Map(rows as ReadonlyArray<readonly [number, number]>);
  return countries.map((each) => areas.get(each) ?? 0);
}

function largest(countries: ReadonlyArray<number>, areas: ReadonlyArray<number>) {
  return countries[areas.indexOf(Math.max(...areas))];
}
