/** Times of several sides that take turns in rounds, so that what the machine does beside falls on all of them. */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import type { Ask } from './question.ts';

const ROUNDS = 7;

/** How long a side is asked in a round, at least once. */
const ROUND_MS = 25;

/** How long each side is asked before the first round. */
const WARM_UP_MS = 60;

/** Calls are timed together until they take so long: the clock costs some 50 ns. */
const SAMPLE_MICROS = 100;

/** Microseconds of one call: for each side, in their order, the median of each round. */
export async function measureInTurns(asks: ReadonlyArray<Ask>): Promise<number[][]> {
  withoutGuesses();
  const collectYoung = collectorOfYoung();
  const samplers = asks.map(samplerOf);
  for (const samples of samplers) await samples(WARM_UP_MS);
  const medians: number[][] = asks.map(() => []);
  for (let round = 0; round < ROUNDS; round++)
    for (const [i, samples] of samplers.entries()) {
      // Nobody shall clear away after somebody else.
      collectYoung();
      medians[i]?.push(median(await samples(ROUND_MS)));
    }
  return medians;
}

/** Microseconds of one call, sample by sample, for so long. */
type Sampler = (durationMs: number) => Promise<number[]>;

function samplerOf(ask: Ask): Sampler {
  let call = 0;
  let callsPerSample = 1;
  const sampleMicros = async (): Promise<number> => {
    const startedAt = performance.now();
    for (let i = 0; i < callsPerSample; i++) {
      const answer = ask(call++);
      // A side that answers at once is not made to wait for a promise.
      if (answer instanceof Promise) await answer;
    }
    return (performance.now() - startedAt) * 1_000;
  };
  return async (durationMs) => {
    const found: number[] = [];
    const endsAt = performance.now() + durationMs;
    do {
      const micros = await sampleMicros();
      if (micros < SAMPLE_MICROS) callsPerSample *= 2;
      else found.push(micros / callsPerSample);
    } while (found.length === 0 || performance.now() < endsAt);
    return found;
  };
}

/**
 * V8 guesses for each place in the code whether the arrays that are made there will live long, and where they go. The guess differs from process
 * to process, and the time of a large answer with it, by a factor of two or three; without it figures can be repeated. The floor, DataScript
 * and we are equally concerned.
 */
function withoutGuesses(): void {
  setFlagsFromString('--no-allocation-site-pretenuring');
}

function collectorOfYoung(): () => void {
  setFlagsFromString('--expose-gc');
  const collect = runInNewContext('gc') as (options: { readonly type: 'minor' }) => void;
  return () => collect({ type: 'minor' });
}

export function median(values: ReadonlyArray<number>): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length >>> 1;
  const [low, high] = [sorted[middle - (sorted.length % 2 === 0 ? 1 : 0)], sorted[middle]];
  return ((low ?? NaN) + (high ?? NaN)) / 2;
}

export function geometricMean(values: ReadonlyArray<number>): number {
  const sum = values.reduce((total, value) => total + Math.log(value), 0);
  return Math.exp(sum / values.length);
}
