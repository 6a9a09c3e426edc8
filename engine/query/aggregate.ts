/** Aggregates: a list of values to one. */
import { isDecimal } from '../../schema/decimal.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { valueKey } from '../../schema/value-key.ts';
import { compareValues } from '../datom/value-order.ts';
import { functionNamed } from './built-ins.ts';
import { plus } from './functions/arithmetic.ts';
import { queryError } from './query-error.ts';
import { didYouMean } from '../shared/suggest.ts';

type Values = ReadonlyArray<EdnData>;
type Aggregate = (values: Values, ...args: Values) => EdnData;

const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map<string, Aggregate>([
  ['count', (values) => values.length],
  ['count-distinct', (values) => distinct(values).length],
  ['distinct', (values) => new Set(distinct(values))],
  ['sum', (values) => values.reduce(sum, 0)],
  ['avg', (values) => mean(numbers(values))],
  ['variance', (values) => variance(numbers(values))],
  ['stddev', (values) => Math.sqrt(variance(numbers(values)))],
  ['median', median],
  ['min', (values, n) => smallest(values, n, 1)],
  ['max', (values, n) => smallest(values, n, -1)],
  [
    'rand',
    (values, n) =>
      typeof n === 'number' ? Array.from({ length: n }, () => pick(values)) : pick(values),
  ],
  ['sample', (values, n) => sample(values, typeof n === 'number' ? n : 1)],
]);

/**
 * One of the aggregates above, or a function that is handed the list of values after the other arguments.
 *
 * @throws BAD_QUERY (`query/aggregate`) for an aggregate that nobody knows
 */
export function aggregate(name: string, values: Values, args: Values): EdnData {
  const known = AGGREGATES.get(name);
  if (known !== undefined) return known(values, ...args);
  const fn = functionNamed(name);
  if (fn === undefined)
    throw queryError(
      'query/aggregate',
      `Unknown aggregate ${name}${didYouMean(name, AGGREGATES.keys())}`,
    );
  return fn(...args, values) ?? null;
}

function sum(a: EdnData, b: EdnData): EdnData {
  const both = plus(a, b);
  if (both === undefined) throw queryError('query/aggregate', 'Expected numbers to add up', b);
  return both;
}

function distinct(values: Values): Values {
  return [...new Map(values.map((value) => [valueKey(value), value])).values()];
}

function numbers(values: Values): number[] {
  return values.map((value) => {
    if (typeof value === 'number' || typeof value === 'bigint' || isDecimal(value))
      return Number(value);
    throw queryError('query/aggregate', 'Expected numbers to aggregate', value);
  });
}

function mean(values: ReadonlyArray<number>): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

function variance(values: ReadonlyArray<number>): number {
  const average = mean(values);
  return mean(values.map((value) => (value - average) ** 2));
}

function median(values: Values): EdnData {
  const sorted = sort(values);
  const middle = sorted.length >>> 1;
  if (sorted.length % 2 === 1) return sorted[middle]!;
  return mean(numbers([sorted[middle - 1]!, sorted[middle]!]));
}

/** The first value in one direction, or the first n, ascending in both. */
function smallest(values: Values, n: EdnData | undefined, sign: number): EdnData {
  if (typeof n !== 'number')
    return values.reduce((best, value) =>
      compareValues(value as Value, best as Value) * sign < 0 ? value : best,
    );
  const sorted = sort(values);
  return sign > 0 ? sorted.slice(0, n) : sorted.slice(Math.max(0, sorted.length - n));
}

function sort(values: Values): EdnData[] {
  return [...values].sort((a, b) => compareValues(a as Value, b as Value));
}

function pick(values: Values): EdnData {
  return values[Math.floor(Math.random() * values.length)]!;
}

function sample(values: Values, n: number): EdnData[] {
  const rest = [...values];
  return Array.from(
    { length: Math.min(n, rest.length) },
    () => rest.splice(Math.floor(Math.random() * rest.length), 1)[0]!,
  );
}
