/**
 * The input types by which entities of each type are written: a new one (`PersonInput`), changes (`PersonPatch`), references (`PersonLink`,
 * `PersonListLink`), what it has to be before (`PersonCondition`), and each write as a part of a transaction (`PersonCreate`, `PersonUpdate` …).
 */
import { GraphQLBoolean, GraphQLID, GraphQLInputObjectType, GraphQLNonNull } from 'graphql';
import type { GraphQLInputType } from 'graphql';
import type { EntityType, Field, Model } from '../../../schema/model/model.ts';
import { isAllowed, isWritableField } from '../writable.ts';
import type { Fields, InputOf, Inputs, Target } from './inputs.ts';
import { define, eachField, fieldsOfTarget, ONE_OF } from './inputs.ts';
import { scalarType } from './scalar-types.ts';
import { inputType, listOf, listPatchInput } from './value-types.ts';

export interface WriteInputs {
  readonly input: InputOf;
  readonly patch: InputOf;
  readonly link: InputOf;
  readonly listLink: InputOf;
  readonly condition: InputOf;
  readonly attrs: InputOf;
  readonly create: InputOf;
  readonly update: InputOf;
  readonly upsert: InputOf;
  readonly delete: InputOf;
}

export function createWriteInputs(model: Model, { by }: Pick<Inputs, 'by'>): WriteInputs {
  const typeOf = (target: Target): EntityType | undefined =>
    target === undefined ? undefined : model.types.get(target);
  const fieldsOf = (target: Target): ReadonlyArray<Field> => fieldsOfTarget(model, target);
  const inputs: WriteInputs = {
    input: define('Input', 'A new entity.', (target) => createFields(inputs, fieldsOf(target))),
    patch: define('Patch', 'Changes: what is left out stays, null removes.', (target) =>
      patchFields(inputs, fieldsOf(target)),
    ),
    link: define(
      'Link',
      'An entity to refer to: one that is there, a new one, or in a patch none, or the one that is referred to with changes.',
      (target) => linkFields(inputs, by, target, typeOf(target)),
      ONE_OF,
    ),
    listLink: define('ListLink', 'Either `set`, or `add`, `remove` and `update`.', (target) =>
      listLinkFields(inputs, by, target, typeOf(target)),
    ),
    condition: define(
      'Condition',
      'What the entity has to be, or nothing is written.',
      (target) => ({
        version: { type: scalarType('Long'), description: 'Its `_meta.version`.' },
        attrs: { type: inputs.attrs(target), description: 'Values of its fields; null for none.' },
      }),
    ),
    attrs: define('Attrs', 'Values of an entity; of a field with many all of them.', (target) =>
      attrsFields(by, fieldsOf(target)),
    ),
    create: define('Create', 'Makes an entity.', (target) => ({
      tempid: { type: GraphQLID, description: TEMPID },
      input: { type: new GraphQLNonNull(inputs.input(target)) },
    })),
    update: define('Update', 'Changes an entity.', (target) => ({
      by: { type: new GraphQLNonNull(by(target)) },
      patch: { type: new GraphQLNonNull(inputs.patch(target)) },
      if: { type: inputs.condition(target) },
    })),
    upsert: define('Upsert', 'Changes an entity, or makes it.', (target) => ({
      tempid: { type: GraphQLID, description: TEMPID },
      by: { type: by(target) },
      input: { type: new GraphQLNonNull(inputs.input(target)) },
      if: { type: inputs.condition(target) },
    })),
    delete: define('Delete', 'Removes an entity.', (target) => ({
      by: { type: new GraphQLNonNull(by(target)) },
      if: { type: inputs.condition(target) },
    })),
  };
  return inputs;
}

const TEMPID = 'Stands for the entity wherever the transaction takes an id: `tmp:a`.';

/** One write of a transaction. */
export function createTxOp(model: Model, inputs: WriteInputs): GraphQLInputObjectType {
  return new GraphQLInputObjectType({
    name: 'TxOp',
    description: 'One of the writes of a transaction.',
    isOneOf: true,
    fields: () => {
      const fields: Fields = {};
      for (const type of model.types.values())
        for (const kind of ['create', 'update', 'upsert', 'delete'] as const)
          if (isAllowed(type, kind)) fields[type.names[kind]] = { type: inputs[kind](type.name) };
      return fields;
    },
  });
}

/** What is said of the transaction itself, under each type that may be created; undefined where there is none. */
export function createTxMeta(
  model: Model,
  inputs: WriteInputs,
): GraphQLInputObjectType | undefined {
  const types = Array.from(model.types.values()).filter((type) => isAllowed(type, 'create'));
  if (types.length === 0) return undefined;
  return new GraphQLInputObjectType({
    name: 'TxMeta',
    description: 'What is said of the transaction, which is an entity with an `id`.',
    fields: () =>
      Object.fromEntries(
        types.map(({ name, names }) => [names.lookup, { type: inputs.input(name) }]),
      ),
  });
}

export const txCondition = new GraphQLInputObjectType({
  name: 'TxCondition',
  description: 'What the database has to be, or nothing is written.',
  fields: () => ({
    basisT: { type: scalarType('Long'), description: 'The number of its last transaction.' },
    versions: { type: listOf(txVersion), description: 'Versions of any entities.' },
  }),
});

const txVersion = new GraphQLInputObjectType({
  name: 'TxVersion',
  fields: {
    id: { type: new GraphQLNonNull(GraphQLID) },
    version: { type: new GraphQLNonNull(scalarType('Long')) },
  },
});

function createFields(inputs: WriteInputs, fields: ReadonlyArray<Field>): Fields {
  return eachField(fields, (field) => {
    if (!isWritableField(field)) return undefined;
    const type = field.kind === 'scalar' ? inputType(field.shape) : inputs.link(field.target);
    const isRequired = field.kind !== 'reverse' && field.attribute.annotations?.required === true;
    const taken: GraphQLInputType = field.many ? listOf(type) : type;
    return isRequired ? new GraphQLNonNull(taken) : taken;
  });
}

function patchFields(inputs: WriteInputs, fields: ReadonlyArray<Field>): Fields {
  return eachField(fields, (field) => {
    if (!isWritableField(field)) return undefined;
    if (field.kind === 'scalar')
      return field.many ? listPatchInput(field.shape) : inputType(field.shape);
    return field.many ? inputs.listLink(field.target) : inputs.link(field.target);
  });
}

function attrsFields(by: InputOf, fields: ReadonlyArray<Field>): Fields {
  return eachField(fields, (field) => {
    if (field.kind === 'reverse') return undefined;
    const type = field.kind === 'scalar' ? inputType(field.shape) : by(field.target);
    return field.many ? listOf(type) : type;
  });
}

function linkFields(
  inputs: WriteInputs,
  by: InputOf,
  target: Target,
  type: EntityType | undefined,
): Fields {
  const [isCreatable, isChangeable] = allowedBelow(type);
  return {
    link: { type: by(target) },
    ...(isCreatable ? { create: { type: inputs.input(target) } } : {}),
    ...(isChangeable ? { update: { type: inputs.patch(target) } } : {}),
    unlink: { type: GraphQLBoolean },
  };
}

function listLinkFields(
  inputs: WriteInputs,
  by: InputOf,
  target: Target,
  type: EntityType | undefined,
): Fields {
  const link = listOf(inputs.link(target));
  const [, isChangeable] = allowedBelow(type);
  return {
    set: { type: link },
    add: { type: link },
    remove: { type: listOf(by(target)) },
    ...(isChangeable ? { update: { type: listOf(inputs.update(target)) } } : {}),
  };
}

/** Whether entities can be made, and changed, where they are referred to. */
function allowedBelow(type: EntityType | undefined): readonly [boolean, boolean] {
  return type === undefined
    ? [false, false]
    : [isAllowed(type, 'create'), isAllowed(type, 'update')];
}
