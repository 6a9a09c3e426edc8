/**
 * The input types of each entity type: how to name one (`PersonBy`), filter (`PersonWhere`, `PersonListWhere`), order
 * (`PersonOrder`), and write (`PersonInput`, `PersonPatch`, `PersonLink`, `PersonListLink`). A ref without a known target uses the
 * same under the name `Entity`.
 */
import { GraphQLBoolean, GraphQLID, GraphQLInputObjectType, GraphQLNonNull } from 'graphql';
import type { GraphQLInputFieldConfig, GraphQLInputType } from 'graphql';
import type {
  EntityType,
  Field,
  Model,
  RefField,
  ScalarField,
} from '../../../schema/model/model.ts';
import { isOrderable } from '../../../schema/model/shapes.ts';
import { describeField } from './describe.ts';
import { oncePerType } from './once-per-type.ts';
import { countOrder, idOps, sortEnum } from './shared-types.ts';
import {
  inputType,
  listOf,
  listOperatorsInput,
  listPatchInput,
  operatorsInput,
} from './value-types.ts';

/** The name of an entity type, or undefined for any entity. */
export type Target = string | undefined;

type InputOf = (target: Target) => GraphQLInputObjectType;

export interface Inputs {
  readonly by: InputOf;
  readonly where: InputOf;
  readonly listWhere: InputOf;
  readonly order: InputOf;
  readonly input: InputOf;
  readonly patch: InputOf;
  readonly link: InputOf;
  readonly listLink: InputOf;
}

/** Whether entities of the type can be written through the API; a type of nothing but composite tuples cannot. */
export function isWritable(type: EntityType | undefined): boolean {
  const fields = Array.from(type?.fields.values() ?? []);
  return fields.some(isWritableField);
}

function isCreatable(type: EntityType | undefined): boolean {
  return isWritable(type) && type?.access?.create !== false;
}

export function createInputs(model: Model): Inputs {
  const typeOf = (target: Target): EntityType | undefined =>
    target === undefined ? undefined : model.types.get(target);
  const fieldsOf = (target: Target): ReadonlyArray<Field> =>
    Array.from(typeOf(target)?.fields.values() ?? []);
  // The types refer to each other; their fields are made when GraphQL first asks for them.
  const inputs: Inputs = {
    by: define('By', 'Names one entity.', (target) => byFields(fieldsOf(target)), ONE_OF),
    where: define('Where', 'What must hold of an entity; every part of it.', (target) =>
      whereFields(inputs, target, fieldsOf(target)),
    ),
    listWhere: define('ListWhere', 'What must hold of the entities referred to.', (target) =>
      listWhereFields(inputs.where(target)),
    ),
    order: define(
      'Order',
      'One key of an order.',
      (target) => orderFields(inputs, fieldsOf(target)),
      ONE_OF,
    ),
    input: define('Input', 'A new entity.', (target) => createFields(inputs, fieldsOf(target))),
    patch: define('Patch', 'Changes: what is left out stays, null removes.', (target) =>
      patchFields(inputs, fieldsOf(target)),
    ),
    link: define(
      'Link',
      'An entity to refer to: one that is there, a new one, or none.',
      (target) => linkFields(inputs, target, isCreatable(typeOf(target))),
      ONE_OF,
    ),
    listLink: define('ListLink', 'Either `set`, or `add` and `remove`.', (target) =>
      listLinkFields(inputs, target),
    ),
  };
  return inputs;
}

type Fields = Record<string, GraphQLInputFieldConfig>;

const ONE_OF = { isOneOf: true };

function define(
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

function createFields(inputs: Inputs, fields: ReadonlyArray<Field>): Fields {
  return eachField(fields, (field) => {
    if (!isWritableField(field)) return undefined;
    const type = field.kind === 'ref' ? inputs.link(field.target) : inputType(field.shape);
    const isRequired = field.attribute.annotations?.required === true;
    const taken = field.many ? listOf(type) : type;
    return isRequired ? new GraphQLNonNull(taken) : taken;
  });
}

function patchFields(inputs: Inputs, fields: ReadonlyArray<Field>): Fields {
  return eachField(fields, (field) => {
    if (!isWritableField(field)) return undefined;
    if (field.kind === 'scalar') {
      return field.many ? listPatchInput(field.shape) : inputType(field.shape);
    }
    return field.many ? inputs.listLink(field.target) : inputs.link(field.target);
  });
}

function linkFields(inputs: Inputs, target: Target, isTargetWritable: boolean): Fields {
  return {
    link: { type: inputs.by(target) },
    ...(isTargetWritable ? { create: { type: inputs.input(target) } } : {}),
    unlink: { type: GraphQLBoolean },
  };
}

function listLinkFields(inputs: Inputs, target: Target): Fields {
  const link = listOf(inputs.link(target));
  return { set: { type: link }, add: { type: link }, remove: { type: listOf(inputs.by(target)) } };
}

function eachField(
  fields: ReadonlyArray<Field>,
  typeOf: (field: Field) => GraphQLInputType | undefined,
): Fields {
  const found: Fields = {};
  for (const field of fields) {
    const type = typeOf(field);
    if (type !== undefined) found[field.name] = { type, description: describeField(field) };
  }
  return found;
}

/** Composite tuples follow from other attributes. */
export function isWritableField(field: Field): field is ScalarField | RefField {
  if (field.kind === 'reverse' || field.isReadOnly === true) return false;
  return field.kind === 'ref' || field.shape.kind !== 'tuple' || !field.shape.isComposite;
}
