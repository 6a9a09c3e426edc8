/** What stands in a pattern as components of an index. */
import { Keyword } from '../../../schema/keyword.ts';
import { EdnList } from '../../../schema/value.ts';
import type { EdnData, Value } from '../../../schema/value.ts';
import type { ScanRange } from '../../datom/chunk-cursor.ts';
import { prefixRange } from '../../datom/chunk-cursor.ts';
import type { Bound } from '../../datom/columns.ts';
import { MAX_ID } from '../../datom/datom.ts';
import type { IndexOrder } from '../../datom/index-order.ts';
import { requireEntity, resolveEntity } from '../../db/lookup.ts';
import { prefetch } from '../../db/prefetch.ts';
import type { SettledDb } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { Column } from '../relation/column.ts';

/** A part of a datom, in the order in which patterns name them. */
export type Part = 'e' | 'a' | 'v' | 'tx' | 'added';

export const PARTS: ReadonlyArray<Part> = ['e', 'a', 'v', 'tx', 'added'];

/** Rows of an index. */
export interface Access {
  readonly order: IndexOrder;
  /** The leading components that the rows have. */
  readonly prefix: Bound;
  readonly range: ScanRange;
  /** Whether the rows are all those within the limits on the values. */
  readonly isLimited: boolean;
}

/** The entity that stands in a pattern; null for what cannot be one. */
export function* entityFor(db: SettledDb, ref: EdnData): Suspended<number | null> {
  return isLookupRef(ref) ? yield* requireEntity(db, ref) : entityNow(db, ref);
}

/** The entity that a value of a variable names, by its id or a lookup ref; null where it names none. An ident is a value like others there. */
export function* namedEntity(db: SettledDb, ref: EdnData): Suspended<number | null> {
  if (isLookupRef(ref)) return (yield* resolveEntity(db, ref)) ?? null;
  return typeof ref === 'number' ? entityNow(db, ref) : null;
}

/** Whether the database has to be looked at to tell whom it names. */
export function isLookupRef(ref: EdnData): boolean {
  return Array.isArray(ref) || ref instanceof EdnList;
}

/** The entity of an id or an ident; null for what is neither. */
export function entityNow(db: SettledDb, ref: EdnData): number | null {
  if (typeof ref === 'number')
    return Number.isInteger(ref) && ref >= 0 && ref <= MAX_ID ? ref : null;
  return ref instanceof Keyword ? (db.schema.idOf(ref) ?? null) : null;
}

/** Brings what tells whom lookup refs name into memory, for all of them together. */
export function* prefetchNamed(db: SettledDb, column: Column): Suspended<void> {
  if (column instanceof Int32Array) return;
  const bounds: Bound[] = [];
  for (const ref of column) {
    const pair = ref instanceof EdnList ? ref.items : ref;
    if (!Array.isArray(pair) || pair.length !== 2) continue;
    const [name = null, v] = pair as ReadonlyArray<EdnData>;
    const a = db.schema.numberFor(name);
    if (a !== undefined && db.schema.isIndexed(a)) bounds.push({ a, v: v as Value });
  }
  if (bounds.length > 0) yield* prefetch(db, 'avet', bounds);
}

/** Where the index narrows the most that the known components can narrow. */
export function accessTo(db: SettledDb, { e, a, v, tx }: Bound): Access {
  if (e !== undefined)
    return accessBy('eavt', a === undefined ? { e } : v === undefined ? { e, a } : { e, a, v, tx });
  if (a === undefined) return accessBy('eavt', {});
  return v !== undefined && db.schema.isIndexed(a)
    ? accessBy('avet', { a, v })
    : accessBy('aevt', { a });
}

function accessBy(order: IndexOrder, prefix: Bound): Access {
  return {
    order,
    prefix,
    range: prefix.e === undefined && prefix.a === undefined ? {} : prefixRange(prefix),
    isLimited: false,
  };
}
