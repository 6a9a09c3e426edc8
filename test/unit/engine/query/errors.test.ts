/** Messages name what was expected, what came, where, and what may have been meant. */
import { describe, expect, it } from 'vitest';
import type { QueryForm, QueryInput } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  DatabaseError,
  databaseConfig,
  dbWith,
  emptyDb,
  history,
  kw,
  q,
  registerFunction,
} from '../../../../engine/index.ts';

registerFunction('city/size', (people: number) => (people > 100 ? 'large' : 'small'));

const declared = await dbWith(
  emptyDb(DEFAULT_DATABASE_CONFIG),
  `[{:db/ident :city/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
    {:db/ident :city/people :db/valueType :db.type/long :db/cardinality :db.cardinality/one}]`,
);
const db = await dbWith(declared, [
  { 'city/name': 'Bern', 'city/people': 134 },
  { 'city/name': 'Biel', 'city/people': 55 },
]);

async function refusalOf(form: QueryForm, ...inputs: QueryInput[]): Promise<string> {
  const refusal: unknown = await q(form, ...inputs).catch((error: unknown) => error);
  if (!(refusal instanceof DatabaseError)) throw new Error(`Expected an error`, { cause: refusal });
  return `${refusal.kind ?? ''} ${refusal.message}`;
}

type Refusal = readonly [form: string, inputs: ReadonlyArray<QueryInput>, message: string];

const UNKNOWN: ReadonlyArray<Refusal> = [
  [
    '[:find ?n :where [_ :city/name ?n] [(evn? ?n)]]',
    [db],
    "query/where Unknown predicate/function 'evn? in [(evn? ?n)]. Did you mean even??",
  ],
  [
    '[:find ?s :where [_ :city/people ?n] [(city/sise ?n) ?s]]',
    [db],
    "query/where Unknown predicate/function 'city/sise in [(city/sise ?n) ?s]. Did you mean city/size?",
  ],
  [
    '[:find (cuont ?n) . :where [_ :city/name ?n]]',
    [db],
    "query/aggregate Unknown aggregate 'cuont' in :find. Did you mean count?",
  ],
  [
    '[:find ?n :in $ % :where (lerge ?n)]',
    [db, '[[(large ?n) [_ :city/people ?n] [(> ?n 100)]]]'],
    "query/where Unknown rule 'lerge' in: (lerge ?n). Did you mean large?",
  ],
  [
    '[:find ?n :where [_ :city/name ?n] (nott [_ :city/people ?n])]',
    [db],
    "parser/query Missing rules var '%' in :in, for the rule 'nott' of: (nott [_ :city/people ?n]). Did you mean not?",
  ],
  [
    '[:find ?nam :where [_ :city/name ?name]]',
    [db],
    'parser/query Query for unknown vars: [?nam]: [:find ?nam :where [_ :city/name ?name]]. Did you mean ?name?',
  ],
  [
    '[:find ?n :in $old $new :where [$lod ?e :city/name ?n]]',
    [db, db],
    'parser/query Where uses unknown source vars: [$lod], expected one of :in, in: [$lod ?e :city/name ?n]. Did you mean $old?',
  ],
  [
    '[:find (pull ?e [:city/nam]) :where [?e :city/people]]',
    [db],
    'transact/schema Bad entity attribute :city/nam in pull pattern, not defined in current schema. Did you mean :city/name?',
  ],
];

const UNBOUND: ReadonlyArray<Refusal> = [
  [
    '[:find ?n :where [_ :city/people ?people] [_ :city/name ?n] [(> ?peple 3)]]',
    [db],
    'query/where Cannot resolve any more clauses — insufficient bindings: #{?peple} not bound in [(> ?peple 3)]. Did you mean ?people?',
  ],
  [
    '[:find ?x :where [_ :city/people ?n] [(+ ?n ?other) ?x]]',
    [db],
    'query/where Cannot resolve any more clauses — insufficient bindings: #{?other} not bound in [(+ ?n ?other) ?x]; bind it by a pattern, a function or :in',
  ],
  [
    '[:find ?n :where [_ :city/name ?n] (not [?x :city/people ?y])]',
    [db],
    'query/where Cannot resolve any more clauses — insufficient bindings: none of #{?x ?y} is bound in (not [?x :city/people ?y]): expected one of them to be bound outside of it',
  ],
];

const MISSHAPEN: ReadonlyArray<Refusal> = [
  [
    '{:find [?n] :where [[_ :city/name ?n]] :order-by [:desc ?n]}',
    [db],
    'parser/order-by :order-by cannot start with direction: [:desc ?n]; expected variables of :find or places in it, each with :asc or :desc or without',
  ],
  [
    '{:find [?n] :where [[_ :city/name ?n]] :order-by [?n :up]}',
    [db],
    'parser/order-by Invalid :order-by element: :up: [?n :up]; expected variables of :find or places in it, each with :asc or :desc or without',
  ],
  [
    '{:find [?n] :where [[_ :city/name ?n]] :order-by [?m]}',
    [db],
    'parser/order-by :order-by variable ?m not found in :find [?n]: [?m]; expected variables of :find or places in it, each with :asc or :desc or without',
  ],
  [
    '{:find [?n] :where [[_ :city/name ?n]] :order-by [1]}',
    [db],
    'parser/order-by :order-by column index 1 out of bounds, :find has 1 elements: [1]; expected variables of :find or places in it, each with :asc or :desc or without',
  ],
  [
    '{:find [?n] :where [[_ :city/name ?n]] :order-by "n"}',
    [db],
    'parser/order-by Invalid :order-by format: "n"; expected variables of :find or places in it, each with :asc or :desc or without',
  ],
  [
    '[:find ?e :where [?e :city/name ?n ?t 5]]',
    [db],
    'query/where Pattern mismatch: expected true, false or a variable in the fifth place, got 5, in: [?e :city/name ?n ?t 5]',
  ],
  [
    '[:find ?e :where [?e :city/name ?n ?t ?added ?more]]',
    [db],
    'query/where Pattern mismatch: expected [e a v tx added] at most: [?e :city/name ?n ?t ?added ?more]',
  ],
  [
    '[:find ?x :where [?e :city/name ?n] [(get-else $ ?e "city/people" 0) ?x]]',
    [db],
    'query/where Expected an attribute such as :person/name, got "city/people", in: [(get-else $ ?e "city/people" 0) ?x]',
  ],
  [
    '[:find ?n :keys a b :where [_ :city/name ?n]]',
    [db],
    'parser/query Count of :keys/:strs/:syms must match count of :find: expected 1 names for :keys, got 2: [:a :b]',
  ],
  [
    '[:find ?n :in $ ?n ?n :where [_ :city/name ?n]]',
    [db, 1, 2],
    'parser/query Vars used in :in should be distinct, got ?n again, in: [:find ?n :in $ ?n ?n :where [_ :city/name ?n]]',
  ],
  [
    '[:find ?n :where [_ :city/name ?n] (not-join ?n [_ :city/people ?n])]',
    [db],
    'parser/where Expected a vector of variables such as [?e], got ?n, in: (not-join ?n [_ :city/people ?n])',
  ],
  [
    '[:find ?n :in $ % :where (r ?n)]',
    [db, '[[(r ?n) [_ :a ?n]] [(r ?n ?m) [?m :a ?n]]]'],
    "parser/rule Arity mismatch for rule 'r': expected 1 variables as in the branch before, got 2, in: [(r ?n ?m) [?m :a ?n]]",
  ],
  [
    '[:find (sum ?n) . :where [_ :city/name ?n]]',
    [db],
    'query/aggregate Expected only numbers in sum, got: "Bern"',
  ],
  [
    '[:find ?n :in $b :where [$b ?n]]',
    [5],
    'query/inputs Expected a database or a collection as source $b, got: 5',
  ],
  [
    '[:find ?n :in ?n]',
    [db],
    'query/inputs Expected data as ?n, got a database, which needs a name such as $ in :in',
  ],
  [
    '[:find ?n :in [?n ...]]',
    [7],
    'query/binding Cannot bind value 7 to collection [?n ...]: expected a collection',
  ],
];

describe('a message names', () => {
  it.each(UNKNOWN)('what may have been meant: %s', async (form, inputs, message) => {
    expect(await refusalOf(form, ...inputs)).toBe(message);
  });

  it.each(UNBOUND)('the clause and its variable: %s', async (form, inputs, message) => {
    expect(await refusalOf(form, ...inputs)).toBe(message);
  });

  it.each(MISSHAPEN)('what was expected and what came: %s', async (form, inputs, message) => {
    expect(await refusalOf(form, ...inputs)).toBe(message);
  });

  it('no more of long data than somebody reads', async () => {
    const many = Array.from({ length: 10_000 }, (_, i) => i);
    const message = await refusalOf('[:find ?a :in [[?a ...] [?b ...]]]', [many]);
    expect(message).toMatch(/^query\/binding Not enough elements .* … to bind tuple \[\?a \?b\]$/);
    expect(message.length).toBeLessThan(500);
  });
});

describe('the fifth place of a pattern', () => {
  it('says whether a fact was asserted', async () => {
    const renamed = await dbWith(db, [{ 'db/id': 3, 'city/name': 'Berne' }]);
    const form = '[:find [?n ...] :in $ ?added :where [3 :city/name ?n _ ?added]]';
    expect(await q(form, history(renamed), false)).toEqual(['Bern']);
    expect(await refusalOf(form, history(renamed), 'false')).toMatch(
      /^query\/where Pattern mismatch/,
    );
  });

  it('is any value where tuples are matched', async () => {
    expect(await q('[:find ?a . :where [?a _ _ _ 5 ?b]]', [[1, 2, 3, 4, 5, 6]])).toBe(1);
  });
});

it('is no error to look for an attribute that there is not', async () => {
  const form = '[:find ?v :where [?e :city/peple ?v]]';
  expect(await q(form, db)).toEqual([]);
  expect(await q(form, emptyDb(databaseConfig({ schemaFlexibility: 'read' })))).toEqual([]);
  const otherwise =
    '[:find [?v ...] :in $ ?a :where [?e :city/name] [(get-else $ ?e :city/peple 0) ?v]]';
  expect(await q(otherwise, db, kw('a'))).toEqual([0]);
});
