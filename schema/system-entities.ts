/**
 * The entities 1 to 54 of a database with `attribute-refs?`, as Datahike numbers them: they name the attributes of attributes, the value
 * types and the enums. Their numbers and texts are data that programs meet, so they are Datahike's; new ones are only ever appended.
 */
import { DB } from './bootstrap.ts';
import type { Keyword } from './keyword.ts';
import { kw } from './keyword.ts';
import type { Value } from './value.ts';

export interface SystemEntity {
  readonly id: number;
  readonly ident: Keyword;
  /** What is said of it; the values of enums as keywords. */
  readonly facts: ReadonlyArray<Fact>;
}

const VALID_FROM_DOC = [
  "A transaction's valid-time lower bound (inclusive).",
  'Every datom in the tx inherits this vt-from. When',
  "absent the transaction's `:db/txInstant` is used.",
  'See `doc/valid_time.md` for usage.',
].join('\n             ');

const VALID_TO_DOC = [
  "A transaction's valid-time upper bound (exclusive).",
  'When absent the interval is open-ended (treated as +∞).',
  'May be written retroactively on a prior tx-entity to',
  "close that tx's window; the write is a normal commit,",
  "the prior tx's hash is unchanged, and the transactor",
  'enforces a cross-tx `vf < vt` check on the combined',
  'state. See `doc/valid_time.md` for usage.',
].join('\n             ');

type Row = readonly [name: string, type?: string, doc?: string, more?: 'unique' | 'index' | 'time'];

const ROWS: ReadonlyArray<Row> = [
  ['db/ident', 'keyword', "An attribute's or specification's identifier", 'unique'],
  ['db/valueType', 'valueType', "An attribute's value type"],
  ['db/cardinality', 'cardinality', "An attribute's cardinality"],
  ['db/doc', 'string', "An attribute's documentation"],
  ['db/index', 'boolean', "An attribute's index selection"],
  ['db/unique', 'unique', "An attribute's unique selection"],
  ['db/noHistory', 'boolean', "An attribute's history selection"],
  ['db.install/attribute', 'install/attribute', 'Only for interoperability with Datomic'],
  ['db/txInstant', 'instant', "A transaction's time-point", 'time'],
  ['db.cardinality/many'],
  ['db.cardinality/one'],
  ['db.part/sys'],
  ['db.part/tx'],
  ['db.part/user'],
  ['db.type/bigdec'],
  ['db.type/bigint'],
  ['db.type/boolean'],
  ['db.type/double'],
  ['db.type/cardinality'],
  ['db.type/float'],
  ['db.type/number'],
  ['db.type/instant'],
  ['db.type/keyword'],
  ['db.type/long'],
  ['db.type/ref'],
  ['db.type/string'],
  ['db.type/symbol'],
  ['db.type/unique'],
  ['db.type/uuid'],
  ['db.type/valueType'],
  ['db.type.install/attribute'],
  ['db.unique/identity'],
  ['db.unique/value'],
  ['db/isComponent'],
  ['db/tupleType'],
  ['db/tupleTypes'],
  ['db/tupleAttrs'],
  ['db.type/tuple'],
  ['db.valid/from', 'instant', VALID_FROM_DOC, 'index'],
  ['db.valid/to', 'instant', VALID_TO_DOC, 'index'],
  ['db.secondary/type'],
  ['db.secondary/attrs'],
  ['db.secondary/config'],
  ['db.secondary/status'],
  ['db.secondary/building-since-tx'],
  ['db.secondary/only'],
  ['dh.ref/db', 'uuid', 'Cross-db reference: target database (store :id)', 'index'],
  ['dh.ref/attr', 'keyword', 'Cross-db reference: unique attribute of the target lookup ref'],
  ['dh.ref/value', 'string', 'Cross-db reference: lookup-ref value, canonically encoded', 'index'],
  [
    'dh.ref/temporal',
    'string',
    'Cross-db reference: temporal qualifier (tx:/date:/valid:/branch:); absent = live head',
  ],
  ['dh.ref/type', 'keyword', 'Cross-db reference: link predicate (application vocabulary)'],
  ['db.type/store-ref'],
  ['db/maxLength', 'long'],
  ['db.attr/preds', 'symbol'],
];

type Fact = readonly [attribute: Keyword, value: Value];

const MORE: Readonly<Record<NonNullable<Row[3]>, ReadonlyArray<Fact>>> = {
  unique: [[DB.unique, DB.uniqueValue]],
  index: [[DB.index, true]],
  time: [
    [DB.noHistory, true],
    [DB.index, true],
  ],
};

export const SYSTEM_ENTITIES: ReadonlyArray<SystemEntity> = ROWS.map(entityOf);

function entityOf([name, type, doc, more]: Row, i: number): SystemEntity {
  const ident = kw(name);
  const facts: Fact[] = [[DB.ident, ident]];
  if (type !== undefined)
    facts.push(
      [DB.valueType, kw(`db.type${type.includes('/') ? '.' : '/'}${type}`)],
      [DB.cardinality, ident === DB.attrPreds ? DB.many : DB.one],
    );
  if (doc !== undefined) facts.push([DB.doc, doc]);
  return { id: i + 1, ident, facts: [...facts, ...(more === undefined ? [] : MORE[more])] };
}

/** The largest id of a system entity; a user's first is the next. */
export const LAST_SYSTEM_ENTITY = SYSTEM_ENTITIES.length;
