/** Questions for one entity, which are answered without columns, have the answers of any other. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Db, EdnData } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  asOf,
  dbWith,
  emptyDb,
  explain,
  kw,
  printEdn,
  q,
  readEdn,
} from '../../../../engine/index.ts';

const data = (text: string): EdnData[] => readEdn(text) as EdnData[];

let db: Db;
let before: Db;

beforeAll(async () => {
  const empty = emptyDb(DEFAULT_DATABASE_CONFIG);
  const schema = `[
    {:db/ident :code :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
    {:db/ident :name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
    {:db/ident :capital :db/valueType :db.type/ref :db/cardinality :db.cardinality/one :db/unique :db.unique/value}
    {:db/ident :kind :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}
    {:db/ident :tags :db/valueType :db.type/string :db/cardinality :db.cardinality/many}]`;
  before = await dbWith(
    await dbWith(empty, data(schema)),
    data(`[{:db/id 10 :code 1 :name "Eswatini" :capital 11 :tags ["a" "b"]}
           {:db/id 11 :code 2 :name "Mbabane" :kind :city} {:db/id 12 :db/ident :city :name "a kind"}]`),
  );
  db = await dbWith(before, data('[[:db/add 10 :name "Swaziland"]]'));
});

const CASES: ReadonlyArray<
  readonly [query: string, inputs: ReadonlyArray<EdnData>, answer: string]
> = [
  ['[:find ?n :in $ ?c :where [?e :code ?c] [?e :name ?n]]', [1], '[["Swaziland"]]'],
  ['[:find ?n :in $ ?c :where [?e :name ?n] [?e :code ?c]]', [1], '[["Swaziland"]]'],
  ['[:find ?n . :in $ ?c :where [?e :code ?c] [?e :name ?n]]', [1], '"Swaziland"'],
  ['[:find [?e ?n] :where [?e :code 1] [?e :name ?n]]', [], '[10 "Swaziland"]'],
  ['[:find [?n ...] :where [?e :code 1] [?e :name ?n]]', [], '["Swaziland"]'],
  ['[:find ?n :keys name :where [?e :code 1] [?e :name ?n]]', [], '[{:name "Swaziland"}]'],
  ['[:find ?n . :in $ ?c :where [?e :code ?c] [?e :name ?n]]', [7], 'nil'],
  ['[:find ?n :in $ ?c :where [?e :code ?c] [?e :name ?n]]', ['1'], '[]'],
  [
    '[:find ?n ?c :in $ ?c :where [?e :code ?c] [?e :capital ?m] [?m :name ?n]]',
    [1],
    '[["Mbabane" 1]]',
  ],
  ['[:find ?c . :in $ ?m :where [?e :capital ?m] [?e :code ?c]]', [11], '1'],
  [
    '[:find ?c ?m :in $ ?m :where [?e :capital ?m] [?e :code ?c]]',
    [[kw('code'), 2]],
    '[[1 [:code 2]]]',
  ],
  ['[:find ?n . :in $ ?e :where [?e :name ?n]]', [[kw('code'), 2]], '"Mbabane"'],
  ['[:find ?n . :in $ ?e :where [?e :name ?n]]', [kw('city')], '"a kind"'],
  ['[:find ?n . :where [[:code 1] :name ?n]]', [], '"Swaziland"'],
  ['[:find ?e . :in $ ?n :where [?e :code 1] [?e :name ?n]]', ['Swaziland'], '10'],
  ['[:find ?e . :in $ ?n :where [?e :code 1] [?e :name ?n]]', ['Eswatini'], 'nil'],
  ['[:find ?e . :where [?e :code 1] [?e :name]]', [], '10'],
  ['[:find ?e . :where [?e :code 1] [?e :name _]]', [], '10'],
  ['[:find ?e . :where [?e :code 2] [?e :capital _]]', [], 'nil'],
  ['[:find ?t :where [?e :code 1] [?e :tags ?t]]', [], '[["a"] ["b"]]'],
  ['[:find ?x :where [?e :code 2] [?e :kind ?k] [?k :name ?x]]', [], '[]'],
  ['[:find ?n :where [?e :code 1] [?e :unknown ?n]]', [], '[]'],
  ['[:find ?n :in $ ?c ?n :where [?e :code ?c] [?e :name ?n]]', [1, null], '[["Swaziland"]]'],
  ['[:find ?e ?e :where [?e :code 1]]', [], '[[10 10]]'],
  ['{:find [?n] :where [[?e :code 1] [?e :name ?n]] :offset 1}', [], '[]'],
];

describe('a question for one entity', () => {
  it.each(CASES)('%s with %j', async (query, inputs, answer) => {
    expect(printEdn(await q(query, db, ...inputs))).toBe(answer);
    // Who asks how it is done has it done clause by clause.
    const { rows } = await explain(query, db, ...inputs);
    expect(rows > 0).toBe(!['nil', '[]'].includes(answer));
  });

  it('is refused where a lookup ref names nobody', async () => {
    const query = '[:find ?n . :in $ ?e :where [?e :name ?n]]';
    await expect(q(query, db, [kw('code'), 9])).rejects.toMatchObject({ code: 'ENTITY_NOT_FOUND' });
  });

  it('goes by the past where the database is of the past', async () => {
    const query = '[:find ?n . :where [?e :code 1] [?e :name ?n]]';
    expect(await q(query, asOf(db, before.maxTx))).toBe('Eswatini');
    expect(await q(query, db)).toBe('Swaziland');
  });

  it('goes by the schema of the database that is asked', async () => {
    const query = '[:find ?t :where [?e :code 1] [?e :nick ?t]]';
    expect(await q(query, db)).toEqual([]);
    const nick = '{:db/ident :nick :db/valueType :db.type/string :db/cardinality';
    const one = await dbWith(db, data(`[${nick} :db.cardinality/one}]`));
    expect(await q(query, await dbWith(one, data('[[:db/add 10 :nick "x"]]')))).toEqual([['x']]);
    const many = await dbWith(db, data(`[${nick} :db.cardinality/many}]`));
    const nicks = await dbWith(many, data('[{:db/id 10 :nick ["x" "y"]}]'));
    expect(await q(query, nicks)).toEqual([['x'], ['y']]);
    expect(await q(query, db)).toEqual([]);
  });
});
