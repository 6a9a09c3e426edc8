/**
 * The resolvers of the generated GraphQL schema: those of the root fields. Each plans and answers everything below it; fields further
 * down only look up what is there.
 */
import type { GraphQLFieldResolver, GraphQLResolveInfo } from 'graphql';
import type { EntityType } from '../../schema/model/model.ts';
import type { TransactResult } from '../../services/connection/writer-port.ts';
import { readScope, writtenScope } from '../context.ts';
import type { AsOf, RequestContext } from '../context.ts';
import type { RootResolvers } from '../generate/graphql/schema.ts';
import { findEntity, parseBy } from './read/find-entity.ts';
import type { By } from './read/find-entity.ts';
import { connectionParts, entitySelection, fieldsBelow } from './from-graphql.ts';
import type { Operation } from './from-graphql.ts';
import { decodeId, encodeId } from './global-id.ts';
import type { ReadScope } from './read/pages.ts';
import { readConnection, readEntity } from './read/read.ts';
import { answerObject } from './selection.ts';
import type { AnswerObject, ListArguments } from './selection.ts';
import type { Input } from './write/to-transaction.ts';
import { createEntity, deleteEntity, updateEntity, upsertEntity } from './write/write.ts';
import type { WriteScope, Written } from './write/write.ts';

type Resolver = GraphQLFieldResolver<unknown, RequestContext>;

interface RootArguments extends ListArguments {
  readonly id?: string;
  readonly by?: By | null;
  readonly asOf?: AsOf | null;
  readonly input?: Input;
  readonly patch?: Input;
  readonly clientMutationId?: string | null;
}

export const rootResolvers: RootResolvers<RequestContext> = {
  node: (_source, args: RootArguments, context, info) => {
    const scope = readScope(context, args.asOf);
    const selection = entitySelection(operationOf(context, info), undefined, info.fieldNodes);
    return readEntity(scope, decodeId(context.database, args.id ?? ''), selection);
  },

  lookup: (type) => async (_source, args: RootArguments, context, info) => {
    const scope = readScope(context, args.asOf);
    const name = parseBy(context.model, context.database, type.name, args.by ?? {});
    const entity = await findEntity(scope.snapshot, type, name);
    if (entity === undefined) return null;
    return readEntity(
      scope,
      entity,
      entitySelection(operationOf(context, info), type, info.fieldNodes),
    );
  },

  connection: (type) => (_source, args: RootArguments, context, info) => {
    const parts = connectionParts(operationOf(context, info), type.name, info.fieldNodes);
    return readConnection(readScope(context, args.asOf), type, args, parts);
  },

  create: (type) => mutation(type, (scope, { input = {} }) => createEntity(scope, type, input)),

  update: (type) =>
    mutation(type, (scope, { by, patch = {} }) => updateEntity(scope, type, by ?? {}, patch)),

  upsert: (type) =>
    mutation(type, (scope, { by, input = {} }) =>
      upsertEntity(scope, type, by ?? undefined, input),
    ),

  delete: (type) =>
    mutation(type, (scope, { by }) => deleteEntity(scope, type, by ?? {}), 'before'),
};

/** `shown` says which state of the entity the payload has: a deleted entity is shown as it was. */
function mutation(
  type: EntityType,
  write: (scope: WriteScope, args: RootArguments) => Promise<Written>,
  shown: 'before' | 'after' = 'after',
): Resolver {
  return async (_source, args: RootArguments, context, info) => {
    const { model, database, reader, writer, limits } = context;
    // The newest state there is: an operation's mutations see each other.
    const snapshot = await reader.snapshot({ minTx: context.basisTx, limits });
    const written = await write({ model, database, snapshot, writer }, args);
    context.basisTx = written.result.tx;
    const scope =
      shown === 'after'
        ? await writtenScope(context, written.result.tx)
        : { ...readScope(context, undefined), snapshot };
    return payload(operationOf(context, info), type, scope, written, args);
  };
}

async function payload(
  operation: Operation,
  type: EntityType,
  scope: ReadScope,
  written: Written,
  args: RootArguments,
): Promise<AnswerObject> {
  const answer = answerObject();
  const fields = fieldsBelow(operation, operation.info.fieldNodes, `${type.name}Payload`);
  for (const [key, nodes] of fields) {
    const name = nodes[0]?.name.value;
    if (name === type.names.lookup) {
      const selection = entitySelection(operation, type, nodes);
      answer[key] = await readEntity(scope, written.entity, selection);
    } else if (name === 'tx') {
      const wanted = fieldsBelow(operation, nodes, 'Tx');
      answer[key] = showTx(scope.database, written.result, wanted);
    } else if (name === 'clientMutationId') {
      answer[key] = args.clientMutationId ?? null;
    }
  }
  return answer;
}

function showTx(
  database: string,
  { tx, instant }: TransactResult,
  fields: ReturnType<typeof fieldsBelow>,
): AnswerObject {
  const facts = new Map<string | undefined, string>([
    ['id', encodeId(database, tx)],
    ['t', String(tx)],
    ['instant', instant.toISOString()],
  ]);
  const answer = answerObject();
  for (const [key, nodes] of fields) answer[key] = facts.get(nodes[0]?.name.value);
  return answer;
}

function operationOf(context: RequestContext, info: GraphQLResolveInfo): Operation {
  return { model: context.model, info };
}
