/** The types that every generated schema shares: interfaces, paging, order, time, and the filter of ids. */
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
import { DEFAULT_REFS } from '../page-sizes.ts';
import { scalarType } from './scalar-types.ts';
import { listOf } from './value-types.ts';

const idField: GraphQLFieldConfig<unknown, unknown> = {
  type: new GraphQLNonNull(GraphQLID),
  description: 'Names the entity in its database, whatever its types. Opaque.',
};

export const nodeInterface = new GraphQLInterfaceType({
  name: 'Node',
  description: 'Anything with an id.',
  fields: { id: { type: new GraphQLNonNull(GraphQLID) } },
});

export const entityInterface: GraphQLInterfaceType = new GraphQLInterfaceType({
  name: 'Entity',
  description: 'An entity of the database, whatever its type.',
  interfaces: [nodeInterface],
  fields: () => entityFields,
});

/** The fields of every entity. */
export const entityFields = {
  id: idField,
  facets: {
    type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(entityInterface))),
    description:
      'The same entity under each of its types: `facets { ... on Employee { salary } }`.',
  },
};

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

export const countOrder = new GraphQLInputObjectType({
  name: 'CountOrder',
  description: 'By how many there are.',
  fields: { count: { type: new GraphQLNonNull(sortEnum) } },
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
