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

/** A result of more digits would take longer to work out than anybody wants it. */
const MAX_DIGITS = 100_000;

/** Undefined where there is no exact result: a division by zero, one that never ends, or one of more than 100,000 digits. */
export function combineDecimals(
  operation: DecimalOperation,
  a: Decimal | number | bigint,
  b: Decimal | number | bigint,
): Decimal | undefined {
  const [left, right] = [toDecimal(a), toDecimal(b)];
  const digits = left.precision() + right.precision() + Math.abs(left.scale() - right.scale());
  if (digits > MAX_DIGITS) return undefined;
  try {
    return left[operation](right);
  } catch {
    return undefined;
  }
}

/** A whole double is exactly what it is, not the shortest text that reads back as it. */
function toDecimal(value: Decimal | number | bigint): Decimal {
  if (isDecimal(value)) return value;
  return Big(Number.isInteger(value) ? BigInt(value) : value);
}
