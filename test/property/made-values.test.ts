/** Objects of user's code, as the gateway shows them, against GraphQL's own executor: what is there, what failed where, how far null goes up. */
import fc from 'fast-check';
import { buildSchema, graphqlSync } from 'graphql';
import request from 'supertest';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { defineExtension } from '../../gateway/index.ts';
import type { Json, ServedWorld } from '../gateway/served-world.ts';
import { serveWorld } from '../gateway/served-world.ts';

const TYPES = `
  enum Tone { LOW HIGH }
  interface Named { name: String! }
  type Leaf implements Named { name: String!  tone: Tone  sizes: [Int!]  ratio: Float! }
  type Tree implements Named {
    name: String!
    tone: Tone!
    one: Tree
    must: Tree!
    some: [Tree]
    all: [Tree!]!
    grid: [[Leaf!]]
    any: Named
    both: [Either!]
  }
  union Either = Leaf | Tree
`;
const QUERY = '{ tree: Tree  forest: [Tree!]!  either: Either! }';

/** Whether properties promise; GraphQL's executor leaves promises behind where one of several fails. */
let isWaiting = true;
let made: Readonly<Record<string, unknown>> = {};

const extension = defineExtension({
  typeDefs: `${TYPES} extend type Query ${QUERY}`,
  resolvers: {
    Query: {
      tree: () => made['tree'],
      forest: () => made['forest'],
      either: () => made['either'],
    },
  },
});
const oracle = buildSchema(`${TYPES} type Query ${QUERY}`);

let served: ServedWorld;
beforeAll(async () => {
  served = await serveWorld({ extensions: [extension] });
});
afterAll(() => served.stop());

const failure = fc.constantFrom(new Error('fault'), null, undefined);
/** A value, or in its place sometimes nothing, a fault, or a promise of either. */
const perhaps = (value: fc.Arbitrary<unknown>): fc.Arbitrary<unknown> =>
  fc
    .tuple(fc.oneof({ weight: 8, arbitrary: value }, { weight: 1, arbitrary: failure }), fc.nat(3))
    .map(([each, how]) => (how === 0 ? () => (isWaiting ? Promise.resolve(each) : each) : each));

const word = fc.constantFrom('a', 'b"', 'c\u0001', '\u00010\u0001');
const tone = fc.constantFrom('LOW', 'HIGH', 'LOUD');
const leaf = fc.record({
  __typename: fc.constant('Leaf'),
  name: perhaps(word),
  tone: perhaps(tone),
  sizes: perhaps(fc.array(fc.oneof(fc.nat(9), failure), { maxLength: 3 })),
  ratio: perhaps(fc.oneof(fc.double({ noNaN: true, noDefaultInfinity: true }), word)),
});
const listOf = (item: fc.Arbitrary<unknown>) => fc.array(item, { maxLength: 2 });
const treeOf = (depth: number): fc.Arbitrary<object> => {
  const below = depth === 0 ? leaf : treeOf(depth - 1);
  return fc.record(
    {
      __typename: fc.constant('Tree'),
      name: perhaps(word),
      tone: perhaps(tone),
      one: perhaps(below),
      must: perhaps(below),
      some: perhaps(listOf(fc.oneof(below, failure))),
      all: perhaps(listOf(fc.oneof({ weight: 9, arbitrary: below }, failure))),
      grid: perhaps(listOf(fc.oneof(listOf(leaf), failure))),
      any: perhaps(fc.oneof(leaf, below)),
      both: perhaps(listOf(fc.oneof(leaf, below))),
    },
    { requiredKeys: ['__typename', 'name', 'tone', 'all'] },
  );
};
const tree = treeOf(2);
const values = fc.record({
  tree: perhaps(tree),
  forest: perhaps(fc.array(tree, { maxLength: 3 })),
  either: perhaps(fc.oneof(leaf, tree)),
});

const DOCUMENTS = [
  `{ tree { name tone one { called: name some { name tone } } all { name ...Grid } }
     forest { any { __typename name ... on Leaf { tone sizes } } must { tone } } }
   fragment Grid on Tree { grid { name ratio } }`,
  `{ either { ... on Named { name } ... on Tree { both { __typename ... on Tree { all { tone } } ... on Leaf { ratio } } } } other: tree { name } }`,
  '{ forest { one { must { name } } } again: forest { some { all { name } } } __typename }',
];

const placesOf = (errors: ReadonlyArray<{ readonly path?: Json }> = []) =>
  errors.map(({ path }) => JSON.stringify(path)).toSorted();

it('shows what GraphQL shows', async () => {
  await fc.assert(
    fc.asyncProperty(values, fc.constantFrom(...DOCUMENTS), async (given, query) => {
      made = Object.fromEntries(
        Object.entries(given).map(([key, value]) => [
          key,
          typeof value === 'function' ? (value as () => unknown)() : value,
        ]),
      );
      isWaiting = false;
      const expected = graphqlSync({ schema: oracle, source: query, rootValue: given });
      isWaiting = true;
      const { body } = await request(served.app).post('/graphql').send({ query });
      expect(body.data).toEqual(JSON.parse(JSON.stringify(expected.data)));
      // Where null goes up, GraphQL tells the first fault that it meets, and we tell all.
      const told = placesOf(body.errors);
      expect(told).toEqual(expect.arrayContaining(placesOf(expected.errors as never)));
      expect(told.length > 0).toBe((expected.errors ?? []).length > 0);
    }),
    { numRuns: 300 },
  );
});
