/** What a field holds that is no reference: a scalar, one of some keywords, or a tuple. JSON form and reading it, for all of them. */
import { DatabaseError } from '../error.ts';
import type { Keyword } from '../keyword.ts';
import type { EdnData, Value } from '../value.ts';
import type { Operator, ScalarName } from './scalars.ts';
import { SCALARS, valueFromJson, valueFromText } from './scalars.ts';

export type Shape = ScalarShape | EnumShape | TupleShape | VectorShape;

export interface ScalarShape {
  readonly kind: 'scalar';
  readonly scalar: ScalarName;
}

export interface EnumShape {
  readonly kind: 'enum';
  /** Of the type in the API. */
  readonly name: string;
  /** By their names in the API. */
  readonly values: ReadonlyMap<string, Keyword>;
  readonly names: ReadonlyMap<Keyword, string>;
}

/** A tuple whose places hold values of their own types. */
export interface TupleShape {
  readonly kind: 'tuple';
  readonly name: string;
  readonly items: ReadonlyArray<TupleItem>;
  /** Made of other attributes of the entity, and so never written. */
  readonly isComposite: boolean;
}

export interface TupleItem {
  readonly name: string;
  /** References are their ids. */
  readonly shape: ScalarShape | { readonly kind: 'reference' };
}

/** A tuple whose places hold values of one type. */
export interface VectorShape {
  readonly kind: 'vector';
  readonly scalar: ScalarName;
}

/** The first places of a tuple. Those of a vector are a vector. */
export interface PrefixShape {
  readonly kind: 'prefix';
  readonly name: string;
  readonly items: TupleShape['items'];
}

/** What an operator takes: a value of the field, or a part of one. */
export type GivenShape = Shape | PrefixShape;

/** How many places a tuple may have. */
const MAX_PLACES = 8;

const EQUALITY: ReadonlyArray<Operator> = ['eq', 'ne', 'in', 'nin'];
const TUPLE: ReadonlyArray<Operator> = ['eq', 'in', 'startsWith'];

export function operatorsOf(shape: Shape): ReadonlyArray<Operator> {
  switch (shape.kind) {
    case 'scalar':
      return SCALARS[shape.scalar].operators;
    case 'enum':
      return EQUALITY;
    case 'tuple':
    case 'vector':
      return TUPLE;
  }
}

/** What the operand of an operator is, or each of its operands. */
export function operandShape(shape: Shape, operator: string): GivenShape {
  if (operator === 'ns') return { kind: 'scalar', scalar: 'String' };
  if (operator !== 'startsWith' || shape.kind !== 'tuple') return shape;
  return { kind: 'prefix', name: `${shape.name}Prefix`, items: shape.items };
}

/** Whether a value is a list of places, which a URL has as JSON. */
export function hasPlaces({ kind }: GivenShape): boolean {
  return kind === 'tuple' || kind === 'vector' || kind === 'prefix';
}

/** What puts entities in the places of a tuple where callers give their ids; undefined where there are no such places. */
export function entitiesInPlaces(
  shape: Shape,
  entityOf: (id: string) => number,
): ((tuple: EdnData) => EdnData) | undefined {
  if (shape.kind !== 'tuple' || !shape.items.some(isReference)) return undefined;
  const { items } = shape;
  return (tuple) =>
    placesOf(tuple).map((place, i) =>
      typeof place === 'string' && items[i]?.shape.kind === 'reference' ? entityOf(place) : place,
    );
}

function isReference({ shape }: TupleItem): boolean {
  return shape.kind === 'reference';
}

/** Whether values have an order that callers may ask for. */
export function isOrderable(shape: Shape): boolean {
  return (
    shape.kind === 'scalar' && (shape.scalar === 'Boolean' || operatorsOf(shape).includes('in'))
  );
}

/** Whether entities can be put together by their values. */
export function isGroupable(shape: Shape): boolean {
  return shape.kind === 'enum' || isOrderable(shape);
}

/** The name by which operators of the shape are known in the API. */
export function shapeName(shape: Shape): string {
  switch (shape.kind) {
    case 'scalar':
      return shape.scalar;
    case 'enum':
    case 'tuple':
      return shape.name;
    case 'vector':
      return `${shape.scalar}Vector`;
  }
}

/** What is in the places of a tuple. */
export function placesOf(value: EdnData): ReadonlyArray<EdnData> {
  return Array.isArray(value) ? (value as ReadonlyArray<EdnData>) : [];
}

/**
 * The value that a piece of JSON writes.
 *
 * @throws BAD_USER_INPUT, naming `place`
 */
export function shapeFromJson(shape: GivenShape, json: unknown, place: string): Value {
  switch (shape.kind) {
    case 'scalar':
      return valueFromJson(shape.scalar, json, place);
    case 'enum': {
      const value = typeof json === 'string' ? shape.values.get(json) : undefined;
      if (value !== undefined) return value;
      throw badValue(place, `one of ${Array.from(shape.values.keys()).join(', ')}`);
    }
    case 'tuple':
      return shape.items.map(placesFromJson(shape, json, place)) as unknown as Value;
    case 'prefix':
      return prefixFromJson(shape, json, place);
    case 'vector':
      if (!Array.isArray(json) || json.length === 0 || json.length > MAX_PLACES)
        throw badValue(place, `a list of 1 to ${MAX_PLACES} values`);
      return json.map((item: unknown, i) =>
        item === null ? null : valueFromJson(shape.scalar, item, `${place}[${i}]`),
      ) as unknown as Value;
  }
}

/** What an object says of each place: null where it says nothing. */
function placesFromJson({ name, items }: TupleShape | PrefixShape, json: unknown, place: string) {
  if (typeof json !== 'object' || json === null || Array.isArray(json))
    throw badValue(place, `an object with the places of ${name}`);
  const given = json as Readonly<Record<string, unknown>>;
  const unknown = Object.keys(given).find((key) => !items.some((item) => item.name === key));
  if (unknown !== undefined)
    throw badValue(`${place}.${unknown}`, `one of ${items.map((item) => item.name).join(', ')}`);
  return (item: TupleItem): Value | null => {
    const at = `${place}.${item.name}`;
    const value = given[item.name] ?? null;
    if (value === null) return null;
    if (item.shape.kind === 'scalar') return valueFromJson(item.shape.scalar, value, at);
    if (typeof value === 'string') return value;
    throw badValue(at, 'the id of an entity');
  };
}

/** The places up to the last one that is given; null asks for nothing in its place. */
function prefixFromJson(shape: PrefixShape, json: unknown, place: string): Value {
  const valueAt = placesFromJson(shape, json, place);
  const isGiven = ({ name }: TupleItem): boolean => Object.hasOwn(json as object, name);
  const { items } = shape;
  const length = items.findLastIndex(isGiven) + 1;
  const missing = items.slice(0, Math.max(length, 1)).find((item) => !isGiven(item));
  if (missing !== undefined)
    throw badValue(
      `${place}.${missing.name}`,
      'a value, as the first places are given without gaps',
    );
  return items.slice(0, length).map(valueAt) as unknown as Value;
}

/** As {@link shapeFromJson} for the text of a URL; tuples are written as JSON there. */
export function shapeFromText(shape: GivenShape, text: string, place: string): Value {
  if (shape.kind === 'scalar') return valueFromText(shape.scalar, text, place);
  if (shape.kind === 'enum') return shapeFromJson(shape, text, place);
  let json: unknown;
  try {
    json = JSON.parse(text);
  } catch {
    throw badValue(place, 'JSON');
  }
  return shapeFromJson(shape, json, place);
}

function badValue(place: string, expected: string): DatabaseError {
  return new DatabaseError('BAD_USER_INPUT', `${place}: expected ${expected}`, { data: { place } });
}
