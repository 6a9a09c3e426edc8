/** What the root fields of a mutation do: each is a transaction, and then a look at what it made. */
import type { FieldNode } from 'graphql';
import type { MutationField, WriteField } from '../generate/graphql/root-fields.ts';
import { mutationFields } from '../generate/graphql/root-fields.ts';
import { commitWrites } from '../write/commit.ts';
import type { CommitRequest } from '../write/commit.ts';
import type { EntityCondition, TxCondition } from '../write/requirements.ts';
import type { Input } from '../write/input.ts';
import type { Write } from '../write/write.ts';
import type { By } from '../read/find-entity.ts';
import { badInput } from '../read/bad-input.ts';
import type { Operation } from '../select/collect-fields.ts';
import type { Given, Where } from '../select/selection.ts';
import { entitiesOf, writeObject } from './object-fields.ts';
import { planPayload } from './payload.ts';
import type { RootPlan } from './root-plan.ts';

/** What the fields take, each some of it. */
export interface MutationArguments extends Pick<
  CommitRequest,
  'meta' | 'idempotencyKey' | 'dryRun'
> {
  readonly by?: By | null;
  readonly input?: Input;
  readonly patch?: Input;
  readonly if?: (EntityCondition & TxCondition) | null;
  readonly where?: Where;
  readonly atMost?: number;
  readonly ops?: ReadonlyArray<Readonly<Record<string, MutationArguments>>>;
  readonly tempid?: string | null;
  readonly clientMutationId?: string | null;
}

export function planMutationField(
  operation: Operation,
  field: MutationField,
  nodes: ReadonlyArray<FieldNode>,
  args: Given<MutationArguments>,
): RootPlan {
  const payload = planPayload(operation, field, nodes, entitiesOf(operation));
  const writes = field.kind === 'transact' ? opsReader(operation) : writeReader(field);
  const isRemoving = field.kind === 'delete' || field.kind === 'deleteMany';
  return {
    answer: async (context, variables) => {
      const given = args(variables);
      const { meta, idempotencyKey, dryRun } = given;
      const condition = field.kind === 'transact' ? given.if : undefined;
      const request = { writes: writes(given), if: condition, meta, idempotencyKey, dryRun };
      const written = await commitWrites(context, request);
      const scope = isRemoving ? written.before : written.after;
      const { clientMutationId = null } = given;
      return writeObject(payload, { scope, variables }, { written, clientMutationId });
    },
    cost: (variables) => {
      const { atMost, ops } = args(variables);
      return (1 + payload.cost(variables)) * (atMost ?? ops?.length ?? 1);
    },
  };
}

type WritesOf = (given: MutationArguments) => ReadonlyArray<Write>;

function writeReader(field: WriteField): WritesOf {
  return (given) => [writeOf(field, given)];
}

function opsReader({ model }: Operation): WritesOf {
  const fields = mutationFields(model);
  return ({ ops = [] }) => {
    if (ops.length === 0) throw badInput('ops', 'must hold at least one write');
    return ops.flatMap((op) =>
      Object.entries(op).map(([name, given]) => {
        const field = fields.get(name);
        if (field === undefined || field.kind === 'transact')
          throw new Error(`Expected the write ${name} to have a meaning`);
        return writeOf(field, given);
      }),
    );
  };
}

function writeOf({ kind, type }: WriteField, given: MutationArguments): Write {
  const { by = {}, input = {}, patch = {}, where = {}, atMost = 1, tempid } = given;
  switch (kind) {
    case 'create':
      return { kind, type, input, tempid };
    case 'update':
      return { kind, type, by: by ?? {}, patch, if: given.if };
    case 'upsert':
      return { kind, type, by: given.by, input, if: given.if, tempid };
    case 'delete':
      return { kind, type, by: by ?? {}, if: given.if };
    case 'updateMany':
      return { kind, type, where, patch, atMost };
    case 'deleteMany':
      return { kind, type, where, atMost };
  }
}
