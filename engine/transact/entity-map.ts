/** Entity maps: `{:db/id e, :attr value, :many [v w], :ref {:nested "map"}, :_reverse e}` become facts, in the order written. */
import { DB, isReserved } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword, forwardOf, isReverse } from '../../schema/keyword.ts';
import { LAST_SYSTEM_ENTITY } from '../../schema/system-entities.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { SchemaAttribute } from '../db/schema.ts';
import type { Suspended } from '../shared/suspend.ts';
import { checkDefinition } from './definition-check.ts';
import { ensure } from './ensure.ts';
import { addFact, attributeOf } from './facts.ts';
import { entityOf, isLookupRef, referenceOf } from './references.ts';
import { isCurrentTx, isTempid } from './tempids.ts';
import type { Transaction } from './transaction.ts';
import { syntaxError } from './tx-error.ts';
import { conflictingId, upsertTarget } from './upsert.ts';

/** Applies an entity map and gives its entity. */
export function* applyEntityMap(transaction: Transaction, map: EdnMap): Suspended<number> {
  const e = yield* identify(transaction, map);
  checkDefinition(transaction, e, map);
  checkSystemEntity(transaction, e, map);
  // What the map says has to be known before any of it is done.
  const attributes = Array.from(map, ([key, value]) => attributeAt(transaction, e, key, value));
  let place = 0;
  for (const [key, value] of map) {
    const attribute = attributes[place++];
    if (attribute === undefined) continue;
    if (isReverse(key as Keyword)) yield* addReverse(transaction, e, attribute, value, map);
    else yield* addValues(transaction, e, attribute, value);
  }
  const spec = map.get(DB.ensure) ?? null;
  if (spec !== null) yield* ensure(transaction, e, spec);
  return e;
}

/** The attribute of an entry of a map, also of a backward one; undefined for entries that are none. */
function attributeAt(
  transaction: Transaction,
  e: number,
  key: EdnData,
  value: EdnData,
): SchemaAttribute | undefined {
  if (key === DB.id || key === DB.ensure) return undefined;
  const form = new Map([
    [DB.id, e],
    [key, value],
  ]);
  if (!(key instanceof Keyword) || !isReverse(key))
    return attributeOf(transaction, key, form, true);
  const forward = forwardOf(key);
  const attribute = isReserved(forward) ? undefined : attributeOf(transaction, forward, form, true);
  if (attribute?.valueType === 'ref') return attribute;
  throw syntaxError(
    `Bad attribute ${key.toString()}: reverse attribute name requires {:db/valueType :db.type/ref} in schema`,
    form,
  );
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
  transaction.tempids.bind(id, found);
  return found;
}

function* addValues(
  transaction: Transaction,
  e: number,
  attribute: SchemaAttribute,
  value: EdnData,
): Suspended<void> {
  for (const one of valuesIn(transaction, attribute, value)) {
    const isNested = one instanceof Map && attribute.valueType === 'ref';
    const v = isNested ? yield* applyEntityMap(transaction, one as EdnMap) : one;
    yield* addFact(transaction, e, attribute, v);
  }
}

/** The values that a map gives an attribute: a collection is many values where the attribute may have many. */
function valuesIn(
  transaction: Transaction,
  attribute: SchemaAttribute,
  value: EdnData,
): Iterable<EdnData> {
  if (attribute.cardinality !== 'many') return [value];
  if (attribute.valueType === 'ref' && isLookupRef(transaction, value)) return [value];
  return itemsOf(value) ?? [value];
}

/** `:_friend x`: x has this entity as its friend. */
function* addReverse(
  transaction: Transaction,
  e: number,
  attribute: SchemaAttribute,
  value: EdnData,
  form: EdnMap,
): Suspended<void> {
  const items = isLookupRef(transaction, value) ? [value] : (itemsOf(value) ?? [value]);
  for (const item of items) {
    const other =
      item instanceof Map
        ? yield* applyEntityMap(transaction, item as EdnMap)
        : yield* referenceOf(transaction, item, form);
    yield* addFact(transaction, other, attribute, e);
  }
}

function itemsOf(value: EdnData): Iterable<EdnData> | undefined {
  if (Array.isArray(value)) return value as ReadonlyArray<EdnData>;
  if (value instanceof EdnList) return value.items;
  return value instanceof Set ? (value as ReadonlySet<EdnData>) : undefined;
}

/** What the database itself is made of cannot be changed. */
function checkSystemEntity({ db }: Transaction, e: number, map: EdnMap): void {
  if (!db.schema.names.areEntities || e > LAST_SYSTEM_ENTITY) return;
  throw syntaxError(
    `Entity with ID ${e} is a system attribute ${String(db.schema.identOf(e))} and cannot be changed: ${printEdn(map)}`,
    map,
  );
}
