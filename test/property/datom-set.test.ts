/** The set of datoms in memory against a sorted array. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ScanRange } from '../../engine/datom/chunk-cursor.ts';
import { compareDatoms } from '../../engine/datom/compare-datoms.ts';
import type { Datom } from '../../engine/datom/datom.ts';
import type { IndexOrder } from '../../engine/datom/index-order.ts';
import { DatomSet } from '../../engine/novelty/datom-set.ts';
import { Owner } from '../../engine/novelty/datom-tree.ts';
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
  return edited(DatomSet.empty(order), (set) => {
    for (const datom of datoms) set.add(datom);
  });
}

/** The value that comes of changes. */
function edited(before: DatomSet, change: (set: DatomSet) => void): DatomSet {
  const owner = new Owner();
  const set = before.edit(owner);
  change(set);
  owner.close();
  return set;
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

/** Something done to a set that is being edited, with one datom or many. */
const steps = fc.record({
  action: fc.constantFrom(
    ...(['add', 'add', 'add', 'delete', 'delete', 'has', 'matching', 'count', 'scan'] as const),
    ...(['seal', 'go back'] as const),
  ),
  datoms: fc.oneof(
    { weight: 40, arbitrary: fc.array(datomsOver(6), { minLength: 1, maxLength: 12 }) },
    {
      weight: 1,
      arbitrary: fc
        .tuple(fc.integer({ min: 1, max: 9_000 }), fc.constantFrom(300, 5_000))
        .map(([start, count]) => datomsInRow(start, count)),
    },
  ),
});

describe('a set of datoms', () => {
  it('holds what a sorted array holds, whatever is added and deleted', () => {
    fc.assert(
      fc.property(
        orders,
        contents,
        fc.array(datomsOver(6)),
        fc.integer({ min: 1, max: 5 }),
        (order, datoms, extra, share) => {
          const set = DatomSet.empty(order).edit(new Owner());
          let expected = sortDatoms(datoms, order);
          for (const datom of datoms) set.add(datom);
          const deleted = [...expected.filter((_, i) => i % share === 0), ...extra];
          for (const datom of deleted) set.delete(datom);
          const keys = new Set(deleted.map(keyOf));
          expected = expected.filter((datom) => !keys.has(keyOf(datom)));
          for (const datom of deleted.slice(0, 20)) expect(set.has(datom)).toBe(false);
          for (const datom of expected.slice(0, 20)) expect(set.has(datom)).toBe(true);
          expect(set.size).toBe(expected.length);
          expect(set.toArray().map(keyOf)).toEqual(expected.map(keyOf));
        },
      ),
      { numRuns: 60 },
    );
  });

  it('shows every change to whoever asks next, in whatever turn changes, questions and values come', () => {
    fc.assert(
      fc.property(orders, fc.array(steps, { maxLength: 60, size: 'max' }), (order, sequence) => {
        let owner = new Owner();
        let set = DatomSet.empty(order).edit(owner);
        let model = new Map<string, Datom>();
        // Values are not read before the end, so that what goes on from them finds their changes as they were noted.
        const values: Array<{ readonly set: DatomSet; readonly model: Map<string, Datom> }> = [];
        for (const { action, datoms } of sequence) {
          const [datom] = datoms as [Datom];
          const bound = boundOf(datom, order, 2);
          const edge = { bound, inclusive: true };
          const expected = (range: ScanRange): string[] =>
            sortDatoms(
              [...model.values()].filter((one) => isInRange(one, order, range)),
              order,
            ).map(keyOf);
          switch (action) {
            case 'add':
              for (const one of datoms) set.add(one);
              for (const one of datoms) model.set(keyOf(one), one);
              break;
            case 'delete':
              for (const one of datoms) set.delete(one);
              for (const one of datoms) model.delete(keyOf(one));
              break;
            case 'has':
              expect(set.has(datom)).toBe(model.has(keyOf(datom)));
              break;
            case 'matching':
              expect(set.matching(bound).map(keyOf)).toEqual(expected({ from: edge, to: edge }));
              break;
            case 'count':
              expect(set.countRange({ from: edge })).toBe(expected({ from: edge }).length);
              expect(set.size).toBe(model.size);
              break;
            case 'scan':
              expect(drain(new SetCursor(set, { from: edge }, false), false).map(keyOf)).toEqual(
                expected({ from: edge }),
              );
              break;
            case 'seal':
              owner.close();
              values.push({ set, model: new Map(model) });
              set = set.edit((owner = new Owner()));
              break;
            case 'go back': {
              // Another way to go on from a value from which something went on before.
              const value = values[values.length >>> 1];
              if (value === undefined) break;
              set = value.set.edit((owner = new Owner()));
              model = new Map(value.model);
            }
          }
        }
        for (const value of [...values, { set, model }])
          expect(value.set.toArray().map(keyOf)).toEqual(
            sortDatoms(value.model.values(), order).map(keyOf),
          );
      }),
      { numRuns: 200 },
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

  it('never changes once its owner is closed, whatever is done to its copies', () => {
    fc.assert(
      fc.property(
        orders,
        contents,
        fc.array(datomsOver(6), { minLength: 1 }),
        (order, datoms, changes) => {
          const versions = [setOf(order, datoms)];
          const contentsBefore = [versions[0]!.toArray().map(keyOf)];
          for (const datom of changes) {
            const next = edited(versions.at(-1)!, (set) => {
              if (set.has(datom)) set.delete(datom);
              else set.add(datom);
            });
            versions.push(next);
            contentsBefore.push(next.toArray().map(keyOf));
            // A copy that never becomes a value.
            const abandoned = next.edit(new Owner());
            abandoned.delete(datom);
            abandoned.add(datom);
          }
          expect(versions.map((version) => version.toArray().map(keyOf))).toEqual(contentsBefore);
        },
      ),
      { numRuns: 40 },
    );
  });

  it('refuses changes once its owner is closed', () => {
    const set = setOf('eavt', datomsInRow(1, 3));
    expect(() => set.add(datomsInRow(9, 1)[0]!)).toThrow('being edited');
    expect(compareDatoms.eavt(set.toArray()[0]!, datomsInRow(1, 1)[0]!)).toBe(0);
  });
});
