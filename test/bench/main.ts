/**
 * `npm run bench -- [NAME...] [--json FILE] [--write] [--quick]`: measures against peers in the same run and prints the ratios. `query` and `gateway` can
 * be followed by the names of the questions that are wanted. `--write` puts the figures into `docs/performance.md`; `--quick` is for trying, with figures
 * that mean little, and only `gateway` knows it.
 */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { commitSizeBench } from './commit-size.bench.ts';
import { databasesBench } from './databases.bench.ts';
import { engineBench } from './engine.bench.ts';
import { gatewayBench } from './gateway.bench.ts';
import { memoryBench } from './memory.bench.ts';
import { gatewaysBench } from './gateways.bench.ts';
import { importsBench } from './imports.bench.ts';
import type { Report, Result } from './harness.ts';
import { markdownTable, measuredOn, writeFigures } from './performance-doc.ts';
import { namespacesBench } from './namespaces.bench.ts';
import { queryBench } from './query.bench.ts';
import { rpcBench } from './rpc.bench.ts';
import { storageBench } from './storage.bench.ts';
import { takeoverBench } from './takeover.bench.ts';
import { visibilityBench } from './visibility.bench.ts';
import { worldQueriesBench } from './world-queries.bench.ts';
import { worldBench } from './world.bench.ts';
import { writesBench } from './writes.bench.ts';

/** Prints what it finds, and gives it as data; `only` names parts of it, of which all are wanted where it is empty. */
type RunBench = (only: ReadonlyArray<string>, options: BenchOptions) => Promise<Report>;

interface BenchOptions {
  readonly isQuick: boolean;
}

const BENCHES: Readonly<Record<string, RunBench>> = {
  engine: printed(engineBench),
  memory: printed(memoryBench),
  storage: documented(storageBench),
  world: async (only, options) => {
    const { results } = await printed(worldBench)(only, options);
    const queries = await worldQueriesBench();
    return { ...queries, results: [...results, ...queries.results] };
  },
  gateway: gatewayBench,
  gateways: printed(gatewaysBench),
  namespaces: documented(namespacesBench),
  writes: documented(writesBench),
  'commit-size': documented(commitSizeBench),
  imports: documented(importsBench),
  visibility: documented(visibilityBench),
  takeover: documented(takeoverBench),
  databases: documented(databasesBench),
  rpc: documented(rpcBench),
  query: queryBench,
};

/** Those that can be asked for some of their questions. */
const DIVISIBLE: ReadonlySet<string> = new Set(['query', 'gateway']);

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      json: { type: 'string' },
      write: { type: 'boolean', default: false },
      quick: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  const isBench = (name: string): boolean => Object.hasOwn(BENCHES, name);
  const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals.filter(isBench);
  const only = positionals.filter((name) => !isBench(name));
  if (only.length > 0 && !(names.length === 1 && DIVISIBLE.has(names[0] ?? '')))
    throw new Error(`Expected one of ${Object.keys(BENCHES).join(', ')}, got ${only[0]}`);
  if ((only.length > 0 || values.quick) && values.write)
    throw new Error('Only the figures of all questions are written, and no quick ones');
  const results: object[] = [];
  for (const name of names) {
    const report = await BENCHES[name]?.(only, { isQuick: values.quick });
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

/** One that has its place in the document. */
function documented(bench: () => Promise<Result[]>): RunBench {
  let results: ReadonlyArray<Result> = [];
  const run = printed(async () => {
    const found = await bench();
    results = found;
    return found;
  });
  return async (only, options) => ({
    ...(await run(only, options)),
    figures: () => tableOf(results),
  });
}

function print({ name, ours, peer, theirs, ratio, unit }: Result): void {
  console.log(
    `${name}\n  ours ${figure(ours)} ${unit}, ${peer} ${figure(theirs)} ${unit}: ${ratio.toFixed(2)} times better`,
  );
}

function tableOf(results: ReadonlyArray<Result>): string {
  const table = markdownTable(
    ['what', 'ours', 'beside it', '', 'times better'],
    results.map(({ name, ours, peer, theirs, ratio, unit }) => [
      name,
      `${figure(ours)} ${unit}`,
      `${figure(theirs)} ${unit}`,
      peer,
      ratio.toFixed(2),
    ]),
  );
  return `${measuredOn()}\n\n${table}`;
}

function figure(value: number): string {
  return value >= 100 ? Math.round(value).toLocaleString('en') : value.toPrecision(3);
}

await main();
