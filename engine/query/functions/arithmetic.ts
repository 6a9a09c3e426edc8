/** Numbers. Integers stay exact however large, decimals stay decimals, and whatever meets a fraction of JavaScript becomes one. */
import { combineDecimals, isDecimal } from '../../../schema/decimal.ts';
import type { DecimalOperation } from '../../../schema/decimal.ts';
import type { EdnData } from '../../../schema/value.ts';
import { compareValues } from '../../datom/value-order.ts';
import type { Numeric, Table } from './built-in.ts';
import { isComparable, isInteger, isNumeric, itemsOf } from './built-in.ts';

/** One operation on each kind of number; undefined where there is no result, such as a division by zero. */
interface Operation {
  readonly ofNumbers: (a: number, b: number) => number | undefined;
  readonly ofBigints: (a: bigint, b: bigint) => bigint | number | undefined;
  readonly ofDecimals: DecimalOperation;
}

const ADD: Operation = {
  ofNumbers: (a, b) => a + b,
  ofBigints: (a, b) => a + b,
  ofDecimals: 'add',
};

const SUBTRACT: Operation = {
  ofNumbers: (a, b) => a - b,
  ofBigints: (a, b) => a - b,
  ofDecimals: 'subtract',
};

const MULTIPLY: Operation = {
  ofNumbers: (a, b) => a * b,
  ofBigints: (a, b) => a * b,
  ofDecimals: 'multiply',
};

const DIVIDE: Operation = {
  ofNumbers: (a, b) => finite(a / b),
  ofBigints: (a, b) => (b !== 0n && a % b === 0n ? a / b : finite(Number(a) / Number(b))),
  ofDecimals: 'divide',
};

const QUOTIENT: Operation = {
  ofNumbers: (a, b) => finite(Math.trunc(a / b) + 0),
  ofBigints: (a, b) => (b === 0n ? undefined : a / b),
  ofDecimals: 'divideToIntegralValue',
};

const REMAINDER: Operation = {
  ofNumbers: (a, b) => finite((a % b) + 0),
  ofBigints: (a, b) => (b === 0n ? undefined : a % b),
  ofDecimals: 'remainder',
};

/** The sum of two numbers; undefined where one is none. */
export function plus(a: EdnData, b: EdnData): EdnData | undefined {
  return isNumeric(a) && isNumeric(b) ? combine(ADD, a, b) : undefined;
}

export const ARITHMETIC: Table = [
  ['+', (...args) => chain(ADD, [0, ...args])],
  ['*', (...args) => chain(MULTIPLY, [1, ...args])],
  ['-', (...args) => chain(SUBTRACT, args.length === 1 ? [0, ...args] : args)],
  ['/', (...args) => chain(DIVIDE, args.length === 1 ? [1, ...args] : args)],
  ['quot', (a = null, b = null) => chain(QUOTIENT, [a, b])],
  ['rem', (a = null, b = null) => chain(REMAINDER, [a, b])],
  ['mod', modulo],
  ['inc', (a = null) => chain(ADD, [a, 1])],
  ['dec', (a = null) => chain(SUBTRACT, [a, 1])],
  ['abs', (a = null) => (isNegative(a) ? chain(SUBTRACT, [0, a]) : isNumeric(a) ? a : undefined)],
  ['zero?', (a) => isNumeric(a) && Number(a) === 0],
  ['pos?', (a) => isNumeric(a) && Number(a) > 0],
  ['neg?', (a) => isNegative(a)],
  ['even?', (a) => isInteger(a) && BigInt(a) % 2n === 0n],
  ['odd?', (a) => isInteger(a) && BigInt(a) % 2n !== 0n],
  ['max', (...args) => extreme(args, 1)],
  ['min', (...args) => extreme(args, -1)],
  ['rand', (n) => Math.random() * (typeof n === 'number' ? n : 1)],
  ['rand-int', (n) => (typeof n === 'number' ? Math.trunc(Math.random() * n) : undefined)],
];

function chain(
  operation: Operation,
  [first = null, ...rest]: ReadonlyArray<EdnData>,
): EdnData | undefined {
  let result: EdnData | undefined = first;
  for (const next of rest) {
    if (!isNumeric(result) || !isNumeric(next)) return undefined;
    result = combine(operation, result, next);
  }
  return isNumeric(result) ? result : undefined;
}

function combine(operation: Operation, a: Numeric, b: Numeric): Numeric | undefined {
  if (isDecimal(a) || isDecimal(b)) {
    const isFraction = [a, b].some((one) => typeof one === 'number' && !Number.isInteger(one));
    if (!isFraction) return combineDecimals(operation.ofDecimals, a, b);
  }
  const result = operation.ofNumbers(Number(a), Number(b));
  const isWhole = isInteger(a) && isInteger(b);
  const isExact = typeof a === 'number' && typeof b === 'number' && Number.isSafeInteger(result);
  if (!isWhole || isExact) return result;
  const exact = operation.ofBigints(BigInt(a), BigInt(b));
  return typeof exact === 'bigint' && Number.isSafeInteger(Number(exact)) ? Number(exact) : exact;
}

/** The remainder that has the sign of the divisor. */
function modulo(a: EdnData = null, b: EdnData = null): EdnData | undefined {
  const rest = chain(REMAINDER, [a, b]);
  if (rest === undefined || Number(rest) === 0 || isNegative(rest) === isNegative(b)) return rest;
  return chain(ADD, [rest, b]);
}

function isNegative(value: EdnData | undefined): boolean {
  return isNumeric(value) && Number(value) < 0;
}

function finite(value: number): number | undefined {
  return Number.isFinite(value) ? value : undefined;
}

/** `(max coll)`, or the n largest of `(max n coll)`, ascending. */
function extreme(args: ReadonlyArray<EdnData>, sign: number): EdnData | undefined {
  const values = (itemsOf(args.at(-1)) ?? []).filter(isComparable).sort(compareValues);
  const [n] = args;
  if (args.length === 2 && typeof n === 'number')
    return sign > 0 ? values.slice(Math.max(0, values.length - n)) : values.slice(0, n);
  return sign > 0 ? values.at(-1) : values[0];
}
