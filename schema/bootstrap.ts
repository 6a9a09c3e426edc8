/** The attributes that every database has without declaring them. */
import type { Attribute, ValueType } from './attribute.ts';
import { kw } from './keyword.ts';
import type { Keyword } from './keyword.ts';

/** Idents that the engine itself speaks of. */
export const DB = {
  id: kw('db/id'),
  ident: kw('db/ident'),
  valueType: kw('db/valueType'),
  cardinality: kw('db/cardinality'),
  many: kw('db.cardinality/many'),
  one: kw('db.cardinality/one'),
  unique: kw('db/unique'),
  uniqueIdentity: kw('db.unique/identity'),
  uniqueValue: kw('db.unique/value'),
  index: kw('db/index'),
  isComponent: kw('db/isComponent'),
  noHistory: kw('db/noHistory'),
  doc: kw('db/doc'),
  tupleType: kw('db/tupleType'),
  tupleTypes: kw('db/tupleTypes'),
  tupleAttrs: kw('db/tupleAttrs'),
  txInstant: kw('db/txInstant'),
  currentTx: kw('db/current-tx'),
  ensure: kw('db/ensure'),
  targets: kw('gateway/targets'),
} as const;

interface Options {
  readonly cardinality?: 'many';
  readonly unique?: 'identity';
  readonly indexed?: true;
  readonly noHistory?: true;
}

export const SYSTEM_ATTRIBUTES: ReadonlyArray<Attribute> = [
  system(DB.ident, 'keyword', { unique: 'identity' }),
  system(DB.valueType, 'keyword'),
  system(DB.cardinality, 'keyword'),
  system(DB.unique, 'keyword'),
  system(DB.index, 'boolean'),
  system(DB.isComponent, 'boolean'),
  system(DB.noHistory, 'boolean'),
  system(DB.doc, 'string'),
  system(DB.tupleType, 'keyword'),
  system(DB.tupleTypes, undefined),
  system(DB.tupleAttrs, undefined),
  system(DB.txInstant, 'instant', { indexed: true, noHistory: true }),
  system(kw('db.valid/from'), 'instant', { indexed: true }),
  system(kw('db.valid/to'), 'instant', { indexed: true }),
  system(kw('db/maxLength'), 'long'),
  system(kw('db.attr/preds'), 'symbol', { cardinality: 'many' }),
  system(kw('db.entity/attrs'), 'keyword', { cardinality: 'many' }),
  system(kw('db.entity/preds'), 'symbol', { cardinality: 'many' }),
  system(DB.targets, 'keyword', { cardinality: 'many' }),
];

function system(
  ident: Keyword,
  valueType: ValueType | undefined,
  { cardinality, unique, indexed, noHistory }: Options = {},
): Attribute {
  return {
    id: 0,
    ident,
    valueType,
    cardinality: cardinality ?? 'one',
    unique,
    indexed: indexed === true || unique !== undefined,
    component: false,
    noHistory: noHistory === true,
    doc: undefined,
    tuple: undefined,
    installedTx: 0,
  };
}

/** Whether an ident belongs to the database itself: no user may define it. */
export function isReserved(ident: Keyword): boolean {
  return ident.namespace === 'db' || ident.namespace.startsWith('db.');
}
