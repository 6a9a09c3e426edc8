/** The object types of each entity type: the entity itself, its connection and edge. */
import { GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLObjectType, GraphQLString } from 'graphql';
import type { GraphQLFieldConfig, GraphQLOutputType } from 'graphql';
import type {
  EntityType,
  Field,
  ForeignField,
  Model,
  RefField,
  ScalarField,
} from '../../../schema/model/model.ts';
import { connectionFieldName } from '../../../schema/model/naming.ts';
import { DEFAULT_PAGE, MAX_PAGE } from '../page-sizes.ts';
import { createAggregateTypes } from './aggregate-types.ts';
import { describeField } from './describe.ts';
import type { GroupTypes } from './group-types.ts';
import { createGroupTypes } from './group-types.ts';
import type { Inputs, Target } from './inputs.ts';
import { oncePerType } from './once-per-type.ts';
import { outputType } from './value-types.ts';
import {
  connectionArguments,
  entityFields,
  entityInterface,
  fieldDiffType,
  nodeInterface,
  listArguments,
  changeFields,
  pageInfoType,
} from './shared-types.ts';

type FieldConfig = GraphQLFieldConfig<unknown, unknown>;
type Fields = Record<string, FieldConfig>;

export interface ObjectTypes {
  readonly entity: ObjectOf;
  readonly connection: (target: Target) => GraphQLObjectType;
  readonly aggregate: ObjectOf;
  readonly diff: ObjectOf;
  readonly groups: GroupTypes;
  readonly change: ObjectOf;
}

export function createObjectTypes(model: Model, inputs: Inputs): ObjectTypes {
  const entity = oncePerType(
    (type: EntityType): GraphQLObjectType =>
      new GraphQLObjectType({
        name: type.name,
        description: type.doc,
        interfaces: [nodeInterface, entityInterface],
        fields: () => ({ ...entityFields(), ...Object.fromEntries(entityFieldsOf(type)) }),
      }),
  );
  const targetType = (target: Target): GraphQLOutputType => {
    const type = target === undefined ? undefined : model.types.get(target);
    return type === undefined ? entityInterface : entity(type);
  };

  function* entityFieldsOf(type: EntityType): Generator<[string, FieldConfig]> {
    for (const field of type.fields.values()) {
      yield [field.name, fieldConfig(field)];
      if (field.kind === 'ref' && field.many) {
        yield [connectionFieldName(field.name), connectionConfig(field)];
      }
    }
    for (const field of type.foreign.values())
      if (field.target !== undefined) yield [field.name, foreignConfig(field, targetType)];
  }

  const fieldConfig = (field: Field): FieldConfig => {
    if (field.kind === 'scalar') return scalarConfig(field);
    if (!field.many) return described(field, targetType(field.target));
    return field.kind === 'reverse' ? connectionConfig(field) : listConfig(field);
  };

  const listConfig = (field: RefField): FieldConfig => ({
    ...described(field, nonNullList(targetType(field.target))),
    args: listArguments(inputs.where(field.target), inputs.order(field.target)),
  });

  const connectionConfig = (field: Exclude<Field, ScalarField>): FieldConfig => ({
    ...described(field, new GraphQLNonNull(connection(field.target))),
    args: connectionArguments(inputs.where(field.target), inputs.order(field.target)),
  });

  const connection = oncePerType(
    (target: Target): GraphQLObjectType =>
      new GraphQLObjectType({
        name: `${target ?? 'Entity'}Connection`,
        description: CONNECTION,
        fields: () => ({
          ...connectionFields(targetType(target), edge(target)),
          ...aggregateField(target),
        }),
      }),
  );
  const aggregate = createAggregateTypes();
  const aggregateField = (target: Target): Fields => {
    const type = target === undefined ? undefined : model.types.get(target);
    return type === undefined
      ? {}
      : { aggregate: { type: new GraphQLNonNull(aggregate(type)), description: AGGREGATE } };
  };
  const edge = oncePerType(
    (target: Target): GraphQLObjectType =>
      new GraphQLObjectType({
        name: `${target ?? 'Entity'}Edge`,
        fields: () => ({
          cursor: { type: new GraphQLNonNull(GraphQLString) },
          node: { type: new GraphQLNonNull(targetType(target)) },
        }),
      }),
  );
  const groups = createGroupTypes(model, inputs, entity, aggregate);
  return {
    entity,
    connection,
    aggregate,
    diff: diffTypes(entity),
    change: changeTypes(entity),
    groups,
  };
}

type ObjectOf = (type: EntityType) => GraphQLObjectType;

function diffTypes(entity: ObjectOf): ObjectOf {
  return oncePerType(
    (type: EntityType) =>
      new GraphQLObjectType({
        name: `${type.name}Diff`,
        description: 'What became of an entity between two points in time.',
        fields: () => ({
          before: { type: entity(type) },
          after: { type: entity(type) },
          changes: {
            type: nonNullList(fieldDiffType),
            description: 'The fields that say something else.',
          },
        }),
      }),
  );
}

function changeTypes(entity: ObjectOf): ObjectOf {
  return oncePerType(
    (type: EntityType) =>
      new GraphQLObjectType({
        name: `${type.name}Change`,
        description: 'What a transaction did to one entity.',
        fields: () => changeFields(entity(type)),
      }),
  );
}

/** Null where there is none, and where its database cannot be read, which is an error besides. */
function foreignConfig(
  { key, database, attribute, target }: ForeignField,
  targetType: (target: Target) => GraphQLOutputType,
): FieldConfig {
  const type = targetType(target);
  return {
    type: key.many ? new GraphQLList(new GraphQLNonNull(type)) : type,
    description: `In \`${database}\`: the \`${attribute}\` is the \`${key.name}\`.`,
  };
}

const AGGREGATE = 'Of all entities on all pages.';
const CONNECTION = `A page of entities: ${DEFAULT_PAGE} unless \`first\` or \`last\` says otherwise, ${MAX_PAGE} at most.`;

function connectionFields(node: GraphQLOutputType, edge: GraphQLObjectType): Fields {
  return {
    nodes: { type: nonNullList(node) },
    edges: { type: nonNullList(edge) },
    pageInfo: { type: new GraphQLNonNull(pageInfoType) },
    totalCount: {
      type: new GraphQLNonNull(GraphQLInt),
      description: 'How many there are on all pages.',
    },
  };
}

function scalarConfig(field: ScalarField): FieldConfig {
  const type = outputType(field.shape);
  return described(field, field.many ? nonNullList(type) : type);
}

function described(field: Field, type: GraphQLOutputType): FieldConfig {
  return { type, description: describeField(field), deprecationReason: field.deprecated };
}

function nonNullList(type: GraphQLOutputType): GraphQLOutputType {
  return new GraphQLNonNull(new GraphQLList(new GraphQLNonNull(type)));
}
