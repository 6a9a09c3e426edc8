/** Assertions: what must hold if this software is right. A message states the expectation. */

export function assert(condition: boolean, expectation: string): asserts condition {
  if (!condition) throw new Error(`Expected ${expectation}`);
}

/** The value, which cannot be missing. */
export function must<T>(value: T | null | undefined, expectation: string): T {
  if (value === null || value === undefined) throw new Error(`Expected ${expectation}`);
  return value;
}

/** Ends a switch whose cases are all there. */
export function unreachable(value: never): never {
  throw new Error(`Expected no other case, got ${String(value)}`);
}
