/** Reads the parts of a `where`, each at its place: what is wrong is said of that place. */
import type { EdnData } from '../../../schema/value.ts';
import { badInput } from '../bad-input.ts';
import type { Where } from '../selection.ts';

/** An operator object must say something: one left empty by an absent variable would match everything. */
export function operatorsAt(condition: unknown, place: string): Where {
  const operators = whereAt(condition, place);
  if (Object.keys(operators).length === 0) {
    throw badInput(place, 'has no operator; leave the field out to match everything');
  }
  return operators;
}

export function whereAt(condition: unknown, place: string): Where {
  if (typeof condition === 'object' && condition !== null && !Array.isArray(condition)) {
    return condition as Where;
  }
  throw badInput(
    place,
    condition === null ? 'is null; use isNull to ask for that' : 'must be an object',
  );
}

export function eachWhere(
  condition: unknown,
  place: string,
): ReadonlyArray<readonly [Where, string]> {
  if (!Array.isArray(condition)) throw badInput(place, 'must be a list');
  return condition.map((where, i) => [whereAt(where, `${place}[${i}]`), `${place}[${i}]`] as const);
}

export function valueAt(operand: unknown, place: string): EdnData {
  if (operand === null || operand === undefined) {
    throw badInput(place, 'is null; use isNull to ask for that');
  }
  return operand as EdnData;
}

export function valuesAt(operand: unknown, place: string): ReadonlyArray<EdnData> {
  if (!Array.isArray(operand)) throw badInput(place, 'must be a list');
  return operand.map((value) => valueAt(value, place));
}

export function booleanAt(operand: unknown, place: string): boolean {
  if (typeof operand === 'boolean') return operand;
  throw badInput(place, 'must be true or false');
}
