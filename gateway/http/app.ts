/**
 * The Express app: order of middleware, then the routes.
 *
 *     /graphql            the default database        /graphql/:database
 *     /graphiql           the browser console         /graphiql/:database
 *     /v1/:database/...   REST                        /health
 */
import type { RequestListener } from 'node:http';
import express from 'express';
import type { ErrorRequestHandler, Express, Request, Response } from 'express';
import type { AccessConfig } from '../../schema/access.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { ModelConfig } from '../../schema/model/model.ts';
import type { QueryLimits } from '../../services/reader/reader.ts';
import type { Log } from '../../services/shared/log.ts';
import { OnDemand } from '../../services/shared/on-demand.ts';
import { createAuthenticator } from '../access/authenticate.ts';
import type { Principal } from '../access/principal.ts';
import type { Extension } from '../extend/extension.ts';
import { checkExtensions } from '../extend/check-extensions.ts';
import { parseExtension } from '../extend/parse-extension.ts';
import type { ParsedExtension } from '../extend/parse-extension.ts';
import { Documents, namesDocument } from '../graphql/documents.ts';
import type { DocumentsOptions } from '../graphql/documents.ts';
import type { OperationLimits } from '../graphql/validation-rules.ts';
import { DEFAULT_OPERATION_LIMITS } from '../graphql/validation-rules.ts';
import type { CallerLimits } from './caller.ts';
import { Callers, DEFAULT_CALLER_LIMITS } from './caller.ts';
import { checkBodyType, checkJson } from './body.ts';
import type { GatewayRequest } from './context.ts';
import { createContext, createSetContext, requestIdOf } from './context.ts';
import { toGraphQLBody, toProblem } from './error-response.ts';
import { answerRoutes, EXTENSION_ROUTES } from './extension-routes.ts';
import type { ExtensionRouteOptions } from './extension-routes.ts';
import type { HoldReader } from './foreign-databases.ts';
import { createFront } from './front.ts';
import type { UpgradeListener } from './front.ts';
import { checkDocumentNesting, checkValueNesting } from './nesting.ts';
import type { OperationMembers } from './operation-request.ts';
import { operationInUrl } from './operation-request.ts';
import { servePages } from './pages.ts';
import { EventStreams } from '../live/event-stream.ts';
import type { EventStreamOptions } from '../live/event-stream.ts';
import type { LiveHost } from '../live/open-operation.ts';
import { WebSockets } from '../live/web-socket.ts';
import type { WebSocketOptions } from '../live/web-socket.ts';
import { KnownModels } from '../known-models.ts';
import { createRestRouter, createSetRouter } from '../rest/router.ts';
import type { RestOptions } from '../rest/router.ts';
import { serveDatabase } from '../served-database.ts';
import type { DatabaseSets } from '../sets/database-sets.ts';
import { checkSets } from '../sets/database-sets.ts';
import type { ServedSetOptions } from '../sets/served-set.ts';
import { ServedSet } from '../sets/served-set.ts';
import type { DatabaseSource, ServedDatabase, ServedDatabaseOptions } from '../served-database.ts';

type LiveOptions = Omit<EventStreamOptions & WebSocketOptions, keyof LiveHost | 'origins'>;

export interface AppOptions {
  readonly databases: DatabaseSource;
  /** What tells of new transactions: where that is not connected, `/health` says so. Left out where nothing has to be told. */
  readonly bus?: { readonly isConnected: boolean };
  /** The database of `/graphql`. */
  readonly defaultDatabase: string;
  /** For how long nobody must have asked for what is closed, and how many schemas may be ready; 300,000 ms and 1,000 by default. */
  readonly open?: { readonly idleMs: number; readonly maxOpen: number };
  /** Default 1 MiB. */
  readonly bodyLimitBytes?: number;
  /** For each request `timeoutMs`, for each of its queries the others; those of the library where nothing is said, and no time limit. */
  readonly queryLimits?: QueryLimits;
  /** Whether REST changes an entity only for callers that say of which version; false by default. */
  readonly requireIfMatch?: boolean;
  /** Introspection, suggestions and the browser console. */
  readonly development: boolean;
  /** Whether what is served for the first time is written down in the database, so that it stays so; true by default. */
  readonly locksSchema?: boolean;
  /** Who may do what; by default everybody everything. */
  readonly access?: AccessConfig | undefined;
  /** How a database is shown other than its attributes say; by default not at all. */
  readonly modelConfigOf?: (database: string) => ModelConfig;
  /** The operations of applications, and whether there are no others; by default there are none, and any may be sent. */
  readonly operations?: DocumentsOptions;
  /** What one caller may ask for; by default anything, and 1,000 streams. */
  readonly callers?: Partial<CallerLimits>;
  /** Of web pages elsewhere that may ask; none by default, `*` is all of them, without credentials. */
  readonly origins?: ReadonlyArray<string>;
  /** Default 16 KiB. */
  readonly maxUrlBytes?: number;
  /** What one operation may hold and ask for; what is not said is as by default. */
  readonly limits?: Partial<OperationLimits>;
  /** Databases that are asked together, by the names of the sets; none by default. */
  readonly sets?: DatabaseSets;
  /** Code of users; none by default. */
  readonly extensions?: ReadonlyArray<Extension>;
  /** How streams are kept, and who may open them. */
  readonly live?: LiveOptions;
  readonly log: Log;
}

export interface App {
  readonly app: RequestListener;
  /** Of the server's `upgrade` event: without it there are no WebSockets. */
  readonly upgrade: UpgradeListener;
  /**
   * Opens the databases that extensions name, the default one where they name none, and looks whether they fit. One that cannot be opened, or has no
   * attributes yet, is looked at when it is served.
   *
   * @throws BAD_CONFIG where one does not
   */
  readonly checkExtensions: () => Promise<void>;
  /** Refuses new requests, ends what is streamed, waits for those under way, and lets go of the databases. The HTTP server is the caller's to close. */
  readonly stop: () => Promise<void>;
}

const DEFAULT_BODY_LIMIT_BYTES = 1024 * 1024;
const DEFAULT_MAX_URL_BYTES = 16 * 1024;
const DEFAULT_OPEN = { idleMs: 300_000, maxOpen: 1_000 };

/** An app that opens each database, and makes its schema, when the first request asks for it. @throws BAD_CONFIG where an extension is none */
export function createApp(options: AppOptions): App {
  const { log, development, bodyLimitBytes = DEFAULT_BODY_LIMIT_BYTES, queryLimits = {} } = options;
  const { databases, defaultDatabase, access, live = {} } = options;
  const { origins = [], maxUrlBytes = DEFAULT_MAX_URL_BYTES } = options;
  const documents = new Documents(options.operations);
  const callers = new Callers({ ...DEFAULT_CALLER_LIMITS, ...options.callers });
  const extensions = (options.extensions ?? []).map(parseExtension);
  const opened = serveOnDemand(options, extensions);
  const { served } = opened;
  const sets = serveSets(options, opened);
  const stopping = new AbortController();
  const app = express();
  app.disable('x-powered-by');
  app.set('etag', false);
  app.use((request: GatewayRequest, _response, next) => next(request.fault));
  app.get('/health', (_request, response) => {
    response.json(health(databases, options.bus));
  });
  servePages(app, { defaultDatabase, development });
  app.use((request, _response, next) => {
    checkBodyType(request);
    next();
  });
  app.use(
    express.json({
      limit: bodyLimitBytes,
      type: ['application/json', 'application/*+json'],
      verify: (_request, _response, bytes) => checkJson(bytes),
    }),
  );
  const { signal } = stopping;
  const shown = { served, sets, documents, extensions };
  answerOfDatabases(app, { ...options, ...shown, callers, stopping: signal });
  app.use((request) => {
    throw new DatabaseError('NOT_FOUND', `There is nothing at ${request.method} ${request.path}`);
  });
  app.use(answerError(log));
  const authenticate = createAuthenticator(access);
  const shared = { served, defaultDatabase, bodyLimitBytes, queryLimits, documents, log };
  const host = { ...shared, authenticate, callers, origins };
  const streams = new EventStreams({ ...host, ...live });
  const sockets = new WebSockets({ ...host, ...live });
  const front = createFront({ ...host, sets, maxUrlBytes, streams, sockets, app });
  return {
    app: front.listener,
    upgrade: front.upgrade,
    checkExtensions: () => checkExtensions(served, extensions, options),
    stop: async () => {
      stopping.abort();
      await front.drain();
      await Promise.all(Array.from(sets.values(), (set) => set.stop()));
      await served.close();
    },
  };
}

interface DatabaseHandlers extends Pick<
  AppOptions,
  'defaultDatabase' | 'queryLimits' | 'access' | 'requireIfMatch' | 'limits' | 'live' | 'log'
> {
  readonly callers: Callers;
  /** Given when the gateway stops. */
  readonly stopping: AbortSignal;
  readonly served: OnDemand<ServedDatabase>;
  readonly sets: ReadonlyMap<string, ServedSet>;
  readonly documents: Documents;
  readonly extensions: ReadonlyArray<ParsedExtension>;
}

/** GraphQL, what extensions answer, and REST. */
function answerOfDatabases(app: Express, options: DatabaseHandlers): void {
  const { served, sets, documents, extensions, access, callers, stopping, log } = options;
  const { defaultDatabase, queryLimits = {}, requireIfMatch = false, live, limits } = options;
  const find: ExtensionRouteOptions['find'] = async (request, name, response) => {
    const database = await heldForAnswer(served, name, response);
    return { database, schema: await database.schemaFor(principalOf(request)) };
  };
  app.all(['/graphql', '/graphql/:database'], async (request, response, next) => {
    const name = databaseParameter(request) ?? defaultDatabase;
    // A request that carries no body, such as GET, has none for Apollo to read.
    request.body ??= {};
    sayInFull(request, documents);
    const { query, variables } = request.body as { query?: unknown; variables?: unknown };
    checkDocumentNesting(query ?? request.query['query']);
    checkValueNesting(variables);
    const set = sets.get(name);
    const schema =
      set === undefined
        ? (await find(request, name, response)).schema
        : await set.schemaFor(principalOf(request));
    return schema.graphql(request, response, next);
  });
  const rest: RestOptions = {
    isGuarded: access !== undefined,
    requireIfMatch,
    maxCost: limits?.maxCost ?? DEFAULT_OPERATION_LIMITS.maxCost,
    callers,
    stopping,
    patienceMs: live?.patienceMs,
    log,
    sets,
    createContext: async (request, response) => {
      const { database, schema } = await find(request, databaseParameter(request) ?? '', response);
      return createContext(database, schema, queryLimits, request, response);
    },
    createSetContext: async (request, response) => {
      const name = databaseParameter(request) ?? '';
      const schema = await sets.get(name)?.schemaFor(principalOf(request));
      if (schema === undefined) throw new Error(`Expected ${name} to be a set`);
      const context = await schema.createContext(request, response);
      return { ...context, name, set: schema.view };
    },
  };
  if (sets.size > 0) app.use('/v1', createSetRouter(rest));
  if (extensions.some(({ routes }) => routes.length > 0))
    app.all(
      EXTENSION_ROUTES,
      answerRoutes({
        find,
        createContext: (database, schema, request, response) =>
          createContext(database, schema, queryLimits, request, response),
      }),
    );
  app.use('/v1', createRestRouter(rest));
}

interface OnDemandDatabases {
  readonly served: OnDemand<ServedDatabase>;
  readonly known: KnownModels;
}

function serveOnDemand(
  {
    databases,
    open = DEFAULT_OPEN,
    development,
    queryLimits = {},
    locksSchema = true,
    limits = {},
    access,
    modelConfigOf = () => ({}),
    log,
  }: AppOptions,
  extensions: ReadonlyArray<ParsedExtension>,
): OnDemandDatabases {
  const common: Omit<ServedDatabaseOptions, 'others' | 'known'> = {
    extensions,
    development,
    access,
    modelConfigOf,
    locksSchema,
    limits: { ...DEFAULT_OPERATION_LIMITS, ...limits },
    log,
    createContext: (owner, schema) => (request, response) =>
      createContext(owner, schema, queryLimits, request, response),
  };
  const served: OnDemand<ServedDatabase> = new OnDemand({
    ...open,
    async open(name) {
      if (databases.has(name))
        return serveDatabase(name, await databases.hold(name), {
          ...common,
          others: served,
          known,
        });
      const shown = name.slice(0, 60);
      throw new DatabaseError('DATABASE_NOT_FOUND', `There is no database '${shown}'`);
    },
    close: (database) => database.stop(),
    onFault: (error) => log.error({ event: 'database not closed', error }),
  });
  const known = new KnownModels(served, log);
  return { served, known };
}

/** The sets of databases, by their names. */
function serveSets(
  { sets = {}, databases, development, queryLimits = {}, limits, access, log }: AppOptions,
  { served, known }: OnDemandDatabases,
): ReadonlyMap<string, ServedSet> {
  checkSets(sets, databases);
  const hold: HoldReader = (name) => served.hold(name);
  const options: ServedSetOptions = {
    databases,
    known,
    access,
    development,
    limits: { ...DEFAULT_OPERATION_LIMITS, ...limits },
    log,
    createContext: (models) => async (request, response) =>
      createSetContext(hold, models, queryLimits, request, response),
  };
  const entries = Object.entries(sets);
  return new Map(entries.map(([name, all]) => [name, new ServedSet(name, all, options)]));
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

/** Puts the document that a request names where Apollo looks for it. @throws BAD_USER_INPUT, FORBIDDEN, PERSISTED_QUERY_NOT_FOUND */
function sayInFull(request: Request, documents: Documents): void {
  const isInUrl = request.method !== 'POST';
  const members = (isInUrl ? operationInUrl(request) : request.body) as OperationMembers;
  const query = documents.textFor(members);
  if (query === undefined || !namesDocument(members)) return;
  if (!isInUrl) {
    request.body = { ...members, query, extensions: null };
    return;
  }
  const url = new URL(request.url, 'http://localhost');
  url.searchParams.set('query', query);
  url.searchParams.delete('extensions');
  request.url = `${url.pathname}${url.search}`;
}

/** Of the databases that are open now. Without its bus a gateway answers as ever, and hears of new transactions somewhat later. */
function health(databases: DatabaseSource, bus = { isConnected: true }): object {
  const basis = Array.from(databases.opened(), ([name, { reader }]) => [
    name,
    { basisTx: reader.current().basisTx },
  ]);
  return {
    ...(bus.isConnected ? { status: 'ok' } : { status: 'degraded', bus: 'not connected' }),
    databases: Object.fromEntries(basis),
  };
}

/** Whom the front found to have sent the request. */
function principalOf({ principal }: GatewayRequest): Principal {
  if (principal === undefined) throw new Error('Expected the front to know who asks');
  return principal;
}

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
    const requestId = requestIdOf(request);
    response.set('Cache-Control', 'no-store');
    if (error instanceof DatabaseError && error.httpStatus === 401)
      response.set('WWW-Authenticate', 'Bearer');
    if (request.path === '/graphql' || request.path.startsWith('/graphql/')) {
      const { status, body } = toGraphQLBody(error, requestId, log);
      response.status(status).json(body);
      return;
    }
    const problem = toProblem(error, requestId, log);
    response.status(problem.status).type('application/problem+json').send(JSON.stringify(problem));
  };
}
