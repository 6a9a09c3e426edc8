/** Which entity the unique identity attributes of a map find. */
import { DB } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword, isReverse } from '../../schema/keyword.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import { resolveEntity } from '../db/lookup.ts';
import type { SchemaAttribute } from '../db/schema.ts';
import type { Suspended } from '../shared/suspend.ts';
import { attributeOf } from './facts.ts';
import { isTempid } from './tempids.ts';
import type { Transaction } from './transaction.ts';
import { misfit, nilValue, txError } from './tx-error.ts';

/** What identity attributes find. */
export interface Found {
  readonly entity: number;
  /** Attribute and value. */
  readonly by: EdnData;
}

/**
 * The entity that the identity attributes of a map find, also composite tuples all of whose members the map has.
 *
 * @throws UPSERT_CONFLICT where they find different ones
 */
export function* upsertTarget(transaction: Transaction, map: EdnMap): Suspended<Found | undefined> {
  let found: Found | undefined;
  let isOfSystem = true;
  for (const [key, value] of map) {
    if (!(key instanceof Keyword) || key === DB.id || key === DB.ensure || isReverse(key)) continue;
    const attribute = transaction.attributeNamed(key);
    isOfSystem &&= attribute?.isSystem === true;
    if (attribute?.unique !== 'identity') continue;
    found = merge(map, found, yield* find(transaction, attribute, value));
  }
  if (isOfSystem) return found;
  for (const tuple of transaction.db.schema.composites) {
    if (tuple.unique !== 'identity' || tuple.tuple?.kind !== 'composite') continue;
    const members = tuple.tuple.attributes;
    if (!members.every((member) => map.has(member))) continue;
    found = merge(map, found, yield* findByMembers(transaction, tuple, members, map));
  }
  return found;
}

function merge(map: EdnMap, one: Found | undefined, other: Found | undefined): Found | undefined {
  if (one === undefined || other === undefined || one.entity === other.entity) return one ?? other;
  throw txError(
    'transact/upsert',
    `Conflicting upserts: ${printEdn(one.by)} resolves to ${one.entity}, but ${printEdn(other.by)} resolves to ${other.entity}`,
    { context: map },
    'UPSERT_CONFLICT',
  );
}

export function conflictingId(map: EdnMap, { entity: found, by }: Found, e: number): Error {
  return txError(
    'transact/upsert',
    `Conflicting upsert: ${printEdn(by)} resolves to ${found}, but entity already has :db/id ${e}`,
    {
      entity: new Map([...map, [DB.id, e]]),
      assertion: [found, ...(Array.isArray(by) ? by : [by])],
    },
    'UPSERT_CONFLICT',
  );
}

function* find(
  transaction: Transaction,
  attribute: SchemaAttribute,
  value: EdnData,
): Suspended<Found | undefined> {
  const v = yield* identityOf(transaction, attribute, value);
  if (v === undefined) return undefined;
  const entity = yield* transaction.entityWith(attribute.number, v);
  return entity === undefined ? undefined : { entity, by: [attribute.ident, value] };
}

function* findByMembers(
  transaction: Transaction,
  tuple: SchemaAttribute,
  members: ReadonlyArray<Keyword>,
  map: EdnMap,
): Suspended<Found | undefined> {
  const values: Value[] = [];
  for (const member of members) {
    const value = map.get(member) ?? null;
    const attribute = attributeOf(transaction, member, map, true);
    if (value === null) throw nilValue([member, value]);
    const v = yield* identityOf(transaction, attribute, value);
    if (v === undefined) return undefined;
    values.push(v);
  }
  const entity = yield* transaction.entityWith(tuple.number, values);
  return entity === undefined ? undefined : { entity, by: [tuple.ident, values] };
}

/** What identifies is one value, also where the attribute may have many. Undefined for what names nothing that exists. */
function* identityOf(
  transaction: Transaction,
  attribute: SchemaAttribute,
  value: EdnData,
): Suspended<Value | undefined> {
  if (value === null) return undefined;
  if (attribute.valueType === 'ref') {
    if (value instanceof Map) return undefined;
    if (isTempid(value)) return transaction.tempids.entityOf(value);
    return yield* resolveEntity(transaction.db, value);
  }
  const v = transaction.conform(value, attribute);
  if (v !== undefined) return v;
  const form = new Map<EdnData, EdnData>([[attribute.ident, value]]);
  throw misfit(transaction.db.schema, attribute, value, form);
}
