/** What a query says of how it was worked out. */
import { expect, it } from 'vitest';
import type { EdnMap } from '../../../../engine/index.ts';
import { kw, printEdn, q, queryStats, readEdn } from '../../../../engine/index.ts';

const AGES = [
  [1, 10],
  [2, 20],
  [3, 60],
];

it('tells the rows after each clause, and of the clauses within it', async () => {
  const text = '[:find [?a ...] :where [?e ?a] (not [?e 60])]';
  const answer = await queryStats(text, AGES);
  expect(answer.get(kw('ret'))).toEqual([10, 20]);
  expect(printEdn(answer.get(kw('query')) ?? null)).toBe(
    '{:find [[?a ...]], :where [[?e ?a] (not [?e 60])]}',
  );
  const stats = answer.get(kw('stats')) as EdnMap[];
  const shown = stats.map((one) => {
    const [rel] = one.get(kw('rels')) as EdnMap[];
    return [String(one.get(kw('type'))), one.get(kw('clause')), rel?.get(kw('rows'))].map((part) =>
      printEdn(part ?? null),
    );
  });
  expect(shown).toEqual([
    ['":lookup"', '[?e ?a]', '3'],
    ['":not"', '(not [?e 60])', '2'],
  ]);
  const [within] = stats[1]?.get(kw('branches')) as EdnMap[];
  expect(printEdn(within?.get(kw('clause')) ?? null)).toBe('[?e 60]');
});

it('is the answer of a map with :stats?', async () => {
  const form = readEdn('{:query [:find ?e :in $ ?a :where [?e ?a]] :stats? true}') as EdnMap;
  const stats = (await q(form, AGES, 20)) as EdnMap;
  expect(stats.get(kw('ret'))).toEqual([[2]]);
  expect(printEdn(stats.get(kw('consts')) ?? null)).toBe('{?a 20}');
});
