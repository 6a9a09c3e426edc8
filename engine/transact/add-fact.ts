/** One fact, checked against the schema, into a transaction. */
import { VALUE_TYPES } from '../../schema/attribute.ts';
import type { Attribute } from '../../schema/attribute.ts';
import { DB } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import type { Keyword } from '../../schema/keyword.ts';
import { kw } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { expectationOf } from '../db/value-check.ts';
import type { Suspended } from '../shared/suspend.ts';
import { referenceOf } from './references.ts';
import type { Transaction } from './transaction.ts';
import { badValue, syntaxError } from './tx-error.ts';

const ADD = kw('db/add');

export function* addFact(
  transaction: Transaction,
  e: number,
  ident: Keyword,
  value: EdnData,
): Suspended<void> {
  const form = [ADD, e, ident, value];
  const attribute = transaction.attribute(ident, form);
  const v = yield* valueOf(transaction, ident, attribute, value, form);
  yield* transaction.assert(e, ident, attribute, v);
}

/** The value as it is stored: references resolved, the type checked. */
export function* valueOf(
  transaction: Transaction,
  ident: Keyword,
  attribute: Attribute | undefined,
  value: EdnData,
  form: EdnData,
): Suspended<Value> {
  if (value === null) throw syntaxError(`Cannot store nil as a value at ${printEdn(form)}`, form);
  if (attribute?.tuple?.kind === 'composite')
    throw syntaxError(`Can’t modify tuple attrs directly: ${printEdn(form)}`, form);
  if (attribute?.valueType === 'ref') return yield* referenceOf(transaction, value, form);
  const v = transaction.conform(value, attribute);
  if (v === undefined || (transaction.isStrict && !isLegal(ident, v)))
    throw badValue(ident, value, expectationFor(ident, attribute), form);
  return v;
}

/** The values that attributes of attributes may have. */
const LEGAL: ReadonlyMap<Keyword, ReadonlySet<Value>> = new Map([
  [DB.valueType, new Set<Value>(VALUE_TYPES.map((type) => kw(`db.type/${type}`)))],
  [DB.cardinality, new Set<Value>([DB.one, DB.many])],
  [DB.unique, new Set<Value>([DB.uniqueIdentity, DB.uniqueValue])],
]);

function isLegal(ident: Keyword, v: Value): boolean {
  return LEGAL.get(ident)?.has(v) !== false;
}

function expectationFor(ident: Keyword, attribute: Attribute | undefined): string {
  const legal = LEGAL.get(ident);
  if (legal !== undefined) return `one of ${[...legal].map(String).join(' ')}`;
  return attribute?.valueType === undefined ? 'a value' : expectationOf(attribute.valueType);
}
