/** Fields that code of users makes, in REST: named by `fields`, described, and never kept. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import { defineExtension } from '../../gateway/index.ts';
import { alwaysOpen } from '../support/served.ts';
import type { Listening } from './listening.ts';
import { listenOn } from './listening.ts';
import type { Json, ServedWorld } from './served-world.ts';
import { countingReader, serveWorld } from './served-world.ts';
import type { WorldDatabase } from './world-database.ts';
import { openWorld } from './world-database.ts';

const batches: Array<ReadonlyArray<number>> = [];

const EXTENSION = defineExtension({
  name: 'geography',
  typeDefs: `
    enum Size { SMALL LARGE }
    extend type Country {
      "Millions of hectares."
      hectares: Float
      size(atLeast: Int = 200000): Size!
      letters: String!
      neighbours: [Country!]!
      capital: City
      facts: Facts
      named(like: String!): Boolean
      picky: String
      stuck: String
    }
    type Facts { length: Int!  "Of the country." of: Country  more: Facts  times(n: Int!): Int }
  `,
  resolvers: {
    Country: {
      hectares: {
        needs: ['area'],
        resolve: ({ area }: { area: number | null }) => (area === null ? null : area / 10_000),
      },
      size: {
        needs: ['area'],
        resolve: ({ area }: { area: number | null }, { atLeast }: { atLeast: number }) =>
          (area ?? 0) >= atLeast ? 'LARGE' : 'SMALL',
      },
      letters: {
        needs: ['name'],
        resolve: ({ name }: { name: string }, _args, { loader }) =>
          loader(lengthsOf).load(name.length),
      },
      neighbours: {
        needs: ['borders'],
        resolve: ({ borders }: { borders: number[] }) => borders,
      },
      capital: { needs: ['cca2'], resolve: () => null },
      facts: {
        needs: ['id', 'name'],
        resolve: ({ id, name }: { id: string; name: string }) => ({ length: name.length, of: id }),
      },
      named: { needs: ['name'], resolve: () => true },
      picky: {
        needs: ['cca2'],
        resolve: ({ cca2 }: { cca2: string }) => {
          if (cca2 === 'ES') throw new Error('a secret');
          return cca2;
        },
      },
      stuck: { needs: [], resolve: () => new Promise(() => undefined) },
    },
  },
});

async function lengthsOf(keys: ReadonlyArray<number>): Promise<ReadonlyArray<string>> {
  batches.push(keys);
  return keys.map((key) => `${key} letters`);
}

let database: WorldDatabase;
let world: ServedWorld;
let listening: Listening;
let counts: { q: number; project: number };
beforeAll(async () => {
  database = await openWorld();
  const counting = countingReader(database.reader);
  counts = counting.counts;
  const served = { reader: counting.reader, writer: database.writer };
  world = await serveWorld({
    databases: alwaysOpen(new Map([['world', served]])),
    extensions: [EXTENSION],
    queryLimits: { timeoutMs: 1_000 },
  });
  listening = await listenOn(world);
});
afterAll(async () => {
  await listening.close();
  await world.stop();
  await database.close();
});
beforeEach(() => {
  batches.length = 0;
});

async function get(path: string, headers: Record<string, string> = {}) {
  const { origin } = new URL(listening.url);
  const response = await fetch(`${origin}/v1/world/${path}`, { headers });
  const text = await response.text();
  return { status: response.status, headers: response.headers, text };
}

const read = async (path: string): Promise<Json> => JSON.parse((await get(path)).text) as Json;

it('are shown where they are named, and not unasked', async () => {
  expect(await read('country/by/cca2/FR?fields=name,hectares,size,letters')).toEqual({
    id: expect.any(String),
    name: 'France',
    hectares: 55.1695,
    size: 'LARGE',
    letters: '6 letters',
  });
  const whole = await read('country/by/cca2/FR');
  expect(whole).toHaveProperty('area');
  expect(whole).not.toHaveProperty('hectares');
});

it('are made for all entities of a level together, with its one projection', async () => {
  const named = 'country?orderBy=cca2&fields=letters,borders.letters';
  const { nodes } = await read(named);
  expect(nodes[0]).toMatchObject({
    letters: '7 letters',
    borders: [{ letters: '6 letters' }, { letters: '7 letters' }],
  });
  expect(batches.flat().toSorted()).toEqual([5, 6, 7, 8]);
  const askedBy = async (path: string) => {
    const before = { ...counts };
    await read(path);
    return { q: counts.q - before.q, project: counts.project - before.project };
  };
  expect(await askedBy(named)).toEqual(
    await askedBy('country?orderBy=cca2&fields=name,borders.name'),
  );
});

it('are also entities, and objects with all that needs no arguments', async () => {
  const { neighbours, capital, facts, id } = await read(
    'country/by/cca2/PT?fields=neighbours,capital,facts',
  );
  expect(neighbours).toEqual([{ id: expect.any(String) }]);
  expect(capital).toBeNull();
  expect(facts).toEqual({ length: 8, of: { id }, more: null });
  expect(await read('country/by/cca2/PT?fields=neighbours.name,neighbours.letters')).toMatchObject({
    neighbours: [{ name: 'Spain', letters: '5 letters' }],
  });
  expect(await read('country/by/cca2/PT?include=neighbours&fields=name')).toMatchObject({
    name: 'Portugal',
    neighbours: [{ name: 'Spain', cca2: 'ES' }],
  });
});

it('are shown in queries and in lines', async () => {
  const { text } = await get('country?orderBy=cca2&fields=size', {
    accept: 'application/x-ndjson',
  });
  expect(
    text
      .trim()
      .split('\n')
      .map((line) => (JSON.parse(line) as Json).size),
  ).toEqual(['SMALL', 'LARGE', 'LARGE', 'LARGE', 'SMALL']);
  const { origin } = new URL(listening.url);
  const asked = await fetch(`${origin}/v1/world/country/query`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ where: { cca2: { eq: 'DE' } }, fields: ['size'] }),
  });
  expect(((await asked.json()) as Json).nodes[0].size).toBe('LARGE');
});

it.each([
  ['country/by/cca2/FR?fields=hectare', 400, /did you mean 'hectares'/],
  ['country/by/cca2/FR?fields=named', 400, /names no field/],
  ['country/by/cca2/FR?fields=hectares.x', 400, /reference/],
  ['country/by/cca2/FR?fields=facts.length', 400, /reference/],
  ['country/by/cca2/ES?fields=picky', 500, /INTERNAL/],
  ['country?fields=picky', 500, /INTERNAL/],
  ['country/by/cca2/FR?fields=stuck', 504, /DEADLINE_EXCEEDED/],
])('say what is wrong with %s', async (path, status, told) => {
  const answer = await get(path);
  expect(answer.text).toMatch(told);
  expect(answer.text).not.toContain('secret');
  expect(answer.status).toBe(status);
});

it('end lines where they cannot be made', async () => {
  const { text } = await get('country?orderBy=cca2&fields=picky', {
    accept: 'application/x-ndjson',
  });
  expect(text).toContain('INTERNAL');
  expect(text).not.toContain('secret');
});

it('are kept by nobody', async () => {
  for (const path of ['country?fields=name', 'country/by/cca2/FR?fields=name'])
    expect((await get(path)).headers.get('etag')).not.toBeNull();
  for (const path of ['country?fields=name,size', 'country/by/cca2/FR?fields=size']) {
    const { headers } = await get(path);
    expect(headers.get('etag')).toBeNull();
  }
});

it('are in the description', async () => {
  const { components } = await read('openapi.json');
  const { properties } = components.schemas.Country;
  expect(properties.hectares).toEqual({
    anyOf: [expect.objectContaining({ type: 'number' }), { type: 'null' }],
    description: 'Millions of hectares.',
  });
  expect(properties.size).toMatchObject({ type: 'string', enum: ['SMALL', 'LARGE'] });
  expect(properties.neighbours).toMatchObject({
    type: 'array',
    items: { $ref: '#/components/schemas/Reference' },
  });
  expect(properties.facts.anyOf[0].properties).toMatchObject({ length: { type: 'integer' } });
  expect(properties).not.toHaveProperty('named');
  expect(components.schemas.CountryInput.properties).not.toHaveProperty('hectares');
});
