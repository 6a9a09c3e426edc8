/** The functions that queries may call, each with what it gives; `none` where the row is dropped. */
import { describe, expect, it } from 'vitest';
import {
  DatabaseError,
  printEdn,
  q,
  readEdn,
  registerFunction,
  sym,
} from '../../../../engine/index.ts';
import type { EdnData } from '../../../../engine/index.ts';

async function resultOf(call: string): Promise<string> {
  const found = await q(readEdn(`[:find ?z . :in $ :where [${call} ?z]]`), []);
  return found === null ? 'none' : printEdn(found);
}

const RESULTS: ReadonlyArray<readonly [call: string, result: string]> = [
  ['(= 1 1 1)', 'true'],
  ['(= [1 2] (quote (1 2)))', 'true'],
  ['(not= :a "a")', 'true'],
  ['(!= 1 1)', 'false'],
  ['(== 1 1.5)', 'false'],
  ['(== "a" "a")', 'false'],
  ['(< 1 2 3)', 'true'],
  ['(< 1 "2")', 'false'],
  ['(>= #inst "2020-01-02" #inst "2020-01-01")', 'true'],
  ['(before? #inst "2020-01-01" #inst "2020-01-02")', 'true'],
  ['(after? 2 1)', 'true'],
  ['(compare "a" "d")', '-3'],
  ['(compare "ab" "a")', '1'],
  ['(compare :a/x :b/a)', '-1'],
  ['(compare nil 1)', '-1'],
  ['(-differ? 1 2 1 3)', 'true'],
  ['(+ 1 2 3)', '6'],
  ['(+)', '0'],
  ['(+ 9007199254740991 1)', '9007199254740992N'],
  ['(- 5)', '-5'],
  ['(* 1.50M 2)', '3.00M'],
  ['(+ 1.5M 0.5)', '2'],
  ['(/ 7 2)', '3.5'],
  ['(/ 8 2)', '4'],
  ['(/ 1 0)', 'none'],
  ['(quot -7 3)', '-2'],
  ['(rem -7 3)', '-1'],
  ['(mod -7 3)', '2'],
  ['(mod 7 -3)', '-2'],
  ['(mod -7.5M 2)', '0.5M'],
  ['(inc "a")', 'none'],
  ['(even? 9007199254740993N)', 'false'],
  ['(odd? -3)', 'true'],
  ['(max [3 9 2])', '9'],
  ['(max 2 [3 9 2])', '[3 9]'],
  ['(min 2 [3 9 2])', '[2 3]'],
  ['(and 1 nil 2)', 'none'],
  ['(and 1 false 2)', 'false'],
  ['(or nil false 3)', '3'],
  ['(not nil)', 'true'],
  ['(nil? nil)', 'true'],
  ['(some? nil)', 'false'],
  ['(name :a/b)', '"b"'],
  ['(namespace :a/b)', '"a"'],
  ['(namespace :b)', 'none'],
  ['(keyword "a" "b")', ':a/b'],
  ['(meta [1])', 'none'],
  ['(set [1 1 [2] [2]])', '#{1 [2]}'],
  ['(hash-map :a 1 :a 2)', '{:a 2}'],
  ['(hash-map :a)', 'none'],
  ['(count "öl")', '2'],
  ['(count nil)', '0'],
  ['(empty? [1])', 'false'],
  ['(not-empty "")', 'none'],
  ['(contains? [5 6] 1)', 'true'],
  ['(contains? #{5} 5)', 'true'],
  ['(contains? {:a 1} :b)', 'false'],
  ['(range 1 7 2)', '[1 3 5]'],
  ['(range 3)', '[0 1 2]'],

  ['(str "a" nil :b 1 1.5M)', '"a:b11.5"'],
  ['(str [1 "a" nil])', '"[1 \\"a\\" nil]"'],
  ['(print-str "a" ["b"])', '"a [b]"'],
  ['(pr-str "a" 5N)', '"\\"a\\" 5N"'],
  ['(subs "hello" 1 3)', '"el"'],
  ['(subs "hello" 3 1)', 'none'],
  ['(subs "hello" 9)', 'none'],
  ['(clojure.string/upper-case "a")', '"A"'],
  ['(clojure.string/join ", " [1 2])', '"1, 2"'],
  ['(clojure.core/inc 1)', '2'],
  ['(re-find "[0-9]+" "ab12c3")', '"12"'],
  ['(re-find "([a-z])([0-9])?" "-a")', '["a" "a" nil]'],
  ['(re-find "x" "y")', 'none'],
  ['(re-matches "[a-z]+" "abc")', '"abc"'],
  ['(re-matches "[a-z]+" "abc1")', 'none'],
  ['(re-seq "[a-z]" "a1b")', '["a" "b"]'],
];

it.each(RESULTS)('%s gives %s', async (call, result) => {
  expect(await resultOf(call)).toBe(result);
});

async function refusalOf(query: EdnData, ...inputs: EdnData[]): Promise<string> {
  try {
    return printEdn(await q(query, ...inputs));
  } catch (error) {
    if (error instanceof DatabaseError) return `${error.kind ?? error.code} ${error.message}`;
    throw error;
  }
}

describe('a regular expression', () => {
  it('takes no longer than its text is long, however it is written', async () => {
    const texts = ['a'.repeat(30_000), 'x'.repeat(30_000)];
    const count = '[:find (count ?s) . :in [?s ...] ?re :where [(re-find ?re ?s)]]';
    for (const deadly of ['(a+)+$b', '(a|a)*$b', '(x+x+)+y', '(a|aa)+$c'])
      expect(await q(count, texts, deadly)).toBeNull();
  });

  it('is refused where it cannot be run so', async () => {
    const ask = '[:find ?s :in ?re :where [(re-find ?re "abc") ?s]]';
    expect(await refusalOf(ask, '(a)\\1')).toMatch(
      /^query\/where Expected a regular expression of RE2/,
    );
    expect(await refusalOf(ask, '(?=a)')).toMatch(
      /^query\/where Expected a regular expression of RE2/,
    );
    expect(await refusalOf(ask, '((a{100}){100}){100}')).toMatch(/^query\/where/);
    expect(await refusalOf(ask, 'a'.repeat(501))).toMatch(/at most 500 characters, got one of 501/);
  });

  it('is refused where text and expression together are too large', async () => {
    const ask = '[:find (count ?m) . :in ?re ?s :where [(re-seq ?re ?s) [?m ...]]]';
    expect(await refusalOf(ask, '.{1,400}z', 'x'.repeat(100_000))).toMatch(
      /too long to be searched/,
    );
    expect(await refusalOf(ask, 'x*y|x', 'x'.repeat(100_000))).toMatch(/too many matches/);
  });
});

describe('a function of the program', () => {
  registerFunction('query-test/twice', (n: number) => n * 2);
  registerFunction('query-test/late', async () => 1);
  registerFunction('query-test/broken', () => {
    throw new Error('out of order');
  });
  registerFunction(
    'query-test/span',
    (values: number[]) => Math.max(...values) - Math.min(...values),
  );

  it('is called by its name, as function and as aggregate', async () => {
    const rows = [[1], [4]];
    expect(await q('[:find [?z ...] :where [?n] [(query-test/twice ?n) ?z]]', rows)).toEqual([
      2, 8,
    ]);
    expect(await q('[:find (query-test/span ?n) . :where [?n]]', rows)).toBe(3);
  });

  it('may be named by an input', async () => {
    const rows = [[1], [4]];
    const ask = '[:find [?z ...] :in $ ?f :where [?n] [(?f ?n) ?z]]';
    expect(await q(ask, rows, sym('query-test/twice'))).toEqual([2, 8]);
    expect(await q(ask, rows, sym('dec'))).toEqual([0, 3]);
    const without = '[:find [?n ...] :in $ ?f :where [?n] (not [(?f ?n)])]';
    expect(await q(without, rows, sym('even?'))).toEqual([1]);
    const all = '[:find (aggregate ?f ?n) . :in $ ?f :where [?n]]';
    expect(await q(all, rows, sym('query-test/span'))).toBe(3);
  });

  it('is refused where it throws, or gives a promise, or nobody knows it', async () => {
    const ask = (name: string) => refusalOf(readEdn(`[:find ?z :where [(${name} 1) ?z]]`), []);
    expect(await ask('query-test/broken')).toMatch('query-test/broken failed: out of order');
    expect(await ask('query-test/late')).toMatch(
      'Expected query-test/late to give a value at once',
    );
    expect(await ask('eval')).toMatch(/^query\/where Unknown predicate\/function 'eval in/);
    expect(await ask('constructor')).toMatch(
      /^query\/where Unknown predicate\/function 'constructor in/,
    );
    expect(await ask('even')).toMatch('Did you mean even?');
  });
});

it('aggregates take inputs before their variable, and say what they cannot add up', async () => {
  const rows = [[1], [4], [9]];
  expect(await q('[:find (max ?k ?n) . :in $ ?k :where [?n]]', rows, 2)).toEqual([4, 9]);
  expect(await refusalOf('[:find (sum ?n) :where [?n]]', [['a']])).toMatch(
    /^query\/aggregate Expected only numbers in sum/,
  );
  expect(await refusalOf('[:find (summ ?n) :where [?n]]', rows)).toMatch('Did you mean sum');
});
