/** A projection shows what the datoms of each entity say, wherever they are: in base trees, in novelty, or in the past. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Datom, Db, EdnData, Lists, ProjectedAttribute } from '../../engine/index.ts';
import { asOf, datoms, kw, project, readEdn } from '../../engine/index.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { runs } from '../support/runs.ts';
import { StoredDatabase } from '../support/stored-database.ts';

const SCHEMA = readEdn(`[
  {:db/ident :item/number :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :item/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :item/tags :db/valueType :db.type/string :db/cardinality :db.cardinality/many}
  {:db/ident :item/parent :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}
  {:db/ident :item/friends :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}]`) as EdnData[];

const FIRST = 100;
/** So many entities of five datoms fill several leaves of every index. */
const ITEMS = 600;

const entities = fc.integer({ min: FIRST - 2, max: FIRST + ITEMS + 1 });

const facts = fc.oneof(
  fc.tuple(fc.constant('item/name'), fc.constantFrom('a', 'b', 'c')),
  fc.tuple(fc.constant('item/tags'), fc.constantFrom('x', 'y', 'z', '"')),
  fc.tuple(fc.constant('item/parent'), entities),
  fc.tuple(fc.constant('item/friends'), entities),
);

const changes = fc.array(
  fc.record({
    e: entities.map((e) => Math.max(FIRST, e)),
    fact: facts,
    isAdded: fc.boolean(),
    isWhole: fc.boolean(),
  }),
  { maxLength: 30 },
);

const attributes: fc.Arbitrary<ReadonlyArray<ProjectedAttribute>> = fc
  .uniqueArray(
    fc.constantFrom<readonly [ProjectedAttribute['kind'], string]>(
      ['one', 'item/number'],
      ['one', 'item/name'],
      ['many', 'item/tags'],
      ['one', 'item/parent'],
      ['many', 'item/friends'],
      ['reverse', 'item/parent'],
      ['reverse', 'item/friends'],
      ['one', 'item/unknown'],
    ),
    { selector: (each) => each.join(), maxLength: 5 },
  )
  .chain((chosen) =>
    fc.tuple(
      ...chosen.map(([kind, name]) =>
        fc
          .option(fc.integer({ min: 1, max: 4 }), { nil: undefined })
          .map((limit) => ({ kind, ident: kw(name), limit })),
      ),
    ),
  );

const near = fc
  .tuple(entities, fc.integer({ min: 0, max: 40 }))
  .map(([from, count]) => Array.from({ length: count }, (_, i) => from + i));

const cases = fc.record({
  batches: fc.array(changes, { minLength: 1, maxLength: 4 }),
  foldedBatches: fc.integer({ min: 0, max: 4 }),
  isPast: fc.boolean(),
  isCold: fc.boolean(),
  attributes,
  idents: fc.boolean(),
  wanted: fc.oneof(near, fc.array(entities, { maxLength: 40 })),
});

it('of random entities is what their datoms say', async () => {
  const base = Array.from({ length: ITEMS }, (_, i) => item(i));
  await fc.assert(
    fc.asyncProperty(cases, async ({ batches, foldedBatches, isPast, isCold, ...question }) => {
      const database = await StoredDatabase.create();
      await database.transact(SCHEMA);
      await database.transact(base);
      const middle = database.db.maxTx;
      for (const [i, batch] of batches.entries()) {
        await database.transact(batch.map(changeOf));
        if (i < foldedBatches) await database.fold();
      }
      const present = isCold ? await database.restore() : database.db;
      const db = isPast ? asOf(present, middle + 1) : present;
      const { attributes: asked, wanted, idents } = question;
      const projected = await project(db, { attributes: asked, idents }, wanted);
      for (const [i, attribute] of asked.entries())
        for (const [place, e] of wanted.entries())
          expect([attribute, e, shownAt(projected.columns[i]!, place)]).toEqual([
            attribute,
            e,
            await expected(db, attribute, e),
          ]);
      if (idents)
        for (const [place, e] of wanted.entries())
          expect(projected.idents[place]).toEqual(await identsOf(db, e));
    }),
    runs(60),
  );
});

function item(i: number): EdnData {
  return new Map<EdnData, EdnData>([
    [kw('db/id'), FIRST + i],
    [kw('item/number'), i],
    [kw('item/name'), `item ${i}`],
    [kw('item/tags'), ['x', `tag ${i}`]],
    [kw('item/parent'), FIRST + Math.floor(i / 7)],
  ]);
}

function changeOf({
  e,
  fact: [name, value],
  isAdded,
  isWhole,
}: {
  readonly e: number;
  readonly fact: readonly [string, EdnData];
  readonly isAdded: boolean;
  readonly isWhole: boolean;
}): EdnData {
  if (isAdded) return [kw('db/add'), e, kw(name), value];
  return isWhole
    ? [kw('db.fn/retractAttribute'), e, kw(name)]
    : [kw('db/retract'), e, kw(name), value];
}

function shownAt(column: ReadonlyArray<unknown> | Lists, place: number): unknown {
  if (Array.isArray(column)) return column[place] as unknown;
  const { starts, values } = column as Lists;
  return values.slice(starts[place], starts[place + 1]);
}

async function expected(
  db: Db,
  { kind, ident, ...rest }: ProjectedAttribute,
  e: number,
): Promise<unknown> {
  const all =
    kind === 'reverse'
      ? (await found(db, 'avet', ident, e)).map((datom) => datom.e)
      : (await found(db, 'eavt', e, ident)).map((datom) => datom.v);
  if (kind === 'one') return all[0];
  return 'limit' in rest && rest.limit !== undefined ? all.slice(0, rest.limit) : all;
}

async function identsOf(db: Db, e: number): Promise<ReadonlyArray<Keyword>> {
  const numbers = new Set((await found(db, 'eavt', e)).map(({ a }) => a));
  return Array.from(numbers, (a) => db.schema.identOfNumber(a)!);
}

async function found(
  db: Db,
  order: 'eavt' | 'avet',
  ...components: ReadonlyArray<EdnData>
): Promise<Datom[]> {
  const names = components.filter((each) => typeof each === 'object');
  if (names.some((name) => db.schema.attributeNamed(name as Keyword) === undefined)) return [];
  const all: Datom[] = [];
  for await (const datom of datoms(db, order, ...components)) all.push(datom);
  return all;
}
