/** What the root fields of a mutation do: each is a transaction, and then a look at what it made. */
import type { FieldNode } from 'graphql';
import type { EntityType } from '../../schema/model/model.ts';
import type { TransactResult } from '../../services/connection/writer-port.ts';
import { readScope, writtenScope } from '../http/context.ts';
import type { MutationField } from '../generate/graphql/root-fields.ts';
import { planEntities } from '../read/entity-plan.ts';
import { readEntity } from '../read/entity-json.ts';
import { jsonKey, quote } from '../read/json.ts';
import type { ReadScope } from '../read/scope.ts';
import type { Operation } from '../select/collect-fields.ts';
import { fieldsBelow } from '../select/collect-fields.ts';
import { entitySelection } from '../select/from-graphql.ts';
import type { Given, Variables } from '../select/selection.ts';
import type { Input } from '../write/to-transaction.ts';
import { createEntity, deleteEntity, updateEntity, upsertEntity } from '../write/write.ts';
import type { WriteScope, Written } from '../write/write.ts';
import type { RootArguments, RootPlan } from './root-plan.ts';
import type { EntityPlan } from '../read/plan.ts';

export interface MutationArguments extends RootArguments {
  readonly input?: Input;
  readonly patch?: Input;
  readonly clientMutationId?: string | null;
}

export function planMutationField(
  operation: Operation,
  { kind, type }: MutationField,
  nodes: ReadonlyArray<FieldNode>,
  args: Given<MutationArguments>,
): RootPlan {
  const payload = planPayload(operation, type, nodes);
  const answer: RootPlan['answer'] = async (context, variables) => {
    const { model, database, reader, writer, limits, lists, claims } = context;
    // The newest state there is: an operation's mutations see each other.
    const snapshot = await reader.snapshot({ minTx: context.basisTx, limits });
    const given = args(variables);
    const written = await write(
      kind,
      { model, database, snapshot, writer, lists, claims },
      type,
      given,
    );
    context.basisTx = written.result.tx;
    // A deleted entity is shown as it was.
    const scope =
      kind === 'delete'
        ? { ...readScope(context, undefined), snapshot }
        : await writtenScope(context, written.result.tx);
    return writePayload(payload, { scope, written, given, variables });
  };
  return { answer, cost: costOf(payload) };
}

function costOf(payload: ReadonlyArray<PayloadPart>): Given<number> {
  const plans = payload.flatMap((part) => (part.kind === 'entity' ? [part.plan] : []));
  return (variables) => plans.reduce((sum, { cost }) => sum + cost(variables), 1);
}

function write(
  kind: MutationField['kind'],
  scope: WriteScope,
  type: EntityType,
  { by, input = {}, patch = {} }: MutationArguments,
): Promise<Written> {
  switch (kind) {
    case 'create':
      return createEntity(scope, type, input);
    case 'update':
      return updateEntity(scope, type, by ?? {}, patch);
    case 'upsert':
      return upsertEntity(scope, type, by ?? undefined, input);
    case 'delete':
      return deleteEntity(scope, type, by ?? {});
  }
}

type PayloadPart =
  | { readonly kind: 'constant'; readonly prefix: string; readonly text: string }
  | { readonly kind: 'entity'; readonly prefix: string; readonly plan: EntityPlan }
  | { readonly kind: 'clientMutationId'; readonly prefix: string }
  | { readonly kind: 'tx'; readonly prefix: string; readonly facts: ReadonlyArray<TxFact> };

interface TxFact {
  readonly prefix: string;
  readonly name: string;
}

function planPayload(
  operation: Operation,
  type: EntityType,
  nodes: ReadonlyArray<FieldNode>,
): ReadonlyArray<PayloadPart> {
  const payloadName = `${type.name}Payload`;
  return Array.from(fieldsBelow(operation, nodes, payloadName), ([key, below]): PayloadPart => {
    const prefix = jsonKey(key);
    const name = below[0]?.name.value;
    switch (name) {
      case type.names.lookup: {
        const selection = entitySelection(operation, type, below);
        return {
          kind: 'entity',
          prefix,
          plan: planEntities(operation.model, type.name, selection),
        };
      }
      case 'tx': {
        const facts = fieldsBelow(operation, below, 'Tx');
        return {
          kind: 'tx',
          prefix,
          facts: Array.from(facts, ([factKey, [node]]) => ({
            prefix: jsonKey(factKey),
            name: node?.name.value ?? '',
          })),
        };
      }
      case 'clientMutationId':
        return { kind: 'clientMutationId', prefix };
      default:
        return { kind: 'constant', prefix, text: quote(payloadName) };
    }
  });
}

interface Done {
  readonly scope: ReadScope;
  readonly written: Written;
  readonly given: MutationArguments;
  readonly variables: Variables;
}

async function writePayload(parts: ReadonlyArray<PayloadPart>, done: Done): Promise<string> {
  const texts: string[] = [];
  for (const part of parts) texts.push(part.prefix + (await writePart(part, done)));
  return `{${texts.join(',')}}`;
}

async function writePart(part: PayloadPart, done: Done): Promise<string> {
  const { scope, written, given, variables } = done;
  switch (part.kind) {
    case 'constant':
      return part.text;
    case 'entity':
      return (await readEntity({ scope, variables }, part.plan, written.entity)) ?? 'null';
    case 'clientMutationId':
      return JSON.stringify(given.clientMutationId ?? null);
    case 'tx': {
      const texts = part.facts.map(
        ({ prefix, name }) => prefix + quote(txFact(scope, written.result, name)),
      );
      return `{${texts.join(',')}}`;
    }
  }
}

function txFact({ encodeId }: ReadScope, { tx, instant }: TransactResult, name: string): string {
  switch (name) {
    case 'id':
      return encodeId(tx);
    case 't':
      return String(tx);
    case 'instant':
      return instant.toISOString();
    default:
      return 'Tx';
  }
}
