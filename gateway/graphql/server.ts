/** Apollo Server around a generated schema. */
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import type { Request, RequestHandler, Response } from 'express';
import type { FormattedExecutionResult, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { requestIdOf } from '../http/context.ts';
import type { RequestContext } from '../http/context.ts';
import { formatGraphQLError, toGraphQLError } from '../http/error-response.ts';
import type { Variables } from '../select/selection.ts';
import { answerOperation } from './answer-operation.ts';
import type { CompiledOperations } from './compiled-operations.ts';
import type { CompiledOperation } from './operation.ts';
import type { OperationLimits } from './validation-rules.ts';
import { validationRules } from './validation-rules.ts';
import type { Log } from '../../services/shared/log.ts';

/** What a request says of the operation that it wants, however it came. */
export interface OperationRequest {
  readonly query?: string | undefined;
  /** The id of a registered document in the place of `query`. */
  readonly documentId?: string | undefined;
  readonly operationName?: string | undefined;
  readonly variables?: Variables | undefined;
  readonly extensions?: Readonly<Record<string, unknown>> | undefined;
}

/** An operation that can be run with its variables, or why not. */
export type PreparedOperation =
  | {
      readonly kind: 'ready';
      readonly operation: CompiledOperation;
      readonly variables: Variables;
    }
  | { readonly kind: 'refused'; readonly errors: ReadonlyArray<GraphQLFormattedError> };

/** Stands in the place of a request's context where the operation is not to be run. */
interface Preparation {
  readonly requestId: string;
  /** Is given what would be run. */
  readonly prepared: (ready: PreparedOperation) => void;
}

type OperationContext = RequestContext | Preparation;

function isPreparation(context: OperationContext): context is Preparation {
  return 'prepared' in context;
}

export interface GraphQLServer {
  readonly answer: RequestHandler;
  /** What is done with an operation before it is run. */
  readonly prepare: (request: OperationRequest, requestId: string) => Promise<PreparedOperation>;
  readonly stop: () => Promise<void>;
}

export interface GraphQLServerOptions {
  readonly schema: GraphQLSchema;
  /** Where operations are kept that turned out to be valid. */
  readonly operations: CompiledOperations;
  readonly introspection: boolean;
  /** Suggestions are for developers only. */
  readonly development: boolean;
  readonly limits: OperationLimits;
  readonly log: Log;
  readonly createContext: (request: Request, response: Response) => Promise<RequestContext>;
}

export async function startGraphQLServer(options: GraphQLServerOptions): Promise<GraphQLServer> {
  const { schema, operations, introspection, development, limits, log, createContext } = options;
  const server = new ApolloServer<OperationContext>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !development,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    // A request says its document in full by now.
    persistedQueries: false,
    parseOptions: { maxTokens: limits.maxTokens },
    validationRules: [...validationRules(limits)],
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => formatGraphQLError(formatted, error, log),
    logger: apolloLogger(log),
    plugins: [ApolloServerPluginLandingPageDisabled(), answerPlugin(operations, log)],
  });
  await server.start();
  const answer = expressMiddleware(server, {
    context: async ({ req, res }) => {
      try {
        return await createContext(req, res);
      } catch (error) {
        throw toGraphQLError(error, requestIdOf(res), log);
      }
    },
  });
  const prepare: GraphQLServer['prepare'] = async (request, requestId) => {
    let ready: PreparedOperation | undefined;
    const prepared = (given: PreparedOperation): void => {
      ready = given;
    };
    const { query, ...others } = request;
    const given = { ...others, ...(query === undefined ? {} : { query }) } as { query: string };
    const contextValue = { requestId, prepared };
    const { body } = await server.executeOperation(given, { contextValue });
    if (ready !== undefined) return ready;
    const errors = body.kind === 'single' ? body.singleResult.errors : undefined;
    return { kind: 'refused', errors: errors ?? [] };
  };
  return { answer, prepare, stop: () => server.stop() };
}

/**
 * Valid operations are answered by what they are compiled to, the first time as ever after. An answer without one says what transaction it
 * speaks of, and which request its errors belong to.
 */
function answerPlugin(
  operations: CompiledOperations,
  log: Log,
): ApolloServerPlugin<OperationContext> {
  return {
    requestDidStart: async () => ({
      responseForOperation: async ({ request, source, document, operation, contextValue }) => {
        const compiled = operations.compile(source, request.operationName, document, operation);
        const variables = compiled.readVariables(request.variables ?? {});
        // GraphQL says what is wrong with them.
        if (variables === undefined) return null;
        if (isPreparation(contextValue)) {
          contextValue.prepared({ kind: 'ready', operation: compiled, variables });
          return { http: NO_HTTP, body: { kind: 'single', singleResult: {} } };
        }
        const { status, text } = await answerOperation(compiled, contextValue, variables, log);
        const singleResult = JSON.parse(text) as FormattedExecutionResult;
        return {
          http: { status, headers: new HeaderMap() },
          body: { kind: 'single', singleResult },
        };
      },
      willSendResponse: async ({ request, response, contextValue }) => {
        if (response.body.kind !== 'single') return;
        const { errors } = response.body.singleResult;
        if (isOfDocument(errors) && isLegacy(request.http?.headers.get('accept')))
          response.http.status = 200;
        const { singleResult } = response.body;
        if (singleResult.extensions?.['basisT'] !== undefined) return;
        const { requestId } = contextValue;
        if (!isPreparation(contextValue)) {
          const { basisTx } = contextValue;
          singleResult.extensions = { ...singleResult.extensions, basisT: String(basisTx) };
        }
        if (singleResult.errors !== undefined) {
          singleResult.errors = singleResult.errors.map((error) => ({
            ...error,
            extensions: { ...error.extensions, requestId },
          }));
        }
      },
    }),
  };
}

const REFUSALS: ReadonlySet<unknown> = new Set([
  'GRAPHQL_PARSE_FAILED',
  'GRAPHQL_VALIDATION_FAILED',
  'BAD_USER_INPUT',
]);

/** Whether a document was refused, or its variables. */
function isOfDocument(errors: FormattedExecutionResult['errors']): boolean {
  return errors?.every(({ extensions }) => REFUSALS.has(extensions?.['code'])) === true;
}

/** Clients that ask for `application/json` alone take another status for a failure of the server: the specification of GraphQL over HTTP asks for 200. */
function isLegacy(accept: string | undefined): boolean {
  return accept !== undefined && /^\s*application\/json\b[^,]*$/.test(accept);
}

const NO_HTTP = { headers: new HeaderMap() };

function apolloLogger(log: Log) {
  const tell =
    (level: 'error' | 'info' | 'debug') =>
    (message?: unknown): void =>
      log[level]({ event: 'apollo', message: String(message) });
  return { error: tell('error'), warn: tell('info'), info: tell('info'), debug: tell('debug') };
}
