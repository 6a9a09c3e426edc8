/** Direct access to the indices. */
import { DatabaseError } from '../../schema/error.ts';
import { Keyword } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { attributeNumber } from '../datom/attribute-number.ts';
import type { ScanRange } from '../datom/chunk-cursor.ts';
import { advance, prefixRange } from '../datom/chunk-cursor.ts';
import type { Bound } from '../datom/columns.ts';
import type { Datom } from '../datom/datom.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import type { Suspended } from '../shared/suspend.ts';
import { didYouMean } from '../shared/suggest.ts';
import { run } from '../shared/suspend.ts';
import type { Db } from './db.ts';
import { requireEntity } from './lookup.ts';
import type { SettledDb } from './scan.ts';
import { countRows, scan } from './scan.ts';
import { settle } from './settle.ts';

/** The components of an index in its order: `eavt` is entity, attribute, value, transaction. */
export type Components = ReadonlyArray<EdnData>;

/** The datoms whose leading components are those given, in index order. Reads on only while the consumer does. */
export function datoms(db: Db, order: IndexOrder, ...components: Components): AsyncIterable<Datom> {
  return rows(db, order, components, prefixRange, false);
}

/** From the place of the components to the end of the index. */
export function seekDatoms(
  db: Db,
  order: IndexOrder,
  ...components: Components
): AsyncIterable<Datom> {
  return rows(db, order, components, (bound) => ({ from: { bound, inclusive: true } }), false);
}

/** From the place of the components back to the start of the index. */
export function rseekDatoms(
  db: Db,
  order: IndexOrder,
  ...components: Components
): AsyncIterable<Datom> {
  return rows(db, order, components, (bound) => ({ to: { bound, inclusive: true } }), true);
}

/** The datoms of an indexed attribute with values from `start` to `end`, both inclusive; null leaves an end open. */
export async function* indexRange(
  db: Db,
  ident: Keyword,
  start: EdnData,
  end: EdnData,
): AsyncIterable<Datom> {
  const a = attributeNumber(ident);
  if (!db.schema.isIndexed(a))
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Attribute ${ident.toString()} should be marked as :db/index true`,
      { data: { attribute: ident } },
    );
  const settled = await run(settle(db));
  const from = await run(boundOf(settled, 'avet', start === null ? [ident] : [ident, start]));
  const to = await run(boundOf(settled, 'avet', end === null ? [ident] : [ident, end]));
  yield* drain(settled, 'avet', {
    from: { bound: { ...from, a }, inclusive: true },
    to: { bound: { ...to, a }, inclusive: true },
  });
}

/** How many datoms have the leading components: exact for the present, from counts in the index. */
export async function countDatoms(
  db: Db,
  order: IndexOrder,
  ...components: Components
): Promise<number> {
  const settled = await run(settle(db));
  const bound = await run(boundOf(settled, order, components));
  return run(countRows(settled, order, prefixRange(bound)));
}

async function* rows(
  db: Db,
  order: IndexOrder,
  components: Components,
  toRange: (bound: Bound) => ScanRange,
  isReverse: boolean,
): AsyncIterable<Datom> {
  const settled = await run(settle(db));
  const bound = await run(boundOf(settled, order, components));
  yield* drain(settled, order, toRange(bound), isReverse);
}

async function* drain(
  db: SettledDb,
  order: IndexOrder,
  range: ScanRange,
  isReverse = false,
): AsyncIterable<Datom> {
  const cursor = scan(db, order, range, isReverse);
  while (await run(advance(cursor))) {
    const { keys, lo, hi } = cursor;
    for (let i = 0; i < hi - lo; i++) yield keys.datom(isReverse ? hi - 1 - i : lo + i);
  }
}

const PARTS = {
  eavt: ['e', 'a', 'v', 'tx'],
  aevt: ['a', 'e', 'v', 'tx'],
  avet: ['a', 'v', 'e', 'tx'],
} as const;

/** Components as the caller gives them to those of the index: names resolved, the first missing one ends them. */
function* boundOf(db: SettledDb, order: IndexOrder, components: Components): Suspended<Bound> {
  if (!INDEX_ORDERS.includes(order))
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Expected one of ${INDEX_ORDERS.join(', ')} as index, got ${String(order)}`,
    );
  const given = new Map(PARTS[order].map((part, i) => [part, components[i] ?? null]));
  const ident = given.get('a') ?? null;
  const a = ident instanceof Keyword ? attributeNumber(ident) : undefined;
  const attribute = a === undefined ? undefined : db.schema.attribute(a);
  if (
    ident instanceof Keyword &&
    attribute === undefined &&
    db.config.schemaFlexibility === 'write'
  )
    throw new DatabaseError(
      'SCHEMA_VIOLATION',
      `Bad entity attribute ${ident.toString()}, not defined in current schema${didYouMean(ident.toString(), db.schema.idents)}`,
      { kind: 'transact/schema', data: { attribute: ident } },
    );
  const isRef = attribute?.valueType === 'ref';
  const bound: { e?: number; a?: number; v?: Value; tx?: number } = {};
  for (const [part, component] of given) {
    if (component === null) break;
    if (part === 'a') {
      if (a === undefined)
        throw new DatabaseError(
          'BAD_USER_INPUT',
          `Expected a keyword as attribute, got ${String(component)}`,
        );
      bound.a = a;
    } else if (part === 'e' || (part === 'v' && isRef))
      bound[part] = yield* requireEntity(db, component);
    else if (part === 'v') bound.v = component as Value;
    else bound.tx = Number(component);
  }
  return bound;
}
