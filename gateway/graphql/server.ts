/** Apollo Server around a generated schema. */
import { ApolloServer, HeaderMap } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { RequestHandler } from 'express';
import type { FormattedExecutionResult, GraphQLFormattedError, GraphQLSchema } from 'graphql';
import { requestIdOf } from '../http/context.ts';
import type { GatewayRequest, OperationContext, RequestContext } from '../http/context.ts';
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
export type PreparedOperation<C extends OperationContext = RequestContext> =
  | {
      readonly kind: 'ready';
      readonly operation: CompiledOperation<C>;
      readonly variables: Variables;
    }
  | { readonly kind: 'refused'; readonly errors: ReadonlyArray<GraphQLFormattedError> };

/** Stands in the place of a request's context where the operation is not to be run. */
interface Preparation<C extends OperationContext> {
  readonly requestId: string;
  /** Is given what would be run. */
  readonly prepared: (ready: PreparedOperation<C>) => void;
}

function isPreparation<C extends OperationContext>(
  context: C | Preparation<C>,
): context is Preparation<C> {
  return 'prepared' in context;
}

export interface GraphQLServer<C extends OperationContext = RequestContext> {
  readonly answer: RequestHandler;
  /** Those that were seen since the schema is served. */
  readonly operations: CompiledOperations<C>;
  readonly createContext: CreateContext<C>;
  /** What is done with an operation before it is run. */
  readonly prepare: (request: OperationRequest, requestId: string) => Promise<PreparedOperation<C>>;
  readonly stop: () => Promise<void>;
}

/** What answers from several databases, and knows when that is still the same. */
export interface Validating<C extends OperationContext> {
  /** Undefined where nobody knows. */
  readonly validator: (
    context: C,
    request: IncomingMessage,
    asked: {
      readonly operation: CompiledOperation<C>;
      readonly variables: Variables;
      readonly document: string;
    },
  ) => Promise<string | undefined>;
}

/** @throws BAD_USER_INPUT, BASIS_NOT_AVAILABLE */
export type CreateContext<C extends OperationContext = RequestContext> = (
  request: GatewayRequest,
  response: ServerResponse,
) => C | Promise<C>;

export interface GraphQLServerOptions<C extends OperationContext = RequestContext> {
  readonly schema: GraphQLSchema;
  /** Where operations are kept that turned out to be valid. */
  readonly operations: CompiledOperations<C>;
  readonly introspection: boolean;
  /** Suggestions are for developers only. */
  readonly development: boolean;
  readonly limits: OperationLimits;
  /** Where to send operations of kinds that the schema does not have; nowhere by default. */
  readonly elsewhere?: string;
  readonly log: Log;
  readonly createContext: CreateContext<C>;
}

export async function startGraphQLServer<C extends OperationContext>(
  options: GraphQLServerOptions<C>,
): Promise<GraphQLServer<C>> {
  const { schema, operations, introspection, development, limits, log, createContext } = options;
  const server = new ApolloServer<C | Preparation<C>>({
    schema,
    introspection,
    hideSchemaDetailsFromClientErrors: !development,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    // A request says its document in full by now.
    persistedQueries: false,
    parseOptions: { maxTokens: limits.maxTokens },
    validationRules: [...validationRules(limits, options.elsewhere)],
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
        throw toGraphQLError(error, requestIdOf(req), log);
      }
    },
  });
  const prepare: GraphQLServer<C>['prepare'] = async (request, requestId) => {
    let ready: PreparedOperation<C> | undefined;
    const prepared = (given: PreparedOperation<C>): void => {
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
  return { answer, operations, createContext, prepare, stop: () => server.stop() };
}

/**
 * Valid operations are answered by what they are compiled to, the first time as ever after. An answer without one says what transaction it
 * speaks of, and which request its errors belong to.
 */
function answerPlugin<C extends OperationContext>(
  operations: CompiledOperations<C>,
  log: Log,
): ApolloServerPlugin<C | Preparation<C>> {
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
        const basisTx = isPreparation(contextValue) ? undefined : contextValue.basisTx;
        if (basisTx !== undefined) {
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
