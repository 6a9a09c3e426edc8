/**
 * Benchmarks against a peer that does the same in the same run. The two take turns in rounds, and what is reported is the ratio of the
 * medians: absolute times say little on a shared machine.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { Bench } from 'tinybench';

export interface Result {
  readonly name: string;
  /** Medians, in `unit`. */
  readonly ours: number;
  readonly peer: string;
  readonly theirs: number;
  /** How many times better we are: above 1 is better, for times and for rates. */
  readonly ratio: number;
  readonly unit: string;
}

/** What a bench found. */
export interface Report {
  readonly results: ReadonlyArray<object>;
  /** As Markdown, for benches whose figures are in `docs/performance.md`. */
  readonly figures?: () => string;
}

export interface Comparison {
  readonly name: string;
  readonly peer: string;
  readonly ours: () => unknown;
  readonly theirs: () => unknown;
  /** 5 by default. */
  readonly rounds?: number;
  /** How long each side is repeated in a round; 300 by default. */
  readonly roundMs?: number;
}

/** Compares how long one call takes; microseconds. */
export async function compareTimes(comparison: Comparison): Promise<Result> {
  const { name, peer, ours, theirs, rounds = 5, roundMs = 300 } = comparison;
  const times: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round++) {
    times.ours.push(await medianMicros(ours, roundMs));
    times.theirs.push(await medianMicros(theirs, roundMs));
  }
  const [mine, other] = [median(times.ours), median(times.theirs)];
  return { name, ours: mine, peer, theirs: other, ratio: other / mine, unit: 'us' };
}

/** Compares how much is done in a second by runs too long to repeat; each gives how much it did. */
export async function compareRates(
  comparison: Omit<Comparison, 'ours' | 'theirs' | 'roundMs'> & {
    readonly unit: string;
    readonly ours: () => Promise<number>;
    readonly theirs: () => Promise<number>;
  },
): Promise<Result> {
  const { name, peer, unit, ours, theirs, rounds = 5 } = comparison;
  const rates: { readonly ours: number[]; readonly theirs: number[] } = { ours: [], theirs: [] };
  for (let round = 0; round < rounds; round++) {
    rates.ours.push(await ratePerSecond(ours));
    rates.theirs.push(await ratePerSecond(theirs));
  }
  const [mine, other] = [median(rates.ours), median(rates.theirs)];
  return { name, ours: mine, peer, theirs: other, ratio: mine / other, unit };
}

/** How a figure that has no peer keeps its limit. */
export function limited(name: string, ours: number, limit: number, unit: string): Result {
  return { name, ours, peer: 'the limit', theirs: limit, ratio: limit / ours, unit };
}

/** What the heap and buffers take after garbage was collected. */
export async function heapBytes(): Promise<number> {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as () => void;
  for (let i = 0; i < 4; i++) {
    collect();
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
  const { heapUsed, arrayBuffers } = process.memoryUsage();
  return heapUsed + arrayBuffers;
}

async function medianMicros(task: () => unknown, timeMs: number): Promise<number> {
  const bench = new Bench({
    time: timeMs,
    warmupTime: timeMs / 3,
    warmupIterations: 3,
    iterations: 5,
  });
  bench.add('task', async () => {
    await task();
  });
  const [measured] = await bench.run();
  const result = measured?.result;
  if (result === undefined || !('latency' in result)) throw new Error('A benchmark failed');
  return result.latency.p50 * 1_000;
}

async function ratePerSecond(task: () => Promise<number>): Promise<number> {
  const startedAt = performance.now();
  const done = await task();
  return done / ((performance.now() - startedAt) / 1_000);
}

export function median(values: ReadonlyArray<number>): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[sorted.length >>> 1] ?? NaN;
}
