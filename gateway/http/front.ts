/**
 * What every request meets first. A GraphQL request whose operation is compiled is answered here: nothing else looks at it. Any other goes on to
 * the Express app, with what was read of it.
 *
 *     request → name → body ─ compiled operation → answer
 *                   |    '── anything else ──────→ Express → Apollo | REST | pages
 *                   '── as a stream ─────────────→ live/event-stream
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage, RequestListener, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { QueryLimits } from '../../services/reader/reader.ts';
import type { Log } from '../../services/shared/log.ts';
import type { OnDemand } from '../../services/shared/on-demand.ts';
import type { OperationAnswer } from '../graphql/answer-operation.ts';
import { answerOperation, refusal } from '../graphql/answer-operation.ts';
import type { CompiledOperation } from '../graphql/operation.ts';
import type { Authenticate } from '../access/authenticate.ts';
import type { EventStreams } from '../live/event-stream.ts';
import { wantsEventStream } from '../live/event-stream.ts';
import type { WebSockets } from '../live/web-socket.ts';
import { refuseUpgrade } from '../live/web-socket.ts';
import type { ServedDatabase } from '../served-database.ts';
import { isPlainJson, parseJson, readAll } from './body.ts';
import type { GatewayRequest, RequestContext } from './context.ts';
import { createContext, requestIdOf, REQUEST_ID_HEADER } from './context.ts';
import { checkNesting } from './nesting.ts';

export interface FrontOptions {
  readonly served: OnDemand<ServedDatabase>;
  readonly defaultDatabase: string;
  readonly bodyLimitBytes: number;
  readonly queryLimits: QueryLimits;
  readonly log: Log;
  readonly authenticate: Authenticate;
  readonly streams: EventStreams;
  readonly sockets: WebSockets;
  /** Answers what is not answered here. */
  readonly app: RequestListener;
}

export type UpgradeListener = (request: IncomingMessage, socket: Duplex, head: Buffer) => void;

export interface Front {
  readonly listener: RequestListener;
  /** Takes requests to speak another protocol. */
  readonly upgrade: UpgradeListener;
  /** Refuses new requests, ends what is streamed, and waits for those under way. */
  readonly drain: () => Promise<void>;
}

export function createFront(options: FrontOptions): Front {
  const { app, bodyLimitBytes, streams, sockets, defaultDatabase } = options;
  const requests = new RequestCount();
  const listener: RequestListener = (request: GatewayRequest, response) => {
    nameRequest(request, response);
    if (!requests.begin(response)) return;
    const database = databaseOfGraphQL(request);
    const isStream = database !== undefined && wantsEventStream(request.headers.accept);
    const isPlain =
      database !== undefined && request.method === 'POST' && isPlainJson(request, bodyLimitBytes);
    if (isStream) void streams.answer(request, response, database || defaultDatabase);
    else if (isPlain) void answer(options, request, response, database);
    else if (isOfDatabases(request)) void admit(options, request, response);
    else void app(request, response);
  };
  const upgrade: UpgradeListener = (request, socket, head) => {
    const database = databaseOfGraphQL(request);
    // A socket that breaks before it is taken over.
    socket.on('error', () => socket.destroy());
    if (requests.isDraining) refuseUpgrade(socket, '503 Service Unavailable');
    else if (database === undefined) refuseUpgrade(socket, '404 Not Found');
    else sockets.accept(request, socket, head, database || defaultDatabase);
  };
  const drain = async (): Promise<void> => {
    const drained = requests.drain();
    streams.close();
    await Promise.all([drained, sockets.close()]);
  };
  return { listener, upgrade, drain };
}

/** Undefined where the request is none for an operation; the name is empty for the default database. */
function databaseOfGraphQL({ method, url = '' }: IncomingMessage): string | undefined {
  if ((method !== 'POST' && method !== 'GET') || !url.startsWith('/graphql')) return undefined;
  if (url === '/graphql') return '';
  return /^\/graphql(?:\/([\w.-]+))?(?:\?|$)/.exec(url)?.slice(1).join('');
}

async function answer(
  options: FrontOptions,
  request: GatewayRequest,
  response: ServerResponse,
  database: string,
): Promise<void> {
  const { app, served, defaultDatabase, authenticate } = options;
  try {
    const body = readAll(request);
    // It may fail before it is waited for, while it is found out who asks.
    body.catch(() => undefined);
    const principal = await Promise.resolve(authenticate(request.headers.authorization));
    request.principal = principal;
    request.body = parseJson(await body);
    const asked = askedIn(request);
    if (asked !== undefined) {
      checkNesting(undefined, asked.variables);
      const { value, release } = await served.hold(database === '' ? defaultDatabase : database);
      response.once('close', release);
      const schema = await value.schemaFor(principal);
      const operation = schema.operations.get(asked.query, asked.operationName);
      const variables = operation?.readVariables(asked.variables);
      if (operation !== undefined && variables !== undefined) {
        const context = () => createContext(value, schema, options.queryLimits, request, response);
        await answerCompiled(options, response, operation, variables, asked.type, context);
        return;
      }
    }
  } catch (error) {
    request.fault = error;
  }
  void app(request, response);
}

/** Whether the address is one of a database, so that the caller has to be known. */
function isOfDatabases({ url = '' }: IncomingMessage): boolean {
  return /^\/(graphql|v1)([/?]|$)/.test(url);
}

/** Finds out who sends a request, and hands it on. */
async function admit(
  { app, authenticate }: FrontOptions,
  request: GatewayRequest,
  response: ServerResponse,
): Promise<void> {
  try {
    request.principal = await authenticate(request.headers.authorization);
  } catch (error) {
    request.fault = error;
  }
  void app(request, response);
}

interface Asked {
  readonly query: string;
  readonly operationName: string | undefined;
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of the answer. */
  readonly type: string;
}

/** What a request asks, where that is plain: everything that needs a closer look is undefined. */
function askedIn({ body, headers }: GatewayRequest): Asked | undefined {
  const type = answerType(headers.accept);
  if (type === undefined || !isObject(body)) return undefined;
  const { query, operationName, variables, extensions } = body;
  if (typeof query !== 'string' || (extensions !== undefined && extensions !== null))
    return undefined;
  if (!isAbsent(operationName) && typeof operationName !== 'string') return undefined;
  if (!isAbsent(variables) && !isObject(variables)) return undefined;
  return { query, operationName: operationName ?? undefined, variables: variables ?? {}, type };
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** The media type of the answer for the usual ways to ask for one; undefined where it has to be negotiated. */
function answerType(accept: string | undefined): string | undefined {
  switch (accept) {
    case undefined:
    case '*/*':
    case 'application/json':
      return 'application/json; charset=utf-8';
    case 'application/graphql-response+json':
      return 'application/graphql-response+json; charset=utf-8';
    default:
      return undefined;
  }
}

async function answerCompiled(
  { log }: FrontOptions,
  response: ServerResponse,
  operation: CompiledOperation,
  variables: Readonly<Record<string, unknown>>,
  type: string,
  createContextNow: () => Promise<RequestContext>,
): Promise<void> {
  let answered: OperationAnswer;
  try {
    answered = await answerOperation(operation, await createContextNow(), variables, log);
  } catch (error) {
    answered = refusal(error, requestIdOf(response), log);
  }
  const { status, text } = answered;
  response.writeHead(status, {
    'cache-control': 'no-store',
    'content-type': type,
    'content-length': Buffer.byteLength(text),
  });
  response.end(text);
}

function nameRequest({ headers }: IncomingMessage, response: ServerResponse): void {
  const given = headers[REQUEST_ID_HEADER];
  const isGiven = typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given);
  response.setHeader(REQUEST_ID_HEADER, isGiven ? given : randomUUID());
}

/** The requests under way, so that stopping can wait for them. */
class RequestCount {
  #underWay = 0;
  #whenIdle: (() => void) | undefined;
  readonly #end = (): void => {
    this.#underWay--;
    if (this.#underWay === 0) this.#whenIdle?.();
  };

  get isDraining(): boolean {
    return this.#whenIdle !== undefined;
  }

  /** False where no more are taken, which was said then. */
  begin(response: ServerResponse): boolean {
    if (this.isDraining) {
      response.writeHead(503, { connection: 'close', 'retry-after': '1' }).end();
      return false;
    }
    this.#underWay++;
    response.once('close', this.#end);
    return true;
  }

  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
      if (this.#underWay === 0) resolve();
    });
  }
}
