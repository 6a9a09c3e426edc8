/** Queries as text, data, plain objects and templates: the same questions have the same answers. */
import { beforeAll, describe, expect, it } from 'vitest';
import type { Db, EdnData, QueryForm, QueryInput, QueryObject } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  DatabaseError,
  dbWith,
  emptyDb,
  kw,
  q,
  query,
  readEdn,
  sym,
  toJs,
} from '../../../../engine/index.ts';

let db: Db;

beforeAll(async () => {
  const empty = emptyDb(DEFAULT_DATABASE_CONFIG);
  const declared = await dbWith(
    empty,
    `[{:db/ident :name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
      {:db/ident :age :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
      {:db/ident :kind :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}
      {:db/ident :friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}]`,
  );
  db = await dbWith(
    declared,
    `[{:db/id 10 :name "Ada" :age 36 :kind :k/a} {:db/id 11 :name "Bob" :age 20 :friend 10}
      {:db/id 12 :name "?n" :age 50 :friend [10 11]} {:db/id 13 :name ":k/a" :age 36 :kind :k/a}]`,
  );
});

const rowsOf = async (form: QueryForm, ...inputs: QueryInput[]): Promise<string[]> =>
  ((await q(form, db, ...inputs)) as EdnData[]).map((row) => JSON.stringify(toJs(row))).sort();

async function refusalOf(ask: () => QueryForm, ...inputs: QueryInput[]): Promise<string> {
  try {
    return JSON.stringify(await q(ask(), db, ...inputs));
  } catch (error) {
    if (error instanceof DatabaseError) return `${error.kind ?? error.code} ${error.message}`;
    throw error;
  }
}

describe('a query as plain data', () => {
  const same: ReadonlyArray<readonly [object: QueryObject, text: string, input?: EdnData]> = [
    [{ find: ['?n'], where: [['?e', ':name', '?n']] }, '[:find ?n :where [?e :name ?n]]'],
    [
      {
        find: ['?n'],
        where: [
          ['?e', ':kind', ':k/a'],
          ['?e', ':name', '?n'],
        ],
      },
      '[:find ?n :where [?e :kind :k/a] [?e :name ?n]]',
    ],
    [{ find: ['?e'], where: [['?e', ':name', '\\?n']] }, '[:find ?e :where [?e :name "?n"]]'],
    [{ find: ['?e'], where: [['?e', ':name', '\\:k/a']] }, '[:find ?e :where [?e :name ":k/a"]]'],
    [
      { find: ['?e'], where: [['?e', ':friend', [':name', 'Ada']]] },
      '[:find ?e :where [?e :friend [:name "Ada"]]]',
    ],
    [
      { find: ['?v'], where: [[[':name', 'Ada'], ':age', '?v']] },
      '[:find ?v :where [[:name "Ada"] :age ?v]]',
    ],
    [
      {
        find: ['?n'],
        in: ['$', '?limit'],
        where: [['?e', ':age', '?a'], ['?e', ':name', '?n'], [['<', '?a', '?limit']]],
      },
      '[:find ?n :in $ ?limit :where [?e :age ?a] [?e :name ?n] [(< ?a ?limit)]]',
      40,
    ],
    [
      {
        find: ['?n', '?b'],
        where: [
          ['?e', ':age', '?a'],
          ['?e', ':name', '?n'],
          [['inc', '?a'], '?b'],
        ],
      },
      '[:find ?n ?b :where [?e :age ?a] [?e :name ?n] [(inc ?a) ?b]]',
    ],
    [
      {
        find: ['?n'],
        where: [
          ['?e', ':name', '?n'],
          ['not', ['_', ':friend', '?e']],
        ],
      },
      '[:find ?n :where [?e :name ?n] (not [_ :friend ?e])]',
    ],
    [
      {
        find: ['?n'],
        where: [
          ['?e', ':name', '?n'],
          [
            'or-join',
            ['?e'],
            ['?e', ':age', 20],
            ['and', ['?e', ':friend', '?f'], ['?f', ':age', 36]],
          ],
        ],
      },
      '[:find ?n :where [?e :name ?n] (or-join [?e] [?e :age 20] (and [?e :friend ?f] [?f :age 36]))]',
    ],
    [
      { find: [['count', '?e'], '?a'], where: [['?e', ':age', '?a']] },
      '[:find (count ?e) ?a :where [?e :age ?a]]',
    ],
    [
      { find: [['pull', '?e', [':name', { ':friend': [':name'] }]]], where: [['?e', ':age', 20]] },
      '[:find (pull ?e [:name {:friend [:name]}]) :where [?e :age 20]]',
    ],
    [
      {
        find: ['?n', '?v'],
        where: [
          ['?e', ':name', '?n'],
          [['get-else', '$', '?e', ':kind', 'none'], '?v'],
        ],
      },
      '[:find ?n ?v :where [?e :name ?n] [(get-else $ ?e :kind "none") ?v]]',
    ],
    [
      { find: ['?n'], in: ['$', ['?n', '...']], where: [['_', ':name', '?n']] },
      '[:find ?n :in $ [?n ...] :where [_ :name ?n]]',
      ['Ada', 'Eve'],
    ],
    [
      {
        find: ['?n'],
        keys: ['name'],
        where: [['_', ':name', '?n']],
        orderBy: ['?n', 'desc'],
        limit: 2,
        offset: 1,
      },
      '{:find [?n] :keys [name] :where [[_ :name ?n]] :order-by [?n :desc] :limit 2 :offset 1}',
    ],
    [
      {
        find: ['?m'],
        where: [[['q', { find: [['max', '?a'], '.'], where: [['_', ':age', '?a']] }, '$'], '?m']],
      },
      '[:find ?m :where [(q [:find (max ?a) . :where [_ :age ?a]] $) ?m]]',
    ],
  ];

  it.each(same.map(([object, text, input]) => ({ object, text, input })))('$text', async (one) => {
    const { object, text, input } = one;
    const inputs = input === undefined ? [] : [input];
    const rows = await rowsOf(object, ...inputs);
    expect(rows).toEqual(await rowsOf(text, ...inputs));
    expect(rows.length).toBeGreaterThan(0);
  });

  it('takes rules in plain data, and sources before clauses', async () => {
    const rules = [
      [
        ['reach', '?x', '?y'],
        ['?x', ':friend', '?y'],
      ],
      [
        ['reach', '?x', '?y'],
        ['?x', ':friend', '?z'],
        ['reach', '?z', '?y'],
      ],
    ];
    const ask: QueryObject = {
      find: ['?n'],
      in: ['$', '%', '$other'],
      where: [
        ['reach', [':name', '?n'], '?f'],
        ['?f', ':name', '?n'],
        ['$other', '?n', '_'],
        ['$other', 'not', ['?n', 2]],
      ],
    };
    expect(
      await rowsOf(ask, rules, [
        ['Ada', 1],
        ['Bob', 2],
      ]),
    ).toEqual(['["Ada"]']);
  });

  it('has the shapes of other queries', async () => {
    const where = [
      ['?e', ':age', 20],
      ['?e', ':name', '?n'],
    ];
    expect(await q({ find: ['?n', '.'], where }, db)).toBe('Bob');
    expect(await q({ find: [['?n', '...']], where }, db)).toEqual(['Bob']);
    expect(await q({ find: [['?n', '?e']], where }, db)).toEqual(['Bob', 11]);
    expect(await q({ find: [[['count', '?e'], '...']], where }, db)).toEqual([1]);
  });

  it('names a key that nobody knows', async () => {
    const wrong = { find: ['?n'], wher: [] } as unknown as QueryObject;
    expect(await refusalOf(() => wrong)).toBe(
      'parser/query Unknown key wher in a query. Did you mean where?',
    );
  });
});

describe('a query by the template tag', () => {
  it('takes what is put into it as data, whatever it looks like', async () => {
    for (const name of ['Ada', '?n', ':k/a', '"] [?e :age ?a', '_', '$'])
      expect(await rowsOf(query`[:find ?e :where [?e :name ${name}]]`)).toEqual(
        await rowsOf('[:find ?e :in $ ?name :where [?e :name ?name]]', name),
      );
    expect(
      await rowsOf(query`[:find ?n :where [?e :kind ${kw('k/a')}] [?e :name ?n]]`),
    ).toHaveLength(2);
  });

  it('takes values in every place of a constant', async () => {
    const [ada, age] = ['Ada', 36];
    expect(
      await rowsOf(query`[:find ?n :where [?e :friend [:name ${ada}]] [?e :name ?n]]`),
    ).toHaveLength(2);
    expect(
      await rowsOf(query`[:find ?n :where [?e :age ?a] [(< ?a ${age})] [?e :name ?n]]`),
    ).toEqual(['["Bob"]']);
    expect(
      await rowsOf(
        query`[:find ?n :where [?e :name ?n] (not-join [?e] [?e :age ?a] [(<= ${age} ?a)])]`,
      ),
    ).toEqual(['["Bob"]']);
    expect(
      await rowsOf(query`[:find ?n :where [?e :name ?n] (or [?e :age ${20}] [?e :kind :k/a])]`),
    ).toHaveLength(3);
    expect(
      await rowsOf(query`[:find ?n :where [?e :name ?n]
                          (or-join [?e] (and [?e :friend ?f] [?f :name ${ada}]) [?e :age ${age}])]`),
    ).toHaveLength(4);
    expect(
      await rowsOf(query`[:find ?n :in $ % :where (older ?e ${20}) [?e :name ?n]]`, [
        [['older', '?e', '?than'], ['?e', ':age', '?a'], [['<', '?than', '?a']]],
      ]),
    ).toHaveLength(3);
    expect(
      await rowsOf(query`[:find (pull ?e ${[kw('name')]}) :where [?e :age ${age}]]`),
    ).toHaveLength(2);
    expect(
      await rowsOf(query`[:find (pull ?e [:name (default :kind ${'none'})]) :where [?e :age 20]]`),
    ).toEqual(['[{"name":"Bob","kind":"none"}]']);
    expect(
      await rowsOf(query`{:find [?n] :where [[_ :name ?n]] :limit ${2} :offset ${1}}`),
    ).toHaveLength(2);
    expect(
      await q(
        query`[:find ?m . :where [(q [:find (max ?a) . :where [?e :age ?a] [?e :kind ${kw('k/a')}]] $) ?m]]`,
        db,
      ),
    ).toBe(36);
  });

  it('takes other inputs before its values', async () => {
    const ask = (than: number) =>
      query`[:find ?n :in $ [?n ...] :where [?e :name ?n] [?e :age ?a] [(< ${than} ?a)]]`;
    expect(await rowsOf(ask(30), ['Ada', 'Bob'])).toEqual(['["Ada"]']);
    expect(await rowsOf(ask(10), ['Ada', 'Bob'])).toEqual(['["Ada"]', '["Bob"]']);
  });

  it('is read once', () => {
    const ask = (name: string) => query`[:find ?e :where [?e :name ${name}]]`;
    expect(ask('Ada').form).toBe(ask('Bob').form);
    expect(ask('Ada').values).toEqual(['Ada']);
  });

  it('refuses values where there is no place for one', async () => {
    expect(await refusalOf(() => query`[:find ?e :where [?e :name "${'x'}"]]`)).toMatch(
      /not within a text/,
    );
    expect(await refusalOf(() => query`[:find ?e :where [?e :name ?n] [(str ?n) ${'x'}]]`)).toMatch(
      /^parser\/query Expected each value/,
    );
    expect(
      await refusalOf(() => query`[:find ?e :where [?e :name ${undefined as unknown as string}]]`),
    ).toMatch(/^query\/inputs/);
  });
});

describe('a query in map form', () => {
  it('may have its options and inputs beside it', async () => {
    const nested = readEdn(
      '{:query {:find [?n] :in [$ ?k] :where [[?e :kind ?k] [?e :name ?n]] :limit 0} :limit 1}',
    );
    expect(await rowsOf(nested as EdnData, kw('k/a'))).toHaveLength(1);
    const withArgs = new Map<EdnData, EdnData>([
      [kw('query'), readEdn('[:find [?n ...] :in [[?n _]]]')],
      [
        kw('args'),
        [
          [
            ['a', 1],
            ['b', 2],
          ],
        ],
      ],
    ]);
    expect(await q(withArgs)).toEqual(['a', 'b']);
  });

  it('has no parts that nobody knows', async () => {
    expect(await refusalOf(() => '[:find ?n :wher [_ :name ?n]]')).toMatch(
      /^parser\/find Unknown :wher in: .*Did you mean :where/,
    );
    expect(await refusalOf(() => '{:find [?n] :wher [[_ :name ?n]]}')).toMatch(
      /Did you mean :where/,
    );
    expect(await refusalOf(() => '{:find [?n] :where [[_ :name ?n]] :timeout "soon"}')).toMatch(
      /^parser\/timeout/,
    );
    expect(await refusalOf(() => '[:find [?n ...] :keys n :where [_ :name ?n]]')).toMatch(
      /^parser\/return-maps/,
    );
    expect(await refusalOf(() => '[:find ?nam :where [_ :name ?name]]')).toMatch(
      /Did you mean \?name/,
    );
  });
});

it('a symbol as input names a function', async () => {
  expect(await rowsOf('[:find ?b :in $ ?f :where [_ :age ?a] [(?f ?a) ?b]]', sym('dec'))).toEqual([
    '[19]',
    '[35]',
    '[49]',
  ]);
});

it('alternatives that do not all bind a variable wait for who does', async () => {
  const marked = '(or-join [?e ?m] (and [?e :kind :k/none] [(ground 1) ?m]) [(ground 0) ?m])';
  const kept = await rowsOf(`[:find ?n ?m :where [?e :name ?n] ${marked}]`);
  expect(kept).toEqual(['[":k/a",0]', '["?n",0]', '["Ada",0]', '["Bob",0]']);
  expect(await rowsOf(`[:find ?e ?m :where [?x :ghost ?n] [?e :ghost ?x] ${marked}]`)).toEqual([]);
  expect(await rowsOf(`[:find ?m :in $ ?e :where ${marked}]`, 10)).toEqual(['[0]']);
  await expect(q(`[:find ?m :where [?x :name] ${marked}]`, db)).rejects.toThrow(
    'insufficient bindings: #{?e} not bound in (or-join [?e ?m]',
  );
});
