/**
 * The input types by which entities of each type are asked for: how to name one (`PersonBy`), filter (`PersonWhere`, `PersonListWhere`) and order
 * (`PersonOrder`). A ref without a known target uses the same under the name `Entity`.
 */
import { GraphQLBoolean, GraphQLID, GraphQLInputObjectType, isNonNullType } from 'graphql';
import type { GraphQLInputFieldConfig, GraphQLInputType } from 'graphql';
import type { EntityType, Field, Model } from '../../../schema/model/model.ts';
import { isOrderable } from '../../../schema/model/shapes.ts';
import { describeField } from './describe.ts';
import { oncePerType } from './once-per-type.ts';
import { countOrder, idOps, sortEnum } from './shared-types.ts';
import { inputType, listOf, listOperatorsInput, operatorsInput } from './value-types.ts';

/** The name of an entity type, or undefined for any entity. */
export type Target = string | undefined;

export type InputOf = (target: Target) => GraphQLInputObjectType;

export interface Inputs {
  readonly by: InputOf;
  readonly where: InputOf;
  readonly listWhere: InputOf;
  readonly order: InputOf;
}

export function createInputs(model: Model): Inputs {
  const fieldsOf = (target: Target): ReadonlyArray<Field> => fieldsOfTarget(model, target);
  // The types refer to each other; their fields are made when GraphQL first asks for them.
  const inputs: Inputs = {
    by: define('By', 'Names one entity.', (target) => byFields(fieldsOf(target)), ONE_OF),
    where: define('Where', 'What must hold of an entity; every part of it.', (target) => ({
      ...whereFields(inputs, target, fieldsOf(target)),
      ...foreignWhereFields(inputs, model.types.get(target ?? '')),
    })),
    listWhere: define('ListWhere', 'What must hold of the entities referred to.', (target) =>
      listWhereFields(inputs.where(target)),
    ),
    order: define(
      'Order',
      'One key of an order.',
      (target) => orderFields(inputs, fieldsOf(target)),
      ONE_OF,
    ),
  };
  return inputs;
}

/** What is said of a transaction, which is an entity: a filter for each type that it may have. */
export function createTxWhere(model: Model, inputs: Pick<Inputs, 'where'>): GraphQLInputObjectType {
  return new GraphQLInputObjectType({
    name: 'TxWhere',
    description:
      'What must hold of the transaction itself as an entity of its types; every part of it.',
    fields: () =>
      Object.fromEntries(
        Array.from(model.types.values(), ({ name, names }) => [
          names.lookup,
          { type: inputs.where(name) },
        ]),
      ),
  });
}

export function fieldsOfTarget(model: Model, target: Target): ReadonlyArray<Field> {
  return Array.from(
    (target === undefined ? undefined : model.types.get(target))?.fields.values() ?? [],
  );
}

export type Fields = Record<string, GraphQLInputFieldConfig>;

export const ONE_OF = { isOneOf: true };

export function define(
  suffix: string,
  description: string,
  fields: (target: Target) => Fields,
  { isOneOf } = { isOneOf: false },
): InputOf {
  return oncePerType(
    (target: Target) =>
      new GraphQLInputObjectType({
        name: `${target ?? 'Entity'}${suffix}`,
        description,
        isOneOf,
        fields: () => fields(target),
      }),
  );
}

function byFields(fields: ReadonlyArray<Field>): Fields {
  const unique = eachField(fields, (field) =>
    field.kind === 'scalar' && field.attribute.unique !== undefined
      ? inputType(field.shape)
      : undefined,
  );
  return { id: { type: GraphQLID }, ...unique };
}

function whereFields(inputs: Inputs, target: Target, fields: ReadonlyArray<Field>): Fields {
  const where = inputs.where(target);
  const conditions = eachField(fields, (field) => {
    if (field.kind === 'scalar') {
      return field.many ? listOperatorsInput(field.shape) : operatorsInput(field.shape);
    }
    return field.many ? inputs.listWhere(field.target) : inputs.where(field.target);
  });
  const isNull = 'Below a reference: whether it is absent. Stands alone.';
  return {
    _and: { type: listOf(where) },
    _or: { type: listOf(where) },
    _not: { type: where },
    _isNull: { type: GraphQLBoolean, description: isNull },
    id: { type: idOps },
    ...conditions,
  };
}

function foreignWhereFields(inputs: Inputs, type: EntityType | undefined): Fields {
  const fields: Fields = {};
  for (const { name, key, target, database } of type?.foreign.values() ?? [])
    if (!key.many && target !== undefined)
      fields[name] = { type: inputs.where(target), description: `In \`${database}\`.` };
  return fields;
}

function listWhereFields(where: GraphQLInputObjectType): Fields {
  const count = 'How many there are.';
  return {
    some: { type: where },
    every: { type: where },
    none: { type: where },
    count: { type: operatorsInput({ kind: 'scalar', scalar: 'Int' }), description: count },
  };
}

function orderFields(inputs: Inputs, fields: ReadonlyArray<Field>): Fields {
  const keys = eachField(fields, (field) => {
    if (field.kind !== 'scalar' && field.many) return countOrder;
    if (field.kind === 'reverse' || field.many) return undefined;
    if (field.kind === 'scalar')
      return isOrderable(field.shape) && !field.isIdent ? sortEnum : undefined;
    return field.target === undefined ? undefined : inputs.order(field.target);
  });
  return { id: { type: sortEnum }, ...keys };
}

export function eachField(
  fields: ReadonlyArray<Field>,
  typeOf: (field: Field) => GraphQLInputType | undefined,
): Fields {
  const found: Fields = {};
  for (const field of fields) {
    const type = typeOf(field);
    if (type === undefined) continue;
    // What has to be given cannot be advised against.
    const deprecationReason = isNonNullType(type) ? undefined : field.deprecated;
    found[field.name] = { type, description: describeField(field), deprecationReason };
  }
  return found;
}
