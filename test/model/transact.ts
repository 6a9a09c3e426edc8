/** Transactions of the model: each form makes the list of facts longer. */
import type { Keyword } from '../../schema/keyword.ts';
import { kw } from '../../schema/keyword.ts';
import { SYSTEM_ENTITIES } from '../../schema/system-entities.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Learned } from './attempt.ts';
import { Attempt, StartAgain, isTempid } from './attempt.ts';
import { checkSchema } from './check-schema.ts';
import { entityMap } from './entity-map.ts';
import type { Fact, ModelDb } from './facts.ts';
import { systemName } from './facts.ts';
import { TX_FUNCTIONS, numberOf } from './functions.ts';
import { isSameValue } from './order.ts';
import { purgeForm } from './purge.ts';
import { fail } from './refusal.ts';
import type { ModelAttribute } from './schema.ts';
import { fittingValue, storedValue } from './values-fit.ts';

export interface ModelReport {
  readonly after: ModelDb;
  readonly facts: ReadonlyArray<Fact>;
  readonly tempids: ReadonlyMap<EdnData, number>;
}

type Form = ReadonlyArray<EdnData>;

/** @throws Refusal of the kind that the engine has to give */
export function transactModel(
  db: ModelDb,
  forms: Form,
  now: Date,
  meta: EdnMap = new Map(),
): ModelReport {
  for (let learned: Learned = { existing: new Set(), given: new Map() }; ;) {
    try {
      return run(new Attempt(db, learned), forms, now, meta);
    } catch (error) {
      if (!(error instanceof StartAgain)) throw error;
      ({ learned } = error);
    }
  }
}

const TX_INSTANT = kw('db/txInstant');

function run(attempt: Attempt, forms: Form, now: Date, meta: EdnMap): ModelReport {
  const [from, to] = [meta.get(kw('db.valid/from')), meta.get(kw('db.valid/to'))];
  if (from instanceof Date && to instanceof Date && from >= to)
    fail('transact/invalid-valid-times');
  const { before, tx } = attempt;
  if (before.config.keepHistory) {
    const a = systemName(before.config, TX_INSTANT);
    const [last] = attempt.where(before.maxTx, a);
    const time = Math.max(
      now.getTime(),
      ((last?.v as Date | undefined)?.getTime() ?? -Infinity) + 1,
    );
    attempt.add(tx, attempt.attribute(TX_INSTANT), meta.get(TX_INSTANT) ?? new Date(time));
    for (const [key, value] of meta)
      if (key !== TX_INSTANT) attempt.add(tx, attempt.attribute(key, true), value);
  }
  for (const form of forms) {
    applyForm(attempt, form);
    attempt.flush();
  }
  checkSchema(attempt);
  return { after: attempt.after, facts: attempt.reported, tempids: attempt.tempids };
}

function applyForm(attempt: Attempt, form: EdnData): void {
  if (form instanceof Map) entityMap(attempt, form as EdnMap);
  else operation(attempt, form as Form);
}

function operation(attempt: Attempt, form: Form): void {
  const [op, ref = null, a = null, v = null, last = null] = form;
  switch ((op as Keyword).name) {
    case 'add':
      return add(attempt, ref, attempt.attribute(a), v, last);
    case 'retract': {
      const e = attempt.existing(ref);
      if (e === undefined) return;
      const attribute = changeable(attempt, e, attempt.attribute(a), 'retract/schema');
      if (v === null) return attempt.end(attempt.where(e, attribute.name));
      return attempt.end(attempt.where(e, attribute.name, storedValue(attempt, attribute, v)));
    }
    case 'retractAttribute': {
      const e = attempt.existing(ref);
      if (e === undefined) return;
      const attribute = changeable(attempt, e, attempt.attribute(a), 'retract/schema');
      return endDeep(attempt, attempt.where(e, attribute.name));
    }
    case 'retractEntity': {
      const e = attempt.existing(ref);
      if (e !== undefined && isSystem(attempt, e)) return fail('retract/schema');
      return e === undefined ? undefined : endEntity(attempt, e);
    }
    case 'cas':
      return compareAndSwap(attempt, attempt.existing(ref), a, v, last);
    case 'call':
      for (const each of TX_FUNCTIONS[String(ref)]!(a, numberOf(attempt.soFar, a)))
        applyForm(attempt, each);
      return;
    default:
      return purgeForm(attempt, form);
  }
}

function add(
  attempt: Attempt,
  ref: EdnData,
  attribute: ModelAttribute,
  value: EdnData,
  tx: EdnData,
): void {
  if (value === null) return fail('transact/syntax');
  if (attribute.unique === 'identity' && isTempid(ref)) {
    const v = fittingValue(attempt, attribute, value);
    const holder = v === undefined ? undefined : attempt.holder(attribute.name, v);
    if (holder !== undefined) attempt.bind(ref, holder);
  }
  const e = attempt.entity(ref);
  changeable(attempt, e, attribute, 'transact/schema');
  attempt.add(e, attribute, value, tx === null ? undefined : (tx as number));
}

/** What the database itself is made of cannot be changed. */
function changeable(
  attempt: Attempt,
  e: number,
  attribute: ModelAttribute,
  kind: string,
): ModelAttribute {
  const { namespace, name } = attribute.ident;
  const isTime = namespace === 'db.valid' || name === 'txInstant';
  return attribute.isSystem && !isTime && isSystem(attempt, e) ? fail(kind) : attribute;
}

export function isSystem({ before: { config } }: Attempt, e: number): boolean {
  return config.attributeRefs && e <= SYSTEM_ENTITIES.length;
}

function compareAndSwap(
  attempt: Attempt,
  e: number | undefined,
  name: EdnData,
  expected: EdnData,
  wanted: EdnData,
): void {
  if (e === undefined) return fail('entity-id/missing');
  if (attempt.before.config.attributeRefs && typeof name !== 'number')
    return fail('transact/syntax');
  const attribute = attempt.attribute(name);
  if (expected !== null || wanted === null) storedValue(attempt, attribute, wanted);
  const present = attempt.where(e, attribute.name);
  if (expected === null && present.length > 0) return fail('transact/cas');
  if (expected !== null) {
    const isValue = attribute.type !== 'ref';
    if (isValue && fittingValue(attempt, attribute, expected) === undefined)
      return fail('transact/cas');
    const old = storedValue(attempt, attribute, expected);
    if (!present.some(({ v }) => isSameValue(v, old))) return fail('transact/cas');
  }
  attempt.add(e, attribute, wanted);
}

/** Also the components that they lead to. */
function endDeep(attempt: Attempt, facts: ReadonlyArray<Fact>): void {
  attempt.end(facts);
  for (const { a, v } of facts)
    if (attempt.schema.attribute(a)?.isComponent === true) endEntity(attempt, v as number);
}

function endEntity(attempt: Attempt, e: number): void {
  const isRef = ({ a }: Fact): boolean => {
    const attribute = attempt.schema.attribute(a);
    return attribute?.type === 'ref' && !attribute.isSystem;
  };
  const facts = attempt.held.filter((fact) => fact.e === e || (isRef(fact) && fact.v === e));
  // A reference of the entity to itself is found as its fact and as a reference to it.
  const twice = facts.filter((fact) => fact.e === e && fact.v === e && isRef(fact));
  const own = facts.filter((fact) => fact.e === e);
  attempt.end(facts);
  attempt.report(twice);
  endDeep(attempt, own);
}
