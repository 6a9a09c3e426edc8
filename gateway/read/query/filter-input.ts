/** Reads the parts of the template of a `where`, each at its place: what is wrong is said of that place. */
import { badInput } from '../bad-input.ts';
import type { Where } from '../../select/selection.ts';
import { Slot } from './slots.ts';

/** An operator object must say something: one left empty by an absent variable would match everything. */
export function operatorsAt(condition: unknown, place: string): Where {
  const operators = whereAt(condition, place);
  if (Object.keys(operators).length === 0) {
    throw badInput(place, 'has no operator; leave the field out to match everything');
  }
  return operators;
}

export function whereAt(condition: unknown, place: string): Where {
  const isWhere =
    typeof condition === 'object' &&
    condition !== null &&
    !Array.isArray(condition) &&
    !(condition instanceof Slot);
  if (isWhere) return condition as Where;
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

/** A value, which is in a slot but for truth values. */
export function valueAt(operand: unknown, place: string): Slot | boolean {
  if (operand === null || operand === undefined) {
    throw badInput(place, 'is null; use isNull to ask for that');
  }
  if (operand instanceof Slot || typeof operand === 'boolean') return operand;
  throw badInput(place, 'must be a value');
}

/** A list of values, which is in a slot as a whole. */
export function valuesAt(operand: unknown, place: string): Slot {
  if (operand instanceof Slot) return operand;
  if (Array.isArray(operand)) operand.forEach((each) => valueAt(each, place));
  throw badInput(place, 'must be a list');
}

/** The values of a list of which each is in a slot. */
export function eachValue(operand: unknown, place: string): ReadonlyArray<Slot | boolean> {
  if (!Array.isArray(operand)) throw badInput(place, 'must be a list');
  return operand.map((value) => valueAt(value, place));
}

export function booleanAt(operand: unknown, place: string): boolean {
  if (typeof operand === 'boolean') return operand;
  throw badInput(place, 'must be true or false');
}
