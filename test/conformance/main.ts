/** `npm run conformance -- PATH...`: runs recorded cases from files and folders and prints each failing step as a diff. */
import { readFileSync, readdirSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { printEdn } from '../../schema/edn-print.ts';
import type { StepResult } from './run-case.ts';
import { runCases } from './run-case.ts';

const MAX_SHOWN = 600;

async function main(paths: ReadonlyArray<string>): Promise<void> {
  let passed = 0;
  let failed = 0;
  for (const file of paths.flatMap(filesIn)) {
    const results = await runCases(readFileSync(file, 'utf8'));
    const failures = results.filter(({ isPassed }) => !isPassed);
    for (const failure of failures) print(failure);
    passed += results.length - failures.length;
    failed += failures.length;
  }
  console.log(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 && passed > 0 ? 0 : 1;
}

function filesIn(path: string): string[] {
  if (!statSync(path).isDirectory()) return [path];
  return readdirSync(path)
    .sort()
    .flatMap((name) => filesIn(join(path, name)))
    .filter((file) => file.endsWith('.edn'));
}

function print({ name, step, expected, actual }: StepResult): void {
  const request = [...step].filter(([key]) => ![':expect', ':error'].includes(String(key)));
  console.log(
    `${name}\n  step     ${shorten(new Map(request))}\n  - expect ${shorten(expected)}\n  + actual ${shorten(actual)}\n`,
  );
}

function shorten(data: Parameters<typeof printEdn>[0]): string {
  const text = typeof data === 'string' ? data : printEdn(data);
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)} …`;
}

const paths = process.argv.slice(2);
if (paths.length === 0) {
  console.error(
    'Expected files or folders of cases, e.g. npm run conformance -- test/conformance/cases',
  );
  process.exitCode = 2;
} else {
  await main(paths);
}
