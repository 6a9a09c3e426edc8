/**
 * `npm run bench -- [NAME...] [--json FILE] [--write]`: measures against peers in the same run and prints the ratios. `query` can be followed
 * by the names of the questions that are wanted. `--write` puts the figures of `query` and `world` into `docs/performance.md`.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { databasesBench } from './databases.bench.ts';
import { engineBench } from './engine.bench.ts';
import { memoryBench } from './memory.bench.ts';
import { gatewaysBench } from './gateways.bench.ts';
import type { Report, Result } from './harness.ts';
import { writeFigures } from './performance-doc.ts';
import { queryBench } from './query.bench.ts';
import { storageBench } from './storage.bench.ts';
import { worldQueriesBench } from './world-queries.bench.ts';
import { worldBench } from './world.bench.ts';
import { writesBench } from './writes.bench.ts';

/** Prints what it finds, and gives it as data; `only` names parts of it, of which all are wanted where it is empty. */
type RunBench = (only: ReadonlyArray<string>) => Promise<Report>;

const BENCHES: Readonly<Record<string, RunBench>> = {
  engine: printed(engineBench),
  memory: printed(memoryBench),
  storage: printed(storageBench),
  world: async (only) => {
    const { results } = await printed(worldBench)(only);
    const queries = await worldQueriesBench();
    return { ...queries, results: [...results, ...queries.results] };
  },
  gateways: printed(gatewaysBench),
  writes: printed(writesBench),
  databases: printed(databasesBench),
  query: queryBench,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'string' }, write: { type: 'boolean', default: false } },
    allowPositionals: true,
  });
  const isBench = (name: string): boolean => Object.hasOwn(BENCHES, name);
  const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals.filter(isBench);
  const only = positionals.filter((name) => !isBench(name));
  if (only.length > 0 && !(names.length === 1 && names[0] === 'query'))
    throw new Error(`Expected one of ${Object.keys(BENCHES).join(', ')}, got ${only[0]}`);
  if (only.length > 0 && values.write)
    throw new Error('Only the figures of all questions are written');
  const results: object[] = [];
  for (const name of names) {
    const report = await BENCHES[name]?.(only);
    results.push(...(report?.results ?? []));
    if (values.write && report?.figures !== undefined) await writeFigures(name, report.figures());
  }
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ node: process.version, results }, null, 2)}\n`);
}

function printed(bench: () => Promise<Result[]>): RunBench {
  return async () => {
    const results = await bench();
    for (const result of results) print(result);
    return { results };
  };
}

function print({ name, ours, peer, theirs, ratio, unit }: Result): void {
  const figure = (value: number): string =>
    value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  console.log(
    `${name}\n  ours ${figure(ours)} ${unit}, ${peer} ${figure(theirs)} ${unit}: ${ratio.toFixed(2)} times better`,
  );
}

await main();
