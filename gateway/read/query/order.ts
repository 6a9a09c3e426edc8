/**
 * `orderBy` to sort keys. The entity id is always the last key, so every order is total and a cursor names one place in it.
 */
import type { DatabaseError } from '../../../schema/error.ts';
import type { Keyword } from '../../../schema/keyword.ts';
import type { EntityType, Model, ScalarField } from '../../../schema/model/model.ts';
import type { ScalarName } from '../../../schema/model/scalars.ts';
import { isOrderable } from '../../../schema/model/shapes.ts';
import type { EdnData, Value } from '../../../schema/value.ts';
import { compareValues } from '../../../services/reader/reader.ts';
import { badInput } from '../bad-input.ts';
import type { LinkField, OrderInput } from '../../select/selection.ts';
import { suggest } from '../suggest.ts';

export interface SortKey {
  /** The refs that lead from the entity to the value, then the attribute that holds it. */
  readonly path: ReadonlyArray<SortStep>;
  readonly scalar: ScalarName;
  readonly descending: boolean;
  /** Whether entities without a value come before the others. */
  readonly nullsFirst: boolean;
}

export type SortStep =
  /** An attribute, and the type of the entities that it leads to where it is a ref. */
  | { readonly kind: 'value'; readonly ident: Keyword; readonly target: string | undefined }
  /** How many entities are linked. */
  | { readonly kind: 'count'; readonly field: LinkField };

export interface Order {
  readonly keys: ReadonlyArray<SortKey>;
  readonly entityDescending: boolean;
}

const SORTS = [
  'ASC',
  'DESC',
  'ASC_NULLS_FIRST',
  'ASC_NULLS_LAST',
  'DESC_NULLS_FIRST',
  'DESC_NULLS_LAST',
];

/** @throws BAD_USER_INPUT */
export function parseOrder(
  model: Model,
  target: string | undefined,
  orderBy: ReadonlyArray<OrderInput>,
): Order {
  const keys: SortKey[] = [];
  for (const [i, input] of orderBy.entries()) {
    const key = parseKey(model, target, input, [], `orderBy[${i}]`);
    // Whatever follows the id never decides.
    if (key.kind === 'id') return { keys, entityDescending: key.descending };
    keys.push(key.sortKey);
  }
  return { keys, entityDescending: false };
}

/** What an entity is sorted by where it has a value: NaN is none, as it is in no order with any number. */
export function sortValue(value: EdnData | undefined): EdnData {
  return value === undefined || Number.isNaN(value) ? null : value;
}

/** How values of a key compare in its order; null and undefined are no value. */
export function compareBy({
  descending,
  nullsFirst,
}: SortKey): (one: EdnData | undefined, other: EdnData | undefined) => number {
  return (one, other) => {
    const a = one ?? undefined;
    const b = other ?? undefined;
    if (a === undefined || b === undefined)
      return a === b ? 0 : (a === undefined) === nullsFirst ? -1 : 1;
    return descending
      ? compareValues(b as Value, a as Value)
      : compareValues(a as Value, b as Value);
  };
}

/** The order read from its end. */
export function reverseOrder(order: Order): Order {
  return {
    keys: order.keys.map((key) => ({
      ...key,
      descending: !key.descending,
      nullsFirst: !key.nullsFirst,
    })),
    entityDescending: !order.entityDescending,
  };
}

type ParsedKey =
  | { readonly kind: 'id'; readonly descending: boolean }
  | { readonly kind: 'value'; readonly sortKey: SortKey };

function parseKey(
  model: Model,
  target: string | undefined,
  input: OrderInput,
  path: ReadonlyArray<SortStep>,
  place: string,
): ParsedKey {
  const [entry, ...others] = Object.entries(input);
  if (entry === undefined || others.length > 0)
    throw badInput(place, 'must name exactly one field');
  const [name, direction] = entry;
  const at = `${place}.${name}`;
  if (name === 'id') return parseIdKey(direction, path, at);
  const type = target === undefined ? undefined : model.types.get(target);
  const field = type?.fields.get(name);
  if (type === undefined || field === undefined) throw unknownField(type, name, at);
  if (field.kind !== 'scalar' && field.many) return parseCountKey(field, direction, path, at);
  if (field.kind === 'reverse' || field.many)
    throw badInput(at, 'has many values, which have no order');
  const leadsTo = field.kind === 'ref' ? field.target : undefined;
  const steps = [
    ...path,
    { kind: 'value' as const, ident: field.attribute.ident, target: leadsTo },
  ];
  if (field.kind === 'ref') {
    if (!isObject(direction))
      throw badInput(at, `must name a field of ${field.target ?? 'Entity'}`);
    return parseKey(model, field.target, direction, steps, at);
  }
  return {
    kind: 'value',
    sortKey: { path: steps, scalar: scalarOf(field, at), ...parseSort(direction, at) },
  };
}

function parseCountKey(
  field: LinkField,
  direction: unknown,
  path: ReadonlyArray<SortStep>,
  place: string,
): ParsedKey {
  const [entry, ...others] = isObject(direction) ? Object.entries(direction) : [];
  if (entry?.[0] !== 'count' || others.length > 0)
    throw badInput(place, 'has many values, which have no order; their count has');
  const sort = parseSort(entry[1], `${place}.count`);
  return {
    kind: 'value',
    sortKey: { path: [...path, { kind: 'count', field }], scalar: 'Int', ...sort },
  };
}

function scalarOf({ shape, isIdent }: ScalarField, place: string): ScalarName {
  if (shape.kind === 'scalar' && isOrderable(shape) && !isIdent) return shape.scalar;
  throw badInput(place, 'holds values that have no order');
}

function parseIdKey(direction: unknown, path: ReadonlyArray<SortStep>, place: string): ParsedKey {
  if (path.length > 0) throw badInput(place, 'orders only the entities of the list itself');
  return { kind: 'id', descending: parseSort(direction, place).descending };
}

/** @throws BAD_USER_INPUT */
export function parseSort(
  sort: unknown,
  place: string,
): { descending: boolean; nullsFirst: boolean } {
  if (typeof sort !== 'string' || !SORTS.includes(sort)) {
    throw badInput(place, `must be one of ${SORTS.join(', ')}`);
  }
  return { descending: sort.startsWith('DESC'), nullsFirst: sort.endsWith('NULLS_FIRST') };
}

function unknownField(type: EntityType | undefined, name: string, place: string): DatabaseError {
  const known = Array.from(type?.fields.keys() ?? []);
  return badInput(place, `names no field of ${type?.name ?? 'Entity'}${suggest(name, known)}`);
}

function isObject(value: unknown): value is OrderInput {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
