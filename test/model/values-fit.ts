/** Which values the model takes for an attribute, and in what form they are stored. */
import { isDecimal } from '../../schema/decimal.ts';
import { Keyword, Sym } from '../../schema/keyword.ts';
import type { EdnData, Value } from '../../schema/value.ts';
import { Uuid } from '../../schema/value.ts';
import type { ModelDb } from './facts.ts';
import { PREDICATES } from './functions.ts';
import { fail } from './refusal.ts';
import type { ModelAttribute, ModelSchema, ModelTuple } from './schema.ts';

/** What has to be known of the transaction. */
interface Attempt {
  readonly before: ModelDb;
  readonly schema: ModelSchema;
  readonly isStrict: boolean;
  /** The entity that the value of a ref names. */
  target(ref: EdnData): number;
}

/** The value as it is stored, with all that is required of it. */
export function checkedValue(attempt: Attempt, attribute: ModelAttribute, value: EdnData): Value {
  const v = storedValue(attempt, attribute, value);
  const { maxLength = 0, predicates } = attribute;
  const length = typeof v === 'string' || ArrayBuffer.isView(v) ? lengthOf(v) : 0;
  if (maxLength > 0 && length > maxLength) fail('transact/max-length');
  for (const { name } of predicates) {
    const predicate = PREDICATES[name];
    if (predicate === undefined) fail('transact/attr-pred-unresolved');
    else if (predicate(v) !== true) fail('transact/attr-pred');
  }
  return v;
}

/** The value as it is stored: references resolved, and of the type of the attribute. */
export function storedValue(attempt: Attempt, attribute: ModelAttribute, value: EdnData): Value {
  if (value === null) return fail('transact/syntax');
  const { tuple, type, isSystem } = attribute;
  if (tuple !== undefined) checkTuple(tuple, value);
  if (isSystem && ENUMS.includes(attribute.ident.name)) return enumOf(attempt, attribute, value);
  if (type === 'ref') return attempt.target(value);
  return fittingValue(attempt, attribute, value) ?? fail('transact/schema');
}

/** Undefined where the value is of another type; a database that is not strict takes any for attributes that are the user's. */
export function fittingValue(
  { isStrict }: Attempt,
  { tuple, type, isSystem }: ModelAttribute,
  value: EdnData,
): Value | undefined {
  const fitting =
    tuple === undefined || !Array.isArray(value)
      ? stored(value, type)
      : (value as ReadonlyArray<EdnData>).map((member, place) => memberOf(tuple, member, place));
  return fitting === undefined && !isStrict && !isSystem ? stored(value, undefined) : fitting;
}

const ENUMS = ['valueType', 'cardinality', 'unique'];

function enumOf(
  { before: { config }, schema }: Attempt,
  { ident }: ModelAttribute,
  value: EdnData,
): Value {
  const isType = ident.name === 'valueType' && (value as Keyword).namespace === 'db.type';
  const isOther = value instanceof Keyword && value.namespace === `db.${ident.name}`;
  if (!isType && !isOther) return fail('transact/schema');
  return config.attributeRefs
    ? (schema.idOf(value as Keyword) ?? fail('transact/syntax'))
    : (value as Value);
}

/** What fits each type, stored: a long is a number while that is exact, a bigint is a bigint. */
function stored(value: EdnData, type: string | undefined): Value | undefined {
  const isInteger = Number.isSafeInteger(value) || typeof value === 'bigint';
  switch (type) {
    case undefined:
      return value as Value;
    case 'long':
      if (typeof value === 'bigint' && BigInt.asIntN(64, value) !== value) return undefined;
      if (!isInteger) return undefined;
      return Number.isSafeInteger(Number(value)) ? Number(value) : (value as Value);
    case 'bigint':
      return isInteger ? BigInt(value as bigint) : undefined;
    default:
      return IS_OF_TYPE[type]?.(value) === true ? (value as Value) : undefined;
  }
}

const IS_OF_TYPE: Readonly<Record<string, (value: EdnData) => boolean>> = {
  string: (value) => typeof value === 'string',
  boolean: (value) => typeof value === 'boolean',
  double: (value) => typeof value === 'number',
  float: (value) => typeof value === 'number',
  number: (value) => typeof value === 'number' || typeof value === 'bigint' || isDecimal(value),
  bigdec: (value) => isDecimal(value),
  keyword: (value) => value instanceof Keyword,
  symbol: (value) => value instanceof Sym,
  uuid: (value) => value instanceof Uuid,
  instant: (value) => value instanceof Date,
  bytes: (value) => value instanceof Uint8Array,
  'float-array': (value) => value instanceof Float32Array,
  'double-array': (value) => value instanceof Float64Array,
};

function checkTuple(tuple: ModelTuple, value: EdnData): void {
  if (tuple.kind === 'composite' || !Array.isArray(value)) return fail('transact/syntax');
  const members = value as ReadonlyArray<EdnData>;
  const isRightLength =
    tuple.kind === 'homogeneous'
      ? members.length > 0 && members.length <= 8
      : members.length === tuple.parts.length;
  if (!isRightLength) fail('transact/syntax');
  for (const [place, member] of members.entries())
    if (member === null || memberOf(tuple, member, place) === undefined) fail('transact/syntax');
}

function memberOf({ kind, parts }: ModelTuple, member: EdnData, place: number): Value {
  return stored(member, parts[kind === 'homogeneous' ? 0 : place]?.name)!;
}

function lengthOf(value: string | ArrayBufferView): number {
  return typeof value === 'string' ? value.length : [...(value as Uint8Array)].length;
}
