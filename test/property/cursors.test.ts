/** Cursors over cursors against arrays: merged, filtered, and as of a time. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { ChunkCursor } from '../../engine/datom/chunk-cursor.ts';
import type { Datom } from '../../engine/datom/datom.ts';
import { TX0 } from '../../engine/datom/datom.ts';
import { compareValues } from '../../engine/datom/value-order.ts';
import { FactCursor, heldAt } from '../../engine/db/fact-cursor.ts';
import { FilterCursor } from '../../engine/novelty/filter-cursor.ts';
import { MergeCursor } from '../../engine/novelty/merge-cursor.ts';
import { cursorOver, datomsOver, drain, orders, sortDatoms } from '../model/datoms.ts';

const scans = fc.record({
  order: orders,
  isReverse: fc.boolean(),
  left: fc.array(datomsOver(5), { maxLength: 30 }),
  right: fc.array(datomsOver(5), { maxLength: 30 }),
  sizes: fc.array(fc.integer({ min: 1, max: 9 }), { minLength: 1, maxLength: 4 }),
  tx: fc.integer({ min: TX0, max: TX0 + 5 }),
});
const RUNS = { numRuns: 500 };

function directed(datoms: ReadonlyArray<Datom>, isReverse: boolean): ReadonlyArray<Datom> {
  return isReverse ? [...datoms].reverse() : datoms;
}

describe('a cursor', () => {
  it('merges two scans into one that has each row once', () => {
    fc.assert(
      fc.property(scans, ({ order, isReverse, left, right, sizes }) => {
        const cursorOf = (datoms: ReadonlyArray<Datom>): ChunkCursor =>
          cursorOver(sortDatoms(datoms, order), sizes, isReverse);
        const merged = new MergeCursor(order, cursorOf(left), cursorOf(right), isReverse);
        expect(drain(merged, isReverse)).toEqual(
          directed(sortDatoms([...left, ...right], order), isReverse),
        );
      }),
      RUNS,
    );
  });

  it('lets through the rows that pass a test', () => {
    fc.assert(
      fc.property(scans, ({ order, isReverse, left, sizes, tx }) => {
        const sorted = sortDatoms(left, order);
        const filtered = new FilterCursor(
          cursorOver(sorted, sizes, isReverse),
          (keys, row) => keys.tx[row]! <= tx,
        );
        const expected = sorted.filter((datom) => datom.tx <= tx);
        expect(drain(filtered, isReverse)).toEqual(directed(expected, isReverse));
      }),
      RUNS,
    );
  });

  it('tells from all rows of a fact whether it held, and since when', () => {
    fc.assert(
      fc.property(scans, ({ order, isReverse, left, sizes, tx }) => {
        const sorted = sortDatoms(left, order);
        const held = new FactCursor(cursorOver(sorted, sizes, isReverse), isReverse, heldAt(tx));
        const expected = sorted.filter((datom) => isLastOfHeld(datom, sorted, tx));
        expect(drain(held, isReverse)).toEqual(directed(expected, isReverse));
      }),
      RUNS,
    );
  });
});

/** Whether a row is the last assertion of a fact of which the last transaction that did not take back what it said itself said that it holds. */
function isLastOfHeld(datom: Datom, all: ReadonlyArray<Datom>, tx: number): boolean {
  const ofFact = all.filter(
    (other) =>
      other.tx <= tx &&
      other.e === datom.e &&
      other.a === datom.a &&
      compareValues(other.v, datom.v) === 0,
  );
  const isAlone = (row: Datom): boolean =>
    ofFact.filter((other) => other.tx === row.tx).length === 1;
  const isHeld = ofFact.findLast(isAlone)?.added === true;
  return isHeld && ofFact.findLast(({ added }) => added) === datom;
}
