/** `npm run bench -- [NAME...] [--json FILE]`: measures against peers in the same run and prints the ratios. */
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { engineBench } from './engine.bench.ts';
import { memoryBench } from './memory.bench.ts';
import { gatewaysBench } from './gateways.bench.ts';
import type { Result } from './harness.ts';
import { storageBench } from './storage.bench.ts';
import { worldBench } from './world.bench.ts';

const BENCHES: Readonly<Record<string, () => Promise<Result[]>>> = {
  engine: engineBench,
  memory: memoryBench,
  storage: storageBench,
  world: worldBench,
  gateways: gatewaysBench,
};

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: { json: { type: 'string' } },
    allowPositionals: true,
  });
  const names = positionals.length === 0 ? Object.keys(BENCHES) : positionals;
  const unknown = names.find((name) => !Object.hasOwn(BENCHES, name));
  if (unknown !== undefined)
    throw new Error(`Expected one of ${Object.keys(BENCHES).join(', ')}, got ${unknown}`);
  const results: Result[] = [];
  for (const name of names) {
    for (const result of (await BENCHES[name]?.()) ?? []) {
      results.push(result);
      print(result);
    }
  }
  if (values.json !== undefined)
    writeFileSync(values.json, `${JSON.stringify({ node: process.version, results }, null, 2)}\n`);
}

function print({ name, ours, peer, theirs, ratio, unit }: Result): void {
  const figure = (value: number): string =>
    value >= 100 ? value.toFixed(0) : value.toPrecision(3);
  console.log(
    `${name}\n  ours ${figure(ours)} ${unit}, ${peer} ${figure(theirs)} ${unit}: ${ratio.toFixed(2)} times better`,
  );
}

await main();
