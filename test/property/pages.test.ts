/**
 * Every page of an answer, in whatever way it is made, is a page of the whole answer. Databases are large enough that pages are made by
 * indices, and have composite tuples declared before and after their members, facts that were written anew, retracted and purged, in base
 * trees and in novelty. That the whole answers are right is what `query.test.ts` is about.
 */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import type { Db, EdnData, Value } from '../../engine/index.ts';
import {
  TX0,
  asOf,
  filter,
  kw,
  printEdn,
  q,
  qWithin,
  readEdn,
  since,
  sym,
} from '../../engine/index.ts';
import { compareValues } from '../../engine/datom/value-order.ts';
import { StoredDatabase } from '../support/stored-database.ts';
import { runs } from '../support/runs.ts';

const FIRST = 1_000;
const GROUPS = 6;

const MEMBERS = `
  {:db/ident :p/group :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :p/kind :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}
  {:db/ident :p/score :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}`;

const OTHERS = `
  {:db/ident :p/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :p/ratio :db/valueType :db.type/double :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :p/code :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :p/note :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :p/tags :db/valueType :db.type/string :db/cardinality :db.cardinality/many :db/index true}
  {:db/ident :p/boss :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}`;

const COMPOSITES = [
  ['p/group', 'p/score'],
  ['p/boss', 'p/score'],
  ['p/group', 'p/kind', 'p/score'],
  ['p/score', 'p/group'],
  ['p/kind', 'p/ratio'],
] as const;

/** With an id that no person has. */
const compositeForm = (members: ReadonlyArray<string>, i: number): EdnData =>
  readEdn(
    `{:db/id ${500 + i} :db/ident :t/${members.map((name) => name.slice(2)).join('+')} :db/valueType :db.type/tuple :db/index true
      :db/cardinality :db.cardinality/one :db/tupleAttrs [${members.map((name) => `:${name}`).join(' ')}]}`,
  );

/** Numbers from a seed, so that a database shrinks to few parameters. */
function numbersFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

interface Data {
  readonly seed: number;
  readonly size: number;
  readonly scores: number;
  /** Of a hundred entities, how many lack each of the attributes. */
  readonly sparse: number;
  readonly composites: ReadonlyArray<ReadonlyArray<string>>;
  readonly areLate: boolean;
  readonly changes: number;
  readonly isPurged: boolean;
  readonly treatment: 'nothing' | 'fold' | 'fold before changes';
}

const datas: fc.Arbitrary<Data> = fc.record({
  seed: fc.nat(1_000_000),
  size: fc.constantFrom(400, 900, 1_500),
  scores: fc.constantFrom(3, 40, 5_000),
  sparse: fc.constantFrom(0, 0, 10),
  composites: fc.subarray([...COMPOSITES]),
  areLate: fc.boolean(),
  changes: fc.constantFrom(0, 3, 60),
  isPurged: fc.boolean(),
  treatment: fc.constantFrom('nothing', 'fold', 'fold before changes'),
});

const KINDS = [kw('red'), kw('k/red'), kw('k/blue')];
const RATIOS = [0.5, 1, 1.5, NaN, 2, 7];

function personForm(
  i: number,
  { size, scores, sparse }: Data,
  random: (n: number) => number,
): EdnData {
  const entries: ReadonlyArray<readonly [string, EdnData]> = [
    ['p/group', random(GROUPS)],
    ['p/kind', KINDS[random(KINDS.length)]!],
    ['p/score', random(scores) - 1],
    ['p/name', `name ${random(size)}`],
    ['p/ratio', RATIOS[random(RATIOS.length)]!],
    ['p/code', i],
    ['p/note', `note ${random(20)}`],
    ['p/tags', [`tag ${random(5)}`, `tag ${random(50)}`]],
    ['p/boss', FIRST + random(20)],
  ];
  const said = entries.filter(() => random(100) >= sparse);
  return new Map<EdnData, EdnData>([
    [kw('db/id'), FIRST + i],
    ...said.map(([name, value]) => [kw(name), value] as const),
  ]);
}

async function databaseOf(data: Data): Promise<StoredDatabase> {
  const random = numbersFrom(data.seed);
  const database = await StoredDatabase.create();
  const tuples = data.composites.map(compositeForm);
  const others = readEdn(`[${OTHERS}]`) as EdnData[];
  if (!data.areLate) await database.transact(tuples);
  await database.transact([...(readEdn(`[${MEMBERS}]`) as EdnData[]), ...others]);
  const people = Array.from({ length: data.size }, (_, i) => personForm(i, data, random));
  await database.transact(people.slice(0, data.size - 100));
  if (data.areLate) await database.transact(tuples);
  if (data.treatment === 'fold before changes') await database.fold();
  await database.transact(people.slice(data.size - 100));
  for (let i = 0; i < data.changes; i++)
    await database.transact([change(FIRST + random(data.size), data, random)]);
  if (data.treatment === 'fold') await database.fold();
  return database;
}

const CHANGED = ['p/group', 'p/kind', 'p/score', 'p/boss', 'p/ratio'];

function change(e: number, data: Data, random: (n: number) => number): EdnData {
  const name = CHANGED[random(CHANGED.length)]!;
  switch (random(data.isPurged ? 5 : 4)) {
    case 0:
      return [kw('db.fn/retractAttribute'), e, kw(name)];
    case 1:
      return [kw('db/retractEntity'), e];
    case 4:
      return [kw('db.purge/attribute'), e, kw(name)];
    default:
      return personForm(e - FIRST, { ...data, sparse: 60 }, random);
  }
}

/** Clauses that may stand in a query, and the variables that they bind. */
const CLAUSES: ReadonlyArray<readonly [clause: string, ...bound: string[]]> = [
  ['[?e :p/score ?s]', '?s'],
  ['[?e :p/name ?n]', '?n'],
  ['[?e :p/ratio ?r]', '?r'],
  ['[?e :p/tags ?t]', '?t'],
  ['[?e :p/tags _]'],
  ['[?e :p/group ?g]', '?g'],
  ['[?e :p/note ?note]', '?note'],
  ['[?e :p/group 3]'],
  ['[?e :p/group ?group]'],
  ['[?e :p/kind :k/red]'],
  ['[?e :p/kind ?kind]'],
  ['[?e :p/boss ?b]', '?b'],
  ['[?e :p/boss ?boss]'],
  ['[?e :p/boss 1003]'],
  ['[?e :p/boss ?b] [?b :p/name ?bn]', '?b', '?bn'],
  ['[?under :p/boss ?e]', '?under'],
  ['[?e :p/score ?s] [(< ?s 20)]', '?s'],
  ['[?e :p/score ?s] [(>= ?s ?group)] [(<= ?s 30)]', '?s'],
  ['[?e :p/score ?s] [(> ?s ?group)] [(not= ?s 7)]', '?s'],
  ['[?e :p/ratio ?r] [(<= 1.0 ?r)]', '?r'],
  ['[?e :p/score ?s] [?e :p/code ?c] [(< ?s ?c)]', '?s', '?c'],
  ['(not [?e :p/tags "tag 1"])'],
  ['(not-join [?e] [?e :p/boss ?x] [?x :p/group 2])'],
  ['(or [?e :p/group 1] [?e :p/group 2])'],
  ['(or-join [?e] [?e :p/score 2] (and [?e :p/boss ?y] [?y :p/group 1]))'],
  ['[(missing? $ ?e :p/note)]'],
  ['[(missing? $ ?e :p/note) ?isBare] [(get-else $ ?e :p/note "") ?noted]', '?isBare', '?noted'],
  ['[(get-else $ ?e :p/score 0) ?scored] [(< ?scored 20)]', '?scored'],
  ['[(get-else $ ?e :p/code -1) ?c] [?e :p/code ?c]', '?c'],
  ['(or-join [?e ?mark] (and [?e :p/group 1] [(ground 1) ?mark]) [(ground 0) ?mark])', '?mark'],
  ['[?e :p/name ?n ?tx]', '?n', '?tx'],
  ['[?e :p/code 77]'],
  ['[(inc ?group) ?more] [?e :p/group ?more]', '?more'],
];

interface Question {
  readonly places: ReadonlyArray<number>;
  readonly order: ReadonlyArray<readonly [place: number, isDescending: boolean]>;
  readonly hasEntity: boolean;
  readonly hasOthers: boolean;
  readonly isPulled: boolean;
  readonly isOfTuples: boolean;
  readonly limit: number;
  readonly offset: number;
  readonly columns: number;
  readonly group: number;
  readonly view: 'present' | 'as of' | 'since' | 'filter';
  readonly at: number;
}

const questions: fc.Arbitrary<Question> = fc.record({
  places: fc.uniqueArray(fc.nat(CLAUSES.length - 1), { minLength: 1, maxLength: 4 }),
  order: fc.array(fc.tuple(fc.nat(5), fc.boolean()), { maxLength: 3 }),
  hasEntity: fc.constantFrom(true, true, false),
  hasOthers: fc.boolean(),
  isPulled: fc.constantFrom(true, false, false, false),
  isOfTuples: fc.boolean(),
  limit: fc.oneof(fc.integer({ min: 1, max: 30 }), fc.constantFrom(0, 100, 5_000)),
  offset: fc.oneof(fc.constant(0), fc.nat(20), fc.constantFrom(150, 700, 2_000)),
  columns: fc.integer({ min: 1, max: 3 }),
  group: fc.nat(GROUPS),
  view: fc.constantFrom('present', 'present', 'present', 'as of', 'since', 'filter'),
  at: fc.nat(70),
});

function formOf(asked: Question): EdnData {
  const { places, order, hasEntity, hasOthers, isPulled, isOfTuples } = asked;
  const chosen = places.map((place) => CLAUSES[place]!);
  // So that tuples are often those that are asked for.
  if (isOfTuples) chosen.push(['[?e :p/group ?group]'], ['[?e :p/score ?s]', '?s']);
  const where = [...new Set(chosen.map(([clause]) => clause)), '[?e :p/code _]'].slice(
    0,
    // Alternatives and negations need somebody to be about.
    chosen.some(([clause]) => clause.startsWith('[?e')) ? -1 : undefined,
  );
  const bound = [...new Set(chosen.flatMap(([, ...names]) => names))].filter(
    (name, _, all) => hasOthers || name === all[0],
  );
  const names = ['?e', ...bound];
  const keys = order.map(
    ([place, isDescending]) => [names[place % names.length]!, isDescending] as const,
  );
  const found = names.filter(
    (name) =>
      name !== '?e' || hasEntity || names.length === 1 || keys.some(([key]) => key === '?e'),
  );
  const find = found.map((name): EdnData => sym(name));
  const entity = found.indexOf('?e');
  if (isPulled && entity >= 0) find[entity] = readEdn('(pull ?e [:db/id])');
  const form = new Map<EdnData, EdnData>([
    [kw('find'), find],
    [kw('in'), ['$', '?group', '?kind', '?boss'].map(sym)],
    [kw('where'), readEdn(`[${where.join(' ')}]`)],
  ]);
  if (keys.length > 0)
    form.set(
      kw('order-by'),
      keys.flatMap(([name, isDescending]): EdnData[] => [
        entity >= 0 && name === '?e' ? entity : sym(name),
        kw(isDescending ? 'desc' : 'asc'),
      ]),
    );
  return form;
}

function seenBy({ view, at }: Question, db: Db): Db {
  const tx = Math.max(TX0, db.maxTx - at);
  if (view === 'as of') return asOf(db, tx);
  if (view === 'since') return since(db, Math.max(TX0, tx - 3));
  return view === 'filter' ? filter(db, (_, { e }) => e % 3 > 0) : db;
}

async function expectPage(db: Db, asked: Question): Promise<void> {
  const { limit, offset, group, columns, isPulled } = asked;
  const form = formOf(asked);
  const view = seenBy(asked, db);
  const inputs = [group, KINDS[group % 3]!, FIRST + group] as const;
  const whole = (await q(form, view, ...inputs)) as EdnData[][];
  const page = (await qWithin({ limit, offset }, form, view, ...inputs)) as EdnData[][];
  const about = `${printEdn(form)} ${limit} ${offset} ${group}`;
  const wanted = whole.slice(offset, offset + limit);
  expect([about, page.length]).toEqual([about, wanted.length]);
  const texts = page.map((row) => printEdn(row));
  expect([about, new Set(texts).size]).toEqual([about, texts.length]);
  const known = new Set(whole.map((row) => printEdn(row)));
  expect([about, texts.filter((text) => !known.has(text))]).toEqual([about, []]);
  if (!isPulled) {
    const cut = await qWithin({ limit, offset, columns }, form, view, ...inputs);
    expect([about, columns, cut]).toEqual([
      about,
      columns,
      page.map((row) => row.slice(0, columns)),
    ]);
  }
  const keys = keysOf(asked, form);
  const isInOrder = page.every((row, i) =>
    keys.every((key) => key(row) === undefined || isSame(key(row)!, key(wanted[i]!)!)),
  );
  expect([about, isInOrder ? 'in order' : texts]).toEqual([
    about,
    isInOrder ? 'in order' : wanted.map((row) => printEdn(row)),
  ]);
}

/** What the rows are in the order of, as far as it can be seen in them. */
function keysOf(
  _: Question,
  form: EdnData,
): Array<(row: ReadonlyArray<EdnData>) => EdnData | undefined> {
  const map = form as ReadonlyMap<EdnData, EdnData>;
  const find = map.get(kw('find')) as EdnData[];
  const order = (map.get(kw('order-by')) ?? []) as EdnData[];
  return order
    .filter((_key, i) => i % 2 === 0)
    .map((key) => {
      const place = typeof key === 'number' ? key : find.indexOf(key);
      return (row) => {
        const value = row[place];
        return value instanceof Map
          ? ((value as ReadonlyMap<EdnData, EdnData>).get(kw('db/id')) ?? null)
          : value;
      };
    });
}

function isSame(one: EdnData, other: EdnData): boolean {
  if (one === null || other === null) return one === other;
  return compareValues(one as Value, other as Value) === 0;
}

it('a page is a page of the whole answer', async () => {
  await fc.assert(
    fc.asyncProperty(
      datas,
      fc.array(questions, { minLength: 20, maxLength: 40 }),
      async (data, asked) => {
        const database = await databaseOf(data);
        for (const db of [database.db, await database.restore()])
          for (const one of asked) await expectPage(db, one);
      },
    ),
    runs(12),
  );
});
