/** The pieces that queries handle rows with, against what JavaScript has for the same. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { run } from '../../engine/index.ts';
import { KeyMap } from '../../engine/query/key-map.ts';
import { KeySet } from '../../engine/query/key-set.ts';
import { sorted } from '../../engine/query/sort.ts';

const items = fc.array(fc.record({ key: fc.integer({ min: 0, max: 9 }), place: fc.nat() }), {
  maxLength: 200,
});
const byKey = (a: { readonly key: number }, b: { readonly key: number }): number => a.key - b.key;

it('sorts as a stable sort does, whole or the first few', async () => {
  await fc.assert(
    fc.asyncProperty(items, fc.option(fc.nat(30), { nil: undefined }), async (rows, count) => {
      const expected = rows.toSorted(byKey).slice(0, count);
      expect(await run(sorted(rows, byKey, count))).toEqual(expected);
    }),
  );
});

it('sorts more rows than fit between two pauses', async () => {
  const rows = Array.from({ length: 20_000 }, (_, i) => ({ key: (i * 7_919) % 10_007, place: i }));
  expect(await run(sorted(rows, byKey))).toEqual(rows.toSorted(byKey));
  expect(await run(sorted(rows, byKey, 50))).toEqual(rows.toSorted(byKey).slice(0, 50));
});

const key = fc.oneof(
  fc.integer({ min: 0, max: 40 }),
  fc.integer(),
  fc.nat(2 ** 25),
  fc.double({ noNaN: true, noDefaultInfinity: true }).filter((value) => !Object.is(value, -0)),
  fc.string({ maxLength: 2 }),
  fc.constantFrom(null, true, false),
);

it('finds every key of a large map, whatever its kind', () => {
  const keys = Array.from({ length: 40_000 }, (_, i) =>
    i % 2 === 0 ? i * 1_000.5 : `key ${i} of many`,
  );
  const map = new KeyMap();
  for (const [i, each] of keys.entries()) map.set(each, i);
  expect(keys.every((each, i) => map.get(each) === i)).toBe(true);
  expect(map.get('no key')).toBeUndefined();
});

it('knows which keys it has, as a set does', () => {
  fc.assert(
    fc.property(fc.array(key), fc.array(key), (added, asked) => {
      const ours = new KeySet();
      const theirs = new Set<unknown>();
      for (const each of added) {
        expect(ours.add(each)).toBe(!theirs.has(each));
        theirs.add(each);
      }
      for (const each of [...added, ...asked]) expect(ours.has(each)).toBe(theirs.has(each));
    }),
  );
});
