/**
 * The functions and predicates that a query may call: a closed table, and what the program registered by name. Nothing else can be reached
 * from a query, whatever its name.
 */
import { DatabaseError } from '../../schema/error.ts';
import { sym } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { fromJs } from '../../schema/js.ts';
import { registeredFunction } from '../shared/functions.ts';
import { ARITHMETIC } from './functions/arithmetic.ts';
import type { BuiltIn } from './functions/built-in.ts';
import { COLLECTIONS } from './functions/collections.ts';
import { COMPARISONS } from './functions/comparisons.ts';
import { REGULAR_EXPRESSIONS } from './functions/regular-expressions.ts';
import { TEXTS } from './functions/texts.ts';
import { KINDS, LOGIC, NAMES } from './functions/values.ts';
import { queryError } from './query-error.ts';

export const BUILT_INS: ReadonlyMap<string, BuiltIn> = new Map([
  ...COMPARISONS,
  ...ARITHMETIC,
  ...LOGIC,
  ...NAMES,
  ...KINDS,
  ...COLLECTIONS,
  ...TEXTS,
  ...REGULAR_EXPRESSIONS,
]);

/** A call of these may take as long as thousands of others. */
export const SLOW: ReadonlySet<string> = new Set(REGULAR_EXPRESSIONS.map(([name]) => name));

/** A built-in function, or one that the program registered; undefined where there is none of the name. */
export function functionNamed(name: string): BuiltIn | undefined {
  const builtIn = BUILT_INS.get(name) ?? BUILT_INS.get(name.replace(/^clojure\.core\//, ''));
  if (builtIn !== undefined) return builtIn;
  const registered = registeredFunction(sym(name));
  return registered === undefined
    ? undefined
    : (...args) => resultOf(name, () => registered(...args));
}

/** What a function of the program gives, as data. @throws BAD_QUERY (`query/where`) where it throws or gives a promise */
function resultOf(name: string, call: () => unknown): EdnData {
  let result: unknown;
  try {
    result = call();
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    const reason = error instanceof Error ? error.message : String(error);
    throw queryError('query/where', `The function ${name} failed: ${reason}`);
  }
  if (result instanceof Promise)
    throw queryError('query/where', `Expected ${name} to give a value at once, got a promise`);
  return typeof result === 'string' ? result : fromJs(result);
}
