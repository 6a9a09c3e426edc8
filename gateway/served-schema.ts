/** A database as callers of one view are served: what they see of its model, and all that is made from that. */
import type { RequestHandler } from 'express';
import type { GraphQLSchema } from 'graphql';
import type { LinkedView } from './access/linked-view.ts';
import type { View } from './access/view.ts';
import type { RootField } from './generate/graphql/root-fields.ts';
import {
  mutationFields,
  SUBGRAPH_FIELDS,
  subscriptionFields,
} from './generate/graphql/root-fields.ts';
import { createSchema } from './generate/graphql/schema.ts';
import type { ExtendedSchema } from './extend/extend-schema.ts';
import { extendView, routesFor } from './extend/extend-schema.ts';
import type { ParsedExtension } from './extend/parse-extension.ts';
import { beginRequestCode } from './extend/request-code.ts';
import { CompiledOperations } from './graphql/compiled-operations.ts';
import { databasePlans } from './graphql/database-plans.ts';
import type { CreateContext, GraphQLServer } from './graphql/server.ts';
import { startGraphQLServer } from './graphql/server.ts';
import type { OperationLimits } from './graphql/validation-rules.ts';
import type { ServedModel } from './http/context.ts';
import { formatOperationError } from './http/error-response.ts';
import { idEncoder } from './read/global-id.ts';
import { ListPlans } from './read/list-plan.ts';
import { computedFields, NOTHING_COMPUTED } from './select/computed-fields.ts';
import type { Log } from '../services/shared/log.ts';

export interface ServedSchema extends ServedModel, Omit<GraphQLServer, 'answer'> {
  readonly graphql: RequestHandler;
}

export interface ServedSchemaOptions {
  readonly development: boolean;
  readonly limits: OperationLimits;
  readonly log: Log;
  /** Of {@link ServedModel}. */
  readonly fingerprint: () => string;
  readonly isPublic: boolean;
  /** Those that fit the database. */
  readonly extensions: ReadonlyArray<ParsedExtension>;
  /** Of the callers; undefined where they may do everything. */
  readonly roles: ReadonlyArray<string> | undefined;
  readonly createContext: (schema: ServedModel) => CreateContext;
}

export async function serveSchema(
  database: string,
  view: LinkedView,
  options: ServedSchemaOptions,
): Promise<ServedSchema> {
  const { development, limits, log, createContext, fingerprint, isPublic } = options;
  const { extensions, roles } = options;
  const { model, introspection } = view;
  const beginCode: ServedModel['beginCode'] =
    extensions.length === 0 ? undefined : (context) => beginRequestCode(context, log);
  const told = {
    fingerprint,
    isPublic,
    computed: NOTHING_COMPUTED,
    routes: routesFor(extensions, roles),
  };
  const foreign = new Map(
    Array.from(view.foreign, ([name, seen]) => [name, servedModel(name, seen, NO_FOREIGN, told)]),
  );
  const plain = servedModel(database, view, foreign, told);
  // A subgraph tells all of its schema.
  const isSubgraph = development || introspection;
  // Whatever is in an operation is named by its type, and no two databases share a name.
  const types = [plain, ...foreign.values()].flatMap((each) => [...each.model.types]);
  const whole = { ...model, types: new Map(types) };
  const generated = await createSchema(model, { isSubgraph, types: whole.types });
  const { schema, code } = extendedOrPlain(database, generated, view, options);
  const served = { ...plain, beginCode, computed: computedFields(schema, model, code) };
  const operations = new CompiledOperations({
    schema,
    code,
    model: whole,
    maxCost: limits.maxCost,
    planRoot: databasePlans(
      new Map<string, RootField>([
        ...subscriptionFields(model),
        ...SUBGRAPH_FIELDS,
        ...mutationFields(model),
      ]),
    ),
    formatError: (error, requestId) => formatOperationError(error, requestId, log),
  });
  const server = await startGraphQLServer({
    schema,
    operations,
    introspection: isSubgraph,
    development,
    limits,
    log,
    createContext: createContext(served),
  });
  const { answer, ...others } = server;
  return { ...served, ...others, graphql: answer };
}

/** What callers see without extensions, where what they may see of those is no schema. */
function extendedOrPlain(
  database: string,
  generated: GraphQLSchema,
  { model }: View,
  { extensions, roles, log }: ServedSchemaOptions,
): ExtendedSchema {
  try {
    return extendView(generated, model, extensions, roles);
  } catch (error) {
    log.error({ event: 'extensions left out for some roles', database, roles, error });
    return { schema: generated, code: undefined };
  }
}

const NO_FOREIGN: ServedModel['foreign'] = new Map();

function servedModel(
  database: string,
  { model, rules, claims }: View,
  foreign: ServedModel['foreign'],
  told: Pick<ServedModel, 'fingerprint' | 'isPublic' | 'computed' | 'routes'>,
): ServedModel {
  return {
    ...told,
    model,
    lists: new ListPlans(model, database, rules),
    encodeId: idEncoder(database),
    claimPaths: claims,
    foreign,
  };
}
