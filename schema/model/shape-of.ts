/** The shape of an attribute that is no reference to an entity. */
import type { Attribute, ValueType } from '../attribute.ts';
import type { Keyword } from '../keyword.ts';
import { claimEnumValue, claimValueTypeName } from './naming.ts';
import type { Claims } from './naming.ts';
import { scalarOfValueType } from './scalars.ts';
import type { EnumShape, Shape, TupleItem } from './shapes.ts';

/** What has to be known of the model that is being built. */
export interface ShapeContext {
  readonly typeClaims: Claims;
  readonly fieldNameOf: (ident: Keyword) => string | undefined;
  readonly attributeOf: (ident: Keyword) => Attribute | undefined;
  readonly note: (text: string) => void;
}

/** Undefined, and noted, where nothing can show the attribute's values. */
export function shapeOf(
  attribute: Attribute,
  type: string,
  field: string,
  context: ShapeContext,
): Shape | undefined {
  const { valueType, annotations, ident } = attribute;
  const locked = annotations?.lockShape;
  const values = annotations?.enum;
  const mayBeEnum = valueType === 'keyword' || valueType === 'ref';
  if (values !== undefined && mayBeEnum && (locked === undefined || locked !== 'Keyword'))
    return enumOf(claimValueTypeName(context.typeClaims, type, field, locked), values);
  if (valueType === 'ref') return { kind: 'scalar', scalar: 'Keyword' };
  if (valueType === 'long') return { kind: 'scalar', scalar: isInt(attribute) ? 'Int' : 'Long' };
  if (valueType === 'tuple') return tupleOf(attribute, type, field, context);
  const scalar = scalarOfValueType(valueType);
  if (scalar !== undefined) return { kind: 'scalar', scalar };
  context.note(`${ident} holds values that no field shows`);
  return undefined;
}

function isInt({ annotations }: Attribute): boolean {
  const locked = annotations?.lockShape;
  return locked === undefined ? annotations?.int === true : locked === 'Int';
}

function enumOf(name: string, keywords: ReadonlyArray<Keyword>): EnumShape {
  const claims: Claims = new Set();
  const values = new Map(
    keywords.map((keyword) => [claimEnumValue(claims, keyword.name), keyword] as const),
  );
  return {
    kind: 'enum',
    name,
    values,
    names: new Map(Array.from(values, ([value, keyword]) => [keyword, value])),
  };
}

function tupleOf(
  { tuple, ident, annotations }: Attribute,
  type: string,
  field: string,
  context: ShapeContext,
): Shape | undefined {
  if (tuple === undefined) return undefined;
  if (tuple.kind === 'homogeneous') {
    const scalar = scalarOfValueType(tuple.type);
    if (scalar !== undefined) return { kind: 'vector', scalar };
    context.note(`${ident} holds tuples of references, which no field shows`);
    return undefined;
  }
  const items =
    tuple.kind === 'composite' ? membersOf(tuple.attributes, context) : placesOf(tuple.types);
  if (items === undefined) {
    context.note(`${ident} holds tuples with places that no field shows`);
    return undefined;
  }
  const name = claimValueTypeName(context.typeClaims, type, field, annotations?.lockShape);
  return { kind: 'tuple', name, items, isComposite: tuple.kind === 'composite' };
}

function placesOf(types: ReadonlyArray<ValueType>): ReadonlyArray<TupleItem> | undefined {
  const items = types.map((type, i) => itemOf(`v${i}`, type));
  return items.every((item) => item !== undefined) ? items : undefined;
}

function membersOf(
  members: ReadonlyArray<Keyword>,
  { attributeOf, fieldNameOf }: ShapeContext,
): ReadonlyArray<TupleItem> | undefined {
  const items = members.map((member, i) => {
    const attribute = attributeOf(member);
    if (attribute === undefined) return undefined;
    return itemOf(fieldNameOf(member) ?? `v${i}`, attribute.valueType);
  });
  return items.every((item) => item !== undefined) ? items : undefined;
}

function itemOf(name: string, type: ValueType | undefined): TupleItem | undefined {
  if (type === 'ref') return { name, shape: { kind: 'reference' } };
  const scalar = scalarOfValueType(type);
  return scalar === undefined ? undefined : { name, shape: { kind: 'scalar', scalar } };
}
