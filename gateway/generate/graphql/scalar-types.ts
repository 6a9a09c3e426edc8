/** The scalars as GraphQL types. What they accept and what they show is decided in `schema/model/scalars.ts`. */
import {
  GraphQLBoolean,
  GraphQLError,
  GraphQLFloat,
  GraphQLInt,
  GraphQLScalarType,
  GraphQLString,
  Kind,
} from 'graphql';
import type { ValueNode } from 'graphql';
import { SCALARS, valueFromJson } from '../../../schema/model/scalars.ts';
import type { ScalarName } from '../../../schema/model/scalars.ts';

const BUILT_IN = new Map<ScalarName, GraphQLScalarType>([
  ['Boolean', GraphQLBoolean],
  ['Float', GraphQLFloat],
  ['Int', GraphQLInt],
  ['String', GraphQLString],
]);

const types = new Map<ScalarName, GraphQLScalarType>();

export function scalarType(name: ScalarName): GraphQLScalarType {
  const known = BUILT_IN.get(name) ?? types.get(name);
  if (known !== undefined) return known;
  const type = createScalarType(name);
  types.set(name, type);
  return type;
}

/** Values are JSON by the time GraphQL sees them, so serializing is the identity. */
function createScalarType(name: ScalarName): GraphQLScalarType {
  return new GraphQLScalarType({
    name,
    description: SCALARS[name].doc,
    serialize: (value) => value,
    parseValue: (json) => valueFromJson(name, json),
    parseLiteral: (node) => valueFromJson(name, literalToJson(name, node)),
  });
}

function literalToJson(name: ScalarName, node: ValueNode): unknown {
  switch (node.kind) {
    case Kind.STRING:
    case Kind.BOOLEAN:
      return node.value;
    case Kind.INT:
      // The text keeps every digit; a number would lose some of them. Untyped values stay numbers.
      return name === 'JSON' || name === 'FloatArray'
        ? Number(node.value)
        : numeral(name, node.value);
    case Kind.FLOAT:
      return name === 'BigDecimal' ? node.value : Number(node.value);
    case Kind.LIST:
      return node.values.map((item) => literalToJson(name, item));
    case Kind.NULL:
    case Kind.ENUM:
    case Kind.OBJECT:
    case Kind.VARIABLE:
      throw new GraphQLError(`${name} cannot be written as ${node.kind}.`, { nodes: node });
  }
}

/** Only whole-number scalars take digits without quotes. */
function numeral(name: ScalarName, digits: string): unknown {
  return name === 'Long' || name === 'BigInt' || name === 'BigDecimal' ? digits : Number(digits);
}
