/** The set of datoms in memory against a sorted array. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { compareDatoms } from '../../engine/datom/compare-datoms.ts';
import type { Datom } from '../../engine/datom/datom.ts';
import type { IndexOrder } from '../../engine/datom/index-order.ts';
import { DatomSet } from '../../engine/novelty/datom-set.ts';
import { SetCursor } from '../../engine/novelty/set-cursor.ts';
import {
  boundOf,
  datomsInRow,
  datomsOver,
  drain,
  isInRange,
  keyOf,
  orders,
  rangesNear,
  sortDatoms,
} from '../model/datoms.ts';

function setOf(order: IndexOrder, datoms: Iterable<Datom>): DatomSet {
  const set = DatomSet.empty(order).edit();
  for (const datom of datoms) set.add(datom);
  return set.seal();
}

/** Some that are many enough for several levels, and some that are close together. */
const contents = fc
  .tuple(
    fc.constantFrom(0, 0, 300, 20_000),
    fc.array(datomsOver(6), { minLength: 1, maxLength: 40 }),
    fc.integer({ min: 1, max: 7 }),
  )
  .map(([count, few, stride]) => shuffledByStride([...datomsInRow(1, count), ...few], stride));

/** An order that is neither sorted nor random, and cheap to make. */
function shuffledByStride<T>(items: ReadonlyArray<T>, stride: number): T[] {
  return Array.from({ length: stride }, (_, offset) =>
    items.filter((_item, i) => i % stride === offset),
  ).flat();
}

describe('a set of datoms', () => {
  it('holds what a sorted array holds, whatever is added and deleted', () => {
    fc.assert(
      fc.property(
        orders,
        contents,
        fc.array(datomsOver(6)),
        fc.integer({ min: 1, max: 5 }),
        (order, datoms, extra, share) => {
          const set = DatomSet.empty(order).edit();
          let expected = sortDatoms(datoms, order);
          const isNew = datoms.map((datom) => set.add(datom));
          expect(isNew.filter(Boolean)).toHaveLength(expected.length);
          const deleted = [...expected.filter((_, i) => i % share === 0), ...extra];
          const isGone = deleted.map((datom) => set.delete(datom));
          const before = expected.length;
          const keys = new Set(deleted.map(keyOf));
          expected = expected.filter((datom) => !keys.has(keyOf(datom)));
          expect(isGone.filter(Boolean)).toHaveLength(before - expected.length);
          expect(set.size).toBe(expected.length);
          expect(set.toArray().map(keyOf)).toEqual(expected.map(keyOf));
          for (const datom of deleted.slice(0, 20)) expect(set.has(datom)).toBe(false);
          for (const datom of expected.slice(0, 20)) expect(set.has(datom)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('scans and counts any range in both directions', () => {
    const cases = fc.tuple(orders, contents).chain(([order, datoms]) =>
      fc.record({
        order: fc.constant(order),
        datoms: fc.constant(datoms),
        ranges: fc.array(rangesNear(datoms.slice(-40), order), { maxLength: 8 }),
      }),
    );
    fc.assert(
      fc.property(cases, ({ order, datoms, ranges }) => {
        const set = setOf(order, datoms);
        const sorted = sortDatoms(datoms, order);
        for (const range of ranges) {
          const expected = sorted.filter((datom) => isInRange(datom, order, range)).map(keyOf);
          expect(drain(new SetCursor(set, range, false), false).map(keyOf)).toEqual(expected);
          expect(drain(new SetCursor(set, range, true), true).map(keyOf)).toEqual(
            [...expected].reverse(),
          );
          expect(set.countRange(range)).toBe(expected.length);
        }
        for (const datom of datoms.slice(0, 5)) {
          const bound = boundOf(datom, order, 2);
          const range = { from: { bound, inclusive: true }, to: { bound, inclusive: true } };
          const expected = sorted.filter((one) => isInRange(one, order, range));
          expect(set.matching(bound).map(keyOf)).toEqual(expected.map(keyOf));
        }
      }),
      { numRuns: 100 },
    );
  });

  it('never changes once it is sealed, whatever is done to its copies', () => {
    fc.assert(
      fc.property(
        orders,
        contents,
        fc.array(datomsOver(6), { minLength: 1 }),
        (order, datoms, changes) => {
          const versions = [setOf(order, datoms)];
          const contentsBefore = [versions[0]!.toArray().map(keyOf)];
          for (const datom of changes) {
            const next = versions.at(-1)!.edit();
            if (!next.delete(datom)) next.add(datom);
            versions.push(next.seal());
            contentsBefore.push(next.toArray().map(keyOf));
            // A copy that nobody seals.
            const abandoned = next.edit();
            abandoned.delete(datom);
            abandoned.add(datom);
          }
          expect(versions.map((version) => version.toArray().map(keyOf))).toEqual(contentsBefore);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('refuses changes once it is sealed', () => {
    const set = setOf('eavt', datomsInRow(1, 3));
    expect(() => set.add(datomsInRow(9, 1)[0]!)).toThrow('being edited');
    expect(compareDatoms.eavt(set.toArray()[0]!, datomsInRow(1, 1)[0]!)).toBe(0);
  });
});
