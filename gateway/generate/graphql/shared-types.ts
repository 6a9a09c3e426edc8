/** The types that every generated schema shares: interfaces, paging, order, time, and operators of each scalar. */
import {
  GraphQLBoolean,
  GraphQLEnumType,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLInt,
  GraphQLInterfaceType,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLString,
} from 'graphql';
import type { GraphQLFieldConfig, GraphQLInputType } from 'graphql';
import { SCALARS } from '../../../schema/model/scalars.ts';
import type { Operator, ScalarName } from '../../../schema/model/scalars.ts';
import { DEFAULT_REFS } from '../page-sizes.ts';
import { oncePerType } from './once-per-type.ts';
import { scalarType } from './scalar-types.ts';

const idField: GraphQLFieldConfig<unknown, unknown> = {
  type: new GraphQLNonNull(GraphQLID),
  description: 'Names the entity in its database, whatever its types. Opaque.',
};

export const entityFields = { id: idField };

export const nodeInterface = new GraphQLInterfaceType({
  name: 'Node',
  description: 'Anything with an id.',
  fields: { id: { type: new GraphQLNonNull(GraphQLID) } },
});

export const entityInterface = new GraphQLInterfaceType({
  name: 'Entity',
  description: 'An entity of the database, whatever its type.',
  interfaces: [nodeInterface],
  fields: { id: { type: new GraphQLNonNull(GraphQLID) } },
});

export const pageInfoType = new GraphQLObjectType({
  name: 'PageInfo',
  description: 'Where a page stands. Cursors pin the transaction of the first page.',
  fields: {
    hasNextPage: { type: new GraphQLNonNull(GraphQLBoolean) },
    hasPreviousPage: { type: new GraphQLNonNull(GraphQLBoolean) },
    startCursor: { type: GraphQLString },
    endCursor: { type: GraphQLString },
  },
});

export const txType = new GraphQLObjectType({
  name: 'Tx',
  description: 'A transaction.',
  fields: {
    id: { type: new GraphQLNonNull(GraphQLID) },
    t: {
      type: new GraphQLNonNull(scalarType('Long')),
      description: 'Its number: send it as the header `Datahike-Min-T` to read what was written.',
    },
    instant: { type: new GraphQLNonNull(scalarType('DateTime')) },
  },
});

export const sortEnum = new GraphQLEnumType({
  name: 'Sort',
  description: 'Entities without a value come last unless the name says otherwise.',
  values: {
    ASC: {},
    DESC: {},
    ASC_NULLS_FIRST: {},
    ASC_NULLS_LAST: {},
    DESC_NULLS_FIRST: {},
    DESC_NULLS_LAST: {},
  },
});

export const asOfInput = new GraphQLInputObjectType({
  name: 'AsOf',
  description: 'A point in time; everything below the field is read as it was then.',
  isOneOf: true,
  fields: {
    t: { type: scalarType('Long'), description: 'The number of a transaction, inclusive.' },
    tx: {
      type: scalarType('Long'),
      description: 'The entity of a transaction; the same number as `t`.',
    },
    instant: {
      type: scalarType('DateTime'),
      description: 'The last transaction at or before this instant.',
    },
  },
});

export const idOps = new GraphQLInputObjectType({
  name: 'IDOps',
  fields: {
    eq: { type: GraphQLID },
    ne: { type: GraphQLID },
    in: { type: listOf(GraphQLID) },
    nin: { type: listOf(GraphQLID) },
  },
});

/** Operators of attributes with one value. All that are given must hold. */
export const operatorsInput = oncePerType((scalar: ScalarName) => {
  const type = scalarType(scalar);
  const operators = SCALARS[scalar].operators.map(
    (operator) => [operator, { type: takesList(operator) ? listOf(type) : type }] as const,
  );
  return new GraphQLInputObjectType({
    name: `${scalar}Ops`,
    fields: { ...Object.fromEntries(operators), isNull: { type: GraphQLBoolean } },
  });
});

/** Operators of attributes with many values. */
export const listOperatorsInput = oncePerType((scalar: ScalarName) => {
  const type = scalarType(scalar);
  const has = { has: { type }, hasAny: { type: listOf(type) }, hasAll: { type: listOf(type) } };
  return new GraphQLInputObjectType({
    name: `${scalar}ListOps`,
    fields: {
      ...(SCALARS[scalar].operators.length > 0 ? has : {}),
      isEmpty: { type: GraphQLBoolean },
    },
  });
});

/** How a patch changes an attribute with many values: all at once, or some in and some out. */
export const listPatchInput = oncePerType((scalar: ScalarName) => {
  const type = listOf(scalarType(scalar));
  return new GraphQLInputObjectType({
    name: `${scalar}ListPatch`,
    description: 'Either `set`, or `add` and `remove`.',
    fields: { set: { type }, add: { type }, remove: { type } },
  });
});

/** What a plain list of an entity's refs takes. */
export function listArguments(where: GraphQLInputType, order: GraphQLInputType) {
  return {
    first: { type: GraphQLInt, defaultValue: DEFAULT_REFS },
    offset: { type: GraphQLInt },
    where: { type: where },
    orderBy: { type: listOf(order) },
  };
}

/** What a connection takes. Without `first` and `last` it is {@link DEFAULT_PAGE} long, which no default can say. */
export function connectionArguments(where: GraphQLInputType, order: GraphQLInputType) {
  return {
    first: { type: GraphQLInt },
    after: { type: GraphQLString },
    last: { type: GraphQLInt },
    before: { type: GraphQLString },
    offset: { type: GraphQLInt },
    where: { type: where },
    orderBy: { type: listOf(order) },
  };
}

export function listOf<T extends GraphQLInputType>(
  type: T,
): GraphQLList<GraphQLNonNull<GraphQLInputType>> {
  return new GraphQLList(new GraphQLNonNull(type as GraphQLInputType));
}

function takesList(operator: Operator): boolean {
  return operator === 'in' || operator === 'nin';
}
