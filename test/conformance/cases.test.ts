/** What the real Datahike was asked is answered as it answered, but for what `docs/differences.md` says. */
import { readFileSync, readdirSync } from 'node:fs';
import { expect, it } from 'vitest';
import { kw } from '../../schema/keyword.ts';
import { runCases } from './run-case.ts';
import type { StepResult } from './run-case.ts';

const folder = new URL('cases/', import.meta.url);
const suites = readdirSync(folder).map((name) => name.replace('.edn', ''));

const known = new Map<string, Promise<ReadonlyArray<StepResult>>>();

/** Of each suite, which runs once. */
function resultsOf(suite: string): Promise<ReadonlyArray<StepResult>> {
  let results = known.get(suite);
  if (results === undefined) {
    results = runCases(readFileSync(new URL(`${suite}.edn`, folder), 'utf8'));
    known.set(suite, results);
  }
  return results;
}

async function failuresOf(suite: string): Promise<ReadonlyArray<StepResult>> {
  const results = await resultsOf(suite);
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

it('errors are told in the words of Datahike, but for a few', async () => {
  const steps = await Promise.all(suites.map(resultsOf));
  const told = steps.flat().filter(({ said }) => said !== undefined);
  const others = told.filter(({ expected, said }) => said !== messageOf(expected));
  expect(told.length).toBeGreaterThan(1_000);
  expect(others.length / told.length).toBeLessThan(0.06);
});

function messageOf(expected: StepResult['expected']): unknown {
  return expected instanceof Map ? expected.get(kw('message')) : undefined;
}

function isCaseOf(suite: string, name: string): boolean {
  const text = readFileSync(new URL(`${suite}.edn`, folder), 'utf8');
  return text.includes(`:name "${name}"`);
}
