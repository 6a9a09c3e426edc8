/** Groups of random entities, against lists of rows that are put together one by one: their keys, counts and folds, which of them are wanted, and their order. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { quotient } from '../../engine/query/answer/quotient.ts';
import { idEncoder } from '../../gateway/read/global-id.ts';
import { readGroups } from '../../gateway/read/groups/groups.ts';
import type { GroupArguments } from '../../gateway/read/groups/parse-groups.ts';
import { ListPlans } from '../../gateway/read/list-plan.ts';
import { NO_FOREIGN } from '../../gateway/read/scope.ts';
import { Warnings } from '../../gateway/read/warnings.ts';
import type { FoldName } from '../../schema/model/folds.ts';
import { kw } from '../../schema/keyword.ts';
import { buildModel } from '../../schema/model/build-model.ts';
import type { ScalarField } from '../../schema/model/model.ts';
import type { EdnData } from '../../schema/value.ts';
import { attribute, entity } from '../gateway/world.ts';
import { openWith } from '../gateway/world-database.ts';
import { runs } from '../support/runs.ts';

const SCHEMA: ReadonlyArray<EdnData> = [
  attribute('item/name', 'string'),
  attribute('item/size', 'long'),
  attribute('item/made', 'instant'),
  attribute('item/colours', 'string', { 'db/cardinality': kw('db.cardinality/many') }),
  attribute('owner/name', 'string', { 'db/unique': kw('db.unique/identity') }),
  attribute('item/owner', 'ref', { 'gateway/targets': kw('owner') }),
];

interface Item {
  readonly name: string;
  readonly size?: number;
  readonly made?: Date;
  readonly colours: ReadonlyArray<string>;
  readonly owner?: string;
}

const word = fc.constantFrom('a', 'b', 'c');
const item = fc.record(
  {
    name: word,
    size: fc.integer({ min: -3, max: 3 }),
    made: fc.constantFrom('2025-01-15', '2025-12-31', '2026-01-01').map((day) => new Date(day)),
    colours: fc.uniqueArray(word),
    owner: word,
  },
  { requiredKeys: ['name', 'colours'] },
) as fc.Arbitrary<Item>;

type Key = string | number | null;

/** What items are put together by: as it is asked for, the name of the key, and all of an item's values for it. */
const KEYS: ReadonlyArray<{
  readonly by: object;
  readonly name: string;
  readonly keysOf: (item: Item) => ReadonlyArray<Key>;
}> = [
  { by: { name: true }, name: 'name', keysOf: ({ name }) => [name] },
  { by: { size: true }, name: 'size', keysOf: ({ size }) => [size ?? null] },
  {
    by: { colours: true },
    name: 'colours',
    keysOf: ({ colours }) => (colours.length === 0 ? [null] : colours),
  },
  {
    by: { owner: { name: true } },
    name: 'owner.name',
    keysOf: ({ owner }) => [owner ?? null],
  },
  {
    by: { made: { year: true } },
    name: 'made',
    keysOf: ({ made }) => [made === undefined ? null : Date.UTC(made.getUTCFullYear(), 0)],
  },
];

interface Plain {
  readonly keys: ReadonlyArray<Key>;
  readonly members: Item[];
}

function groupsOf(items: ReadonlyArray<Item>, by: typeof KEYS): ReadonlyArray<Plain> {
  const groups = new Map<string, Plain>();
  for (const each of items) {
    const all = by.reduce<ReadonlyArray<ReadonlyArray<Key>>>(
      (found, { keysOf }) => found.flatMap((keys) => keysOf(each).map((key) => [...keys, key])),
      [[]],
    );
    for (const keys of all) {
      const text = JSON.stringify(keys);
      const group = groups.get(text) ?? { keys, members: [] };
      group.members.push(each);
      groups.set(text, group);
    }
  }
  return Array.from(groups.values());
}

const sizesOf = ({ members }: Plain): number[] => members.flatMap(({ size }) => size ?? []);

function foldsOf(group: Plain): Readonly<Record<FoldName, number | undefined>> {
  const sizes = sizesOf(group);
  const sum = sizes.reduce((total, size) => total + size, 0);
  const isThere = sizes.length > 0;
  return {
    sum: isThere ? sum : undefined,
    avg: isThere ? quotient(sum, sizes.length) : undefined,
    min: isThere ? Math.min(...sizes) : undefined,
    max: isThere ? Math.max(...sizes) : undefined,
    countDistinct: new Set(sizes).size,
  };
}

/** Those without a value last, whatever the direction. */
function compareKeys(a: Key | undefined, b: Key | undefined, isDescending = false): number {
  const [noA, noB] = [a ?? null, b ?? null].map((key) => key === null);
  if (noA === true || noB === true) return Number(noA) - Number(noB);
  const order = a! < b! ? -1 : Number(a! > b!);
  return isDescending ? -order : order;
}

const FOLDS: ReadonlyArray<FoldName> = ['sum', 'avg', 'min', 'max', 'countDistinct'];

const asked = fc.record({
  places: fc.uniqueArray(fc.nat(KEYS.length - 1), { minLength: 1, maxLength: 3 }),
  order: fc.constantFrom<'none' | 'count' | FoldName>('none', 'count', 'sum', 'max'),
  isDescending: fc.boolean(),
  least: fc.nat(2),
  below: fc.option(fc.integer({ min: -3, max: 3 }), { nil: undefined }),
  where: fc.option(word, { nil: undefined }),
  offset: fc.nat(2),
  first: fc.integer({ min: 1, max: 20 }),
});

it('are what putting rows together makes', async () => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(item, { maxLength: 25 }),
      fc.array(asked, { minLength: 1, maxLength: 4 }),
      async (items, questions) => {
        const owners = ['a', 'b', 'c'].map((name) => entity({ 'owner/name': name }));
        const { reader, close } = await openWith('items', SCHEMA, owners, items.map(factsOf));
        try {
          const model = buildModel(reader.current().attributes.values());
          const type = model.types.get('Item');
          const size = type?.fields.get('size') as ScalarField | undefined;
          if (type === undefined || size === undefined) throw new Error('Expected items');
          const scope = {
            model,
            database: 'items',
            lists: new ListPlans(model, 'items'),
            claims: [],
            encodeId: idEncoder('items'),
            snapshot: reader.current(),
            limits: {},
            snapshotAt: async (tx: number) => reader.current().asOf(tx),
            log: reader,
            foreign: NO_FOREIGN,
            warnings: new Warnings(),
            code: undefined,
            asOf: undefined,
            isPast: false,
          };
          for (const question of questions) {
            const { places, order, isDescending, least, below, where, offset, first } = question;
            const by = places.map((place) => KEYS[place]!);
            const direction = isDescending ? 'DESC' : 'ASC';
            const args: GroupArguments = {
              by: by.map((each) => each.by) as Exclude<GroupArguments['by'], null | undefined>,
              where: where === undefined ? {} : { name: { ne: where } },
              having: {
                _count: { gte: least },
                ...(below === undefined ? {} : { size: { min: { lte: below } } }),
              },
              orderBy:
                order === 'none'
                  ? []
                  : order === 'count'
                    ? [{ _count: direction }]
                    : [{ size: { [order]: direction } }],
              first,
              offset,
            };
            const found = await readGroups(scope, type, args, [{ field: size, folds: FOLDS }]);
            const factOf = (group: Plain): Key | undefined =>
              order === 'none'
                ? 0
                : order === 'count'
                  ? group.members.length
                  : foldsOf(group)[order];
            const expected = groupsOf(
              items.filter(({ name }) => name !== where),
              by,
            )
              .filter((group) => group.members.length >= least)
              .filter((group) => below === undefined || (foldsOf(group).min ?? Infinity) <= below)
              .toSorted(
                (a, b) =>
                  compareKeys(factOf(a), factOf(b), isDescending) ||
                  a.keys.reduce<number>(
                    (decided, key, i) => decided || compareKeys(key, b.keys[i]),
                    0,
                  ),
              )
              .slice(offset, offset + first);
            expect(
              found.map((group) => ({
                keys: by.map(({ name }) => plain(group.keys.get(name))),
                count: group.count,
                folds: FOLDS.map((fold) => plain(group.fold(size, fold)) ?? none(fold)),
              })),
            ).toEqual(
              expected.map((group) => ({
                keys: group.keys,
                count: group.members.length,
                folds: FOLDS.map((fold) => foldsOf(group)[fold] ?? null),
              })),
            );
          }
        } finally {
          await close();
        }
      },
    ),
    runs(100),
  );
});

function factsOf({ name, size, made, colours, owner }: Item): EdnData {
  return entity({
    'item/name': name,
    ...(size === undefined ? {} : { 'item/size': size }),
    ...(made === undefined ? {} : { 'item/made': made }),
    ...(colours.length === 0 ? {} : { 'item/colours': colours }),
    ...(owner === undefined ? {} : { 'item/owner': [kw('owner/name'), owner] }),
  });
}

function plain(value: EdnData | undefined): Key {
  if (value instanceof Date) return value.getTime();
  if (typeof value === 'bigint') return Number(value);
  return (value ?? null) as Key;
}

/** Where there is nothing to fold, none are different. */
function none(fold: FoldName): number | null {
  return fold === 'countDistinct' ? 0 : null;
}
