/** Entity maps: `{:db/id e, :attr value, :many [v w], :ref {:nested "map"}, :_reverse e}` become facts, in the order written. */
import { DB, isReserved } from '../../schema/bootstrap.ts';
import type { Attribute } from '../../schema/attribute.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword, kw } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import { attributeNumber } from '../datom/attribute-number.ts';
import { resolveEntity } from '../db/lookup.ts';
import { expectationOf } from '../db/value-check.ts';
import type { Suspended } from '../shared/suspend.ts';
import { addFact } from './add-fact.ts';
import { entityOf, isLookupRef, referenceOf } from './references.ts';
import type { Transaction } from './transaction.ts';
import { isCurrentTx, isTempid } from './transaction.ts';
import { badValue, syntaxError, txError } from './tx-error.ts';

/** Applies an entity map and gives its entity. */
export function* applyEntityMap(transaction: Transaction, map: EdnMap): Suspended<number> {
  checkDefinition(transaction, map);
  const e = yield* identify(transaction, map);
  for (const [key, value] of map) {
    if (key === DB.id) continue;
    const ident = attributeKey(key, map);
    if (isReverse(ident) && !isDeclared(transaction, ident))
      yield* addReverse(transaction, e, ident, value, map);
    else yield* addValues(transaction, e, ident, value);
  }
  return e;
}

/** The entity a map speaks of: the one it names, the one its identity attributes find, or a new one. */
function* identify(transaction: Transaction, map: EdnMap): Suspended<number> {
  const id = map.get(DB.id) ?? null;
  const found = yield* upsertTarget(transaction, map);
  if (id === null) return found ?? transaction.newEntity();
  const isFree = isTempid(id) && !isCurrentTx(id);
  if (found === undefined || !isFree) {
    const e = yield* entityOf(transaction, id, map);
    if (found !== undefined && found !== e) throw conflictingId(map, found, e);
    return e;
  }
  transaction.bindTempid(id, found);
  return found;
}

/** The entity that the unique identity attributes of a map find. */
function* upsertTarget(transaction: Transaction, map: EdnMap): Suspended<number | undefined> {
  let found: { readonly entity: number; readonly by: EdnData } | undefined;
  for (const [key, value] of map) {
    if (!(key instanceof Keyword) || key === DB.id || isReverse(key)) continue;
    const attribute = transaction.attribute(key, map);
    if (attribute?.unique !== 'identity' || value === null) continue;
    const entity = yield* holderOf(transaction, attribute, value);
    if (entity === undefined) continue;
    if (found !== undefined && found.entity !== entity)
      throw txError(
        'transact/upsert',
        `Conflicting upserts: ${printEdn(found.by)} resolves to ${found.entity}, but ${printEdn([key, value])} resolves to ${entity}`,
        { form: map },
        'UPSERT_CONFLICT',
      );
    found = { entity, by: [key, value] };
  }
  return found?.entity;
}

function* holderOf(
  transaction: Transaction,
  attribute: Attribute,
  value: EdnData,
): Suspended<number | undefined> {
  const a = attributeNumber(attribute.ident);
  if (attribute.valueType !== 'ref') {
    const v = transaction.conform(value, attribute);
    if (v === undefined) throw badValueOf(attribute, value);
    return yield* transaction.entityWith(a, v);
  }
  if (isTempid(value) || value instanceof Map) return undefined;
  const target = yield* resolveEntity(transaction.db, value);
  return target === undefined ? undefined : yield* transaction.entityWith(a, target);
}

/** What identifies is one value, also where the attribute may have many. */
function badValueOf({ ident, valueType }: Attribute, value: EdnData): Error {
  const expectation = valueType === undefined ? 'a value' : expectationOf(valueType);
  return badValue(ident, value, expectation, new Map<EdnData, EdnData>([[ident, value]]));
}

function conflictingId(map: EdnMap, found: number, e: number): Error {
  return txError(
    'transact/upsert',
    `Conflicting upsert: ${printEdn(map)} resolves to ${found}, but entity already has :db/id ${e}`,
    { form: map },
    'UPSERT_CONFLICT',
  );
}

function* addValues(
  transaction: Transaction,
  e: number,
  ident: Keyword,
  value: EdnData,
): Suspended<void> {
  const attribute = transaction.attribute(
    ident,
    new Map<EdnData, EdnData>([
      [DB.id, e],
      [ident, value],
    ]),
  );
  for (const one of valuesIn(transaction, attribute, value)) {
    const isNested = one instanceof Map && attribute?.valueType === 'ref';
    const v = isNested ? yield* nestedEntity(transaction, one) : one;
    yield* addFact(transaction, e, ident, v);
  }
}

/** The values that a map gives an attribute: a collection is many values where the attribute may have many. */
function valuesIn(
  transaction: Transaction,
  attribute: Attribute | undefined,
  value: EdnData,
): Iterable<EdnData> {
  if (attribute?.cardinality !== 'many') return [value];
  if (attribute.valueType === 'ref' && isLookupRef(transaction, value)) return [value];
  return itemsOf(value) ?? [value];
}

/** `:_friend x`: x has this entity as its friend. */
function* addReverse(
  transaction: Transaction,
  e: number,
  ident: Keyword,
  value: EdnData,
  map: EdnMap,
): Suspended<void> {
  const forward = kw(
    `${ident.namespace === '' ? '' : `${ident.namespace}/`}${ident.name.slice(1)}`,
  );
  const attribute = transaction.attribute(forward, map);
  if (attribute?.valueType !== 'ref')
    throw syntaxError(
      `Bad attribute ${ident.toString()}: reverse attribute name requires {:db/valueType :db.type/ref} in schema`,
      map,
    );
  const items = isLookupRef(transaction, value) ? [value] : (itemsOf(value) ?? [value]);
  for (const item of items) {
    const other =
      item instanceof Map
        ? yield* nestedEntity(transaction, item)
        : yield* referenceOf(transaction, item, map);
    yield* addFact(transaction, other, forward, e);
  }
}

/** A map inside a map. The entity gets its id before its own nested maps get theirs. */
function* nestedEntity(transaction: Transaction, map: EdnMap): Suspended<number> {
  return yield* applyEntityMap(transaction, map);
}

function itemsOf(value: EdnData): Iterable<EdnData> | undefined {
  if (Array.isArray(value)) return value as ReadonlyArray<EdnData>;
  if (value instanceof EdnList) return value.items;
  return value instanceof Set ? (value as ReadonlySet<EdnData>) : undefined;
}

function attributeKey(key: EdnData, map: EdnMap): Keyword {
  if (key instanceof Keyword) return key;
  throw syntaxError(
    `Bad entity attribute ${printEdn(key)} at ${printEdn(map)}, expected keyword`,
    map,
  );
}

function isReverse(ident: Keyword): boolean {
  return ident.name.startsWith('_');
}

function isDeclared(transaction: Transaction, ident: Keyword): boolean {
  return transaction.db.schema.attribute(attributeNumber(ident)) !== undefined;
}

/** A map that defines an attribute has to say all that an attribute needs. */
function checkDefinition(transaction: Transaction, map: EdnMap): void {
  if (!map.has(DB.cardinality) && !map.has(DB.valueType)) return;
  const ident = map.get(DB.ident);
  if (ident instanceof Keyword && isReserved(ident))
    throw schemaError(
      `Using namespace 'db' for attribute identifiers is not allowed: ${ident.toString()}`,
      map,
    );
  const isComplete = [DB.ident, DB.valueType, DB.cardinality].every((part) => map.has(part));
  if (!isComplete && transaction.db.config.schemaFlexibility === 'write')
    throw schemaError(
      `Incomplete schema transaction attributes, expected :db/ident, :db/valueType, :db/cardinality, got ${printEdn(map)}`,
      map,
    );
}

function schemaError(message: string, form: EdnMap): Error {
  return txError('transact/schema', message, { form }, 'SCHEMA_VIOLATION');
}
