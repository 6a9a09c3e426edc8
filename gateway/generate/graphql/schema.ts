/** Model to GraphQL schema: a pure function. What root fields do is handed in, so that this room knows no database. */
import {
  GraphQLID,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  specifiedDirectives,
} from 'graphql';
import type { GraphQLFieldConfig, GraphQLFieldResolver, GraphQLNamedType } from 'graphql';
import type { EntityType, Model } from '../../../schema/model/model.ts';
import { createInputs, isWritable } from './inputs.ts';
import type { Inputs } from './inputs.ts';
import { createObjectTypes } from './object-types.ts';
import type { ObjectTypes } from './object-types.ts';
import { asOfInput, connectionArguments, entityInterface, nodeInterface } from './shared-types.ts';

type Resolver<Context> = GraphQLFieldResolver<unknown, Context>;
type Fields<Context> = Record<string, GraphQLFieldConfig<unknown, Context>>;

/** What the root fields of an entity type do. Each returns a finished tree, keyed by response keys. */
export interface RootResolvers<Context> {
  readonly node: Resolver<Context>;
  readonly lookup: (type: EntityType) => Resolver<Context>;
  readonly connection: (type: EntityType) => Resolver<Context>;
  readonly create: (type: EntityType) => Resolver<Context>;
  readonly update: (type: EntityType) => Resolver<Context>;
  readonly upsert: (type: EntityType) => Resolver<Context>;
  readonly delete: (type: EntityType) => Resolver<Context>;
}

/** How many types are defined before the event loop gets a turn. */
const TYPES_PER_TURN = 20;

/**
 * Builds the schema of a model. The fields of a few types at a time are defined between turns of the event loop, so that a model
 * of a thousand types does not hold up requests.
 */
export async function createSchema<Context>(
  model: Model,
  resolvers: RootResolvers<Context>,
): Promise<GraphQLSchema> {
  const inputs = createInputs(model);
  const objects = createObjectTypes(model, inputs);
  const query: Fields<Context> = { node: nodeField(resolvers) };
  const mutation: Fields<Context> = {};
  const types: GraphQLNamedType[] = [nodeInterface, entityInterface];
  for (const [index, type] of Array.from(model.types.values()).entries()) {
    types.push(objects.entity(type));
    defineFields(type, inputs, objects);
    Object.assign(query, queryFields(type, resolvers, inputs, objects));
    if (isWritable(type)) Object.assign(mutation, mutationFields(type, resolvers, inputs, objects));
    if (index % TYPES_PER_TURN === TYPES_PER_TURN - 1) await nextTurn();
  }
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: query }),
    mutation:
      Object.keys(mutation).length === 0
        ? null
        : new GraphQLObjectType({ name: 'Mutation', description: MUTATIONS, fields: mutation }),
    types,
    directives: specifiedDirectives,
  });
}

/** Makes the fields of a type's types now; GraphQLSchema would make those of all types in one go. */
function defineFields(type: EntityType, inputs: Inputs, objects: ObjectTypes): void {
  const made = [
    objects.entity(type),
    objects.connection(type.name),
    objects.payload(type),
    ...Object.values(inputs).map((input) => input(type.name)),
  ];
  for (const each of made) each.getFields();
}

const MUTATIONS = 'Each field is a transaction of its own; they run one after the other.';

function nodeField<Context>(
  resolvers: RootResolvers<Context>,
): GraphQLFieldConfig<unknown, Context> {
  return {
    type: entityInterface,
    description: 'The entity of an id, under its primary type.',
    args: { id: { type: new GraphQLNonNull(GraphQLID) }, asOf: { type: asOfInput } },
    resolve: resolvers.node,
  };
}

function queryFields<Context>(
  type: EntityType,
  resolvers: RootResolvers<Context>,
  inputs: Inputs,
  objects: ObjectTypes,
): Fields<Context> {
  return {
    [type.names.lookup]: {
      type: objects.entity(type),
      args: { by: { type: new GraphQLNonNull(inputs.by(type.name)) }, asOf: { type: asOfInput } },
      resolve: resolvers.lookup(type),
    },
    [type.names.connection]: {
      type: new GraphQLNonNull(objects.connection(type.name)),
      args: {
        ...connectionArguments(inputs.where(type.name), inputs.order(type.name)),
        asOf: { type: asOfInput },
      },
      resolve: resolvers.connection(type),
    },
  };
}

function mutationFields<Context>(
  type: EntityType,
  resolvers: RootResolvers<Context>,
  inputs: Inputs,
  objects: ObjectTypes,
): Fields<Context> {
  // Nullable: a field that fails must not take the answers of those before it along, whose transactions are done.
  const payload = objects.payload(type);
  const by = { type: new GraphQLNonNull(inputs.by(type.name)) };
  const input = { type: new GraphQLNonNull(inputs.input(type.name)) };
  const clientMutationId = { type: GraphQLString };
  return {
    [type.names.create]: {
      type: payload,
      args: { input, clientMutationId },
      resolve: resolvers.create(type),
    },
    [type.names.update]: {
      type: payload,
      args: { by, patch: { type: new GraphQLNonNull(inputs.patch(type.name)) }, clientMutationId },
      resolve: resolvers.update(type),
    },
    [type.names.upsert]: {
      type: payload,
      args: { by: { type: inputs.by(type.name) }, input, clientMutationId },
      resolve: resolvers.upsert(type),
    },
    [type.names.delete]: {
      type: payload,
      args: { by, clientMutationId },
      resolve: resolvers.delete(type),
    },
  };
}

function nextTurn(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve);
  });
}
