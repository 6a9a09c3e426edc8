/** Pages of what entities are linked to, read without a query, are those that a query reads. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { ServedWorld } from './served-world.ts';
import { serveWorld } from './served-world.ts';

let world: ServedWorld;

beforeAll(async () => {
  world = await serveWorld();
});

afterAll(() => world.stop());

/** A filter that lets everything through, so that a query has to be made. */
const ALWAYS = 'where: {_or: [{_not: {name: {eq: "nowhere"}}}, {name: {eq: "nowhere"}}]}';

const ORDERS = [
  '{name: ASC}',
  '{population: DESC}',
  '{founded: ASC_NULLS_FIRST}, {name: DESC}',
  '{founded: DESC_NULLS_LAST}, {id: DESC}',
  '{kind: DESC_NULLS_FIRST}, {population: ASC}',
  '{id: DESC}',
];

const PAGES = ['first: 3', 'first: 2, offset: 1', 'last: 2', 'last: 100', 'first: 0', ''];

const CASES = ORDERS.flatMap((order) => PAGES.map((page) => [order, page] as const));

it.each(CASES)('%s with %s', async (order, page) => {
  const pages = (where: string): string =>
    `{ countryConnection { nodes { name _cityByCountry(${where} ${page}, orderBy: [${order}]) {
      edges { cursor node { name founded kind } } pageInfo { hasNextPage hasPreviousPage } } } } }`;
  // Cursors speak of the filter.
  const withoutCursors = (data: unknown): unknown =>
    JSON.parse(JSON.stringify(data, (key, value: unknown) => (key === 'cursor' ? '' : value)));
  const read = await world.data(pages(''));
  const queried = await world.data(pages(ALWAYS));
  expect(withoutCursors(read)).toEqual(withoutCursors(queried));
});

it('go on where a cursor ends', async () => {
  const { countryConnection } = await world.data(`{ countryConnection(first: 3) { nodes { id
    _cityByCountry(first: 1, orderBy: [{name: DESC}]) { edges { cursor node { name } } pageInfo { hasNextPage } } } } }`);
  const [country] = countryConnection.nodes.filter(
    (each: { _cityByCountry: { pageInfo: { hasNextPage: boolean } } }) =>
      each._cityByCountry.pageInfo.hasNextPage,
  );
  const [{ cursor, node }] = country._cityByCountry.edges;
  const { country: next } = await world.data(
    `query ($id: ID!, $after: String) { country(by: {id: $id}) {
      _cityByCountry(after: $after, first: 1, orderBy: [{name: DESC}]) { nodes { name } } all: _cityByCountry(orderBy: [{name: DESC}]) { nodes { name } } } }`,
    { id: country.id, after: cursor },
  );
  expect(next.all.nodes.slice(0, 2)).toEqual([node, ...next._cityByCountry.nodes]);
});
