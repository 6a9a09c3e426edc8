/**
 * GraphQL over Server-Sent Events (`graphql-sse`, "distinct connections"): an operation is a request, and its answers are the events of the response.
 *
 *     id: 536870920        where to go on, which `Last-Event-ID` sends back
 *     event: next          an answer                  event: complete          there are no more
 *     data: {"data":…}                                data:
 *
 * A reader that is slow is waited for, and one that does not read at all is left. A stream that ends without `complete` was cut: by the network, or
 * because the gateway stops; clients ask again.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { OperationTypeNode } from 'graphql';
import { DatabaseError } from '../../schema/error.ts';
import { authorizationOf } from '../access/authenticate.ts';
import { whenExpired } from '../access/expiry.ts';
import type { Principal } from '../access/principal.ts';
import type { OperationRequest } from '../graphql/server.ts';
import { OPERATION_TYPES, preferredType } from '../http/accept.ts';
import { isPlainJson, parseJson, readAll } from '../http/body.ts';
import { AS_OF_HEADER, MIN_T_HEADER, parseAsOf, parseMinTx, requestIdOf } from '../http/context.ts';
import type { GatewayRequest } from '../http/context.ts';
import type { AsOf } from '../read/as-of.ts';
import { onceClosed } from '../http/caller.ts';
import { toGraphQLBody } from '../http/error-response.ts';
import { isDeliberate, operationInUrl } from '../http/operation-request.ts';
import { DEFAULT_PATIENCE_MS, hasDrained } from '../http/slow-reader.ts';
import { answersOf } from './answers.ts';
import type { StreamedAnswer } from './asked-operation.ts';
import type { LiveHost, OpenedOperation } from './open-operation.ts';
import { openOperation, operationRequest } from './open-operation.ts';

export interface EventStreamOptions extends LiveHost {
  /** How often something is sent, so that nobody between the two takes the connection for dead; 15,000 by default. */
  readonly keepAliveMs?: number;
  /** For how long a reader may take nothing that is sent to it; 30,000 by default. */
  readonly patienceMs?: number;
}

const COMPLETE = 'event: complete\ndata:\n\n';
const KEEP_ALIVE = ':\n\n';

const HEADERS = {
  'content-type': 'text/event-stream; charset=utf-8',
  'cache-control': 'no-store, no-transform',
  // Proxies that gather answers would hold events back.
  'x-accel-buffering': 'no',
};

export class EventStreams {
  readonly #options: EventStreamOptions;
  readonly #open = new Set<AbortController>();

  constructor(options: EventStreamOptions) {
    this.#options = options;
  }

  /** Answers a request that {@link wantsEventStream}. */
  async answer(request: GatewayRequest, response: ServerResponse, database: string): Promise<void> {
    const { served, log, callers } = this.#options;
    const ending = new AbortController();
    this.#open.add(ending);
    response.once('close', () => {
      ending.abort();
      this.#open.delete(ending);
    });
    try {
      const [principal, asked] = await Promise.all([
        this.#principalOf(request),
        request.method === 'GET' ? requestInUrl(request) : this.#readBody(request),
      ]);
      callers.takeStream(request, principal, response);
      const hold = await served.hold(database);
      onceClosed(response, hold.release);
      const charge = callers.chargeFor(request, principal, response);
      const requestId = requestIdOf(request);
      const asker = { requestId, principal, charge, ...positionIn(request) };
      const opened = await openOperation(this.#options, hold, asker, asked);
      checkMethod(request, opened);
      await this.#stream(request, response, principal, opened, ending);
    } catch (error) {
      if (response.headersSent) response.destroy();
      else refuse(response, toGraphQLBody(error, requestIdOf(request), log));
    }
  }

  /** Ends all streams, so that their clients ask again, elsewhere. */
  close(): void {
    for (const ending of this.#open) ending.abort();
  }

  async #principalOf(request: IncomingMessage): Promise<Principal> {
    return this.#options.authenticate(authorizationOf(request));
  }

  async #readBody(request: IncomingMessage): Promise<OperationRequest> {
    const { bodyLimitBytes } = this.#options;
    if (Number(request.headers['content-length']) > bodyLimitBytes)
      throw new DatabaseError(
        'BODY_TOO_LARGE',
        `Expected a request body of at most ${bodyLimitBytes} bytes; ask for less at once`,
      );
    if (!isPlainJson(request, bodyLimitBytes))
      throw new DatabaseError(
        'UNSUPPORTED_MEDIA_TYPE',
        'Expected a body of the type application/json, with its length and without an encoding',
      );
    return operationRequest(parseJson(await readAll(request)));
  }

  async #stream(
    request: GatewayRequest,
    response: ServerResponse,
    principal: Principal,
    opened: OpenedOperation,
    ending: AbortController,
  ): Promise<void> {
    const { signal } = ending;
    const { keepAliveMs = 15_000, patienceMs = DEFAULT_PATIENCE_MS } = this.#options;
    response.writeHead(200, HEADERS).write(KEEP_ALIVE);
    const keepingAlive = setInterval(() => {
      if (!response.writableNeedDrain) response.write(KEEP_ALIVE);
    }, keepAliveMs);
    let isExpired = false;
    const stopWaiting = whenExpired(principal, () => {
      isExpired = true;
      ending.abort();
    });
    try {
      for await (const answer of answersIn(opened, signal))
        if (!response.write(eventOf(answer)) && !(await hasDrained(response, signal, patienceMs)))
          break;
      if (isExpired) response.write(eventOf(this.#expired(request)));
      if (isExpired || !signal.aborted) response.write(COMPLETE);
    } finally {
      stopWaiting();
      clearInterval(keepingAlive);
    }
    if (response.writableNeedDrain && !signal.aborted) response.destroy();
    else response.end();
  }

  #expired(request: GatewayRequest): StreamedAnswer {
    const error = new DatabaseError('UNAUTHENTICATED', 'The token has expired');
    const { body } = toGraphQLBody(error, requestIdOf(request), this.#options.log);
    return { text: JSON.stringify(body) };
  }
}

async function* answersIn(
  opened: OpenedOperation,
  signal: AbortSignal,
): AsyncGenerator<StreamedAnswer, void> {
  if (opened.kind === 'opened') yield* answersOf(opened.asked, signal);
  else yield { text: JSON.stringify({ errors: opened.errors }) };
}

function eventOf({ text, position }: StreamedAnswer): string {
  const id = position === undefined ? '' : `id: ${position}\n`;
  const next = text === undefined ? '' : `event: next\ndata: ${text.trimEnd()}\n`;
  return `${id}${next}\n`;
}

/** What was asked for as a query of the address. @throws BAD_USER_INPUT, FORBIDDEN */
async function requestInUrl(request: IncomingMessage): Promise<OperationRequest> {
  if (!isDeliberate(request))
    throw new DatabaseError(
      'FORBIDDEN',
      'A web page elsewhere could have sent this unasked: expected the header apollo-require-preflight, or a page of the same origin',
    );
  return operationRequest(operationInUrl(request));
}

/** GET changes nothing. @throws METHOD_NOT_ALLOWED */
function checkMethod({ method }: IncomingMessage, opened: OpenedOperation): void {
  if (method !== 'GET' || opened.kind !== 'opened') return;
  if (opened.asked.operation.type !== OperationTypeNode.MUTATION) return;
  throw new DatabaseError('METHOD_NOT_ALLOWED', 'A mutation has to be sent with POST');
}

/** Where a stream goes on: after what was seen of it, or what was written. @throws BAD_USER_INPUT */
function positionIn({ headers }: IncomingMessage): {
  readonly position: string | undefined;
  readonly minTx: number | undefined;
  readonly asOf: AsOf | undefined;
} {
  const last = headers['last-event-id'];
  const position = typeof last === 'string' && last !== '' ? last : undefined;
  const seenTx = position?.split('.')[0];
  const minTx = parseMinTx(seenTx, 'Last-Event-ID') ?? parseMinTx(headers[MIN_T_HEADER]);
  return { position, minTx, asOf: parseAsOf(headers[AS_OF_HEADER]) };
}

function refuse(
  response: ServerResponse,
  { status, body }: ReturnType<typeof toGraphQLBody>,
): void {
  if (response.closed) return;
  response.writeHead(status, {
    'content-type': 'application/json; charset=utf-8',
    'cache-control': 'no-store',
    ...(status === 401 ? { 'www-authenticate': 'Bearer' } : {}),
    ...(status === 429 && !response.hasHeader('retry-after') ? { 'retry-after': '1' } : {}),
    ...(status === 405 ? { allow: 'POST' } : {}),
  });
  response.end(`${JSON.stringify(body)}\n`);
}

/** Whether a stream is what a caller likes best of what there is. */
export function wantsEventStream(accept: string | undefined): boolean {
  if (accept === undefined || !accept.includes(EVENT_STREAM)) return false;
  return preferredType(accept, [...OPERATION_TYPES, EVENT_STREAM]) === EVENT_STREAM;
}

const EVENT_STREAM = 'text/event-stream';
