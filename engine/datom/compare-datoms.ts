/** The order of datoms in each index, as comparators, and how a datom stands to a bound. */
import { compareAttributes } from './attribute-number.ts';
import type { Bound } from './columns.ts';
import type { Datom } from './datom.ts';
import type { IndexOrder } from './index-order.ts';
import { compareValues } from './value-order.ts';

export type CompareDatoms = (a: Datom, b: Datom) => number;
export type CompareWithBound = (datom: Datom, bound: Bound) => number;

/** Total: two datoms compare equal only where all five components are. */
export const compareDatoms: Readonly<Record<IndexOrder, CompareDatoms>> = {
  eavt: (a, b) =>
    a.e - b.e || compareAttributes(a.a, b.a) || compareValues(a.v, b.v) || compareRest(a, b),
  aevt: (a, b) =>
    compareAttributes(a.a, b.a) || a.e - b.e || compareValues(a.v, b.v) || compareRest(a, b),
  avet: (a, b) =>
    compareAttributes(a.a, b.a) || compareValues(a.v, b.v) || a.e - b.e || compareRest(a, b),
};

/** Zero where the datom has the components of the bound; the components that a bound leaves out match any. */
export const compareWithBound: Readonly<Record<IndexOrder, CompareWithBound>> = {
  eavt: (datom, { e, a, v, tx }) => {
    if (e === undefined) return 0;
    if (datom.e !== e || a === undefined) return datom.e - e;
    const attribute = compareAttributes(datom.a, a);
    if (attribute !== 0 || v === undefined) return attribute;
    return compareValues(datom.v, v) || compareTx(datom, tx);
  },
  aevt: (datom, { e, a, v, tx }) => {
    if (a === undefined) return 0;
    const attribute = compareAttributes(datom.a, a);
    if (attribute !== 0 || e === undefined) return attribute;
    if (datom.e !== e || v === undefined) return datom.e - e;
    return compareValues(datom.v, v) || compareTx(datom, tx);
  },
  avet: (datom, { e, a, v, tx }) => {
    if (a === undefined) return 0;
    const attribute = compareAttributes(datom.a, a);
    if (attribute !== 0 || v === undefined) return attribute;
    const value = compareValues(datom.v, v);
    if (value !== 0 || e === undefined) return value;
    return datom.e - e || compareTx(datom, tx);
  },
};

/** Retractions before assertions of the same transaction. */
function compareRest(a: Datom, b: Datom): number {
  return a.tx - b.tx || Number(a.added) - Number(b.added);
}

function compareTx(datom: Datom, tx: number | undefined): number {
  return tx === undefined ? 0 : datom.tx - tx;
}
