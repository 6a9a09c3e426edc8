/** One fact, checked against the schema, into a transaction. */
import { VALUE_TYPES } from '../../schema/attribute.ts';
import { DB, ENUM_ATTRIBUTES, isReserved } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { DatabaseError } from '../../schema/error.ts';
import { Keyword, isReverse, kw } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { TX0 } from '../datom/datom.ts';
import { compareValues } from '../datom/value-order.ts';
import type { SchemaAttribute } from '../db/schema.ts';
import type { Expectation } from '../db/value-check.ts';
import { must } from '../shared/assert.ts';
import { registeredFunction } from '../shared/functions.ts';
import type { Suspended } from '../shared/suspend.ts';
import { checkLengths } from './length-caps.ts';
import { referenceOf } from './references.ts';
import type { Transaction } from './transaction.ts';
import { checkTuple } from './tuple-check.ts';
import {
  badValue,
  misfit,
  nilValue,
  syntaxError,
  txError,
  undeclaredAttribute,
} from './tx-error.ts';

const ADD = kw('db/add');

/** Asserts a fact, where `form` says it; `tx` is the transaction that it is said to be of. */
export function* addFact(
  transaction: Transaction,
  e: number,
  attribute: SchemaAttribute,
  value: EdnData,
  form: EdnData = [ADD, e, attribute.ident, value],
  tx?: number,
): Suspended<void> {
  const v =
    attribute.valueType === 'ref'
      ? yield* valueOf(transaction, attribute, value, form)
      : plainValueOf(transaction, attribute, value, form);
  checkLengths(transaction, attribute, v, form);
  if (attribute.predicates !== undefined) checkPredicates(attribute, v, form);
  if (attribute.ident === DB.validFrom || attribute.ident === DB.validTo)
    if (e >= TX0 && e !== transaction.tx) transaction.changedWindows.push(e);
  yield* transaction.assert(e, attribute, v, tx);
}

/**
 * The attribute that a form names.
 *
 * @throws SCHEMA_VIOLATION where the database is strict and nothing declares it
 */
export function attributeOf(
  transaction: Transaction,
  name: EdnData,
  form: EdnData,
  isInMap: boolean,
): SchemaAttribute {
  const { areEntities } = transaction.before.schema.names;
  if (!(name instanceof Keyword) && !(areEntities && !isInMap && typeof name === 'number')) {
    const text = `Bad entity attribute ${printEdn(name)} at ${printEdn(form)}, expected keyword`;
    throw new DatabaseError('BAD_TRANSACTION', text, {
      kind: 'transact/syntax',
      data: { context: form },
      // Datahike knows attributes that are named by strings, which no schema can declare.
      summary: `${text} or string`,
    });
  }
  // A backward name is none of its own.
  const isBackward = transaction.isStrict && name instanceof Keyword && isReverse(name);
  const named = name instanceof Keyword ? transaction.attributeNamed(name) : undefined;
  if (named !== undefined && !isBackward) return named;
  const { schema } = transaction.db;
  const number = schema.numberFor(name);
  const attribute = number === undefined ? undefined : schema.attribute(number);
  if (attribute !== undefined && !isBackward) return attribute;
  if (transaction.isStrict || number === undefined) {
    // Where attributes are entities, an operation has to name one of them.
    const isNoEntity = areEntities && (!isInMap || isOfSpec(name));
    throw undeclaredAttribute(name, form, schema.idents, isNoEntity ? 'syntax' : 'schema');
  }
  return schema.undeclared(name as Keyword, number);
}

function isOfSpec(name: EdnData): boolean {
  return name === DB.entityAttrs || name === DB.entityPreds;
}

/** The value as it is stored: references resolved, the type checked. */
export function* valueOf(
  transaction: Transaction,
  attribute: SchemaAttribute,
  value: EdnData,
  form: EdnData,
): Suspended<Value> {
  const { valueType, ident } = attribute;
  if (valueType !== 'ref' || value === null || ENUM_ATTRIBUTES.has(ident))
    return plainValueOf(transaction, attribute, value, form);
  return yield* referenceOf(transaction, value, form);
}

/** Of what names no entity. */
function plainValueOf(
  transaction: Transaction,
  attribute: SchemaAttribute,
  value: EdnData,
  form: EdnData,
): Value {
  if (value === null) throw nilValue(form);
  if (attribute.tuple !== undefined) checkTuple(attribute, attribute.tuple, value, form);
  if (ENUM_ATTRIBUTES.has(attribute.ident)) return enumOf(transaction, attribute, value, form);
  const v = transaction.conform(value, attribute);
  if (v === undefined) throw misfit(transaction.db.schema, attribute, value, form);
  return v;
}

/** Keywords of which a value has to be one. */
interface Enum {
  readonly legal: ReadonlyArray<Keyword>;
  readonly expectation: Expectation;
}

/** `besides`: what Datahike names as well, and nothing can be. */
function enumeration(legal: ReadonlyArray<Keyword>, besides: ReadonlyArray<Keyword> = []): Enum {
  const named = [...legal, ...besides].sort(compareValues);
  const expectation = { words: `one of ${legal.join(' ')}`, predicate: `#{${named.join(' ')}}` };
  return { legal, expectation };
}

const ENUMS: ReadonlyMap<Keyword, Enum> = new Map([
  [
    DB.valueType,
    enumeration(
      VALUE_TYPES.map((type) => kw(`db.type/${type}`)),
      [
        kw('db.type/cardinality'),
        kw('db.type/unique'),
        kw('db.type/value'),
        kw('db.type/valueType'),
        kw('db.type.install/attribute'),
      ],
    ),
  ],
  [DB.cardinality, enumeration([DB.one, DB.many])],
  [DB.unique, enumeration([DB.uniqueIdentity, DB.uniqueValue])],
]);

/** A keyword, stored as the entity that it names where attributes are named by theirs. */
function enumOf(
  transaction: Transaction,
  attribute: SchemaAttribute,
  value: EdnData,
  form: EdnData,
): Value {
  const { ident } = attribute;
  // What values of attributes of attributes may be, every database has.
  const { schema } = transaction.before;
  const keyword = typeof value === 'number' ? schema.identOf(value) : value;
  const { legal, expectation } = must(ENUMS.get(ident), 'keywords that it may be');
  const isLegal = keyword instanceof Keyword && legal.includes(keyword);
  if (!schema.names.areEntities) {
    if (isLegal || (!transaction.isStrict && keyword instanceof Keyword)) return keyword;
    throw badValue(schema, attribute, value, expectation, form);
  }
  const id = isLegal ? schema.idOf(keyword) : undefined;
  if (id !== undefined) return id;
  if (value instanceof Keyword && isReserved(value))
    throw syntaxError(
      `Cannot store ${value.toString()} as ${ident.toString()} at ${printEdn(form)}: no entity of this database has that ident`,
      form,
    );
  throw badValue(schema, attribute, value, expectation, form);
}

function checkPredicates(attribute: SchemaAttribute, v: Value, form: EdnData): void {
  const { ident, predicates = [] } = attribute;
  for (const name of predicates) {
    const predicate = registeredFunction(name);
    if (predicate === undefined)
      throw txError(
        'transact/attr-pred-unresolved',
        `No function is registered as ${name.name}, the :db.attr/preds predicate of ${ident.toString()}: register it before writing`,
        { attribute: ident, predicate: name, context: form },
      );
    if (predicate(v) !== true)
      throw txError(
        'transact/attr-pred',
        `Value ${printEdn(v)} for ${ident.toString()} failed :db.attr/preds predicate ${name.name}`,
        { attribute: ident, value: v, predicate: name, context: form },
        'SCHEMA_VIOLATION',
      );
  }
}
