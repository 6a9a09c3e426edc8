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
  fields: () => entityFields(),
});

/** The fields of every entity. */
export const entityFields = () => ({
  id: idField,
  _meta: {
    type: new GraphQLNonNull(entityMetaType),
    description: 'What is told of the entity besides its attributes.',
  },
  facets: {
    type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(entityInterface))),
    description:
      'The same entity under each of its types: `facets { ... on Employee { salary } }`.',
  },
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
  fields: () => ({
    id: { type: new GraphQLNonNull(GraphQLID) },
    t: {
      type: new GraphQLNonNull(scalarType('Long')),
      description: 'Its number: send it as the header `Datahike-Min-T` to read what was written.',
    },
    instant: { type: new GraphQLNonNull(scalarType('DateTime')) },
    entity: {
      type: entityInterface,
      description: 'What was said of the transaction itself, where that was anything.',
    },
    datoms: {
      type: new GraphQLNonNull(datomConnectionType),
      description: 'What it asserted and retracted.',
      args: { first: { type: GraphQLInt }, after: { type: GraphQLString } },
    },
  }),
});

/** A connection of objects that are no entities. */
function connectionOf(node: GraphQLObjectType, fields = {}): GraphQLObjectType {
  const edge = new GraphQLObjectType({
    name: `${node.name}Edge`,
    fields: {
      cursor: { type: new GraphQLNonNull(GraphQLString) },
      node: { type: new GraphQLNonNull(node) },
    },
  });
  return new GraphQLObjectType({
    name: `${node.name}Connection`,
    fields: {
      nodes: { type: allOf(node) },
      edges: { type: allOf(edge) },
      pageInfo: { type: new GraphQLNonNull(pageInfoType) },
      ...fields,
    },
  });
}

function allOf(type: GraphQLObjectType) {
  return new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)));
}

export const datomType = new GraphQLObjectType({
  name: 'Datom',
  description: 'A fact that a transaction asserted or retracted.',
  fields: () => ({
    id: { type: new GraphQLNonNull(GraphQLID), description: 'The entity that it is about.' },
    entity: {
      type: entityInterface,
      description: 'That entity as it is; null where it is not there any more.',
    },
    field: { type: new GraphQLNonNull(GraphQLString), description: 'The field that shows it.' },
    attribute: { type: new GraphQLNonNull(scalarType('Keyword')) },
    value: { type: scalarType('JSON'), description: 'As the field shows it; an entity by its id.' },
    added: {
      type: new GraphQLNonNull(GraphQLBoolean),
      description: 'Whether it was asserted, not retracted.',
    },
    tx: { type: new GraphQLNonNull(txType) },
  }),
});

const totalCount = {
  type: new GraphQLNonNull(GraphQLInt),
  description: 'How many there are on all pages.',
};

const datomConnectionType = connectionOf(datomType, { totalCount });

const jsonValues = new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(scalarType('JSON'))));

export const fieldDiffType = new GraphQLObjectType({
  name: 'FieldDiff',
  description: 'What a field does not say any more, and what it says instead.',
  fields: {
    field: { type: new GraphQLNonNull(GraphQLString) },
    attribute: { type: new GraphQLNonNull(scalarType('Keyword')) },
    removed: { type: jsonValues },
    added: { type: jsonValues },
  },
});

export const txConnectionType = connectionOf(txType);

export const entityMetaType = new GraphQLObjectType({
  name: 'EntityMeta',
  fields: {
    version: {
      type: new GraphQLNonNull(scalarType('Long')),
      description: 'The last transaction that changed the entity or one of its components.',
    },
    tx: { type: new GraphQLNonNull(txType), description: 'That transaction.' },
    created: {
      type: txType,
      description: 'The first transaction that said something of the entity.',
    },
    history: {
      type: new GraphQLNonNull(datomConnectionType),
      description: 'What was ever asserted and retracted of the entity.',
      args: {
        fields: {
          type: listOf(GraphQLString),
          description: 'Of these fields alone.',
        },
        newestFirst: { type: GraphQLBoolean, defaultValue: true },
        first: { type: GraphQLInt },
        after: { type: GraphQLString },
      },
    },
  },
});

const changeKind = new GraphQLEnumType({
  name: 'ChangeKind',
  values: {
    ADDED: { description: 'It is among those that are followed from now on.' },
    UPDATED: { description: 'It was among them and is.' },
    REMOVED: { description: 'It is not among them any more.' },
  },
});

/** What is told of an entity that was changed. */
export function changeFields(entity: GraphQLObjectType) {
  return {
    kind: { type: new GraphQLNonNull(changeKind) },
    id: idField,
    entity: { type: entity, description: 'As the transaction left it; null where it is gone.' },
    changes: {
      type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(fieldDiffType))),
      description: 'The fields that say something else; of one that was added what was said now.',
    },
    tx: { type: new GraphQLNonNull(txType) },
    cursor: {
      type: new GraphQLNonNull(GraphQLString),
      description: 'Where to go on after this change, as `since`.',
    },
  };
}

const txTempidType = new GraphQLObjectType({
  name: 'TxTempid',
  fields: {
    tempid: { type: new GraphQLNonNull(GraphQLID) },
    id: { type: new GraphQLNonNull(GraphQLID) },
  },
});

export const txResultType = new GraphQLObjectType({
  name: 'TxResult',
  description: 'What a transaction did.',
  fields: {
    tx: { type: new GraphQLNonNull(txType) },
    tempids: { type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(txTempidType))) },
    entities: {
      type: new GraphQLNonNull(new GraphQLList(entityInterface)),
      description: 'The entity of each write, in their order; null for one that was deleted.',
    },
    clientMutationId: { type: GraphQLString },
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
