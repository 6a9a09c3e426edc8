/**
 * The Express app: order of middleware, then the routes.
 *
 *     /graphql            the default database        /graphql/:database
 *     /graphiql           the browser console         /graphiql/:database
 *     /v1/:database/...   REST                        /health
 */
import { randomUUID } from 'node:crypto';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, RequestHandler, Response } from 'express';
import { DatabaseError } from '../schema/error.ts';
import type { Model } from '../schema/model/model.ts';
import type { QueryLimits } from '../services/reader/reader.ts';
import type { Log } from '../services/shared/log.ts';
import { OnDemand } from '../services/shared/on-demand.ts';
import {
  MIN_T_HEADER,
  parseMinTx,
  requestLimits,
  REQUEST_ID_HEADER,
  requestIdOf,
} from './context.ts';
import type { RequestContext } from './context.ts';
import { toGraphQLBody, toProblem } from './error-response.ts';
import {
  GRAPHIQL_ASSETS,
  GRAPHIQL_ASSETS_PATH,
  GRAPHIQL_POLICY,
  graphiqlPage,
} from './graphiql.ts';
import { checkNesting } from './nesting.ts';
import { createRestRouter } from './rest-router.ts';
import { serveDatabase } from './served-database.ts';
import type { DatabaseSource, ServedDatabase, ServedDatabaseOptions } from './served-database.ts';

export interface AppOptions {
  readonly databases: DatabaseSource;
  /** The database of `/graphql`. */
  readonly defaultDatabase: string;
  /** For how long nobody must have asked for what is closed, and how many schemas may be ready; 300,000 ms and 1,000 by default. */
  readonly open?: { readonly idleMs: number; readonly maxOpen: number };
  /** Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** For each request `timeoutMs`, for each of its queries the others; those of the library where nothing is said, and no time limit. */
  readonly queryLimits?: QueryLimits;
  /** Introspection, suggestions and the browser console. */
  readonly development: boolean;
  readonly log: Log;
}

export interface App {
  readonly app: Express;
  /** Refuses new requests, waits for those under way, and lets go of the databases. The HTTP server is the caller's to close. */
  readonly stop: () => Promise<void>;
}

const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;
const DEFAULT_OPEN = { idleMs: 300_000, maxOpen: 1_000 };

/** An app that opens each database, and makes its schema, when the first request asks for it. */
export function createApp(options: AppOptions): App {
  const { log, development, bodyLimitBytes = DEFAULT_BODY_LIMIT_BYTES, queryLimits = {} } = options;
  const { databases } = options;
  const served = serveOnDemand(options);
  const requests = trackRequests();
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use(nameRequest, requests.middleware);
  app.get('/health', (_request, response) => {
    response.json(health(databases));
  });
  if (development) serveGraphiql(app, options.defaultDatabase);
  app.use(
    express.json({ limit: bodyLimitBytes, type: ['application/json', 'application/*+json'] }),
  );
  app.all(['/graphql', '/graphql/:database'], async (request, response, next) => {
    const name = databaseParameter(request) ?? options.defaultDatabase;
    // A request that carries no body, such as GET, has none for Apollo to read.
    request.body ??= {};
    const { query, variables } = request.body as { query?: unknown; variables?: unknown };
    checkNesting(query ?? request.query['query'], variables);
    const database = await heldForAnswer(served, name, response);
    return database.current.graphql(request, response, next);
  });
  app.use(
    '/v1',
    createRestRouter(async (request, response) => {
      const database = await heldForAnswer(served, databaseParameter(request) ?? '', response);
      return createContext(database, database.current.model, queryLimits, request, response);
    }),
  );
  app.use((request) => {
    throw new DatabaseError('NOT_FOUND', `There is nothing at ${request.method} ${request.path}`);
  });
  app.use(answerError(log));
  return {
    app,
    stop: async () => {
      await requests.drain();
      await served.close();
    },
  };
}

function serveOnDemand({
  databases,
  open = DEFAULT_OPEN,
  development,
  queryLimits = {},
  log,
}: AppOptions): OnDemand<ServedDatabase> {
  const options: ServedDatabaseOptions = {
    development,
    log,
    createContext: (owner, model) => (request, response) =>
      createContext(owner, model, queryLimits, request, response),
  };
  return new OnDemand({
    ...open,
    async open(name) {
      if (databases.has(name)) return serveDatabase(name, await databases.hold(name), options);
      const shown = name.slice(0, 60);
      throw new DatabaseError('DATABASE_NOT_FOUND', `There is no database '${shown}'`);
    },
    close: (database) => database.stop(),
    onFault: (error) => log.error({ event: 'database not closed', error }),
  });
}

/** The database of a request, open until the answer is sent or nobody waits for it any more. */
async function heldForAnswer(
  served: OnDemand<ServedDatabase>,
  name: string,
  response: Response,
): Promise<ServedDatabase> {
  const { value, release } = await served.hold(name);
  if (response.closed) release();
  else response.once('close', release);
  return value;
}

async function createContext(
  database: ServedDatabase,
  model: Model,
  queryLimits: QueryLimits,
  request: Request,
  response: Response,
): Promise<RequestContext> {
  const { name, reader, writer } = database;
  const limits = requestLimits(queryLimits, response);
  const minTx = parseMinTx(request.get(MIN_T_HEADER));
  const snapshot = await reader.snapshot({ minTx, limits });
  return {
    requestId: requestIdOf(response),
    database: name,
    model,
    reader,
    writer,
    snapshot,
    limits,
    basisTx: snapshot.basisTx,
  };
}

/** Of the databases that are open now. */
function health(databases: DatabaseSource): object {
  const basis = Array.from(databases.opened(), ([name, { reader }]) => [
    name,
    { basisTx: reader.current().basisTx },
  ]);
  return { status: 'ok', databases: Object.fromEntries(basis) };
}

/** Also on GET /graphql, for whoever opens the endpoint in a browser. */
function serveGraphiql(app: Express, defaultDatabase: string): void {
  app.use(
    GRAPHIQL_ASSETS_PATH,
    express.static(GRAPHIQL_ASSETS, { fallthrough: false, index: false }),
  );
  const page: RequestHandler = (request, response) => {
    const name = databaseParameter(request) ?? defaultDatabase;
    response
      .set('Content-Security-Policy', GRAPHIQL_POLICY)
      .type('html')
      .send(graphiqlPage(`/graphql/${encodeURIComponent(name)}`));
  };
  app.get(['/graphiql', '/graphiql/:database'], page);
  app.get(['/graphql', '/graphql/:database'], (request, response, next) => {
    const isPage = request.query['query'] === undefined && wantsHtml(request);
    return isPage ? page(request, response, next) : next();
  });
}

function wantsHtml(request: Request): boolean {
  return (
    request.accepts(['application/json', 'application/graphql-response+json', 'text/html']) ===
    'text/html'
  );
}

const nameRequest: RequestHandler = (request, response, next) => {
  const given = request.get(REQUEST_ID_HEADER);
  const id = given !== undefined && /^[\w.:-]{1,100}$/.test(given) ? given : randomUUID();
  response.set(REQUEST_ID_HEADER, id);
  next();
};

function databaseParameter(request: Request): string | undefined {
  const name = request.params['database'];
  return typeof name === 'string' ? name : undefined;
}

/** The one place where errors leave: in the shape of the interface that was asked. */
function answerError(log: Log): ErrorRequestHandler {
  return (error: unknown, request, response, next) => {
    if (response.headersSent) {
      next(error);
      return;
    }
    const requestId = requestIdOf(response);
    if (request.path === '/graphql' || request.path.startsWith('/graphql/')) {
      const { status, body } = toGraphQLBody(error, requestId, log);
      response.status(status).json(body);
      return;
    }
    const problem = toProblem(error, requestId, log);
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}

interface RequestTracker {
  readonly middleware: RequestHandler;
  readonly drain: () => Promise<void>;
}

/** Counts the requests under way, so that stopping can wait for them. */
function trackRequests(): RequestTracker {
  let underWay = 0;
  let whenIdle: (() => void) | undefined;
  return {
    middleware: (_request, response, next) => {
      if (whenIdle !== undefined) {
        response.status(503).set('Connection', 'close').set('Retry-After', '1').end();
        return;
      }
      underWay += 1;
      response.once('close', () => {
        underWay -= 1;
        if (underWay === 0) whenIdle?.();
      });
      next();
    },
    drain: () =>
      new Promise((resolve) => {
        whenIdle = resolve;
        if (underWay === 0) resolve();
      }),
  };
}
