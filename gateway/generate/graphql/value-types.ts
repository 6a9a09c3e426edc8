/** The shapes of values as GraphQL types: what is shown, what is taken, and how it is filtered and patched. */
import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLScalarType,
  valueFromASTUntyped,
} from 'graphql';
import type { GraphQLInputType, GraphQLOutputType } from 'graphql';
import type { Operator } from '../../../schema/model/scalars.ts';
import type {
  EnumShape,
  GivenShape,
  PrefixShape,
  Shape,
  TupleShape,
  VectorShape,
} from '../../../schema/model/shapes.ts';
import {
  operandShape,
  operatorsOf,
  shapeFromJson,
  shapeName,
} from '../../../schema/model/shapes.ts';
import { oncePerType } from './once-per-type.ts';
import { scalarType } from './scalar-types.ts';

/** Of scalars there is one in all schemas, of other shapes one in each. */
function perShape<Made, Of extends GivenShape = Shape>(make: (shape: Of) => Made) {
  const ofScalar = oncePerType((scalar: string) => make({ kind: 'scalar', scalar } as Of));
  const others = new WeakMap<Of, Made>();
  return (shape: Of): Made => {
    if (shape.kind === 'scalar') return ofScalar(shape.scalar);
    const known = others.get(shape);
    if (known !== undefined) return known;
    const made = make(shape);
    others.set(shape, made);
    return made;
  };
}

export const outputType: (shape: Shape) => GraphQLOutputType = perShape((shape) => {
  switch (shape.kind) {
    case 'scalar':
      return scalarType(shape.scalar);
    case 'enum':
      return enumType(shape);
    case 'tuple':
      return tupleType(shape);
    case 'vector':
      return new GraphQLList(scalarType(shape.scalar));
  }
});

export const inputType: (shape: GivenShape) => GraphQLInputType = perShape((shape: GivenShape) => {
  switch (shape.kind) {
    case 'scalar':
      return scalarType(shape.scalar);
    case 'enum':
      return enumType(shape);
    case 'tuple':
      return tupleInput(shape, `${shape.name}Input`, `${describePlaces(shape)}.`);
    case 'prefix':
      return tupleInput(shape, shape.name, `${describePlaces(shape)}, or its first places alone.`);
    case 'vector':
      return vectorInput(shape.scalar);
  }
});

const enumType = perShape((shape) => {
  const { name, values } = shape as EnumShape;
  const entries = Array.from(values, ([value, keyword]) => [
    value,
    { value: keyword, description: `\`${keyword}\`` },
  ]);
  return new GraphQLEnumType({ name, values: Object.fromEntries(entries) });
});

function tupleType({ name, items }: TupleShape): GraphQLObjectType {
  const fields = items.map((item) => [
    item.name,
    { type: item.shape.kind === 'reference' ? GraphQLID : scalarType(item.shape.scalar) },
  ]);
  return new GraphQLObjectType({ name, fields: Object.fromEntries(fields) });
}

const vectorInput = oncePerType((scalar: VectorShape['scalar']) => {
  const shape: VectorShape = { kind: 'vector', scalar };
  return tupleInput(shape, shapeName(shape), `A list of ${scalar}, or nothing in its places.`);
});

/** A scalar, because a tuple is one value: nothing within it can be filtered or left to variables of other types. */
function tupleInput(
  shape: TupleShape | VectorShape | PrefixShape,
  name: string,
  description: string,
): GraphQLScalarType {
  return new GraphQLScalarType({
    name,
    description,
    parseValue: (json) => shapeFromJson(shape, json, name),
    parseLiteral: (node, variables) =>
      shapeFromJson(shape, valueFromASTUntyped(node, variables), name),
  });
}

function describePlaces({ items }: TupleShape | PrefixShape): string {
  const places = items.map(
    ({ name, shape }) => `${name}: ${shape.kind === 'reference' ? 'ID' : shape.scalar}`,
  );
  return `An object \`{ ${places.join(', ')} }\``;
}

/** Operators of attributes with one value. All that are given must hold. */
export const operatorsInput = perShape((shape) => {
  const operators = operatorsOf(shape).map((operator) => {
    const type = inputType(operandShape(shape, operator));
    return [operator, { type: takesList(operator) ? listOf(type) : type }] as const;
  });
  return new GraphQLInputObjectType({
    name: `${shapeName(shape)}Ops`,
    fields: { ...Object.fromEntries(operators), isNull: { type: GraphQLBoolean } },
  });
});

/** Operators of attributes with many values. */
export const listOperatorsInput = perShape((shape) => {
  const type = inputType(shape);
  const has = { has: { type }, hasAny: { type: listOf(type) }, hasAll: { type: listOf(type) } };
  return new GraphQLInputObjectType({
    name: `${shapeName(shape)}ListOps`,
    fields: {
      ...(operatorsOf(shape).length > 0 ? has : {}),
      isEmpty: { type: GraphQLBoolean },
    },
  });
});

/** How a patch changes an attribute with many values: all at once, or some in and some out. */
export const listPatchInput = perShape((shape) => {
  const type = listOf(inputType(shape));
  return new GraphQLInputObjectType({
    name: `${shapeName(shape)}ListPatch`,
    description: 'Either `set`, or `add` and `remove`.',
    fields: { set: { type }, add: { type }, remove: { type } },
  });
});

export function listOf<T extends GraphQLInputType>(
  type: T,
): GraphQLList<GraphQLNonNull<GraphQLInputType>> {
  return new GraphQLList(new GraphQLNonNull(type as GraphQLInputType));
}

function takesList(operator: Operator): boolean {
  return operator === 'in' || operator === 'nin';
}
