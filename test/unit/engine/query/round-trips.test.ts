/**
 * How often a query waits for the store where nothing is in memory: at most once for each level of a tree, for each step of its plan and for
 * the counts that the plan goes by; however many entities it is about.
 */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Db, EdnData } from '../../../../engine/index.ts';
import { asOf, history, kw, q, readEdn } from '../../../../engine/index.ts';
import { ColdDatabase } from '../../../support/cold-database.ts';

const PEOPLE = 20_000;
const FIRST = 100;

const SCHEMA = readEdn(`[
  {:db/ident :name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :age :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :note :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :boss :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`) as EdnData[];

const nameOf = (i: number): string => `person ${String(i).padStart(6, '0')}`;

/** Neighbours have ages and bosses far from each other, so that what belongs together is spread over all leaves. */
function person(i: number): EdnData {
  return new Map<EdnData, EdnData>([
    [kw('db/id'), FIRST + i],
    [kw('name'), nameOf((i * 7_919) % PEOPLE)],
    [kw('age'), (i * 31) % 100],
    [kw('note'), `note of ${i}`],
    [kw('boss'), FIRST + Math.floor(((i * 7_919) % PEOPLE) / 10)],
  ]);
}

let people: ColdDatabase;

beforeAll(async () => {
  people = await ColdDatabase.of(
    SCHEMA,
    Array.from({ length: PEOPLE }, (_, i) => person(i)),
  );
});

function heightOf({ base: { roots } }: Db): number {
  const { eavt, aevt, avet } = roots.current;
  return 1 + Math.max(eavt.level, aevt.level, avet.level);
}

const RULES = `[[(above ?e ?b) [?e :boss ?b]]
                [(above ?e ?b) [?e :boss ?m] (above ?m ?b)]]`;

const names = (count: number): EdnData[] =>
  Array.from({ length: count }, (_, i) => nameOf((i * 37) % PEOPLE));

interface Case {
  readonly title: string;
  readonly query: string;
  readonly inputs?: ReadonlyArray<EdnData>;
  /** Steps of the plan, each of which goes down an index. */
  readonly steps: number;
  readonly rows: number;
}

const CASES: ReadonlyArray<Case> = [
  {
    title: 'a scan',
    query: '[:find ?e ?n :where [?e :note ?n]]',
    steps: 1,
    rows: PEOPLE,
  },
  {
    title: 'a question for one entity',
    query: '[:find ?age ?note :in $ ?name :where [?e :name ?name] [?e :age ?age] [?e :note ?note]]',
    inputs: [nameOf(77)],
    steps: 3,
    rows: 1,
  },
  {
    title: 'a merge of all entities',
    query: '[:find ?e ?n ?a :where [?e :name ?n] [?e :age ?a] [?e :note ?note]]',
    steps: 3,
    rows: PEOPLE,
  },
  {
    title: 'seeks for the entities of a value',
    query: '[:find ?n ?note :where [?e :age 31] [?e :name ?n] [?e :note ?note]]',
    steps: 3,
    rows: PEOPLE / 100,
  },
  {
    title: 'seeks for the references to entities, and for what these say',
    query: '[:find ?n :where [?b :age 31] [?e :boss ?b] [?e :name ?n]]',
    steps: 3,
    rows: 200,
  },
  {
    title: 'seeks for a thousand values of an index',
    query: '[:find ?e ?age :in $ [?name ...] :where [?e :name ?name] [?e :age ?age]]',
    inputs: [names(1_000)],
    steps: 2,
    rows: 1_000,
  },
  {
    title: 'a thousand lookup refs',
    query: '[:find ?age ?e :in $ [?e ...] :where [?e :age ?age]]',
    inputs: [names(1_000).map((name) => [kw('name'), name])],
    steps: 2,
    rows: 1_000,
  },
  {
    title: 'a join by values',
    query: `[:find ?other :where [?e :name "${nameOf(5)}"] [?e :age ?a] [?other :age ?a]]`,
    steps: 3,
    rows: PEOPLE / 100,
  },
  {
    title: 'a range of values',
    query: '[:find ?n :where [?e :age ?a] [(< 10 ?a 12)] [?e :name ?n]]',
    steps: 2,
    rows: PEOPLE / 100,
  },
  {
    title: 'alternatives',
    query: '[:find ?n :where (or [?e :age 3] [?e :age 5]) [?e :name ?n]]',
    steps: 3,
    rows: PEOPLE / 50,
  },
  {
    title: 'a negation',
    query: '[:find ?e :where [?e :age 3] (not [?b :boss ?e])]',
    steps: 2,
    rows: 180,
  },
  {
    title: 'functions that look into the database',
    query:
      '[:find ?e ?boss :where [?e :age 3] [(get-else $ ?e :boss -1) ?boss] [(missing? $ ?e :unknown)]]',
    steps: 3,
    rows: PEOPLE / 100,
  },
  {
    title: 'a rule, by its rounds',
    query: '[:find ?b :in $ % ?name :where [?e :name ?name] (above ?e ?b)]',
    inputs: [RULES, nameOf(19_999)],
    steps: 13,
    rows: 12,
  },
  {
    title: 'an aggregate',
    query: '[:find ?a (count ?e) :where [?e :age ?a]]',
    steps: 1,
    rows: 100,
  },
  {
    title: 'a pull, by its depth',
    query: '[:find (pull ?e [:name {:boss [:name {:boss [:age]}]}]) :where [?e :age 3]]',
    steps: 4,
    rows: PEOPLE / 100,
  },
];

describe('a cold database is waited for as often as the plan is deep and the trees are high', () => {
  it.each(CASES)('$title', async ({ query, inputs = [], steps, rows }) => {
    const db = await people.open();
    const answer = (await q(query, db, ...inputs)) as EdnData[];
    expect(answer).toHaveLength(rows);
    expect(people.store.roundTrips).toBeGreaterThan(0);
    expect(people.store.roundTrips).toBeLessThanOrEqual((steps + 1) * heightOf(db));
  });

  it.each([
    ['as of a transaction', (db: Db): Db => asOf(db, db.maxTx)],
    ['in the history', history],
  ] as const)('%s', async (_, viewOf) => {
    const db = viewOf(await people.open());
    const query = '[:find ?n ?note :where [?e :age 31] [?e :name ?n] [?e :note ?note]]';
    expect(await q(query, db)).toHaveLength(PEOPLE / 100);
    // Both what holds and what is past are looked at.
    expect(people.store.roundTrips).toBeLessThanOrEqual(2 * 4 * heightOf(db));
  });

  it('and not at all where it was asked before', async () => {
    const db = await people.open();
    for (const { query, inputs = [] } of CASES) await q(query, db, ...inputs);
    people.store.reset();
    for (const { query, inputs = [] } of CASES) await q(query, db, ...inputs);
    expect(people.store.roundTrips).toBe(0);
  });
});
