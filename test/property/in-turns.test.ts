/** Long lists, a part at a time, come to what they come to in one go. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { firstInOrder, mapInTurns } from '../../gateway/read/in-turns.ts';

/** Of few keys, so that many are equal, and more than one part. */
const items = fc
  .array(fc.integer({ min: 0, max: 50 }), { minLength: 0, maxLength: 4_000, size: 'max' })
  .map((keys) => keys.map((key, place) => ({ key, place })));

it('the first in an order, equal ones as they came', async () => {
  await fc.assert(
    fc.asyncProperty(items, fc.integer({ min: 0, max: 3_000 }), async (all, count) => {
      const compare = (a: { key: number }, b: { key: number }): number => a.key - b.key;
      expect(await firstInOrder(all, {}, compare, count)).toEqual(
        all.toSorted(compare).slice(0, count),
      );
    }),
    { numRuns: 50 },
  );
});

it('what each comes to', async () => {
  await fc.assert(
    fc.asyncProperty(items, async (all) => {
      expect(await mapInTurns(all, {}, ({ key }) => key + 1)).toEqual(
        all.map(({ key }) => key + 1),
      );
    }),
    { numRuns: 20 },
  );
});

it('nothing, where the time is over', async () => {
  const all = Array.from({ length: 5_000 }, (_, i) => i);
  const limits = { deadlineMs: performance.now() };
  await expect(mapInTurns(all, limits, String)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
  await expect(firstInOrder(all, limits, (a, b) => a - b, 10)).rejects.toMatchObject({
    code: 'DEADLINE_EXCEEDED',
  });
});
