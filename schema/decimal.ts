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

/** Negative, zero or positive, by numeric value; either side may be any kind of finite number. */
export function compareDecimal(a: Decimal | number | bigint, b: Decimal | number | bigint): number {
  return toDecimal(a).compareTo(toDecimal(b));
}

export type DecimalOperation =
  'add' | 'subtract' | 'multiply' | 'divide' | 'divideToIntegralValue' | 'remainder';

/** Undefined where there is no exact result: a division by zero, or one that never ends. */
export function combineDecimals(
  operation: DecimalOperation,
  a: Decimal | number | bigint,
  b: Decimal | number | bigint,
): Decimal | undefined {
  try {
    return toDecimal(a)[operation](toDecimal(b));
  } catch {
    return undefined;
  }
}

/** A whole double is exactly what it is, not the shortest text that reads back as it. */
function toDecimal(value: Decimal | number | bigint): Decimal {
  if (isDecimal(value)) return value;
  return Big(Number.isInteger(value) ? BigInt(value) : value);
}
