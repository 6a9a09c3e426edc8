/** Operation vectors: `[:db/add e a v]`, `[:db/retract e a v]`, `[:db/retractEntity e]`, `[:db/cas e a old new]` … */
import { callsInHashOrder } from '../../schema/clojure-hash.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword, kw } from '../../schema/keyword.ts';
import { LAST_SYSTEM_ENTITY } from '../../schema/system-entities.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Datom } from '../datom/datom.ts';
import { MAX_ID, TX0 } from '../datom/datom.ts';
import { compareValues } from '../datom/value-order.ts';
import { datomsWith, nothingFound } from '../db/lookup.ts';
import type { SchemaAttribute } from '../db/schema.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { callInstalled, callNamed } from './calls.ts';
import { addFact, attributeOf, valueOf } from './facts.ts';
import { purgeAttribute, purgeBefore, purgeEntity, purgeFact } from './purge.ts';
import { entityOf, existingEntity, referenceOf } from './references.ts';
import { isCurrentTx, isTempid } from './tempids.ts';
import type { Transaction } from './transaction.ts';
import { nilValue, syntaxError, taggedDatom, txError } from './tx-error.ts';

type Form = ReadonlyArray<EdnData>;

/** Gives transaction data that takes the place of the operation, if any. */
type Operation = (transaction: Transaction, form: Form) => Suspended<ReadonlyArray<EdnData> | void>;

const OPERATIONS: ReadonlyMap<string, Operation> = new Map<string, Operation>([
  [':db/add', add],
  [':db/retract', retract],
  [':db.fn/retractAttribute', retractAttribute],
  [':db/retractEntity', retractEntity],
  [':db.fn/retractEntity', retractEntity],
  [':db/cas', compareAndSwap],
  [':db.fn/cas', compareAndSwap],
  [':db.fn/call', callNamed],
  [':db/purge', purgeFact],
  [':db.purge/attribute', purgeAttribute],
  [':db.purge/entity', purgeEntity],
  [':db.history.purge/before', purgeBefore],
]);

/**
 * Applies an operation; a keyword that is none is the ident of a transaction function.
 *
 * @throws BAD_TRANSACTION (`transact/syntax`) for an operation that nobody knows
 */
export function applyOperation(
  transaction: Transaction,
  form: Form,
): Suspended<ReadonlyArray<EdnData> | void> {
  const [name = null] = form;
  if (!(name instanceof Keyword))
    throw syntaxError(
      `Unknown operation at ${printEdn(form)}, expected one of ${[...OPERATIONS.keys()].join(' ')} or the ident of a transaction function`,
      form,
    );
  const operation = OPERATIONS.get(name.toString()) ?? callInstalled;
  return operation(transaction, form);
}

function* add(transaction: Transaction, form: Form): Suspended<void> {
  // What is left out at the end is nil: no attribute, or a value that cannot be stored.
  if (form.length !== 2 && form.length !== 3) checkLength(form, 4, 5);
  const [, ref = null, name = null, value = null, tx] = form;
  const attribute = attributeOf(transaction, name, form, false);
  if (value === null) throw nilValue(form);
  if (isTempid(ref) && !isCurrentTx(ref) && attribute.unique === 'identity')
    yield* upsert(transaction, ref, attribute, value);
  const e = yield* entityOf(transaction, ref, form);
  if (isDefining(transaction, attribute)) protectSystem(transaction, e, 'transact/schema', form);
  yield* addFact(transaction, e, attribute, value, form, txOf(tx, form));
}

/** The transaction that an assertion is said to be of. */
function txOf(tx: EdnData | undefined, form: Form): number | undefined {
  if (tx === undefined || tx === null) return undefined;
  if (typeof tx === 'number' && Number.isInteger(tx) && tx >= TX0 && tx <= MAX_ID) return tx;
  throw syntaxError(
    `Expected a transaction id from ${TX0} in ${printEdn(form)}, got ${printEdn(tx)}`,
    form,
  );
}

/** A tempid that is given the identity of an entity stands for that entity. */
function* upsert(
  transaction: Transaction,
  tempid: EdnData,
  attribute: SchemaAttribute,
  value: EdnData,
): Suspended<void> {
  if (attribute.valueType === 'ref' && isTempid(value)) return;
  const v =
    attribute.valueType === 'ref'
      ? yield* referenceOf(transaction, value, value)
      : transaction.conform(value, attribute);
  if (v === undefined) return;
  const holder = yield* transaction.entityWith(attribute.number, v);
  if (holder !== undefined) transaction.tempids.bind(tempid, holder);
}

function* retract(transaction: Transaction, form: Form): Suspended<void> {
  checkLength(form, 3, 4);
  const [, ref = null, name = null, value = null] = form;
  const e = yield* existingEntity(transaction, ref, form);
  if (e === undefined) return;
  const attribute = attributeOf(transaction, name, form, false);
  if (isDefining(transaction, attribute)) protectSystem(transaction, e, 'retract/schema', form);
  const present = yield* transaction.values(e, attribute.number);
  if (value === null) {
    for (const datom of present) transaction.retract(datom);
    return;
  }
  const v = yield* valueOf(transaction, attribute, value, form);
  for (const datom of present) if (compareValues(datom.v, v) === 0) transaction.retract(datom);
}

function* retractAttribute(transaction: Transaction, form: Form): Suspended<void> {
  checkLength(form, 3, 3);
  const [, ref = null, name = null] = form;
  const e = yield* existingEntity(transaction, ref, form);
  if (e === undefined) return;
  const attribute = attributeOf(transaction, name, form, false);
  if (isDefining(transaction, attribute)) protectSystem(transaction, e, 'retract/schema', form);
  yield* retractAll(transaction, { own: yield* transaction.values(e, attribute.number) });
}

function* retractEntity(transaction: Transaction, form: Form): Suspended<void> {
  checkLength(form, 2, 2);
  const e = yield* existingEntity(transaction, form[1] ?? null, form);
  if (e === undefined) return;
  protectSystem(transaction, e, 'retract/schema', form);
  yield* retractAll(transaction, yield* factsAbout(transaction, e));
}

/** Components are retracted by operations of their own, which Datahike keeps in a set. */
const RETRACT_ENTITY = kw('db.fn/retractEntity');

interface Facts {
  readonly own: ReadonlyArray<Datom>;
  readonly incoming?: ReadonlyArray<Datom>;
}

/** All that an entity says, and all that points at it. */
function* factsAbout(transaction: Transaction, e: number): Suspended<Facts> {
  const own = yield* datomsWith(transaction.facts, 'eavt', { e });
  const incoming: Datom[] = [];
  for (const { number } of transaction.db.schema.refs)
    incoming.push(...(yield* datomsWith(transaction.db, 'avet', { a: number, v: e })));
  return { own, incoming };
}

/** Retracts facts and, where they pointed at components, all about those, one component wholly before its sibling. */
function* retractAll(transaction: Transaction, facts: Facts): Suspended<void> {
  const components = retractEach(transaction, facts);
  for (let e = components.pop(); e !== undefined; e = components.pop()) {
    components.push(...retractEach(transaction, yield* factsAbout(transaction, e)));
    yield PAUSE;
  }
}

/** The components that the facts pointed at, the last first. */
function retractEach(transaction: Transaction, { own, incoming = [] }: Facts): number[] {
  const components: number[] = [];
  for (const datom of own) {
    transaction.retract(datom);
    const attribute = transaction.attributeOf(datom.a);
    if (attribute.component) components.push(componentIn(datom, attribute));
  }
  const [e] = own.map((datom) => datom.e);
  for (const datom of incoming)
    if (datom.e === e) transaction.repeatRetraction(datom);
    else transaction.retract(datom);
  return callsInHashOrder(RETRACT_ENTITY, components).reverse();
}

function componentIn({ e, v }: Datom, { ident, valueType }: SchemaAttribute): number {
  if (valueType === 'ref' && typeof v === 'number') return v;
  throw syntaxError(
    `Expected a reference as component, got ${printEdn(v)} of ${ident.toString()}`,
    [e, ident, v],
  );
}

function* compareAndSwap(transaction: Transaction, form: Form): Suspended<void> {
  // What is left out at the end is nil, and cannot be stored.
  if (form.length === 4) throw nilValue(form);
  checkLength(form, 5, 5);
  const [, ref = null, name = null, expected = null, wanted = null] = form;
  const e = yield* existingEntity(transaction, ref, form);
  if (e === undefined) throw nothingFound(ref);
  if (transaction.before.schema.names.areEntities && typeof name !== 'number')
    throw syntaxError(
      `Bad entity attribute ${printEdn(name)} at ${printEdn(form)}, expected reference number`,
      form,
      {},
      ': the id of the entity that defines it',
    );
  const attribute = attributeOf(transaction, name, form, false);
  if (expected !== null || wanted === null) yield* valueOf(transaction, attribute, wanted, form);
  const present = yield* transaction.values(e, attribute.number);
  const isExpected =
    expected === null
      ? present.length === 0
      : yield* isAmong(transaction, attribute, expected, present, form);
  if (!isExpected) throw casFailed(e, attribute, present, expected, wanted);
  yield* addFact(transaction, e, attribute, wanted, form);
}

/** What does not fit the attribute is an expectation that fails. */
function* isAmong(
  transaction: Transaction,
  attribute: SchemaAttribute,
  expected: EdnData,
  present: ReadonlyArray<Datom>,
  form: Form,
): Suspended<boolean> {
  const isValue = attribute.valueType !== 'ref';
  if (isValue && transaction.conform(expected, attribute) === undefined) return false;
  const old = yield* valueOf(transaction, attribute, expected, form);
  return present.some(({ v }) => compareValues(v, old) === 0);
}

function casFailed(
  e: number,
  { ident, cardinality }: SchemaAttribute,
  present: ReadonlyArray<Datom>,
  expected: EdnData,
  wanted: EdnData,
): Error {
  const values = present.map(({ v }) => printEdn(v)).join(' ');
  const found = cardinality === 'many' ? `(${values})` : values || 'nil';
  return txError(
    'transact/cas',
    `:db.fn/cas failed on datom [${e} ${ident.toString()} ${found}], expected ${printEdn(expected)}`,
    { old: present.map(taggedDatom)[0] ?? null, expected, new: wanted },
    'CAS_CONFLICT',
  );
}

function isDefining({ facts }: Transaction, { number }: SchemaAttribute): boolean {
  return facts.schema.definingIdent(number) !== undefined;
}

/** What the database itself is made of cannot be changed. */
function protectSystem({ facts }: Transaction, e: number, kind: string, form: Form): void {
  if (!facts.schema.names.areEntities || e > LAST_SYSTEM_ENTITY) return;
  throw txError(
    kind,
    'System schema entity cannot be changed',
    { entity: e, context: form },
    'SCHEMA_VIOLATION',
    `: ${e} is ${String(facts.schema.identOf(e))}, at ${printEdn(form)}`,
  );
}

function checkLength(form: Form, min: number, max: number): void {
  if (form.length >= min && form.length <= max) return;
  const expected = min === max ? String(min) : `${min} or ${max}`;
  throw syntaxError(`Expected ${expected} elements in ${printEdn(form)}, got ${form.length}`, form);
}
