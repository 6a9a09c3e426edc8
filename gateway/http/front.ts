/**
 * What every request meets first. A GraphQL request whose operation is compiled is answered here: nothing else looks at it. Any other goes on to
 * the Express app, with what was read of it.
 *
 *     request → name → body ─ compiled operation → answer
 *                   |    '── anything else ──────→ Express → Apollo | REST | pages
 *                   '── as a stream ─────────────→ live/event-stream
 */
import { randomBytes } from 'node:crypto';
import type { IncomingMessage, RequestListener } from 'node:http';
import type { Duplex } from 'node:stream';
import { OperationTypeNode } from 'graphql';
import type { Log } from '../../services/shared/log.ts';
import type { OnDemand } from '../../services/shared/on-demand.ts';
import type { OperationAnswer } from '../graphql/answer-operation.ts';
import { answerOperation, refusal } from '../graphql/answer-operation.ts';
import type { Documents } from '../graphql/documents.ts';
import type { CompiledOperation } from '../graphql/operation.ts';
import type { GraphQLServer, Validating } from '../graphql/server.ts';
import type { Variables } from '../select/selection.ts';
import { DatabaseError } from '../../schema/error.ts';
import type { Authenticate } from '../access/authenticate.ts';
import { authorizationOf } from '../access/authenticate.ts';
import type { Principal } from '../access/principal.ts';
import type { EventStreams } from '../live/event-stream.ts';
import { wantsEventStream } from '../live/event-stream.ts';
import type { WebSockets } from '../live/web-socket.ts';
import { refuseUpgrade } from '../live/web-socket.ts';
import type { ServedDatabase } from '../served-database.ts';
import type { ServedSet } from '../sets/served-set.ts';
import { isPlainJson, parseBody, readAll } from './body.ts';
import { cacheControl, hasTag, setCacheHeaders, validatorOf } from './caching.ts';
import type { Callers } from './caller.ts';
import { onceClosed } from './caller.ts';
import { answerOrigin } from './cors.ts';
import type { GatewayRequest, OperationContext } from './context.ts';
import { isOfOneDatabase, requestIdOf, REQUEST_ID_HEADER } from './context.ts';
import { Head } from './head.ts';
import { checkDocumentNesting, checkValueNesting } from './nesting.ts';
import type { Asked } from './operation-request.ts';
import { askedIn, askedInUrl } from './operation-request.ts';
import { endTogether } from './together.ts';

export interface FrontOptions {
  readonly served: OnDemand<ServedDatabase>;
  readonly defaultDatabase: string;
  readonly sets: ReadonlyMap<string, ServedSet>;
  readonly bodyLimitBytes: number;
  readonly log: Log;
  readonly documents: Documents;
  readonly callers: Callers;
  /** Of web pages elsewhere that may ask; `*` is all of them. */
  readonly origins: ReadonlyArray<string>;
  readonly maxUrlBytes: number;
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
  const { app, bodyLimitBytes, streams, sockets, defaultDatabase, sets } = options;
  const { origins, maxUrlBytes } = options;
  const requests = new RequestCount();
  const listener: RequestListener = (request: GatewayRequest, response) => {
    const head = new Head(response);
    nameRequest(request, head);
    if (!requests.begin(head)) return;
    if (answerOrigin(origins, request, head)) return;
    if ((request.url?.length ?? 0) > maxUrlBytes) {
      request.fault = urlTooLong(maxUrlBytes);
      return void app(request, head.handOver());
    }
    const database = databaseOfGraphQL(request);
    // A set of databases is asked and not followed.
    const isStream =
      database !== undefined && !sets.has(database) && wantsEventStream(request.headers.accept);
    const isPlain =
      database !== undefined && (request.method !== 'POST' || isPlainJson(request, bodyLimitBytes));
    if (isStream) void streams.answer(request, head.handOver(), database || defaultDatabase);
    else if (isPlain) void answer(options, request, head, database);
    else if (isOfDatabases(request)) void admit(options, request, head);
    else void app(request, head.handOver());
  };
  const upgrade: UpgradeListener = (request, socket, head) => {
    const database = databaseOfGraphQL(request);
    // A socket that breaks before it is taken over.
    socket.on('error', () => socket.destroy());
    if (requests.isDraining) refuseUpgrade(socket, '503 Service Unavailable');
    else if (database === undefined || sets.has(database)) refuseUpgrade(socket, '404 Not Found');
    else sockets.accept(request, socket, head, database || defaultDatabase);
  };
  const drain = async (): Promise<void> => {
    const drained = requests.drain();
    streams.close();
    await Promise.all([drained, sockets.close()]);
  };
  return { listener, upgrade, drain };
}

function urlTooLong(maxUrlBytes: number): DatabaseError {
  return new DatabaseError(
    'URL_TOO_LONG',
    `Expected an address of at most ${maxUrlBytes} bytes; send what is asked in a body`,
  );
}

/** Undefined where the request is none for an operation; the name is empty for the default database. */
function databaseOfGraphQL({ method, url = '' }: IncomingMessage): string | undefined {
  const isAsked = method === 'POST' || method === 'GET' || method === 'HEAD';
  if (!isAsked || !url.startsWith('/graphql')) return undefined;
  if (url === '/graphql') return '';
  return /^\/graphql(?:\/([\w.-]+))?(?:\?|$)/.exec(url)?.slice(1).join('');
}

/**
 * Answers an operation that is compiled, or can be; what cannot, Express and Apollo refuse. Its steps have what they need at once, as a rule: so it waits
 * for the body, for what is read, and else only where there is something to wait for.
 */
async function answer(
  options: FrontOptions,
  request: GatewayRequest,
  head: Head,
  database: string,
): Promise<void> {
  const { app, served, sets, defaultDatabase, documents } = options;
  const isRead = request.method !== 'POST';
  try {
    const identified = identify(options, request, head);
    const principal = identified instanceof Promise ? await identified : identified;
    if (!isRead) request.body = await parseBody(await readAll(request));
    const asked = isRead
      ? askedInUrl(request, documents)
      : askedIn(request, request.body, documents);
    if (asked !== undefined) {
      checkValueNesting(asked.variables);
      const set = sets.get(database);
      if (set !== undefined) {
        const schema = await set.schemaFor(principal);
        if (await answerBy(options, request, head, schema, asked)) return;
      } else {
        const holding = served.hold(database === '' ? defaultDatabase : database);
        const { value, release } = holding instanceof Promise ? await holding : holding;
        onceClosed(head.response, release);
        const seen = value.schemaFor(principal);
        const schema = seen instanceof Promise ? await seen : seen;
        if (await answerBy(options, request, head, schema, asked)) return;
      }
    }
  } catch (error) {
    request.fault = error;
  }
  void app(request, head.handOver());
}

type AnsweringSchema<C extends OperationContext> = Pick<
  GraphQLServer<C>,
  'operations' | 'prepare' | 'createContext'
> &
  Partial<Validating<C>>;

/** Whether what is asked could be run, and so was answered. */
async function answerBy<C extends OperationContext>(
  { log }: FrontOptions,
  request: GatewayRequest,
  head: Head,
  schema: AnsweringSchema<C>,
  asked: Asked,
): Promise<boolean> {
  const preparing = prepare(schema, asked, request);
  const prepared = preparing instanceof Promise ? await preparing : preparing;
  if (prepared === undefined) return false;
  let answered: OperationAnswer;
  try {
    const creating = schema.createContext(request, head.response);
    const context = creating instanceof Promise ? await creating : creating;
    const { operation, variables } = prepared;
    const keep =
      request.method === 'POST'
        ? undefined
        : await keeping(request, head, context, schema, asked, prepared);
    if (keep?.isKnown === true) {
      keep.setHeaders();
      head.begin(304).end();
      return true;
    }
    answered = await answerOperation(operation, context, variables, log);
    if (!answered.hasErrors) keep?.setHeaders();
  } catch (error) {
    answered = refusal(error, requestIdOf(request), log);
  }
  send(head, asked.type, answered);
  return true;
}

/** The operation that is asked for; undefined where it is not known yet, or not to be run. What is read is prepared now, so that all of its answers are alike. */
function prepare<C extends OperationContext>(
  schema: AnsweringSchema<C>,
  { query, operationName, variables: given }: Asked,
  request: GatewayRequest,
): Prepared<C> | undefined | Promise<Prepared<C> | undefined> {
  const isRead = request.method !== 'POST';
  const isReady = (operation: CompiledOperation<C>): boolean =>
    !isRead || operation.type === OperationTypeNode.QUERY;
  const operation = schema.operations.get(query, operationName);
  const variables = operation?.readVariables(given);
  if (operation !== undefined && variables !== undefined)
    return isReady(operation) ? { operation, variables } : undefined;
  if (!isRead || operation !== undefined) return undefined;
  checkDocumentNesting(query);
  const preparing = schema.prepare(
    { query, operationName, variables: given },
    requestIdOf(request),
  );
  return preparing.then((prepared) =>
    prepared.kind === 'ready' && isReady(prepared.operation) ? prepared : undefined,
  );
}

/** Whether the address is one of a database, so that the caller has to be known. */
function isOfDatabases({ url = '' }: IncomingMessage): boolean {
  return /^\/(graphql|v1)([/?]|$)/.test(url);
}

/** Finds out who sends a request, and hands it on. */
async function admit(options: FrontOptions, request: GatewayRequest, head: Head): Promise<void> {
  try {
    await identify(options, request, head);
  } catch (error) {
    request.fault = error;
  }
  void options.app(request, head.handOver());
}

/** Finds out who sends a request, and counts it: whoever guesses tokens is counted by its address. @throws UNAUTHENTICATED, RATE_LIMITED */
function identify(
  { authenticate, callers }: FrontOptions,
  request: GatewayRequest,
  head: Head,
): Principal | Promise<Principal> {
  const count = (principal: Principal | undefined): void => {
    request.charge = callers.chargeFor(request, principal, head);
    request.charge('requests', 1);
  };
  const known = (principal: Principal): Principal => {
    request.principal = principal;
    count(principal);
    return principal;
  };
  const unknown = (error: unknown): never => {
    count(undefined);
    throw error;
  };
  let found: Principal | Promise<Principal>;
  try {
    found = authenticate(authorizationOf(request));
  } catch (error) {
    return unknown(error);
  }
  return found instanceof Promise ? found.then(known, unknown) : known(found);
}

interface Prepared<C extends OperationContext> {
  readonly operation: CompiledOperation<C>;
  /** As their types read them. */
  readonly variables: Variables;
}

function send(head: Head, type: string, { status, text }: OperationAnswer): void {
  if (head.getHeader('Cache-Control') === undefined) head.setHeader('Cache-Control', 'no-store');
  // Node would go through a long text once for its length, and again for its bytes.
  const body = text.length > LONG_TEXT ? Buffer.from(text) : text;
  head.setHeader('Content-Type', `${type}; charset=utf-8`);
  head.setHeader('Content-Length', String(Buffer.byteLength(body)));
  endTogether(head.begin(status), body);
}

const LONG_TEXT = 4_096;

/** What is read by GET may be kept by its caller, and is not made again while it is the same; undefined where nobody can tell whether it is. */
async function keeping<C extends OperationContext>(
  request: GatewayRequest,
  head: Head,
  context: C,
  { validator }: AnsweringSchema<C>,
  { query }: Asked,
  prepared: Prepared<C>,
) {
  const { operation, variables } = prepared;
  // What code of users makes is its own affair.
  if (operation.runsCode) return undefined;
  const isOfOne = isOfOneDatabase(context);
  // What is shown of other databases changes with them.
  const tag = isOfOne
    ? validatorOf(context, request, query)
    : await validator?.(context, request, { ...prepared, document: query });
  if (tag === undefined) return undefined;
  const isPublic = isOfOne && context.isPublic;
  const control = cacheControl({ isPublic }, operation.isSettled(context, variables));
  return {
    isKnown: hasTag(request.headers['if-none-match'], tag),
    setHeaders: () => setCacheHeaders(head, tag, control),
  };
}

/** Different for each process, so that none names a request as another one does. */
const PROCESS = randomBytes(9).toString('base64url');
let requestsNamed = 0;

/** All are of one length, as answers of one kind are. */
function nextId(): string {
  return `${PROCESS}-${(++requestsNamed).toString(36).padStart(9, '0')}`;
}

function nameRequest(request: GatewayRequest, head: Head): void {
  const given = request.headers[REQUEST_ID_HEADER];
  const isGiven = typeof given === 'string' && /^[\w.:-]{1,100}$/.test(given);
  request.id = isGiven ? given : nextId();
  head.setHeader(REQUEST_ID_HEADER, request.id);
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
  begin(head: Head): boolean {
    if (this.isDraining) {
      head.setHeader('Connection', 'close');
      head.setHeader('Retry-After', '1');
      head.begin(503).end();
      return false;
    }
    this.#underWay++;
    head.response.once('close', this.#end);
    return true;
  }

  drain(): Promise<void> {
    return new Promise((resolve) => {
      this.#whenIdle = resolve;
      if (this.#underWay === 0) resolve();
    });
  }
}
