/** Recorded suites that are answered as the real Datahike does, every step of them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runCases } from './run-case.ts';

const ANSWERED = [
  'q-aggregates',
  'q-attr-vars',
  'q-errors',
  'q-find-specs',
  'q-functions',
  'q-history',
  'q-inputs',
  'q-joins',
  'q-nil-missing',
  'q-not',
  'q-or',
  'q-order-limit',
  'q-pull-in-find',
  'q-recursion',
  'q-return-maps',
  'q-sources-crossdb',
];

it.each(ANSWERED)('%s', async (suite) => {
  const results = await runCases(
    readFileSync(new URL(`cases/${suite}.edn`, import.meta.url), 'utf8'),
  );
  expect(results.filter(({ isPassed }) => !isPassed)).toEqual([]);
  expect(results.length).toBeGreaterThan(0);
});
