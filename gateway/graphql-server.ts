/** Apollo Server around a generated schema. */
import { ApolloServer } from '@apollo/server';
import type { ApolloServerPlugin } from '@apollo/server';
import { ApolloServerPluginLandingPageDisabled } from '@apollo/server/plugin/disabled';
import { expressMiddleware } from '@as-integrations/express5';
import type { Request, RequestHandler, Response } from 'express';
import type { GraphQLSchema } from 'graphql';
import { requestIdOf } from './context.ts';
import type { RequestContext } from './context.ts';
import { formatGraphQLError, toGraphQLError } from './error-response.ts';
import type { Log } from '../services/shared/log.ts';

const MAX_TOKENS = 5000;

export interface GraphQLServer {
  readonly answer: RequestHandler;
  readonly stop: () => Promise<void>;
}

export interface GraphQLServerOptions {
  readonly schema: GraphQLSchema;
  /** Introspection and suggestions are for developers only. */
  readonly development: boolean;
  readonly log: Log;
  readonly createContext: (request: Request, response: Response) => Promise<RequestContext>;
}

export async function startGraphQLServer(options: GraphQLServerOptions): Promise<GraphQLServer> {
  const { schema, development, log, createContext } = options;
  const server = new ApolloServer<RequestContext>({
    schema,
    introspection: development,
    hideSchemaDetailsFromClientErrors: !development,
    includeStacktraceInErrorResponses: false,
    csrfPrevention: true,
    // Bounds how deep a document can nest before anything of it is visited.
    parseOptions: { maxTokens: MAX_TOKENS },
    stopOnTerminationSignals: false,
    formatError: (formatted, error) => formatGraphQLError(formatted, error, log),
    logger: apolloLogger(log),
    plugins: [ApolloServerPluginLandingPageDisabled(), answerExtensions],
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
  return { answer, stop: () => server.stop() };
}

/** Says what transaction the answer speaks of, and which request an error belongs to. */
const answerExtensions: ApolloServerPlugin<RequestContext> = {
  requestDidStart: async () => ({
    willSendResponse: async ({ response, contextValue }) => {
      if (response.body.kind !== 'single') return;
      const { singleResult } = response.body;
      const { basisTx, requestId } = contextValue;
      singleResult.extensions = { ...singleResult.extensions, basisT: String(basisTx) };
      if (singleResult.errors !== undefined) {
        singleResult.errors = singleResult.errors.map((error) => ({
          ...error,
          extensions: { ...error.extensions, requestId },
        }));
      }
    },
  }),
};

function apolloLogger(log: Log) {
  const tell =
    (level: 'error' | 'info' | 'debug') =>
    (message?: unknown): void =>
      log[level]({ event: 'apollo', message: String(message) });
  return { error: tell('error'), warn: tell('info'), info: tell('info'), debug: tell('debug') };
}
