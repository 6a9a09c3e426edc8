/** What a query says of how it was worked out, as data and as text. */
import { describe, expect, it } from 'vitest';
import type { ExplainedClause, Explanation } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  databaseConfig,
  dbWith,
  emptyDb,
  explain,
  query,
} from '../../../../engine/index.ts';

const declared = await dbWith(
  emptyDb(DEFAULT_DATABASE_CONFIG),
  `[{:db/ident :n :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
    {:db/ident :name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
    {:db/ident :next :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`,
);
const db = await dbWith(
  declared,
  Array.from({ length: 1_000 }, (_, i) => ({
    'db/id': i + 10,
    n: i % 100,
    name: `name ${i}`,
    ...(i < 999 && { next: i + 11 }),
  })),
);

type Figures = Pick<ExplainedClause, 'clause' | 'how' | 'expected' | 'rows'>;

function figuresOf(clauses: ReadonlyArray<ExplainedClause>): Figures[] {
  return clauses.map(({ clause, how, expected, rows }) => ({ clause, how, expected, rows }));
}

/** As text, without what differs from run to run. */
function textOf(explanation: Explanation): string[] {
  return String(explanation)
    .replaceAll(/[\d.]+ ms/g, '- ms')
    .split('\n');
}

describe('an explanation', () => {
  it('tells each clause in the order in which it came, how it was done, what was expected and found', async () => {
    const plan = await explain(
      '[:find ?name :in $ ?n :where [?e :name ?name] [(< ?t 60)] [?e :n ?n] [?o :name ?name] [?e :n ?t]]',
      db,
      50,
    );
    expect(plan.rows).toBe(10);
    expect(figuresOf(plan.clauses)).toEqual([
      {
        clause: '[?e :n ?n]',
        how: ['scan of avet where a is :n and v is 50'],
        expected: 10,
        rows: 10,
      },
      {
        clause: '[?e :name ?name]',
        how: ['seek in eavt where a is :name and e is ?e'],
        expected: 20,
        rows: 10,
      },
      {
        clause: '[?o :name ?name]',
        how: ['scan of aevt where a is :name, joined by ?name'],
        expected: 20,
        rows: 10,
      },
      {
        clause: '[?e :n ?t]',
        how: ['seek in eavt where a is :n and e is ?e and v < 60'],
        expected: 20,
        rows: 10,
      },
      {
        clause: '[(< ?t 60)]',
        how: ['worked out with the pattern before'],
        expected: undefined,
        rows: 10,
      },
    ]);
    expect(plan.clauses[1]?.bound).toEqual(['?e', '?name']);
  });

  it('tells a range of tuples as it tells one of numbers', async () => {
    const tuples = await dbWith(
      await dbWith(
        emptyDb(DEFAULT_DATABASE_CONFIG),
        `[{:db/ident :at :db/valueType :db.type/tuple :db/tupleTypes [:db.type/string :db.type/long]
           :db/cardinality :db.cardinality/one :db/index true}]`,
      ),
      Array.from({ length: 100 }, (_, i) => ({ at: [i % 10 === 0 ? 'a' : 'b', i] })),
    );
    const form = '[:find ?e :in $ ?from ?to :where [?e :at ?at] [(<= ?from ?at ?to)]]';
    const plan = await explain(form, tuples, ['a', 20], ['a', 50]);
    expect(plan.rows).toBe(4);
    expect(plan.clauses[0]?.how[0]).toMatch(/^scan of avet/);
    expect(plan.clauses[0]?.expected).toBe(4);
  });

  it('is plain data', async () => {
    const plan = await explain('[:find ?e . :where [?e :n 5] (not [?e :name "x"])]', db);
    const copy = JSON.parse(JSON.stringify(plan)) as object;
    expect(copy).toEqual({ ...plan });
    expect(plan.rows).toBe(1);
    expect(plan.durationMs).toBeGreaterThanOrEqual(plan.clauses[0]?.durationMs ?? Infinity);
  });

  it('reads as a list, with what is within negations and alternatives below them', async () => {
    const plan = await explain(
      `[:find ?e :where [?e :n ?n] (not [?e :n 5])
        (or-join [?e ?n] [?e :n 7] (and [(+ ?n 1) ?m] [(= ?m 10)]))]`,
      db,
    );
    expect(textOf(plan)).toEqual([
      '20 rows in - ms',
      '1. [?e :n ?n]: 1,000 rows (1,000 expected), - ms',
      '   scan of aevt where a is :n',
      '2. (not [?e :n 5]): 990 rows (1,000 expected), - ms',
      '   1. [?e :n 5]: 10 rows (10 expected), - ms',
      '      scan of avet where a is :n and v is 5',
      '3. (or-join [?e ?n] [?e :n 7] (and [(+ ?n 1) ?m] [(= ?m 10)])): 20 rows, - ms',
      '   branch 1',
      '      1. [?e :n 7]: 10 rows (10 expected), - ms',
      '         merge of avet where a is :n and v is 7 with ?e in order',
      '   branch 2',
      '      1. [(+ ?n 1) ?m]: 990 rows (990 expected), - ms',
      '         + called for each row',
      '      2. [(= ?m 10)]: 10 rows (990 expected), - ms',
      '         comparison of columns',
    ]);
  });

  it('tells of rules what they were asked, what they answered and in how many rounds', async () => {
    const plan = await explain(
      '[:find (count ?y) . :in $ % :where [?x :name "name 900"] (way ?x ?y)]',
      db,
      '[[(way ?x ?y) [?x :next ?y]] [(way ?x ?z) [?x :next ?y] (way ?y ?z)]]',
    );
    const call = plan.clauses[1];
    expect(call).toMatchObject({ clause: '(way ?x ?y)', rows: 99, expected: undefined });
    const [rule] = call?.rules ?? [];
    // Each of the 100 places on the way is asked for all that come after it.
    expect(rule).toMatchObject({
      rule: '(way ?x ?y)',
      asked: ['?x'],
      questions: 100,
      answers: (100 * 99) / 2,
    });
    expect(rule?.rounds).toBeGreaterThanOrEqual(99);
    const [first] = call?.branches ?? [];
    expect(first?.[0]).toMatchObject({ clause: '[?x :next ?y]', rows: 99 });
    expect(first?.[0]?.times).toBeGreaterThan(1);
  });

  it('says which attribute is meant where there is none of the name', async () => {
    const plan = await explain('[:find ?e :where [?e :nam ?name] [?e :n ?n]]', db);
    expect(figuresOf(plan.clauses)).toMatchObject([
      {
        clause: '[?e :nam ?name]',
        how: ['no such attribute :nam. Did you mean :name or :n?', 'scan of aevt where a is :nam'],
      },
      { clause: '[?e :n ?n]', how: ['not worked out: no rows are left'], rows: 0 },
    ]);
    const known = await explain('[:find ?t :where [?e :db/txInstant ?t]]', db);
    expect(known.clauses[0]?.how).toEqual(['scan of aevt where a is :db/txInstant']);
  });

  it('takes every attribute for one where none needs a declaration', async () => {
    const lenient = emptyDb(databaseConfig({ schemaFlexibility: 'read' }));
    const plan = await explain('[:find ?e :where [?e :any ?v]]', lenient);
    expect(plan.clauses[0]?.how).toEqual(['scan of aevt where a is :any']);
  });

  it('is given for any form of a query, and for collections', async () => {
    const tuples = [
      [1, 10],
      [2, 20],
    ];
    const plan = await explain(query`[:find ?e :where [?e ?a] [(= ?a ${20})]]`, tuples);
    expect(plan.rows).toBe(1);
    expect(plan.clauses[0]).toMatchObject({ how: ['scan of $'], expected: 2, rows: 2 });
  });
});
