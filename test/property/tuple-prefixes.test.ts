/** Filters by the first places of tuples, with an index of the tuple and without one, against a filter that looks at each. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { serveWorld } from '../gateway/served-world.ts';
import { attribute, entity } from '../gateway/world.ts';
import { openWith } from '../gateway/world-database.ts';
import { alwaysOpen } from '../support/served.ts';
import { runs } from '../support/runs.ts';

type Place = string | number | null;

interface Item {
  readonly a: string | undefined;
  readonly b: number | undefined;
  readonly c: string | undefined;
  /** Of text, number and text. */
  readonly typed: ReadonlyArray<Place> | undefined;
  readonly numbers: ReadonlyArray<Place> | undefined;
}

const text = fc.constantFrom('', 'a', 'b', 'bb');
const number = fc.integer({ min: -2, max: 2 });
const orNull = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | null> => fc.option(of, { freq: 4 });
const orNone = <T>(of: fc.Arbitrary<T>): fc.Arbitrary<T | undefined> =>
  fc.option(of, { nil: undefined, freq: 4 });

const typed = fc.tuple(text, number, text);
/** Only composites have nothing in some places. */
const asked = fc.tuple(orNull(text), orNull(number), orNull(text));
const numbers = fc.array(number, { minLength: 2, maxLength: 4 });
const item: fc.Arbitrary<Item> = fc.record({
  a: orNone(text),
  b: orNone(number),
  c: orNone(text),
  typed: orNone(typed),
  numbers: orNone(numbers),
});

const prefixOf = <T>(tuple: fc.Arbitrary<ReadonlyArray<T>>): fc.Arbitrary<ReadonlyArray<T>> =>
  fc.tuple(tuple, fc.integer({ min: 1, max: 3 })).map(([all, length]) => all.slice(0, length));
const question = fc.oneof(
  fc.record({ field: fc.constant('composite' as const), prefix: prefixOf(asked) }),
  fc.record({ field: fc.constant('typed' as const), prefix: prefixOf(asked) }),
  fc.record({ field: fc.constant('numbers' as const), prefix: prefixOf(numbers) }),
);

const OPERANDS = {
  composite: (prefix: ReadonlyArray<Place>) => named(prefix, 'a', 'b', 'c'),
  typed: (prefix: ReadonlyArray<Place>) => named(prefix, 'v0', 'v1', 'v2'),
  numbers: (prefix: ReadonlyArray<Place>) => prefix,
};

const named = (prefix: ReadonlyArray<Place>, ...names: ReadonlyArray<string>): object =>
  Object.fromEntries(prefix.map((place, i) => [names[i] ?? '', place]));

/** A composite is there where one of its members is. */
function tupleIn({ a, b, c, ...others }: Item, field: keyof typeof OPERANDS) {
  if (field !== 'composite') return others[field];
  const members = [a, b, c].map((member) => member ?? null);
  return members.every((member) => member === null) ? undefined : members;
}

function startsWith(tuple: ReadonlyArray<Place> | undefined, prefix: ReadonlyArray<Place>) {
  return (
    tuple !== undefined &&
    tuple.length >= prefix.length &&
    prefix.every((place, i) => tuple[i] === place)
  );
}

const factsOf = ({ a, b, c, typed: places, numbers: many }: Item, i: number): EdnData => {
  const facts = { a: a, b: b, c: c, typed: places, numbers: many, number: i };
  const given = Object.entries(facts).flatMap(([name, value]) =>
    value === undefined ? [] : [[`item/${name}`, value as EdnData] as const],
  );
  return entity(Object.fromEntries(given));
};

const schema = (isIndexed: boolean): ReadonlyArray<EdnData> => {
  const index = { 'db/index': isIndexed };
  const members = [kw('item/a'), kw('item/b'), kw('item/c')];
  const types = [kw('db.type/string'), kw('db.type/long'), kw('db.type/string')];
  return [
    attribute('item/number', 'long'),
    attribute('item/a', 'string'),
    attribute('item/b', 'long'),
    attribute('item/c', 'string'),
    attribute('item/composite', 'tuple', { 'db/tupleAttrs': members, ...index }),
    attribute('item/typed', 'tuple', { 'db/tupleTypes': types, ...index }),
    attribute('item/numbers', 'tuple', { 'db/tupleType': kw('db.type/long'), ...index }),
  ];
};

const LIST = `query($where: ItemWhere!) {
  found: itemConnection(where: $where, first: 100) { nodes { number } }
  others: itemConnection(where: { _not: $where }, first: 100) { totalCount }
}`;

it('find the entities whose tuples begin so', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 20 }),
      fc.array(question, { minLength: 1, maxLength: 6 }),
      fc.boolean(),
      async (items, questions, isIndexed) => {
        const database = await openWith('items', schema(isIndexed), items.map(factsOf));
        const served = await serveWorld({
          databases: alwaysOpen(new Map([['items', database]])),
          defaultDatabase: 'items',
        });
        try {
          for (const { field, prefix } of questions) {
            const where = { [field]: { startsWith: OPERANDS[field](prefix) } };
            const { found, others } = await served.data(LIST, { where });
            const expected = items.flatMap((each, i) =>
              startsWith(tupleIn(each, field), prefix) ? [String(i)] : [],
            );
            const numbersOf = found.nodes.map((node: { readonly number: string }) => node.number);
            expect(numbersOf.toSorted()).toEqual(expected.toSorted());
            expect(others.totalCount).toBe(items.length - expected.length);
          }
        } finally {
          await served.stop();
          await database.close();
        }
      },
    ),
    runs(40),
  );
});
