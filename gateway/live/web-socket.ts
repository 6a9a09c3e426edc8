/**
 * GraphQL over WebSocket (`graphql-transport-ws`): many operations over one connection, whose first message says who asks. The protocol itself is that of
 * `graphql-ws`, the frames those of `ws`; what operations answer is the same as everywhere.
 *
 *     open ── connection_init { authorization } ──> acknowledged ── subscribe, next, complete … ──> closed
 *
 *     1001   the gateway stops            4401   not known, or not any more      4409   two operations of one id
 *     1009   a message is too long        4403   may not use this database       4429   connection_init twice
 *     4400   no message of the protocol   4408   no connection_init              4500   our fault
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { GraphQLError, GraphQLSchema, parse } from 'graphql';
import type { ExecutionResult, GraphQLFormattedError } from 'graphql';
import { CloseCode, handleProtocols, makeServer } from 'graphql-ws';
import type { Context, Server } from 'graphql-ws';
import { WebSocket, WebSocketServer } from 'ws';
import { DatabaseError } from '../../schema/error.ts';
import type { Hold } from '../../services/shared/on-demand.ts';
import { authorizationOf } from '../access/authenticate.ts';
import { whenExpired } from '../access/expiry.ts';
import type { Principal } from '../access/principal.ts';
import { AS_OF_HEADER, MIN_T_HEADER, parseAsOf, parseMinTx } from '../http/context.ts';
import { isAllowedOrigin } from '../http/cors.ts';
import { toGraphQLBody } from '../http/error-response.ts';
import type { ServedDatabase } from '../served-database.ts';
import { answersOf } from './answers.ts';
import type { AskedOperation, Asker } from './asked-operation.ts';
import type { LiveHost } from './open-operation.ts';
import { openOperation, operationRequest } from './open-operation.ts';

export interface WebSocketOptions extends LiveHost {
  /** Of pages elsewhere that may connect, such as `https://app.example.com`; by default only those of the gateway's own host. */
  readonly origins?: ReadonlyArray<string>;
  /** How often the other side has to show that it is there; 15,000 by default. */
  readonly pingMs?: number;
  /** In which a connection has to be begun; 5,000 by default. */
  readonly initTimeoutMs?: number;
  /** Operations of one connection at a time; 100 by default. */
  readonly maxOperations?: number;
}

/** So much may wait to be read by the other side. */
const MAX_BUFFERED_BYTES = 16 * 1024 * 1024;

/** For how long a connection may take to close when the gateway stops. */
const CLOSING_MS = 2_000;

/** Try again later. */
const UNAVAILABLE = 1013;
const GOING_AWAY = 1001;

interface Peer {
  readonly socket: WebSocket;
  readonly request: IncomingMessage;
  readonly database: string;
  /** Set when the connection is acknowledged. */
  known?: { readonly principal: Principal; readonly hold: Hold<ServedDatabase> };
}

interface InitPayload extends Readonly<Record<string, unknown>> {
  readonly authorization?: unknown;
  readonly Authorization?: unknown;
}

type Connection = Context<InitPayload, Peer>;

export class WebSockets {
  readonly #options: WebSocketOptions;
  readonly #frames: WebSocketServer;
  readonly #protocol: Server<Peer>;
  /** Errors of operations that were refused, as they are told. */
  readonly #refusals = new WeakMap<object, ReadonlyArray<GraphQLFormattedError>>();

  constructor(options: WebSocketOptions) {
    this.#options = options;
    this.#frames = new WebSocketServer({
      noServer: true,
      maxPayload: options.bodyLimitBytes,
      // A small message could become a large one.
      perMessageDeflate: false,
      // A thousand messages may come at once: each has a turn of its own.
      allowSynchronousEvents: false,
      handleProtocols,
    });
    this.#protocol = makeServer({
      connectionInitWaitTimeout: options.initTimeoutMs ?? 5_000,
      onConnect: (connection: Connection) => this.#admit(connection),
      onSubscribe: (connection, _id, payload) => this.#open(connection, payload),
      subscribe: ({ contextValue }) => resultsOf(contextValue as AskedOperation),
      // Answers are JSON already, with their errors.
      onNext: (_connection, _id, _payload, _args, result) => result as never,
      onError: (_connection, _id, _payload, errors) => this.#refusals.get(errors),
    });
  }

  /** Takes a request to speak another protocol on its connection. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, database: string): void {
    if (!isOfOrigin(request, this.#options.origins ?? [])) {
      refuseUpgrade(socket, '403 Forbidden');
      return;
    }
    const release = this.#options.callers.slots.take();
    if (release === undefined) {
      refuseUpgrade(socket, '503 Service Unavailable');
      return;
    }
    socket.once('close', release);
    this.#frames.handleUpgrade(request, socket, head, (opened) =>
      this.#serve({ socket: opened, request, database }),
    );
  }

  /** Says to all that they have to connect again, elsewhere. */
  async close(): Promise<void> {
    await Promise.all(Array.from(this.#frames.clients, closeSocket));
  }

  #serve(peer: Peer): void {
    const { socket } = peer;
    const { log, pingMs = 15_000 } = this.#options;
    // Frames that are none: the socket closes with the code for it.
    socket.on('error', (error) => log.debug({ event: 'web socket failed', error }));
    const stopPinging = pingRegularly(socket, pingMs);
    const ended = this.#protocol.opened(
      {
        protocol: socket.protocol,
        send: (data) => sendTo(socket, data),
        close: (code, reason) => socket.close(code, reason),
        onMessage: (hear) => {
          socket.on('message', (data) => {
            if (socket.bufferedAmount > MAX_BUFFERED_BYTES) socket.terminate();
            else hear(String(data as Buffer)).catch((error: unknown) => this.#fail(socket, error));
          });
        },
      },
      peer,
    );
    socket.once('close', (code, reason) => {
      stopPinging();
      peer.known?.hold.release();
      ended(code, String(reason)).catch((error: unknown) => this.#fail(socket, error));
    });
  }

  #fail(socket: WebSocket, error: unknown): void {
    if (socket.readyState !== WebSocket.OPEN) return;
    this.#options.log.error({ event: 'web socket closed for a fault', error });
    socket.close(CloseCode.InternalServerError, 'A fault in this software');
  }

  /** Whether a connection is one of somebody who may use the database; if not, it is closed. */
  async #admit({ connectionParams, extra }: Connection): Promise<boolean> {
    const { authenticate, served, callers } = this.#options;
    const { socket, request, database } = extra;
    const { authorization, Authorization } = connectionParams ?? {};
    try {
      const principal = await authenticate(
        authorizationOf(request, [authorization, Authorization]),
      );
      const hold = await served.hold(database);
      if (socket.readyState !== WebSocket.OPEN) {
        hold.release();
        return false;
      }
      extra.known = { principal, hold };
      socket.once('close', callers.slots.takeFor(callers.nameOf(request, principal)));
      await hold.value.schemaFor(principal);
      const expire = (): void => socket.close(CloseCode.Unauthorized, 'The token has expired');
      socket.once('close', whenExpired(principal, expire));
      return true;
    } catch (error) {
      const { code, reason } = closingFor(error);
      if (code === CloseCode.InternalServerError) this.#fail(socket, error);
      else socket.close(code, reason);
      return false;
    }
  }

  async #open({ extra, subscriptions, connectionParams }: Connection, payload: object) {
    const { log, callers, maxOperations = 100 } = this.#options;
    const { known, socket, request: opening } = extra;
    const requestId = randomUUID();
    try {
      if (known === undefined) throw new Error('Expected the connection to be acknowledged');
      if (Object.keys(subscriptions).length > maxOperations) throw tooMany(maxOperations);
      const { principal, hold } = known;
      const charge = callers.chargeFor(opening, principal);
      const read = statesIn(opening.headers, connectionParams);
      const asker = { requestId, principal, charge, position: undefined, ...read };
      const request = operationRequest(payload);
      const opened = await openOperation(this.#options, hold, asker, request);
      if (opened.kind === 'opened')
        return { schema: NO_SCHEMA, document: ANY_OPERATION, contextValue: opened.asked };
      return this.#refuse(opened.errors);
    } catch (error) {
      if (socket.readyState !== WebSocket.OPEN) return this.#refuse([]);
      const { body } = toGraphQLBody(error, requestId, log);
      return this.#refuse(body.errors);
    }
  }

  #refuse(errors: ReadonlyArray<GraphQLFormattedError>): ReadonlyArray<GraphQLError> {
    const refusal = [new GraphQLError('The operation was refused')];
    this.#refusals.set(refusal, errors);
    return refusal;
  }
}

/** Which states the operations of a connection read: as headers of a request say it, or parameters of the same names, because pages can set no headers. @throws BAD_USER_INPUT */
function statesIn(
  headers: IncomingMessage['headers'],
  connectionParams: Connection['connectionParams'],
): Pick<Asker, 'minTx' | 'asOf'> {
  const given = Object.entries(connectionParams ?? {});
  const said = (header: string): string | undefined => {
    const [, value] = given.find(([name]) => name.toLowerCase() === header) ?? [];
    const text = value ?? headers[header];
    return text === undefined ? undefined : String(text);
  };
  return { minTx: parseMinTx(said(MIN_T_HEADER)), asOf: parseAsOf(said(AS_OF_HEADER)) };
}

/** What is run is known by then; the protocol wants something to look at. */
const NO_SCHEMA = new GraphQLSchema({});
const ANY_OPERATION = parse('subscription { any }');

/** The answers as the protocol takes them; whoever does not want them any more need not wait for the next. */
function resultsOf(asked: AskedOperation): AsyncGenerator<ExecutionResult, void, void> {
  const ending = new AbortController();
  const results = parsedAnswers(asked, ending.signal);
  const end = results.return.bind(results);
  return Object.assign(results, {
    return: () => {
      ending.abort();
      return end();
    },
  });
}

async function* parsedAnswers(
  asked: AskedOperation,
  signal: AbortSignal,
): AsyncGenerator<ExecutionResult, void, void> {
  for await (const { text } of answersOf(asked, signal))
    if (text !== undefined) yield JSON.parse(text) as ExecutionResult;
}

function tooMany(max: number): DatabaseError {
  return new DatabaseError(
    'RATE_LIMITED',
    `There may be ${max} operations on a connection at a time; complete one of them first`,
  );
}

/** Resolves when the other side has taken it, or cannot any more: so one that is slow is told the newest later. */
function sendTo(socket: WebSocket, data: string): Promise<void> {
  return new Promise((resolve) => {
    if (socket.readyState === WebSocket.OPEN) socket.send(data, () => resolve());
    else resolve();
  });
}

/** Ends a connection whose other side is gone without a word; gives what stops that. */
function pingRegularly(socket: WebSocket, pingMs: number): () => void {
  let hasAnswered = true;
  socket.on('pong', () => {
    hasAnswered = true;
  });
  const timer = setInterval(() => {
    if (!hasAnswered) socket.terminate();
    hasAnswered = false;
    if (socket.readyState === WebSocket.OPEN) socket.ping();
  }, pingMs);
  return () => clearInterval(timer);
}

function closeSocket(socket: WebSocket): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => socket.terminate(), CLOSING_MS);
    socket.once('close', () => {
      clearTimeout(timer);
      resolve();
    });
    socket.close(GOING_AWAY, 'The gateway stops');
  });
}

function closingFor(error: unknown): { readonly code: number; readonly reason: string } {
  if (!(error instanceof DatabaseError)) return { code: CloseCode.InternalServerError, reason: '' };
  switch (error.code) {
    case 'UNAUTHENTICATED':
      return { code: CloseCode.Unauthorized, reason: error.message };
    case 'FORBIDDEN':
      return { code: CloseCode.Forbidden, reason: error.message };
    case 'DATABASE_NOT_FOUND':
      return { code: CloseCode.BadRequest, reason: 'There is no such database' };
    default:
      return error.retryable
        ? { code: UNAVAILABLE, reason: error.code }
        : { code: CloseCode.InternalServerError, reason: '' };
  }
}

/** Browsers say which page asks, and let any page ask: only those of the same host may, and those that were named. */
function isOfOrigin({ headers }: IncomingMessage, origins: ReadonlyArray<string>): boolean {
  const { origin, host } = headers;
  if (origin === undefined || isAllowedOrigin(origins, origin)) return true;
  return URL.canParse(origin) && new URL(origin).host === host;
}

/** Answers a request for another protocol that is not granted. */
export function refuseUpgrade(socket: Duplex, status: string): void {
  socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`);
}
