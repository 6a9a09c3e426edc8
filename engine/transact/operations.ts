/** Operation vectors: `[:db/add e a v]`, `[:db/retract e a v]`, `[:db/retractEntity e]`, `[:db/cas e a old new]` … */
import type { Attribute } from '../../schema/attribute.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { attributeNumber } from '../datom/attribute-number.ts';
import type { Datom } from '../datom/datom.ts';
import { compareValues } from '../datom/value-order.ts';
import { datomsWith } from '../db/lookup.ts';
import { didYouMean } from '../shared/suggest.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { addFact, valueOf } from './add-fact.ts';
import { entityOf, existingEntity, referenceOf } from './references.ts';
import type { Transaction } from './transaction.ts';
import { isCurrentTx, isTempid } from './transaction.ts';
import { syntaxError, txError } from './tx-error.ts';

type Form = ReadonlyArray<EdnData>;
type Operation = (transaction: Transaction, form: Form) => Suspended<void>;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map([
  [':db/add', add],
  [':db/retract', retract],
  [':db.fn/retractAttribute', retractAttribute],
  [':db/retractEntity', retractEntity],
  [':db.fn/retractEntity', retractEntity],
  [':db/cas', compareAndSwap],
  [':db.fn/cas', compareAndSwap],
]);

/** @throws BAD_TRANSACTION (`transact/syntax`) for an operation that nobody knows */
export function* applyOperation(transaction: Transaction, form: Form): Suspended<void> {
  const operation = OPERATIONS.get(String(form[0]));
  if (operation === undefined || !(form[0] instanceof Keyword))
    throw syntaxError(
      `Unknown operation at ${printEdn(form)}, expected one of ${[...OPERATIONS.keys()].join(' ')}${didYouMean(String(form[0]), OPERATIONS.keys())}`,
      form,
    );
  yield* operation(transaction, form);
}

function* add(transaction: Transaction, form: Form): Suspended<void> {
  checkLength(form, 4, 4);
  const [, ref = null, , value = null] = form;
  const ident = attributeIn(form);
  const attribute = transaction.attribute(ident, form);
  if (isTempid(ref) && !isCurrentTx(ref) && attribute?.unique === 'identity')
    yield* upsert(transaction, ref, attribute, value);
  const e = yield* entityOf(transaction, ref, form);
  yield* addFact(transaction, e, ident, value);
}

/** A tempid that is given the identity of an entity stands for that entity. */
function* upsert(
  transaction: Transaction,
  tempid: EdnData,
  attribute: Attribute,
  value: EdnData,
): Suspended<void> {
  if (attribute.valueType === 'ref' && isTempid(value)) return;
  const v =
    attribute.valueType === 'ref'
      ? yield* referenceOf(transaction, value, value)
      : transaction.conform(value, attribute);
  if (v === undefined) return;
  const holder = yield* transaction.entityWith(attributeNumber(attribute.ident), v);
  if (holder !== undefined) transaction.bindTempid(tempid, holder);
}

function* retract(transaction: Transaction, form: Form): Suspended<void> {
  checkLength(form, 3, 4);
  const [, ref = null, , value] = form;
  const ident = attributeIn(form);
  const attribute = transaction.attribute(ident, form);
  const e = yield* existingEntity(transaction, ref, form);
  if (e === undefined) return;
  const present = yield* transaction.values(e, attributeNumber(ident));
  if (value === undefined) {
    for (const datom of present) transaction.retract(datom);
    return;
  }
  const v = yield* valueOf(transaction, ident, attribute, value, form);
  for (const datom of present) if (compareValues(datom.v, v) === 0) transaction.retract(datom);
}

function* retractAttribute(transaction: Transaction, form: Form): Suspended<void> {
  checkLength(form, 3, 3);
  const ident = attributeIn(form);
  transaction.attribute(ident, form);
  const e = yield* existingEntity(transaction, form[1] ?? null, form);
  if (e === undefined) return;
  yield* retractAll(transaction, yield* transaction.values(e, attributeNumber(ident)));
}

function* retractEntity(transaction: Transaction, form: Form): Suspended<void> {
  checkLength(form, 2, 2);
  const e = yield* existingEntity(transaction, form[1] ?? null, form);
  if (e !== undefined) yield* retractAll(transaction, yield* factsAbout(transaction, e));
}

/** All that an entity says, and all that points at it. */
function* factsAbout(transaction: Transaction, e: number): Suspended<Datom[]> {
  const datoms = yield* datomsWith(transaction.db, 'eavt', { e });
  for (const { ident, valueType } of transaction.db.schema.userAttributes.values()) {
    if (valueType !== 'ref') continue;
    const incoming = yield* datomsWith(transaction.db, 'avet', { a: attributeNumber(ident), v: e });
    datoms.push(...incoming.filter((datom) => datom.e !== e));
  }
  return datoms;
}

/** Retracts facts and, where they pointed at components, all about those, one component wholly before its sibling. */
function* retractAll(transaction: Transaction, datoms: ReadonlyArray<Datom>): Suspended<void> {
  const components = retractEach(transaction, datoms);
  for (let e = components.pop(); e !== undefined; e = components.pop()) {
    components.push(...retractEach(transaction, yield* factsAbout(transaction, e)));
    yield PAUSE;
  }
}

/** The components that the facts pointed at, the last first. */
function retractEach(transaction: Transaction, datoms: ReadonlyArray<Datom>): number[] {
  const components: number[] = [];
  for (const datom of datoms) {
    transaction.retract(datom);
    const attribute = transaction.db.schema.attribute(datom.a);
    if (attribute?.component !== true) continue;
    if (attribute.valueType !== 'ref' || typeof datom.v !== 'number')
      throw syntaxError(
        `Expected a reference as component, got ${printEdn(datom.v)} of ${datom.attribute.toString()}`,
        [datom.e, datom.attribute, datom.v],
      );
    components.push(datom.v);
  }
  return components.reverse();
}

function* compareAndSwap(transaction: Transaction, form: Form): Suspended<void> {
  checkLength(form, 5, 5);
  const [, ref = null, , expected = null, wanted = null] = form;
  const ident = attributeIn(form);
  const attribute = transaction.attribute(ident, form);
  const e = yield* existingEntity(transaction, ref, form);
  if (e === undefined) throw syntaxError(`Nothing found for entity id ${printEdn(ref)}`, form);
  if (wanted === null) throw syntaxError(`Cannot store nil as a value at ${printEdn(form)}`, form);
  // What does not fit the attribute is an expectation that fails.
  const isValue = expected !== null && attribute?.valueType !== 'ref';
  const old =
    expected === null || (isValue && transaction.conform(expected, attribute) === undefined)
      ? (expected as Value | null)
      : yield* valueOf(transaction, ident, attribute, expected, form);
  const present = yield* transaction.values(e, attributeNumber(ident));
  const isExpected =
    old === null ? present.length === 0 : present.some(({ v }) => compareValues(v, old) === 0);
  if (!isExpected) throw casFailed(e, ident, present, old);
  yield* addFact(transaction, e, ident, wanted);
}

function casFailed(
  e: number,
  ident: Keyword,
  present: ReadonlyArray<Datom>,
  expected: Value | null,
): Error {
  const values = present.map(({ v }) => v);
  return txError(
    'transact/cas',
    `:db.fn/cas failed on datom [${e} ${ident.toString()} ${values.map(printEdn).join(' ') || 'nil'}], expected ${printEdn(expected)}`,
    { entity: e, attribute: ident, present: values, expected },
    'CAS_CONFLICT',
  );
}

function attributeIn(form: Form): Keyword {
  const ident = form[2];
  if (ident instanceof Keyword) return ident;
  throw syntaxError(
    `Bad entity attribute ${printEdn(ident ?? null)} at ${printEdn(form)}, expected keyword`,
    form,
  );
}

function checkLength(form: Form, min: number, max: number): void {
  if (form.length >= min && form.length <= max) return;
  const expected = min === max ? String(min) : `${min} or ${max}`;
  throw syntaxError(`Expected ${expected} elements in ${printEdn(form)}, got ${form.length}`, form);
}
