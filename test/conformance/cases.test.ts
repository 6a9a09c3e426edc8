/** Recorded suites that are answered as the real Datahike does, every step of them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runCases } from './run-case.ts';

const ANSWERED = [
  'q-attr-vars',
  'q-find-specs',
  'q-history',
  'q-joins',
  'q-order-limit',
  'q-return-maps',
];

it.each(ANSWERED)('%s', async (suite) => {
  const results = await runCases(
    readFileSync(new URL(`cases/${suite}.edn`, import.meta.url), 'utf8'),
  );
  expect(results.filter(({ isPassed }) => !isPassed)).toEqual([]);
  expect(results.length).toBeGreaterThan(0);
});
