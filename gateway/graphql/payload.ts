/** What mutations answer: the transaction, and the entities that it wrote. */
import type { FieldNode } from 'graphql';
import type { TransactResult } from '../../services/connection/writer-port.ts';
import type { MutationField } from '../generate/graphql/root-fields.ts';
import { planEntities } from '../read/entity-plan.ts';
import { readEntities } from '../read/entity-json.ts';
import { jsonKey, quote } from '../read/json.ts';
import type { EntityPlan, Run } from '../read/plan.ts';
import type { ReadScope } from '../read/scope.ts';
import type { Operation } from '../select/collect-fields.ts';
import { fieldsBelow } from '../select/collect-fields.ts';
import { entitySelection } from '../select/from-graphql.ts';
import type { Given } from '../select/selection.ts';
import type { Written } from '../write/commit.ts';
import { TEMPID } from '../write/draft.ts';

/** What is left of a field once its own text, the key, is written. */
type Part =
  | { readonly kind: 'constant'; readonly text: string }
  /** The one entity of the one write. */
  | { readonly kind: 'entity'; readonly plan: EntityPlan }
  /** All of them. */
  | { readonly kind: 'entities'; readonly plan: EntityPlan }
  | { readonly kind: 'count' }
  | { readonly kind: 'clientMutationId' }
  | { readonly kind: 'tempids'; readonly facts: ReadonlyArray<Fact> }
  | { readonly kind: 'tx'; readonly facts: ReadonlyArray<Fact> };

interface Fact {
  readonly prefix: string;
  readonly name: string;
}

export type PayloadPlan = ReadonlyArray<Part & { readonly prefix: string }>;

export interface Answered {
  readonly run: Run;
  readonly written: Written;
  readonly clientMutationId: string | null;
}

export function planPayload(
  operation: Operation,
  field: MutationField,
  nodes: ReadonlyArray<FieldNode>,
): PayloadPlan {
  const name = payloadName(field);
  return Array.from(fieldsBelow(operation, nodes, name), ([key, below]) => ({
    prefix: jsonKey(key),
    ...planPart(operation, field, name, below),
  }));
}

function payloadName(field: MutationField): string {
  switch (field.kind) {
    case 'transact':
      return 'TxResult';
    case 'updateMany':
    case 'deleteMany':
      return `${field.type.name}BulkPayload`;
    default:
      return `${field.type.name}Payload`;
  }
}

function planPart(
  operation: Operation,
  field: MutationField,
  typeName: string,
  below: ReadonlyArray<FieldNode>,
): Part {
  const type = field.kind === 'transact' ? undefined : field.type;
  const plan = (): EntityPlan =>
    planEntities(operation.model, type?.name, entitySelection(operation, type, below));
  const facts = (of: string): ReadonlyArray<Fact> =>
    Array.from(fieldsBelow(operation, below, of), ([key, [node]]) => ({
      prefix: jsonKey(key),
      name: node?.name.value ?? '',
    }));
  const name = below[0]?.name.value;
  const isOfOne = field.kind !== 'updateMany' && field.kind !== 'deleteMany';
  if (isOfOne && name === type?.names.lookup) return { kind: 'entity', plan: plan() };
  switch (name) {
    case 'tx':
      return { kind: 'tx', facts: facts('Tx') };
    case 'tempids':
      return { kind: 'tempids', facts: facts('TxTempid') };
    case 'clientMutationId':
    case 'count':
      return { kind: name };
    case 'nodes':
    case 'entities':
      return { kind: 'entities', plan: plan() };
    default:
      return { kind: 'constant', text: quote(typeName) };
  }
}

/** How many entities are read for a payload, at most. */
export function costOfPayload(
  payload: PayloadPlan,
  args: Given<{ readonly atMost?: number; readonly ops?: ReadonlyArray<unknown> }>,
): Given<number> {
  const plans = payload.flatMap((part) => ('plan' in part ? [part.plan] : []));
  return (variables) => {
    const { atMost, ops } = args(variables);
    const each = plans.reduce((sum, { cost }) => sum + cost(variables), 1);
    return each * (atMost ?? ops?.length ?? 1);
  };
}

export async function writePayload(payload: PayloadPlan, answered: Answered): Promise<string> {
  const texts: string[] = [];
  for (const part of payload) texts.push(part.prefix + (await writePart(part, answered)));
  return `{${texts.join(',')}}`;
}

async function writePart(
  part: Part,
  { run, written, clientMutationId }: Answered,
): Promise<string> {
  const entities = written.entities.flat();
  switch (part.kind) {
    case 'constant':
      return part.text;
    case 'entity':
    case 'entities': {
      const fragments = await readEntities(run, part.plan, [...new Set(entities)]);
      const texts = entities.map((entity) => fragments.get(entity) ?? 'null');
      return part.kind === 'entity' ? (texts[0] ?? 'null') : `[${texts.join(',')}]`;
    }
    case 'count':
      return String(entities.length);
    case 'clientMutationId':
      return JSON.stringify(clientMutationId);
    case 'tempids':
      return writeTempids(part.facts, run.scope, written.result);
    case 'tx': {
      const { result } = written;
      if (result === undefined) return 'null';
      return writeFacts(part.facts, (name) => txFact(run.scope, result, name));
    }
  }
}

function writeTempids(
  facts: ReadonlyArray<Fact>,
  { encodeId }: ReadScope,
  result: TransactResult | undefined,
): string {
  const texts: string[] = [];
  for (const [tempid, entity] of result?.tempids ?? []) {
    if (typeof tempid !== 'string' || !TEMPID.test(tempid)) continue;
    const values: Readonly<Record<string, string>> = { tempid, id: encodeId(entity) };
    texts.push(writeFacts(facts, (name) => values[name] ?? 'TxTempid'));
  }
  return `[${texts.join(',')}]`;
}

function writeFacts(facts: ReadonlyArray<Fact>, valueOf: (name: string) => string): string {
  return `{${facts.map(({ prefix, name }) => prefix + quote(valueOf(name))).join(',')}}`;
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
