/**
 * The types of groups: by what (`PersonGroup`), which (`PersonHaving`), in which order (`PersonGroupsOrder`), and what is shown of them
 * (`PersonGroups`, `PersonGroupKey`).
 */
import {
  GraphQLBoolean,
  GraphQLID,
  GraphQLInputObjectType,
  GraphQLNonNull,
  GraphQLObjectType,
} from 'graphql';
import type { GraphQLInputFieldConfig, GraphQLInputType, GraphQLOutputType } from 'graphql';
import { FOLDS, foldShape } from '../../../schema/model/folds.ts';
import type { EntityType, Field, Model, ScalarField } from '../../../schema/model/model.ts';
import type { Shape } from '../../../schema/model/shapes.ts';
import { PERIODS } from '../../../schema/model/periods.ts';
import { isGroupable, shapeName } from '../../../schema/model/shapes.ts';
import type { AggregateTypeOf } from './aggregate-types.ts';
import type { Inputs, Target } from './inputs.ts';
import { oncePerType } from './once-per-type.ts';
import { entityInterface, sortEnum } from './shared-types.ts';
import { operatorsInput, outputType } from './value-types.ts';

type InputFields = Record<string, GraphQLInputFieldConfig>;

export interface GroupTypes {
  readonly by: (target: Target) => GraphQLInputObjectType;
  readonly having: (type: EntityType) => GraphQLInputObjectType;
  readonly order: (type: EntityType) => GraphQLInputObjectType;
  readonly groups: (type: EntityType) => GraphQLObjectType;
}

export function createGroupTypes(
  model: Model,
  inputs: Inputs,
  entity: (type: EntityType) => GraphQLOutputType,
  aggregate: AggregateTypeOf,
): GroupTypes {
  const typeOf = (target: Target): EntityType | undefined =>
    target === undefined ? undefined : model.types.get(target);
  const by = oncePerType(
    (target: Target): GraphQLInputObjectType =>
      new GraphQLInputObjectType({
        name: `${target ?? 'Entity'}Group`,
        description: 'One field to group by.',
        isOneOf: true,
        fields: () => ({
          id: { type: GraphQLBoolean, description: 'Below a reference: each entity for itself.' },
          ...eachGroupable(typeOf(target), (field): GraphQLInputType => {
            if (field.kind !== 'scalar') return by(field.target);
            return isInstant(field) ? instantGroup : GraphQLBoolean;
          }),
        }),
      }),
  );
  const key = oncePerType(
    (target: Target): GraphQLObjectType =>
      new GraphQLObjectType({
        name: `${target ?? 'Entity'}GroupKey`,
        description: 'What the entities of a group have in common; null for what is no key.',
        fields: () => {
          const type = typeOf(target);
          return {
            id: { type: GraphQLID },
            _entity: {
              type: type === undefined ? entityInterface : entity(type),
              description: 'The entity of the `id`.',
            },
            ...eachGroupable(type, (field) =>
              field.kind === 'scalar' ? outputType(field.shape) : key(field.target),
            ),
          };
        },
      }),
  );
  const groups = oncePerType(
    (type: EntityType): GraphQLObjectType =>
      new GraphQLObjectType({
        name: `${type.name}Groups`,
        description: 'The entities that are alike in some fields.',
        fields: () => ({
          key: { type: new GraphQLNonNull(key(type.name)) },
          aggregate: { type: new GraphQLNonNull(aggregate(type)) },
        }),
      }),
  );
  return { by, having, order: groupsOrder(inputs), groups };
}

function eachGroupable<T>(
  type: EntityType | undefined,
  typeOf: (field: Exclude<Field, { kind: 'reverse' }>) => T,
): Record<string, { type: T }> {
  const fields: Record<string, { type: T }> = {};
  for (const field of type?.fields.values() ?? []) {
    if (field.kind === 'reverse' || (field.kind === 'scalar' && !isGroupable(field.shape)))
      continue;
    fields[field.name] = { type: typeOf(field) };
  }
  return fields;
}

function isInstant({ shape }: ScalarField): boolean {
  return shape.kind === 'scalar' && shape.scalar === 'DateTime';
}

const instantGroup = new GraphQLInputObjectType({
  name: 'DateTimeGroup',
  description:
    'The instant itself, or the beginning of the period that it is in: in UTC, weeks from Monday.',
  isOneOf: true,
  fields: Object.fromEntries(['value', ...PERIODS].map((name) => [name, { type: GraphQLBoolean }])),
});

const having = oncePerType(
  (type: EntityType) =>
    new GraphQLInputObjectType({
      name: `${type.name}Having`,
      description: 'What must hold of a group; every part of it.',
      fields: () => ({
        _count: { type: operatorsInput({ kind: 'scalar', scalar: 'Int' }) },
        ...eachFolded(type, foldConditions),
      }),
    }),
);

function groupsOrder(inputs: Inputs): (type: EntityType) => GraphQLInputObjectType {
  return oncePerType(
    (type: EntityType) =>
      new GraphQLInputObjectType({
        name: `${type.name}GroupsOrder`,
        description: 'One key of an order of groups.',
        isOneOf: true,
        fields: () => ({
          _count: { type: sortEnum },
          _key: { type: inputs.order(type.name), description: 'One of the fields of `by`.' },
          ...eachFolded(type, foldOrder),
        }),
      }),
  );
}

function eachFolded(
  type: EntityType,
  typeOf: (field: ScalarField) => GraphQLInputType,
): InputFields {
  const fields: InputFields = {};
  for (const field of type.fields.values())
    if (field.kind === 'scalar') fields[field.name] = { type: typeOf(field) };
  return fields;
}

/** What has an order, has folds of its own scalar; of anything else it can be told how many there are. */
function foldsName(field: ScalarField): string {
  return foldShape(field, 'min') === undefined ? 'Count' : shapeName(field.shape);
}

const foldConditions = perFolds('FoldOps', false, (shape) => operatorsInput(shape));
const foldOrder = perFolds('FoldOrder', true, () => sortEnum);

function perFolds(
  suffix: string,
  isOneOf: boolean,
  typeOf: (shape: Shape) => GraphQLInputType,
): (field: ScalarField) => GraphQLInputObjectType {
  const byName = new Map<string, GraphQLInputObjectType>();
  return (field) => {
    const name = `${foldsName(field)}${suffix}`;
    let type = byName.get(name);
    if (type === undefined) {
      const fields: InputFields = {};
      for (const fold of FOLDS) {
        const shape = foldShape(field, fold);
        if (shape !== undefined) fields[fold] = { type: typeOf(shape) };
      }
      type = new GraphQLInputObjectType({ name, isOneOf, fields });
      byName.set(name, type);
    }
    return type;
  };
}
