/** What the real Datahike was asked is answered as it answered, but for what `docs/differences.md` says. */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { runCases } from './run-case.ts';
import type { StepResult } from './run-case.ts';

const folder = new URL('cases/', import.meta.url);
const suites = readdirSync(folder).map((name) => name.replace('.edn', ''));

async function failuresOf(suite: string): Promise<ReadonlyArray<StepResult>> {
  const results = await runCases(readFileSync(new URL(`${suite}.edn`, folder), 'utf8'));
  expect(results.length).toBeGreaterThan(0);
  return results.filter(({ isPassed }) => !isPassed);
}

const told = new Set(
  Array.from(
    readFileSync(new URL('../../docs/differences.md', import.meta.url), 'utf8').matchAll(
      /`([a-z-]+\/[^`]+)`/g,
    ),
    ([, name]) => String(name),
  ),
);

it.each(suites)('%s', async (suite) => {
  const failures = await failuresOf(suite);
  expect(failures.filter(({ name }) => !told.has(name))).toEqual([]);
  const failing = new Set(failures.map(({ name }) => name));
  // Nothing is told of a case that is answered as Datahike does.
  const ofSuite = [...told].filter((name) => isCaseOf(suite, name));
  expect(ofSuite.filter((name) => !failing.has(name))).toEqual([]);
});

function isCaseOf(suite: string, name: string): boolean {
  const text = readFileSync(new URL(`${suite}.edn`, folder), 'utf8');
  return text.includes(`:name "${name}"`);
}
