import { expect } from 'vitest';

/** What JSON that a page shows has to be equal to: `…` stands for any text. */
export function pattern(expected: unknown): unknown {
  if (expected === '…') return expect.any(String);
  if (Array.isArray(expected)) return expected.map(pattern);
  if (typeof expected !== 'object' || expected === null) return expected;
  return Object.fromEntries(Object.entries(expected).map(([key, value]) => [key, pattern(value)]));
}
