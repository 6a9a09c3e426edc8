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
  const entries = entriesOf(transaction, map);
  const isNew = !entries.mayBeKnown && !map.has(DB.id);
  const e = isNew ? transaction.newEntity() : yield* identify(transaction, map);
  if (entries.isOfSystem) checkDefinition(transaction, e, map);
  checkSystemEntity(transaction, e, map);
  // What the map says has to be known before any of it is done.
  const { attributes } = entries;
  if (!entries.isComplete) completeAttributes(transaction, e, map, attributes);
  let place = 0;
  for (const [key, value] of map) {
    const attribute = attributes[place++];
    if (attribute === undefined || transaction.assertPlain(e, attribute, value)) continue;
    if (key instanceof Keyword && isReverse(key))
      yield* addReverse(transaction, e, attribute, value, map);
    else yield* addValues(transaction, e, attribute, value);
  }
  const spec = map.get(DB.ensure) ?? null;
  if (spec !== null) yield* ensure(transaction, e, spec);
  return e;
}

interface Entries {
  /** The declared attributes of the entries, but backward ones. */
  readonly attributes: Array<SchemaAttribute | undefined>;
  readonly isComplete: boolean;
  /** Whether an identity among them may find an entity. */
  readonly mayBeKnown: boolean;
  /** Whether one of them is an attribute of attributes. */
  readonly isOfSystem: boolean;
}

function entriesOf(transaction: Transaction, map: EdnMap): Entries {
  const attributes: Array<SchemaAttribute | undefined> = [];
  let mayBeKnown = false;
  let isComplete = true;
  let isOfSystem = false;
  let isOfUser = false;
  for (const key of map.keys()) {
    const isForward = key instanceof Keyword && !isReverse(key);
    const attribute = isForward ? transaction.attributeNamed(key) : undefined;
    attributes.push(attribute);
    if (attribute === undefined) isComplete = false;
    else if (attribute.unique === 'identity') mayBeKnown = true;
    if (attribute?.isSystem === true) isOfSystem = true;
    else isOfUser = true;
  }
  if (isOfUser) mayBeKnown ||= transaction.db.schema.composites.length > 0;
  return { attributes, isComplete, mayBeKnown, isOfSystem };
}

/** Adds the attributes of entries that are backward or not declared. */
function completeAttributes(
  transaction: Transaction,
  e: number,
  map: EdnMap,
  attributes: Array<SchemaAttribute | undefined>,
): void {
  let place = 0;
  for (const key of map.keys()) {
    if (key !== DB.id && key !== DB.ensure)
      attributes[place] ??= requireAttribute(transaction, e, key, map);
    place++;
  }
}

/** The attribute of an entry that is backward or not declared. */
function requireAttribute(
  transaction: Transaction,
  e: number,
  key: EdnData,
  map: EdnMap,
): SchemaAttribute {
  const form = new Map([
    [DB.id, e],
    [key, map.get(key) ?? null],
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
  if (id === null) return found?.entity ?? transaction.newEntity();
  const isFree = isTempid(id) && !isCurrentTx(id);
  if (found === undefined || !isFree) {
    const e = yield* entityOf(transaction, id, map);
    if (found !== undefined && found.entity !== e) throw conflictingId(map, found, e);
    return e;
  }
  transaction.tempids.bind(id, found.entity);
  return found.entity;
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
function checkSystemEntity({ before }: Transaction, e: number, map: EdnMap): void {
  if (!before.schema.names.areEntities || e > LAST_SYSTEM_ENTITY) return;
  throw syntaxError(
    `Entity with ID ${e} is a system attribute ${String(before.schema.identOf(e))} and cannot be changed`,
    map,
    {},
    `: ${printEdn(map)}`,
  );
}
