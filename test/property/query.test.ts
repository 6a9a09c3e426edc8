/** Random queries, their clauses in any order, have the answer that nested loops find. */
import fc from 'fast-check';
import { it } from 'vitest';
import { runs } from '../support/runs.ts';
import { askBoth, cases } from './query-cases.ts';

it('a query finds what nested loops find, in memory and over cold trees, now and in the past', async () => {
  await fc.assert(fc.asyncProperty(cases, askBothInMemory), runs(40));
});

function askBothInMemory(one: Parameters<typeof askBoth>[0]): Promise<void> {
  return askBoth(one);
}
