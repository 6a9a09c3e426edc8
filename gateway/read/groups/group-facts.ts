/** Whether groups meet conditions, and which comes first. */
import { compareDecimal, isDecimal } from '../../../schema/decimal.ts';
import type { Decimal } from '../../../schema/decimal.ts';
import type { EdnData } from '../../../schema/value.ts';
import { valueEquals } from '../../../schema/value-key.ts';
import { badInput } from '../bad-input.ts';

/** Nothing, where a group has no such value. */
type Fact = EdnData | undefined;

type Test = (fact: EdnData, operand: EdnData) => boolean;

const TESTS: Readonly<Record<string, Test>> = {
  eq: isSame,
  ne: (fact, operand) => !isSame(fact, operand),
  in: (fact, operand) => isList(operand) && operand.some((each) => isSame(fact, each)),
  nin: (fact, operand) => isList(operand) && !operand.some((each) => isSame(fact, each)),
  lt: (fact, operand) => compareFacts(fact, operand) < 0,
  lte: (fact, operand) => compareFacts(fact, operand) <= 0,
  gt: (fact, operand) => compareFacts(fact, operand) > 0,
  gte: (fact, operand) => compareFacts(fact, operand) >= 0,
  startsWith: (fact, operand) => String(fact).startsWith(String(operand)),
  endsWith: (fact, operand) => String(fact).endsWith(String(operand)),
  contains: (fact, operand) => String(fact).includes(String(operand)),
};

/** Whether every operator holds; none does for what is not there, but for `isNull`. @throws BAD_USER_INPUT */
export function meets(fact: Fact, operators: Readonly<Record<string, unknown>>): boolean {
  return Object.entries(operators).every(([name, operand]) => {
    if (operand === undefined) return true;
    if (name === 'isNull') return (fact === undefined) === operand;
    const test = Object.hasOwn(TESTS, name) ? TESTS[name] : undefined;
    if (test === undefined)
      throw badInput(`having.${name}`, 'is for filters of entities, not of groups');
    if (operand === null)
      throw badInput(`having.${name}`, 'is null; isNull asks for what is not there');
    return fact !== undefined && test(fact, operand as EdnData);
  });
}

/** Decimals are equal whatever their scale. */
function isSame(a: EdnData, b: EdnData): boolean {
  return isDecimal(a) || isDecimal(b) ? compareFacts(a, b) === 0 : valueEquals(a, b);
}

/** Values of one kind. */
export function compareFacts(a: EdnData, b: EdnData): number {
  if (isDecimal(a) || isDecimal(b)) return compareDecimal(a as Decimal, b as Decimal);
  const [left, right] = [comparable(a), comparable(b)];
  return left < right ? -1 : Number(left > right);
}

function comparable(value: EdnData): string | number | bigint | boolean {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
    case 'boolean':
      return value;
    default:
      return value instanceof Date ? value.getTime() : String(value);
  }
}

function isList(value: EdnData): value is ReadonlyArray<EdnData> {
  return Array.isArray(value);
}
