/**
 * Decimals (`:db.type/bigdec`, `1.50M`): the one door to the library that keeps precision and scale as Java's BigDecimal does.
 */
import { Big, BigDecimal } from 'bigdecimal.js';

export type Decimal = BigDecimal;

export function isDecimal(value: unknown): value is Decimal {
  return value instanceof BigDecimal;
}

/** The decimal that a text writes (`"1.50"`), or undefined where the text is none. */
export function parseDecimal(text: string): Decimal | undefined {
  try {
    return Big(text);
  } catch {
    return undefined;
  }
}

/** Negative, zero or positive, by numeric value; either side may be any kind of number. */
export function compareDecimal(a: Decimal | number | bigint, b: Decimal | number | bigint): number {
  const left = toDecimal(a);
  const right = toDecimal(b);
  return typeof left === 'number' || typeof right === 'number'
    ? Number(left) - Number(right)
    : left.compareTo(right);
}

/** Infinities and NaN have no decimal and stay numbers. */
function toDecimal(value: Decimal | number | bigint): Decimal | number {
  if (isDecimal(value)) return value;
  return typeof value === 'number' && !Number.isFinite(value) ? value : Big(value);
}
