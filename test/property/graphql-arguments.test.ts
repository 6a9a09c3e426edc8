/** Arguments whose types were looked at once, held against what graphql reads for each request. */
import fc from 'fast-check';
import { buildSchema, getArgumentValues, Kind, parse } from 'graphql';
import type { FieldNode } from 'graphql';
import { expect, it } from 'vitest';
import { argumentsOf } from '../../gateway/select/graphql-arguments.ts';

const schema = buildSchema(`
  scalar Any
  enum Order { ASC DESC }
  input One @oneOf { a: Int, b: String }
  input Inner {
    n: Int = 7
    required: String!
    list: [Int]
    tags: [String!]! = ["x"]
    inner: Inner
    one: One
    any: Any
    order: Order
  }
  type Query {
    f(n: Int, m: Int = 3, s: String!, t: String! = "t", inner: Inner, inners: [Inner!], one: One, any: Any, orders: [Order!]): Int
  }
`);
const field = schema.getQueryType()?.getFields()['f'];

const VALUES: Readonly<Record<string, ReadonlyArray<unknown>>> = {
  int: [0, 5, null],
  text: ['', 'a', null],
  one: [{ a: 1 }, { b: null }, null],
  inner: [{ required: 'r', tags: ['y'] }, null],
  any: [{ deep: [1, { x: null }] }, 2, null],
  order: ['ASC', null],
};

/** A literal, or a variable that may be one of another type, or not be there. */
function valueOf(name: string, ...literals: ReadonlyArray<fc.Arbitrary<string>>): Texts {
  return fc.oneof(
    { arbitrary: fc.constant(`$${name}`), weight: 4 },
    { arbitrary: fc.constantFrom('$absent', '$toString', '$any', 'null', '"a"'), weight: 1 },
    ...literals.map((arbitrary) => ({ arbitrary, weight: 4 })),
  );
}

type Texts = fc.Arbitrary<string>;

function listOf(items: Texts): Texts {
  return fc.array(items, { maxLength: 3 }).map((texts) => `[${texts.join(', ')}]`);
}

/** Those of the first names always, of the others some. */
function membersOf(members: Readonly<Record<string, Texts>>, ...always: string[]): Texts {
  return fc.record(members, { requiredKeys: always }).map((texts) =>
    Object.entries(texts)
      .map(([name, text]) => `${name}: ${text}`)
      .join(', '),
  );
}

const object = (members: Texts): Texts => members.map((text) => `{${text}}`);
const int = valueOf('int', fc.constantFrom('1', '2'));
const text = valueOf('text', fc.constantFrom('"b"', '""'));
const order = valueOf('order', fc.constant('ASC'));
const one = valueOf('one', object(membersOf({ a: int })), object(membersOf({ a: int, b: text })));
const any = valueOf('any', object(membersOf({ x: int, y: listOf(text) })));
const { inner } = fc.letrec<{ inner: string }>((tie) => ({
  inner: valueOf(
    'inner',
    object(
      membersOf(
        {
          required: text,
          n: int,
          list: listOf(int),
          tags: listOf(text),
          inner: fc.oneof({ maxDepth: 2 }, valueOf('inner'), tie('inner')),
          one,
          any,
          order,
        },
        'required',
      ),
    ),
  ),
}));

const args = membersOf(
  {
    s: text,
    n: int,
    m: int,
    t: text,
    inner,
    inners: fc.oneof(inner, listOf(inner)),
    one,
    any,
    orders: listOf(order),
  },
  's',
);

/** Some of them, as they come with a request. */
const variables = fc.record(
  Object.fromEntries(
    Object.entries(VALUES).map(([name, values]) => [name, fc.constantFrom(...values)]),
  ),
  { requiredKeys: [] },
);

function fieldIn(text: string): FieldNode {
  const [operation] = parse(`{ f${text === '' ? '' : `(${text})`} }`).definitions;
  const node =
    operation?.kind === Kind.OPERATION_DEFINITION
      ? operation.selectionSet.selections[0]
      : undefined;
  if (node?.kind !== Kind.FIELD) throw new Error('Expected a field');
  return node;
}

function outcome(read: () => unknown): unknown {
  try {
    return { values: read() };
  } catch (error) {
    return { refused: (error as Error).message };
  }
}

it('reads what graphql reads, and refuses what it refuses', () => {
  if (field === undefined) throw new Error('Expected a field');
  let readCount = 0;
  fc.assert(
    fc.property(args, fc.array(variables, { minLength: 1, maxLength: 4 }), (text, requests) => {
      const node = fieldIn(text);
      const read = argumentsOf(field, node);
      for (const given of requests) {
        const expected = outcome(() => getArgumentValues(field, node, given));
        expect(outcome(() => read(given))).toEqual(expected);
        if ('values' in (expected as object)) readCount += 1;
      }
    }),
    { numRuns: 2_000 },
  );
  expect(readCount).toBeGreaterThan(200);
});
