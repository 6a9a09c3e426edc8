/** The fields of the root of mutations: what each takes, and what it returns. */
import { GraphQLBoolean, GraphQLInt, GraphQLList, GraphQLNonNull, GraphQLString } from 'graphql';
import type { GraphQLFieldConfig, GraphQLFieldConfigArgumentMap, GraphQLObjectType } from 'graphql';
import type { Model } from '../../../schema/model/model.ts';
import type { Inputs } from './inputs.ts';
import type { PayloadTypes } from './payload-types.ts';
import type { MutationField, WriteField } from './root-fields.ts';
import { txResultType } from './shared-types.ts';
import type { WriteInputs } from './write-inputs.ts';
import { createTxMeta, createTxOp, txCondition } from './write-inputs.ts';

export function createMutationFields(
  model: Model,
  inputs: Inputs & WriteInputs,
  payloads: PayloadTypes,
): (field: MutationField) => GraphQLFieldConfig<unknown, unknown> {
  const common = commonArguments(model, inputs);
  return (field) => {
    const { type, args } =
      field.kind === 'transact'
        ? transactField(model, inputs)
        : writeField(field, inputs, payloads);
    return { type, args: { ...args, ...common } };
  };
}

interface Mutating {
  /** Nullable: a field that fails must not take the answers of those before it along, whose transactions are done. */
  readonly type: GraphQLObjectType;
  readonly args: GraphQLFieldConfigArgumentMap;
}

function writeField(
  { kind, type }: WriteField,
  inputs: Inputs & WriteInputs,
  payloads: PayloadTypes,
): Mutating {
  const one = payloads.one(type);
  const many = payloads.many(type);
  const condition = { type: inputs.condition(type.name) };
  const by = { type: inputs.by(type.name) };
  const required = { type: new GraphQLNonNull(by.type) };
  const input = { type: new GraphQLNonNull(inputs.input(type.name)) };
  const patch = { type: new GraphQLNonNull(inputs.patch(type.name)) };
  const where = { type: new GraphQLNonNull(inputs.where(type.name)) };
  switch (kind) {
    case 'create':
      return { type: one, args: { input } };
    case 'update':
      return { type: one, args: { by: required, patch, if: condition } };
    case 'upsert':
      return { type: one, args: { by, input, if: condition } };
    case 'delete':
      return { type: one, args: { by: required, if: condition } };
    case 'updateMany':
      return { type: many, args: { where, patch, atMost } };
    case 'deleteMany':
      return { type: many, args: { where, atMost } };
  }
}

const atMost = {
  type: new GraphQLNonNull(GraphQLInt),
  defaultValue: 1,
  description: 'Where there are more, it is an error, and nothing is written.',
};

function transactField(model: Model, inputs: WriteInputs): Mutating {
  const op = new GraphQLNonNull(createTxOp(model, inputs));
  const ops = { type: new GraphQLNonNull(new GraphQLList(op)) };
  return { type: txResultType, args: { ops, if: { type: txCondition } } };
}

/** What every mutation takes. */
function commonArguments(model: Model, inputs: WriteInputs): GraphQLFieldConfigArgumentMap {
  const meta = createTxMeta(model, inputs);
  return {
    ...(meta === undefined ? {} : { meta: { type: meta } }),
    idempotencyKey: {
      type: GraphQLString,
      description: 'Under one key it is written once, and answered so however often it is sent.',
    },
    dryRun: {
      type: GraphQLBoolean,
      defaultValue: false,
      description: 'Checked and answered as if it were written; nothing is.',
    },
    clientMutationId: { type: GraphQLString },
  };
}
