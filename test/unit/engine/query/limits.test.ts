/** A query that takes too long or too much ends with an error that says which limit it was, and everything else goes on meanwhile. */
import { describe, expect, it } from 'vitest';
import type { EdnData, QueryForm, QueryInput, QueryLimits } from '../../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  DatabaseError,
  EdnList,
  dbWith,
  emptyDb,
  kw,
  pull,
  q,
  qWithin,
  readEdn,
  run,
  sym,
} from '../../../../engine/index.ts';
import { awaiting } from '../../../../engine/shared/suspend.ts';

const COUNT = 3_000;

const declared = await dbWith(
  emptyDb(DEFAULT_DATABASE_CONFIG),
  `[{:db/ident :n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
    {:db/ident :link :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}]`,
);
/** Numbers, and a ladder: each entity up to 40 leads to both of the next pair. */
const db = await dbWith(
  declared,
  Array.from({ length: COUNT }, (_, i) => ({
    'db/id': i + 10,
    n: i,
    ...(i < 80 && { link: [2 * (i >> 1) + 12, 2 * (i >> 1) + 13] }),
  })),
);

const numbers = Array.from({ length: COUNT }, (_, i) => i);
const text = 'x'.repeat(1_000);

/** Clauses that double what `?0` is again and again. */
function doubled(call: (before: string) => string, times: number): string {
  return Array.from({ length: times }, (_, i) => `[(${call(`?${i}`)}) ?${i + 1}]`).join(' ');
}

/** A form within itself so many times. */
function nested(times: number, inside: EdnData, around: (form: EdnData) => EdnData): EdnData {
  let form = inside;
  for (let i = 0; i < times; i++) form = around(form);
  return form;
}

function findE(clause: EdnData): EdnData {
  return [kw('find'), sym('?e'), kw('where'), clause];
}

const pattern = [sym('?e'), kw('n'), 5];
const either = (form: EdnData): EdnData => new EdnList([sym('or'), form, pattern]);
const neither = (form: EdnData): EdnData => new EdnList([sym('not'), form]);

interface Death {
  readonly name: string;
  readonly form: QueryForm;
  readonly inputs?: ReadonlyArray<QueryInput>;
}

/** Left to themselves these would be busy for hours. */
const ENDLESS: ReadonlyArray<Death> = [
  {
    name: 'a product of patterns',
    form: '[:find (count ?a) . :where [_ :n ?a] [_ :n ?b] [_ :n ?c] [_ :n ?d]]',
  },
  {
    name: 'a product of inputs',
    form: '[:find (count ?a) . :in [?a ...] [?b ...] [?c ...] [?d ...]]',
    inputs: [numbers, numbers, numbers, numbers],
  },
  {
    name: 'a product within a binding',
    form: '[:find (count ?a) . :in [[?a ...] [?b ...] [?c ...]]]',
    inputs: [[numbers, numbers, numbers]],
  },
  {
    name: 'rows that all have one value',
    form: '[:find (count ?x) . :in $a $b :where [$a ?x ?k] [$b ?y ?k]]',
    inputs: [numbers.map((n) => [n, 0]), Array.from({ length: 1e5 }, (_, i) => [i, 0])],
  },
  {
    name: 'a rule that counts up',
    form: '[:find ?n :in % :where (up ?n)]',
    inputs: ['[[(up ?n) [(ground 0) ?n]] [(up ?n) (up ?m) [(inc ?m) ?n]]]'],
  },
  {
    name: 'a rule of every way through a dense graph',
    form: '[:find (count ?p) . :in $ % :where [?a :n 0] (way ?a ?b ?p)]',
    inputs: [
      db,
      `[[(way ?a ?b ?p) [?a :link ?b] [(vector ?a ?b) ?p]]
        [(way ?a ?c ?p) (way ?a ?b ?o) [?b :link ?c] [(vector ?o ?c) ?p]]]`,
    ],
  },
  {
    name: 'a regular expression over long texts',
    form: `[:find (count ?e) . :in $ ?text :where [?e :n ?n] [_ :n ?m] [(str ?text ?n ?m) ?s] [(re-find "(x+x+)+y" ?s)]]`,
    inputs: [db, text],
  },
  {
    name: 'ranges of a million',
    form: '[:find (count ?e) . :where [?e :n ?n] [(+ 900000 ?n) ?end] [(range ?end) ?r] [(sort ?r) ?s]]',
    inputs: [db],
  },
  {
    name: 'one row to many again and again',
    form: '[:find (count ?x) . :where [?e :n ?n] [(range 100000) [?x ...]] [(range 100000) [?y ...]]]',
    inputs: [db],
  },
  {
    name: 'many random values',
    form: '[:find (rand 1000000000 ?n) . :where [_ :n ?n]]',
    inputs: [db],
  },
  {
    name: 'a median, a sample and distinct values of millions',
    form: '[:find (median ?s) (sample 5000000 ?s) (distinct ?s) :with ?a ?b :where [_ :n ?a] [_ :n ?b] [(+ ?a ?b) ?s]]',
    inputs: [db],
  },
  {
    name: 'many of the first rows of millions',
    form: readEdn(`{:query [:find ?a ?b :where [_ :n ?a] [_ :n ?b]]
                    :order-by [?a :desc ?b :desc] :limit 1000000}`),
    inputs: [db],
  },
  {
    name: 'a query within each row',
    form: '[:find (sum ?c) . :where [?e :n ?n] [(q [:find (count ?a) . :where [_ :n ?a] [_ :n ?b]] $) ?c]]',
    inputs: [db],
  },
  {
    name: 'a small query within each of millions of rows',
    form: '[:find (sum ?c) . :where [_ :n ?n] [_ :n ?m] [(q [:find ?x . :in ?x] ?n) ?c]]',
    inputs: [db],
  },
  {
    name: 'a large collection of tuples, read again and again',
    form: '[:find (sum ?c) . :where [?n 1] [(q [:find (count ?a) . :in $ ?n :where [?a 1] [(not= ?a ?n)]] $ ?n) ?c]]',
    inputs: [Array.from({ length: 2e5 }, (_, i) => [i, i % 3])],
  },
];

/** What these need more of than there may be does not depend on time. */
const TOO_LARGE: ReadonlyArray<Death & { readonly which: string }> = [
  {
    name: 'a text that doubles',
    form: `[:find ?40 . :in ?0 :where ${doubled((x) => `str ${x} ${x}`, 40)}]`,
    inputs: [text],
    which: 'valueBytes',
  },
  {
    name: 'a collection that doubles',
    form: `[:find ?40 . :in ?0 :where ${doubled((x) => `concat ${x} ${x}`, 40)}]`,
    inputs: [numbers],
    which: 'valueBytes',
  },
  {
    name: 'a vector that holds the one before twice',
    form: `[:find ?60 . :in ?0 :where ${doubled((x) => `vector ${x} ${x}`, 60)}]`,
    inputs: [1],
    which: 'valueBytes',
  },
  {
    name: 'a number whose digits double',
    form: `[:find ?40 . :in ?0 :where ${doubled((x) => `* ${x} ${x}`, 40)}]`,
    inputs: [10],
    which: 'valueBytes',
  },
  {
    name: 'a query that asks itself',
    form: '[:find ?x . :in ?f :where [(q ?f ?f) ?x]]',
    inputs: [readEdn('[:find ?x . :in ?f :where [(q ?f ?f) ?x]]')],
    which: 'queries',
  },
  {
    name: 'clauses within clauses',
    form: findE(nested(100_000, pattern, either)),
    inputs: [db],
    which: 'nesting',
  },
  {
    name: 'negations within negations',
    form: findE(nested(100_000, pattern, neither)),
    inputs: [db],
    which: 'nesting',
  },
  {
    name: 'values within values',
    form: '[:find (count ?x) . :in [?x ...]]',
    inputs: [[nested(100_000, 1, (form) => [form]), nested(100_000, 2, (form) => [form])]],
    which: 'nesting',
  },
];

async function refusalOf(
  limits: QueryLimits,
  form: QueryForm,
  inputs: ReadonlyArray<QueryInput> = [db],
): Promise<DatabaseError> {
  const refusal: unknown = await qWithin(limits, form, ...inputs).catch((error: unknown) => error);
  if (refusal instanceof DatabaseError) return refusal;
  throw new Error('Expected an error of the database', { cause: refusal });
}

describe('a deadline ends, while timers go on,', () => {
  it.each(ENDLESS)('$name', async ({ form, inputs }) => {
    let beats = 0;
    const heart = setInterval(() => beats++, 1);
    const limits = { timeoutMs: 150, maxRows: Infinity, maxBytes: Infinity };
    const refusal = await refusalOf(limits, form, inputs);
    clearInterval(heart);
    expect(refusal).toMatchObject({ code: 'DEADLINE_EXCEEDED' });
    expect(beats).toBeGreaterThan(0);
    expect(await q('[:find ?e . :where [?e :n 5]]', db)).toBe(15);
  });
});

describe('without any limit asked for it is refused to work out', () => {
  it.each(TOO_LARGE)('$name', async ({ form, inputs, which }) => {
    expect(await refusalOf({}, form, inputs)).toMatchObject({
      code: 'LIMIT_EXCEEDED',
      data: { which },
    });
  });
});

it('answers alternatives that are nested deep', async () => {
  expect(await q(findE(nested(100, pattern, either)), db)).toEqual([[15]]);
});

it('gives no digits that nobody can wait for', async () => {
  const form = '[:find ?x . :in ?n :where [(+ ?n 1) ?x]]';
  expect(await q(form, readEdn('1E999999999M'))).toBeNull();
});

describe('a query is refused', () => {
  const product = '[:find ?a ?b :where [_ :n ?a] [_ :n ?b]]';
  const up = '[:find ?n :in $ % :where (up ?n)]';
  const rules = '[[(up ?n) [(ground 0) ?n]] [(up ?n) (up ?m) [(inc ?m) ?n]]]';
  const distinctSums =
    '[:find (count ?s) . :where [_ :n ?a] [_ :n ?b] [(+ ?a ?b) ?s] [(< ?a 100)]]';

  it.each<[string, QueryLimits, QueryForm, ReadonlyArray<QueryInput>]>([
    ['maxRows', { maxRows: 100_000 }, product, [db]],
    ['maxBytes', { maxBytes: 1_000_000 }, product, [db]],
    ['maxBytes', { maxBytes: 1_000_000 }, distinctSums, [db]],
    ['maxBytes', { maxBytes: 100_000 }, up, [db, rules]],
    ['maxRounds', { maxRounds: 100 }, up, [db, rules]],
    ['maxRows', { maxRows: 100 }, '[:find (rand 101 ?n) . :in [?n ...]]', [[1, 2]]],
    ['maxRows', { maxRows: 1_000 }, '[:find ?n :where [_ :n ?n]]', [db]],
    [
      'maxRows',
      { maxRows: 100_000 },
      `[:find (sum ?c) . :where [?e :n 1] [(q ${product.replace('?a ?b', '(count ?a) .')} $) ?c]]`,
      [db],
    ],
    [
      'maxBytes',
      { maxBytes: 1_000_000 },
      '[:find (pull ?e [:n {:link ...}]) . :where [?e :n 0]]',
      [db],
    ],
  ])('for %s of %o: %s', async (which, limits, form, inputs) => {
    const refusal = await refusalOf(limits, form, inputs);
    expect(refusal).toMatchObject({ code: 'LIMIT_EXCEEDED', data: { which } });
    expect(refusal.data['limit']).toBe(limits[which as keyof QueryLimits]);
  });

  it('by its caller, before it began and on its way', async () => {
    const [endless] = ENDLESS;
    expect(
      await refusalOf({ signal: AbortSignal.abort() }, '[:find ?e :where [?e :n 5]]'),
    ).toMatchObject({
      code: 'CANCELLED',
    });
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    expect(await refusalOf({ signal: controller.signal }, endless!.form)).toMatchObject({
      code: 'CANCELLED',
    });
  });
});

it('holds each of several queries to its own limits while they take turns', async () => {
  const sums = '[:find (count ?s) . :in $ [?b ...] :where [_ :n ?a] [(+ ?a ?b) ?s]]';
  const few = numbers.slice(0, 200);
  const [small, large, other] = await Promise.allSettled([
    qWithin({ maxRows: 200_000 }, sums, db, few),
    qWithin({ maxRows: 600_000 }, sums, db, few),
    qWithin({ maxRounds: 10 }, '[:find ?n :in % :where (up ?n)]', '[[(up ?n) [(ground 0) ?n]]]'),
  ]);
  expect(small).toMatchObject({ status: 'rejected', reason: { data: { limit: 200_000 } } });
  expect(large).toMatchObject({ status: 'fulfilled', value: COUNT + 199 });
  expect(other).toMatchObject({ status: 'fulfilled', value: [[0]] });
});

it('lets go of what is not needed any more', async () => {
  const steps = doubled((x) => `+ ${x} 1`, 100);
  const form = `[:find (max ?100) . :where [_ :n ?0] ${steps}]`;
  expect(await qWithin({ maxBytes: 1_000_000 }, form, db)).toBe(COUNT - 1 + 100);
});

describe('waiting for storage ends', () => {
  const never = (): ReturnType<typeof awaiting> => awaiting(new Promise(() => undefined));

  it('with the deadline', async () => {
    await expect(run(never(), { timeoutMs: 5 })).rejects.toMatchObject({
      code: 'DEADLINE_EXCEEDED',
    });
  });

  it('with the signal', async () => {
    const controller = new AbortController();
    setImmediate(() => controller.abort());
    await expect(run(never(), { signal: controller.signal })).rejects.toMatchObject({
      code: 'CANCELLED',
    });
  });

  it('and the limits hold for pull as well', async () => {
    await expect(pull(db, '[:n {:link ...}]', 10, { maxBytes: 1_000_000 })).rejects.toMatchObject({
      code: 'LIMIT_EXCEEDED',
      data: { which: 'maxBytes' },
    });
  });
});
