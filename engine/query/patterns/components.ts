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
import type { SettledDb } from '../../db/scan.ts';
import type { Suspended } from '../../shared/suspend.ts';
import type { PatternClause } from '../ast.ts';
import { queryError, shown } from '../query-error.ts';

/** A part of a datom, in the order in which patterns name them. */
export type Part = 'e' | 'a' | 'v' | 'tx' | 'added';

export const PARTS: ReadonlyArray<Part> = ['e', 'a', 'v', 'tx', 'added'];

/** Rows of an index. */
export interface Access {
  readonly order: IndexOrder;
  /** The leading components that the rows have. */
  readonly prefix: Bound;
  readonly range: ScanRange;
}

/** The constants of a pattern; undefined where they can match nothing. */
export function* constantsOf(db: SettledDb, clause: PatternClause): Suspended<Bound | undefined> {
  const { terms } = clause;
  checkShape(clause);
  const [e, a, v, tx] = terms.map((term) => (term.kind === 'constant' ? term.value : undefined));
  const number = a === undefined ? undefined : db.schema.numberFor(a);
  if (a !== undefined && number === undefined) return undefined;
  const entity = e === undefined ? undefined : yield* entityFor(db, e);
  if (entity === null) return undefined;
  const value = v === undefined || !isRef(db, number) ? v : yield* entityFor(db, v);
  if (value === null || (tx !== undefined && typeof tx !== 'number')) return undefined;
  return { e: entity, a: number, v: value as Value | undefined, tx };
}

/** @throws BAD_QUERY for more places than a datom has, and for a fifth that says neither true nor false */
function checkShape({ terms, form }: PatternClause): void {
  const added = terms[PARTS.indexOf('added')];
  if (terms.length > PARTS.length)
    throw queryError('query/where', 'Pattern mismatch: expected [e a v tx added] at most', form);
  if (added?.kind === 'constant' && typeof added.value !== 'boolean')
    throw queryError(
      'query/where',
      `Pattern mismatch: expected true, false or a variable in the fifth place, got ${shown(added.value)}, in`,
      form,
    );
}

export function isRef(db: SettledDb, a: number | undefined): boolean {
  return a !== undefined && db.schema.attribute(a)?.valueType === 'ref';
}

/** The entity that stands in a pattern; null for what cannot be one. */
export function* entityFor(db: SettledDb, ref: EdnData): Suspended<number | null> {
  if (typeof ref === 'number')
    return Number.isInteger(ref) && ref >= 0 && ref <= MAX_ID ? ref : null;
  if (ref instanceof Keyword) return db.schema.idOf(ref) ?? null;
  const isLookupRef = Array.isArray(ref) || ref instanceof EdnList;
  return isLookupRef ? yield* requireEntity(db, ref) : null;
}

/** The entity that a value of a variable names, null where it names none. */
export function* namedEntity(db: SettledDb, ref: EdnData): Suspended<number | null> {
  if (typeof ref === 'number' || ref instanceof Keyword) return yield* entityFor(db, ref);
  const isLookupRef = Array.isArray(ref) || ref instanceof EdnList;
  return isLookupRef ? ((yield* resolveEntity(db, ref)) ?? null) : null;
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
  };
}
