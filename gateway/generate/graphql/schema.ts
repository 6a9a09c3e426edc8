/** Model to GraphQL schema: a pure function. It says what can be asked; nothing in it resolves anything. */
import {
  GraphQLBoolean,
  GraphQLID,
  GraphQLInt,
  GraphQLList,
  GraphQLNonNull,
  GraphQLObjectType,
  GraphQLSchema,
  GraphQLString,
  specifiedDirectives,
} from 'graphql';
import type { GraphQLFieldConfig, GraphQLInputObjectType, GraphQLNamedType } from 'graphql';
import type { EntityType, Model } from '../../../schema/model/model.ts';
import { entitiesField, serviceField } from './federation.ts';
import { inTurns } from './in-turns.ts';
import { createInputs, createTxWhere } from './inputs.ts';
import type { Inputs } from './inputs.ts';
import { createObjectTypes } from './object-types.ts';
import type { ObjectTypes } from './object-types.ts';
import type { GroupTypes } from './group-types.ts';
import { listOf } from './value-types.ts';
import { createMutationFields } from './mutation-fields.ts';
import type { PayloadTypes } from './payload-types.ts';
import { createPayloadTypes } from './payload-types.ts';
import type { ChangedField, DatabaseField } from './root-fields.ts';
import { mutationFields, queryFields, subscriptionFields } from './root-fields.ts';
import {
  asOfInput,
  connectionArguments,
  entityInterface,
  nodeInterface,
  txConnectionType,
} from './shared-types.ts';
import type { WriteInputs } from './write-inputs.ts';
import { createWriteInputs } from './write-inputs.ts';

type Fields = Record<string, GraphQLFieldConfig<unknown, unknown>>;
type FieldConfig = GraphQLFieldConfig<unknown, unknown>;

export interface SchemaOptions {
  /** Whether it has the fields of a subgraph of a federation. */
  readonly isSubgraph?: boolean;
  /** The types that can stand anywhere: those of the model, which alone are at the root, unless others are linked to it. */
  readonly types?: Model['types'];
}

/**
 * Builds the schema of a model. The fields of a few types at a time are defined between turns of the event loop, so that a model
 * of a thousand types does not hold up requests.
 */
export async function createSchema(
  model: Model,
  { isSubgraph = false, types: all = model.types }: SchemaOptions = {},
): Promise<GraphQLSchema> {
  const whole = { ...model, types: all };
  const reads = createInputs(whole);
  const inputs = { ...reads, ...createWriteInputs(model, reads) };
  const objects = createObjectTypes(whole, inputs);
  const payloads = createPayloadTypes(objects);
  const types: GraphQLNamedType[] = [nodeInterface, entityInterface];
  await inTurns(all.values(), (type) => {
    types.push(objects.entity(type));
    if (model.types.has(type.name)) defineFields(type, inputs, objects, payloads);
  });
  const txWhere = createTxWhere(model, inputs);
  const asked = (field: DatabaseField): FieldConfig => queryField(field, inputs, objects, txWhere);
  const query: Fields = {};
  for (const [name, field] of queryFields(model)) query[name] = asked(field);
  if (isSubgraph && model.types.size > 0) {
    query['_service'] = serviceField;
    query['_entities'] = entitiesField(Array.from(model.types.values(), objects.entity));
  }
  const subscription: Fields = {};
  for (const [name, field] of subscriptionFields(model))
    subscription[name] =
      field.kind === 'changed' ? changedField(field, inputs, objects) : asked(field);
  const mutation: Fields = {};
  const mutationOf = createMutationFields(model, inputs, payloads);
  for (const [name, field] of mutationFields(model)) mutation[name] = mutationOf(field);
  return new GraphQLSchema({
    query: new GraphQLObjectType({ name: 'Query', fields: query }),
    mutation:
      Object.keys(mutation).length === 0
        ? null
        : new GraphQLObjectType({ name: 'Mutation', description: MUTATIONS, fields: mutation }),
    subscription: new GraphQLObjectType({
      name: 'Subscription',
      description: SUBSCRIPTIONS,
      fields: subscription,
    }),
    types,
    directives: specifiedDirectives,
  });
}

/** Makes the fields of a type's types now; GraphQLSchema would make those of all types in one go. */
function defineFields(
  type: EntityType,
  inputs: Inputs & WriteInputs,
  objects: ObjectTypes,
  payloads: PayloadTypes,
): void {
  const made = [
    objects.entity(type),
    objects.connection(type.name),
    objects.change(type),
    payloads.one(type),
    payloads.many(type),
    ...Object.values(inputs).map((input) => input(type.name)),
  ];
  for (const each of made) each.getFields();
}

const MUTATIONS = 'Each field is a transaction of its own; they run one after the other.';

const SUBSCRIPTIONS =
  'What can be queried is told again, in its newest state, whenever a transaction has changed it. Changes are told one by one.';

function queryField(
  field: DatabaseField,
  inputs: Inputs,
  objects: ObjectTypes,
  txWhere: GraphQLInputObjectType,
): FieldConfig {
  const asOf = { type: asOfInput };
  if (field.kind === 'node')
    return {
      type: entityInterface,
      description: 'The entity of an id, under its primary type.',
      args: { id: { type: new GraphQLNonNull(GraphQLID) }, asOf },
    };
  if (field.kind === 'transactions')
    return {
      type: new GraphQLNonNull(txConnectionType),
      description: 'The transactions of the database.',
      args: {
        from: { type: asOfInput, description: 'The first one, inclusive.' },
        to: { type: asOfInput, description: 'The last one, inclusive.' },
        where: { type: txWhere },
        newestFirst: { type: GraphQLBoolean, defaultValue: true },
        first: { type: GraphQLInt },
        after: { type: GraphQLString },
        asOf,
      },
    };
  const { kind, type } = field;
  if (kind === 'groups') return groupsField(type, inputs, objects.groups);
  if (kind === 'diff')
    return {
      type: objects.diff(type),
      description: 'Null where there was no such entity at either point.',
      args: {
        by: { type: new GraphQLNonNull(inputs.by(type.name)) },
        from: { type: new GraphQLNonNull(asOfInput) },
        to: { type: asOfInput, description: 'Now, where nothing is said.' },
      },
    };
  if (kind === 'lookup') {
    const by = { type: new GraphQLNonNull(inputs.by(type.name)) };
    return { type: objects.entity(type), args: { by, asOf } };
  }
  const since = {
    type: asOfInput,
    description: 'Only entities of which something was said after this point in time.',
  };
  const list = connectionArguments(inputs.where(type.name), inputs.order(type.name));
  return {
    type: new GraphQLNonNull(objects.connection(type.name)),
    args: { ...list, asOf, since },
  };
}

function groupsField(type: EntityType, inputs: Inputs, groups: GroupTypes): FieldConfig {
  const by = new GraphQLNonNull(listOf(groups.by(type.name)));
  return {
    type: new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(groups.groups(type)))),
    description: 'The entities put together by what they have in common.',
    args: {
      by: { type: by },
      where: { type: inputs.where(type.name) },
      having: { type: groups.having(type) },
      orderBy: {
        type: listOf(groups.order(type)),
        description: 'By their keys unless it says otherwise.',
      },
      first: { type: GraphQLInt },
      offset: { type: GraphQLInt },
      asOf: { type: asOfInput },
    },
  };
}

function changedField({ type }: ChangedField, inputs: Inputs, objects: ObjectTypes): FieldConfig {
  return {
    type: new GraphQLNonNull(objects.change(type)),
    description: CHANGED,
    args: {
      where: { type: inputs.where(type.name) },
      since: {
        type: GraphQLString,
        description:
          'Tells first what came after a transaction, or after the `cursor` of a change.',
      },
    },
  };
}

const CHANGED =
  'Each entity that a transaction has changed, that came to meet the filter, or meets it no more.';
