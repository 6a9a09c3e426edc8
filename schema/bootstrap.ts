/** The attributes that every database has without declaring them. */
import { ANNOTATION_ATTRIBUTES } from './annotations.ts';
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
  maxLength: kw('db/maxLength'),
  attrPreds: kw('db.attr/preds'),
  entityAttrs: kw('db.entity/attrs'),
  entityPreds: kw('db.entity/preds'),
  fn: kw('db/fn'),
  txInstant: kw('db/txInstant'),
  validFrom: kw('db.valid/from'),
  validTo: kw('db.valid/to'),
  currentTx: kw('db/current-tx'),
  ensure: kw('db/ensure'),
} as const;

/** An attribute that no transaction declares. */
export type SystemAttribute = Omit<Attribute, 'id' | 'installedTx'>;

/** The attributes of every database, but for what {@link REF_ATTRIBUTES} says otherwise. */
export const SYSTEM_ATTRIBUTES: ReadonlyArray<SystemAttribute> = [
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
  system(DB.validFrom, 'instant', { indexed: true }),
  system(DB.validTo, 'instant', { indexed: true }),
  system(DB.maxLength, 'long'),
  system(DB.attrPreds, 'symbol', { cardinality: 'many' }),
  system(DB.entityAttrs, 'keyword', { cardinality: 'many' }),
  system(DB.entityPreds, 'symbol', { cardinality: 'many' }),
  system(kw('dh.ref/db'), 'uuid', { indexed: true }),
  system(kw('dh.ref/attr'), 'keyword'),
  system(kw('dh.ref/value'), 'string', { indexed: true }),
  system(kw('dh.ref/temporal'), 'string'),
  system(kw('dh.ref/type'), 'keyword'),
  ...ANNOTATION_ATTRIBUTES.map(({ ident, valueType, isMany }) =>
    system(ident, valueType, isMany ? { cardinality: 'many' } : {}),
  ),
];

/**
 * Attributes whose values are enums: keywords in transactions, entities in the datoms of a database with `attribute-refs?`.
 */
export const ENUM_ATTRIBUTES: ReadonlySet<Keyword> = new Set([
  DB.valueType,
  DB.cardinality,
  DB.unique,
]);

interface Options {
  readonly cardinality?: 'many';
  readonly unique?: 'identity' | 'value';
  readonly indexed?: true;
  readonly noHistory?: true;
}

function system(
  ident: Keyword,
  valueType: ValueType | undefined,
  { cardinality, unique, indexed, noHistory }: Options = {},
): SystemAttribute {
  return {
    ident,
    valueType,
    cardinality: cardinality ?? 'one',
    unique,
    indexed: indexed === true || unique !== undefined,
    component: false,
    noHistory: noHistory === true,
    doc: undefined,
    tuple: undefined,
  };
}

/** Whether an ident belongs to the database itself: no user may define it. */
export function isReserved(ident: Keyword): boolean {
  return ident.namespace === 'db' || ident.namespace.startsWith('db.');
}
