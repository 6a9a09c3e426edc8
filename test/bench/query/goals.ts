/** What queries may cost, as ratios to the other sides and as times, and whether they do. */
import { geometricMean, median } from './measure.ts';
import type { Side } from './question.ts';

export interface Measured {
  readonly name: string;
  readonly kind: 'query' | 'pull';
  readonly rows: number;
  /** Of one answer, round by round; undefined where a side has nothing to do for it. */
  readonly roundMicros: Readonly<Partial<Record<Side, ReadonlyArray<number>>>>;
}

export interface Goal {
  readonly name: string;
  /** What was measured. */
  readonly found: string;
  readonly isMet: boolean;
}

/** Medians of Datahike on the JVM, in milliseconds; those of `point` and `pull` are our own. */
const LIMITS_MS: Readonly<Record<string, number>> = {
  q1: 0.19,
  q2: 0.52,
  q3: 0.54,
  q4: 0.89,
  'value-join': 11.7,
  qpred1: 6.4,
  qpred2: 6.4,
  'q-or': 2.6,
  'q-not': 6.2,
  'q-5-merge': 5.3,
  avg: 33,
  'wide-7x3': 38,
  'long-30x5': 5.3,
  point: 0.01,
  pull: 0.002,
};

/** Those that something was measured for; the ratios are about queries, without pull. */
export function goalsOf(measured: ReadonlyArray<Measured>): Goal[] {
  const queries = measured.filter(({ kind }) => kind === 'query');
  return [
    ...goalsAgainst('DataScript', ratiosOf(queries, 'datascript', 'ours'), [
      { name: 'each query 20 times as fast', isMet: ({ least }) => least.ratio >= 20 },
      { name: 'geometric mean 100 times as fast', isMet: ({ mean }) => mean >= 100 },
    ]),
    ...goalsAgainst('SQLite', ratiosOf(queries, 'sqlite', 'ours'), [
      { name: 'each query faster', isMet: ({ least }) => least.ratio > 1 },
    ]),
    ...goalsAgainst('floor', ratiosOf(queries, 'ours', 'floor'), [
      { name: 'geometric mean at most 4 times as long', isMet: ({ mean }) => mean <= 4 },
    ]),
    ...measured.flatMap(limitOf),
  ];
}

interface NamedRatio {
  readonly name: string;
  readonly ratio: number;
}

interface Ratios {
  readonly mean: number;
  readonly least: NamedRatio;
  readonly most: NamedRatio;
}

/** How many times as long one side takes as another; undefined where no question was asked of both. */
function ratiosOf(measured: ReadonlyArray<Measured>, one: Side, other: Side): Ratios | undefined {
  const ratios = measured
    .flatMap((each) => {
      const ratio = ratioOf(each, one, other);
      return ratio === undefined ? [] : [{ name: each.name, ratio }];
    })
    .toSorted((a, b) => a.ratio - b.ratio);
  const [least, most] = [ratios.at(0), ratios.at(-1)];
  if (least === undefined || most === undefined) return undefined;
  return { mean: geometricMean(ratios.map(({ ratio }) => ratio)), least, most };
}

function goalsAgainst(
  peer: string,
  ratios: Ratios | undefined,
  goals: ReadonlyArray<{
    readonly name: string;
    readonly isMet: (ratios: Ratios) => boolean;
  }>,
): Goal[] {
  if (ratios === undefined) return [];
  const { mean, least, most } = ratios;
  const named = ({ name, ratio }: NamedRatio): string => `${times(ratio)} (${name})`;
  const found = `geometric mean ${times(mean)}, from ${named(least)} to ${named(most)}`;
  return goals.map(({ name, isMet }) => ({
    name: `${peer}: ${name}`,
    found,
    isMet: isMet(ratios),
  }));
}

function limitOf(measured: Measured): Goal[] {
  const { name } = measured;
  const limitMs = LIMITS_MS[name];
  const ours = microsOf(measured, 'ours');
  if (limitMs === undefined || ours === undefined) return [];
  const limit = limitMs * 1_000;
  const found = microseconds(ours);
  return [{ name: `${name} below ${microseconds(limit)}`, found, isMet: ours < limit }];
}

/** The median of the rounds. */
export function microsOf({ roundMicros }: Measured, side: Side): number | undefined {
  const rounds = roundMicros[side];
  return rounds === undefined ? undefined : median(rounds);
}

/** How many times as long one side takes as another: the median of what it was in each round, for the machine may change between rounds. */
export function ratioOf({ roundMicros }: Measured, one: Side, other: Side): number | undefined {
  const [first, second] = [roundMicros[one], roundMicros[other]];
  if (first === undefined || second === undefined) return undefined;
  return median(first.map((micros, round) => micros / (second[round] ?? NaN)));
}

/** A ratio; below one as a fraction. */
export function times(ratio: number): string {
  return ratio >= 1 ? `${figure(ratio)}x` : `1/${figure(1 / ratio)}x`;
}

/** In the unit that one would say. */
export function microseconds(value: number): string {
  return value >= 1_000 ? `${figure(value / 1_000)} ms` : `${figure(value)} us`;
}

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toPrecision(3);
}
