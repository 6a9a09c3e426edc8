/** What callers give, read as far as its types do not say it. */
import type { EdnData } from '../../schema/value.ts';
import { badInput } from '../read/bad-input.ts';

export type Input = Readonly<Record<string, unknown>>;

export function isGiven<T>(value: T): value is NonNullable<T> {
  return value !== null && value !== undefined;
}

export function valueAt(value: unknown, place: string): EdnData {
  if (!isGiven(value)) throw badInput(place, 'holds a null');
  return value as EdnData;
}

export function objectAt(value: unknown, place: string): Input {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return value as Input;
  throw badInput(place, 'must be an object');
}

export function listAt(value: unknown, place: string): ReadonlyArray<unknown> {
  if (Array.isArray(value)) return value;
  throw badInput(place, 'must be a list');
}
