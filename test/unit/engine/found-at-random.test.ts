/** What random tests found, each with the data that showed it. */
import { describe, expect, it } from 'vitest';
import type { Datom, Db, EdnData } from '../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  asOf,
  countDatoms,
  datoms,
  dbWith,
  emptyDb,
  history,
  kw,
  printEdn,
  pull,
  q,
  readEdn,
  rseekDatoms,
  since as sinceView,
  validAt,
  withTx,
} from '../../../engine/index.ts';
import { ByteReader, ByteWriter } from '../../../engine/codec/bytes.ts';
import { decodeValues, encodeValues } from '../../../engine/codec/value-codec.ts';
import { compareValues } from '../../../engine/datom/value-order.ts';
import { parseDecimal } from '../../../schema/decimal.ts';
import { Keyword, sym } from '../../../schema/keyword.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import { StoredDatabase } from '../../support/stored-database.ts';

const SCHEMA = `[
  {:db/ident :id :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :n :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :tags :db/valueType :db.type/string :db/cardinality :db.cardinality/many}
  {:db/ident :ref :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}
  {:db/ident :part :db/valueType :db.type/ref :db/cardinality :db.cardinality/many :db/isComponent true}]`;

const FIRST_TX = 536_870_914;

/** The database after the schema and some transactions. */
async function dbAfter(...transactions: ReadonlyArray<string>): Promise<Db> {
  let db = emptyDb(DEFAULT_DATABASE_CONFIG);
  for (const text of [SCHEMA, ...transactions]) db = await dbWith(db, readEdn(text) as EdnData[]);
  return db;
}

async function rowsOf(db: Db, ...components: ReadonlyArray<EdnData>): Promise<string[]> {
  return textsOf(datoms(db, 'eavt', ...components));
}

async function textsOf(found: AsyncIterable<Datom>): Promise<string[]> {
  const rows: string[] = [];
  for await (const { e, attribute, v, tx, added } of found)
    rows.push(printEdn([e, attribute, v, tx - FIRST_TX, added]));
  return rows;
}

describe('transactions', () => {
  it('see the facts of an entity that was first named by a backward reference', async () => {
    const database = await StoredDatabase.create();
    await database.transact(readEdn(SCHEMA) as EdnData[]);
    await database.transact(readEdn('[{:id "a" :_ref 20}]') as EdnData[]);
    await database.fold();
    const { txData } = await database.transact(readEdn('[[:db/add 20 :ref 6]]') as EdnData[]);
    expect(txData).toHaveLength(1);
    expect(database.db.maxEid).toBe(20);
  });

  it('end the references to a component that says nothing itself', async () => {
    const db = await dbAfter(
      '[[:db/add 10 :part 11] [:db/add 12 :ref 11]]',
      '[[:db/retractEntity 10]]',
    );
    expect(await rowsOf(db, 10)).toEqual([]);
    expect(await rowsOf(db, 12)).toEqual([]);
  });

  it('retract a chain of 10,000 components', async () => {
    const chain = Array.from({ length: 10_000 }, (_, i): EdnData => [
      kw('db/add'),
      10 + i,
      kw('part'),
      11 + i,
    ]);
    const db = await dbWith(await dbAfter(), chain);
    expect(
      await countDatoms(await dbWith(db, [[kw('db/retractEntity'), 10]]), 'aevt', kw('part')),
    ).toBe(0);
  });

  it('keep one row of a fact that they turn three times, so that every view tells how it ended', async () => {
    const kept = await dbAfter(
      '[[:db/add 10 :n 1] [:db/retract 10 :n 1] [:db/add 10 :n 1]]',
      '[[:db/retract 10 :n 1]]',
    );
    expect(await rowsOf(asOf(kept, FIRST_TX), 10)).toEqual(['[10 :n 1 0 true]']);
    expect(await rowsOf(history(kept), 10)).toEqual(['[10 :n 1 0 true]', '[10 :n 1 1 false]']);
    const gone = await dbAfter(
      '[[:db/add 10 :n 1]]',
      '[[:db/retract 10 :n 1] [:db/add 10 :n 1] [:db/retract 10 :n 1]]',
      '[]',
    );
    expect(await rowsOf(asOf(gone, FIRST_TX + 1), 10)).toEqual([]);
    expect(await rowsOf(history(gone), 10)).toEqual(['[10 :n 1 0 true]', '[10 :n 1 1 false]']);
  });
});

describe('views of the past', () => {
  it('know of a retraction also where the transaction of the assertion is asked for', async () => {
    const db = await dbAfter('[[:db/add 10 :n 1]]', '[[:db/retract 10 :n 1]]', '[]');
    expect(await rowsOf(asOf(db, FIRST_TX), 10, kw('n'), 1, FIRST_TX)).toEqual([
      '[10 :n 1 0 true]',
    ]);
    expect(await rowsOf(asOf(db, FIRST_TX + 1), 10, kw('n'), 1, FIRST_TX)).toEqual([]);
  });

  it('show both rows of a fact in order, backwards as well', async () => {
    const db = await dbAfter('[[:db/add 10 :n 1] [:db/add 10 :n 2] [:db/add 11 :n 3]]');
    const valid = validAt(history(db), new Date());
    const rows = ['[10 :n 1 0 false]', '[10 :n 1 0 true]', '[10 :n 2 0 true]'];
    expect(await rowsOf(valid, 10)).toEqual(rows);
    const backwards = await textsOf(rseekDatoms(valid, 'eavt', 10, kw('n'), 2));
    expect(backwards.slice(0, 3)).toEqual(rows.reverse());
  });
});

describe('a date', () => {
  it('stands for the transactions of that time, also where their times do not rise', async () => {
    let db = await dbAfter();
    const at = (text: string) => new Map([[kw('db/txInstant'), new Date(text)]]);
    for (const [n, time] of [
      [1, '2030-05-01'],
      [2, '2030-03-01'],
      [3, '2030-06-01'],
    ] as const)
      db = (await withTx(db, [[kw('db/add'), 10, kw('n'), n]], at(time))).dbAfter;
    const valueAsOf = async (time: string) =>
      q('[:find ?n . :where [10 :n ?n]]', asOf(db, new Date(time)));
    expect(await valueAsOf('2030-02-01')).toBe(null);
    expect(await valueAsOf('2030-04-01')).toBe(2);
    expect(await valueAsOf('2030-05-15')).toBe(2);
    expect(await valueAsOf('2030-07-01')).toBe(3);
    const since = sinceView(db, new Date('2030-04-01'));
    expect(await rowsOf(since, 10)).toEqual(['[10 :n 3 2 true]']);
  });
});

describe('pull', () => {
  it('goes round a ring once and ends where it comes to an entity that it entered', async () => {
    const db = await dbAfter('[{:db/id 10 :ref 11} {:db/id 11 :ref 12} {:db/id 12 :ref 10}]');
    expect(printEdn(await pull(db, readEdn('[{:ref ...}]'), 10))).toBe(
      '{:ref {:ref {:ref {:ref {:db/id 11}}}}}',
    );
  });

  it('counts the depth of each recursion by itself', async () => {
    const db = await dbAfter(
      '[{:db/id 10 :ref 11 :part [12]} {:db/id 11 :part [13]} {:db/id 13 :n 1}]',
    );
    expect(printEdn(await pull(db, readEdn('[:n {:ref 1 :part 1}]'), 10))).toBe(
      '{:ref {:part [{:n 1}]}, :part []}',
    );
  });
});

describe('queries', () => {
  it('wait with an alternative that only tests until what it tests is bound', async () => {
    const db = await dbAfter('[{:db/id 10 :n 1 :tags ["a"]} {:db/id 11 :n 2}]');
    const query = '[:find [?e ...] :where (or [?e :n 5] (not [?e :tags "a"])) [?e :n _]]';
    expect(await q(query, db)).toEqual([11]);
  });

  it('refuse a negation of which nothing is bound, wherever it stands', async () => {
    const db = await dbAfter();
    for (const where of [
      '(not [?x :n 1]) [?e :n ?n]',
      '[?e :n ?n] (not [?x :n 1])',
      '(not [?e :n ?n])',
    ])
      await expect(q(`[:find ?n :where ${where}]`, db)).rejects.toMatchObject({
        kind: 'query/where',
      });
  });
});

describe('a query within its rules', () => {
  it('waits with a rule that only compares until what it compares is bound', async () => {
    const db = await dbAfter('[{:db/id 10 :n 1} {:db/id 11 :n 5}]');
    const rules = readEdn('[[(small ?x ?limit) [(< ?x ?limit)]]]');
    const query = '[:find [?e ...] :in $ % :where (small ?n 3) [?e :n ?n]]';
    expect(await q(query, db, rules)).toEqual([10]);
  });

  it('knows intervals without being told', async () => {
    const intervals = readEdn('[[1 3] [2 5] [7 9]]');
    const query = '[:find ?a :in [[?a ?b]] :where (interval-overlaps? ?a ?b 4 8)]';
    expect(await q(query, intervals)).toEqual([[2], [7]]);
  });

  it('refuses a rule that negates itself', async () => {
    const db = await dbAfter('[{:db/id 10 :n 1}]');
    const rules = readEdn('[[(odd ?x) [?x :n _] (not (odd ?x))]]');
    await expect(q('[:find ?x :in $ % :where (odd ?x)]', db, rules)).rejects.toMatchObject({
      code: 'BAD_QUERY',
    });
  });
});

describe('two patterns of one entity', () => {
  it('agree in the transaction that both name', async () => {
    const db = await dbAfter(
      '[{:db/id 10 :id "a"} {:db/id 11 :id "b" :n 2}]',
      '[{:db/id 10 :n 1}]',
    );
    const query = '[:find ?id ?n :where [?e :id ?id ?tx] [?e :n ?n ?tx]]';
    expect(await q(query, db)).toEqual([['b', 2]]);
    const both = '[:find [?n ...] :in $ [?id ...] :where [?e :id ?id ?tx] [?e :n ?n ?tx]]';
    expect(await q(both, db, ['a', 'b'])).toEqual([2]);
  });

  it('agree in the attribute that both name', async () => {
    const db = await dbAfter('[{:db/id 10 :id "A" :tags ["A" "b"] :n 1}]');
    const query = '[:find ?attribute ?v :where [?e ?attribute "b"] [?e ?attribute ?v]]';
    const rows = (await q(query, db)) as EdnData[];
    expect(rows.map(printEdn).sort()).toEqual(['[:tags "A"]', '[:tags "b"]']);
  });
});

describe('a pattern that nothing matches', () => {
  it('does not keep others from being worked out', async () => {
    const db = await dbAfter('[{:db/id 10 :id "a"}]');
    const query = '[:find ?n :where [(= ?attr :id)] [_ :n ?n] [?b ?attr "a"]]';
    expect(await q(query, db)).toEqual([]);
  });
});

describe('an ident', () => {
  it('names an entity where it stands in a pattern, and not where a variable has it', async () => {
    const db = await dbAfter(
      '[{:db/ident :kind :db/valueType :db.type/keyword :db/cardinality :db.cardinality/one}]',
      '[{:db/id 10 :db/ident :here :n 1} {:db/id 11 :kind :here}]',
    );
    expect(await q('[:find ?n . :where [:here :n ?n]]', db)).toBe(1);
    expect(await q('[:find ?n . :in $ ?e :where [?e :n ?n]]', db, kw('here'))).toBe(1);
    const query = '[:find ?n :where [?e :kind ?kind] [?kind :n ?n]]';
    expect(await q(query, db)).toEqual([]);
    expect(await q('[:find ?n :in $ [?e ...] :where [?e :n ?n]]', db, [kw('here')])).toEqual([]);
  });
});

describe('the inputs of a query', () => {
  it('keep a lookup ref as it was given, through alternatives and rules', async () => {
    const db = await dbAfter('[{:db/id 10 :id "a"} {:db/id 11 :ref 10} {:db/id 12 :part [11]}]');
    const query = `[:find ?e ?to :in $ ?to :where
      (or-join [?e ?to] [?e :ref ?to] (and [?e :part ?m] [?m :ref ?to]))]`;
    const rows = (await q(query, db, readEdn('[:id "a"]'))) as EdnData[];
    expect(rows.map(printEdn).sort()).toEqual(['[11 [:id "a"]]', '[12 [:id "a"]]']);
  });

  it('find a value once where they name its entity twice', async () => {
    const db = await dbAfter('[{:db/id 10 :id "a" :n 1}]');
    const twice = readEdn('[[:id "a"] 10]');
    expect(await q('[:find ?id :in $ [?e ...] :where [?e :id ?id]]', db, twice)).toEqual([['a']]);
  });

  it('keep a lookup ref as it was given to a rule that calls another one', async () => {
    const db = await dbAfter('[{:db/id 10 :id "a" :part [11]} {:db/id 11 :part [12]}]');
    const rules = `[[(one ?x ?y) [?x :part ?y]] [(two ?x ?y) [?x :part ?z] (one ?z ?y)]]`;
    const query = '[:find ?x ?y :in $ % ?x :where (two ?x ?y)]';
    const rows = await q(query, db, rules, readEdn('[:id "a"]'));
    expect(printEdn(rows)).toBe('[[[:id "a"] 12]]');
  });

  it.each(['?x', '[?x ...]'])(
    'are not found as what a rule leads to where they were asked about, as %s',
    async (input) => {
      const db = await dbAfter('[{:db/id 10 :id "a" :part [11]} {:db/id 11 :part [10 12]}]');
      const rules = `[[(far ?x ?y) [?x :part ?y]] [(far ?x ?y) (far ?x ?z) (far ?z ?y)]]`;
      const query = `[:find [?y ...] :in $ % ${input} :where (far ?x ?y)]`;
      const given = readEdn(input === '?x' ? '[:id "a"]' : '[[:id "a"]]');
      const found = (await q(query, db, rules, given)) as EdnData[];
      expect(found.map(printEdn).sort()).toEqual(['10', '11', '12']);
    },
  );

  it('are looked for by a rule that is asked for all it has as well', async () => {
    const db = await dbAfter('[{:db/id 10 :id "a" :part [11]} {:db/id 11 :part [12]}]');
    const rules = `[[(one ?x ?y) [?x :part ?y]] [(both ?x ?y ?z) (one _ ?z) (one ?x ?y)]]`;
    const query = '[:find ?y ?z :in $ % [?x ...] :where (both ?x ?y ?z)]';
    const found = (await q(query, db, rules, readEdn('[[:id "a"]]'))) as EdnData[];
    expect(found.map(printEdn).sort()).toEqual(['[11 11]', '[11 12]']);
  });

  it('stay values where a rule takes them for values', async () => {
    const db = await dbAfter('[{:db/id 10 :id "a" :part [11]}]');
    const rules = `[[(one ?x ?y ?v) [?x :part ?y] (same ?x ?v)] [(same ?x ?v) [(identity ?x) ?v]]]`;
    const query = '[:find ?y ?v :in $ % :where (one [:id "a"] ?y ?v)]';
    expect(printEdn(await q(query, db, rules))).toBe('[[11 [:id "a"]]]');
  });

  it('have to exist where a single one names an entity, and are passed over in a collection', async () => {
    const db = await dbAfter('[{:db/id 10 :id "a" :n 1}]');
    const nobody = readEdn('[:id "nobody"]');
    await expect(q('[:find ?n :in $ ?e :where [?e :n ?n]]', db, nobody)).rejects.toMatchObject({
      code: 'ENTITY_NOT_FOUND',
    });
    expect(await q('[:find ?n :in $ [?e ...] :where [?e :n ?n]]', db, [nobody])).toEqual([]);
  });

  it('leave a variable open where they are nil and a pattern binds it', async () => {
    const db = await dbAfter('[{:db/id 10 :n 1} {:db/id 11 :n 2}]');
    expect(await q('[:find ?n :in $ ?n :where [_ :n ?n]]', db, null)).toEqual([[1], [2]]);
  });

  it('may be named without a question mark', async () => {
    const db = await dbAfter('[{:db/id 10 :n 1} {:db/id 11 :n 2}]');
    expect(await q('[:find [?n ...] :in $ min :where [_ :n ?n] [(> ?n min)]]', db, 1)).toEqual([2]);
  });
});

describe('values', () => {
  const decimal = (text: string) => parseDecimal(text)!;

  it.each([
    ['NaN after every bigint', 5n, NaN, -1],
    ['NaN after every decimal', decimal('1'), NaN, -1],
    ['infinity after a decimal beyond all doubles', decimal('1E+400'), Infinity, -1],
    ['a large double as exactly what it is', 2 ** 70, decimal('1180591620717411303424'), 0],
    ['minus zero before zero in an array', new Float64Array([-0]), new Float64Array([0]), -1],
    ['symbols without a namespace first', sym('b'), sym('a/b'), -1],
  ])('order %s', (_, a, b, order) => {
    expect(Math.sign(compareValues(a, b))).toBe(order);
    expect(Math.sign(compareValues(b, a)) + order).toBe(0);
  });

  it('are told apart where one text looks like two', () => {
    expect(valueEquals(['\u0000x\u0000"1:a'], ['\u0000x', 'a'])).toBe(false);
    expect(valueEquals([2n ** 53n], [2 ** 53])).toBe(false);
    expect(valueEquals(new Float64Array([-0]), new Float64Array([0]))).toBe(false);
  });

  it.each<ReadonlyArray<EdnData>>([
    ['a byte order mark', '\ufeffa'],
    ['a lone surrogate', '\ud800'],
    ['two halves of a pair', '\ud83d', '\ude00'],
    ['a keyword with a lone surrogate', Keyword.intern('\udc00')],
    ['a keyword whose name begins with a colon', Keyword.intern(':a')],
    ['a map and a set', new Map<EdnData, EdnData>([['a', 1]]), new Set(['a'])],
  ])('survive the bytes of a column: %s', (_, ...column) => {
    const writer = new ByteWriter();
    encodeValues(column as never, writer);
    expect(decodeValues(new ByteReader(writer.take()), column.length)).toEqual(column);
  });
});
