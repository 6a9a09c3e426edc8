/** Aggregates: a list of values to one. There may be millions of them, so that all but the functions of the program pause. */
import { isDecimal } from '../../../schema/decimal.ts';
import type { EdnData, Value } from '../../../schema/value.ts';
import { compareValues } from '../../datom/value-order.ts';
import { budget } from '../../shared/budget.ts';
import { registeredNames } from '../../shared/functions.ts';
import { didYouMean } from '../../shared/suggest.ts';
import { PAUSE } from '../../shared/suspend.ts';
import type { Suspended } from '../../shared/suspend.ts';
import { functionNamed } from '../built-ins.ts';
import { plus } from '../functions/arithmetic.ts';
import { queryError } from '../query-error.ts';
import { quotient } from './quotient.ts';
import { firstOfEach } from '../relation/algebra.ts';
import { ROWS_PER_PAUSE } from '../relation/column.ts';
import { RowCodes } from '../relation/row-codes.ts';
import { sizeOf } from '../relation/size-of.ts';
import { sorted } from './sort.ts';

type Values = ReadonlyArray<EdnData>;
type Aggregate = (values: Values, n?: EdnData) => Suspended<EdnData>;

const AGGREGATES: ReadonlyMap<string, Aggregate> = new Map<string, Aggregate>([
  ['count', count],
  ['count-distinct', countDistinct],
  ['distinct', distinctSet],
  ['sum', (values) => folded(values, 0, sum)],
  ['avg', mean],
  ['variance', variance],
  ['stddev', standardDeviation],
  ['median', median],
  ['min', (values, n) => smallest(values, n, 1)],
  ['max', (values, n) => smallest(values, n, -1)],
  ['rand', random],
  ['sample', sample],
]);

/**
 * One of the aggregates above, or a function that is handed the list of values after the other arguments.
 *
 * @throws BAD_QUERY (`query/aggregate`) for an aggregate that nobody knows
 */
export function* aggregate(name: string, values: Values, args: Values): Suspended<EdnData> {
  const known = AGGREGATES.get(name);
  if (known !== undefined) return yield* known(values, ...args);
  const fn = functionNamed(name);
  if (fn === undefined)
    throw queryError(
      'query/aggregate',
      `Unknown aggregate '${name}' in :find${didYouMean(name, [...AGGREGATES.keys(), ...registeredNames()])}`,
    );
  budget().holdValue(sizeOf(values));
  return fn(...args, values) ?? null;
}

function* folded<T>(values: Values, start: T, step: (total: T, value: EdnData) => T): Suspended<T> {
  let total = start;
  for (const [i, value] of values.entries()) {
    total = step(total, value);
    if (i % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
  }
  return total;
}

function* count(values: Values): Suspended<EdnData> {
  return values.length;
}

function sum(a: EdnData, b: EdnData): EdnData {
  const both = plus(a, b);
  if (both === undefined)
    throw queryError('query/aggregate', 'Expected only numbers in sum, got', b);
  return both;
}

function* distinct(values: Values): Suspended<EdnData[]> {
  const codes = new RowCodes(1);
  const firsts = firstOfEach(yield* codes.assign([values], values.length), codes.count);
  return Array.from(firsts, (row) => values[row]!);
}

function* countDistinct(values: Values): Suspended<EdnData> {
  return (yield* distinct(values)).length;
}

function* distinctSet(values: Values): Suspended<EdnData> {
  const own = yield* distinct(values);
  budget().hold(own.length * BYTES_PER_MEMBER);
  return new Set(own);
}

/** What a set takes for each of its members. */
const BYTES_PER_MEMBER = 32;

function numberOf(value: EdnData): number {
  if (typeof value === 'number' || typeof value === 'bigint' || isDecimal(value))
    return Number(value);
  throw queryError(
    'query/aggregate',
    'Expected only numbers in avg, median, variance and stddev, got',
    value,
  );
}

function* mean(values: Values): Suspended<number> {
  return quotient(
    yield* folded(values, 0, (total, value) => total + numberOf(value)),
    values.length,
  );
}

function* variance(values: Values): Suspended<number> {
  const average = yield* mean(values);
  const square = (total: number, value: EdnData): number =>
    total + (numberOf(value) - average) ** 2;
  return (yield* folded(values, 0, square)) / values.length;
}

function* standardDeviation(values: Values): Suspended<number> {
  return Math.sqrt(yield* variance(values));
}

function* median(values: Values): Suspended<EdnData> {
  const ordered = yield* sorted(values, compare);
  const middle = ordered.length >>> 1;
  if (ordered.length % 2 === 1) return ordered[middle]!;
  return (numberOf(ordered[middle - 1]!) + numberOf(ordered[middle]!)) / 2;
}

/** The first value in one direction, or the first n, ascending in both. */
function* smallest(values: Values, n: EdnData | undefined, sign: number): Suspended<EdnData> {
  if (typeof n !== 'number')
    return yield* folded<EdnData>(values, values[0]!, (best, value) =>
      compare(value, best) * sign < 0 ? value : best,
    );
  const ordered = yield* sorted(values, compare);
  return sign > 0 ? ordered.slice(0, n) : ordered.slice(Math.max(0, ordered.length - n));
}

function compare(a: EdnData, b: EdnData): number {
  return compareValues(a as Value, b as Value);
}

/** One of the values, or n of them, the same ones again and again. */
function* random(values: Values, n?: EdnData): Suspended<EdnData> {
  if (typeof n !== 'number') return values[randomBelow(values.length)]!;
  budget().checkRows(n);
  const picked: EdnData[] = [];
  while (picked.length < n) {
    picked.push(values[randomBelow(values.length)]!);
    if (picked.length % ROWS_PER_PAUSE === 0) yield PAUSE;
  }
  return picked;
}

/** At most n of the values, each once. */
function* sample(values: Values, n?: EdnData): Suspended<EdnData> {
  const wanted = typeof n === 'number' ? Math.max(0, Math.min(n, values.length)) : 1;
  const rest = [...values];
  for (let i = 0; i < wanted; i++) {
    const other = i + randomBelow(rest.length - i);
    [rest[i], rest[other]] = [rest[other]!, rest[i]!];
    if (i % ROWS_PER_PAUSE === ROWS_PER_PAUSE - 1) yield PAUSE;
  }
  return rest.slice(0, wanted);
}

function randomBelow(end: number): number {
  return Math.floor(Math.random() * end);
}
