/**
 * Datahike's HTTP protocol: an address for each operation, with the list of its arguments as body. A request goes through
 *
 *     route -> CORS -> who asks -> length -> format -> arguments -> handles -> operation -> format
 *
 * so that nothing of a stranger's body is read. Which header says what is `README.md`'s to tell.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { EdnData, QueryLimits } from '../../../engine/index.ts';
import { DatabaseError } from '../../../engine/index.ts';
import { printAnswer } from '../print-answer.ts';
import type { Registry } from '../registry.ts';
import type { Log } from '../../shared/log.ts';
import { RequestSignal } from '../../shared/request-signal.ts';
import { readBody } from './body.ts';
import type { Authenticate } from './callers.ts';
import { allowOrigin, answerPreflight } from './cors.ts';
import type { Format } from './formats.ts';
import {
  EDN_FORMAT,
  FORMATS,
  JSON_FORMAT,
  MALFORMED,
  accepted,
  formatOf,
  malformed,
} from './formats.ts';
import type { PageFiles } from './pages.ts';
import { sendPage } from './pages.ts';
import type { Route } from './routes.ts';
import { ROUTES, errorBody, isRefused } from './routes.ts';

export interface ProtocolOptions {
  readonly registry: Registry;
  readonly authenticate: Authenticate;
  /** Of web pages that may ask; `*` is all of them. */
  readonly origins: ReadonlyArray<string>;
  readonly bodyLimitBytes: number;
  readonly queryLimits: QueryLimits;
  /** In which a request has to have come, with its body; that of Node by default. */
  readonly receiveTimeoutMs?: number;
  /** For how many seconds an answer may be kept that is asked for with an `args-id`, and whether by anybody. */
  readonly cache?: { readonly maxAgeSeconds: number; readonly isPublic: boolean } | undefined;
  /** What the page at `/` is made of; without it there is no page. */
  readonly page?: PageFiles | undefined;
  readonly log: Log;
}

export function createProtocolServer(options: ProtocolOptions): Server {
  const { receiveTimeoutMs } = options;
  const times = receiveTimeoutMs === undefined ? {} : { requestTimeout: receiveTimeoutMs };
  return createServer(times, (request, response) => {
    // What is sniffed to be something else is run by some browsers.
    response.setHeader('X-Content-Type-Options', 'nosniff');
    answer(request, response, options).catch((error: unknown) => {
      options.log.error({ event: 'request failed', error });
      response.destroy();
    });
  });
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: ProtocolOptions,
): Promise<void> {
  const [pathname = '/', search = ''] = (request.url ?? '/').split('?', 2);
  if (answerPreflight(request, response, options.origins)) return;
  allowOrigin(request, response, options.origins);
  const route = ROUTES.get(pathname);
  if (route === undefined) {
    if (!sendPage(request, response, pathname, options.page)) response.writeHead(404).end();
    return;
  }
  if (request.method !== route.method) {
    response.writeHead(405, { Allow: route.method }).end();
    return;
  }
  const reply = new Reply(request, response);
  if (reply.format === undefined) {
    response.writeHead(406).end();
    return;
  }
  try {
    const isNamed = options.cache !== undefined && new URLSearchParams(search).has('args-id');
    if (route.method === 'GET' && isNamed) reply.keepFor(options.cache);
    await answerRoute(route, request, reply, options);
  } catch (error) {
    answerError(error, route, reply, options);
  }
}

async function answerRoute(
  route: Route,
  request: IncomingMessage,
  reply: Reply,
  { authenticate, registry, bodyLimitBytes, queryLimits }: ProtocolOptions,
): Promise<void> {
  const caller = authenticate(request.headers);
  if (caller === undefined) return reply.refuse(401, null);
  const bytes = await readBody(request, bodyLimitBytes);
  const body = readFormat(reply.requestFormat, bytes);
  const limits = { signal: new RequestSignal(reply.response), ...queryLimits };
  const isJson = reply.plainFormat === JSON_FORMAT;
  const answered = await route.handle({ body, isJson, caller, asked: { registry, limits } });
  if (isRefused(answered)) return reply.sendTyped(answered.status, answered.body);
  const isSilent = request.headers['no-return-value'] !== undefined;
  const names = (reply.format ?? JSON_FORMAT).names;
  reply.send(200, isSilent ? null : await printAnswer(answered, names));
}

/** A body in no format that is known says nothing; nor does EDN that ends too early. */
function readFormat(format: Format | undefined, bytes: Buffer): EdnData {
  try {
    return format?.read(bytes) ?? null;
  } catch (error) {
    if (format === undefined) throw error;
    if (format === EDN_FORMAT && endsEarly(error)) return null;
    throw malformed(format, error);
  }
}

function endsEarly(error: unknown): boolean {
  return error instanceof DatabaseError && error.data['isTruncated'] === true;
}

function answerError(error: unknown, route: Route, reply: Reply, { log }: ProtocolOptions): void {
  if (reply.response.headersSent || reply.response.destroyed) return;
  if (!(error instanceof DatabaseError)) {
    log.error({ event: 'operation failed', error });
    const known = new DatabaseError('INTERNAL', 'The server failed; its log says why');
    return reply.send(500, errorBody(known, route));
  }
  if (error.kind === MALFORMED) return reply.sendText(400, error.message);
  const [status, body] = [statusOf(error), errorBody(error, route)];
  if (status === 413) reply.refuse(status, body);
  else reply.send(status, body);
}

/** Datahike knows one status for all that goes wrong; what has nothing to do with what was asked has its own. */
function statusOf({ kind, code, httpStatus }: DatabaseError): number {
  const isOurs = kind === undefined || kind === 'not-allowed' || kind === 'store-not-allowed';
  return isOurs && OWN_STATUS.has(code) ? httpStatus : 500;
}

const OWN_STATUS: ReadonlySet<string> = new Set([
  'BODY_TOO_LARGE',
  'DEADLINE_EXCEEDED',
  'FORBIDDEN',
  'STORE_UNAVAILABLE',
  'UNSUPPORTED_MEDIA_TYPE',
  'WRITER_BUSY',
  'WRITER_UNAVAILABLE',
]);

/** How one request is answered: in the format of its body without a content type, as Datahike does it, where that is said plainly; else as the caller accepts it. */
class Reply {
  readonly response: ServerResponse;
  /** Of the body. */
  readonly requestFormat: Format | undefined;
  /** Of the body, where its type says nothing more. */
  readonly plainFormat: Format | undefined;
  /** Of the answer; undefined where the caller accepts none. */
  readonly format: Format | undefined;
  readonly #acceptedFormat: Format;

  constructor(request: IncomingMessage, response: ServerResponse) {
    const { 'content-type': type = '', accept } = request.headers;
    this.response = response;
    this.requestFormat = formatOf(type);
    this.plainFormat = FORMATS.get(type);
    this.format = this.plainFormat ?? accepted(accept);
    this.#acceptedFormat = accepted(accept) ?? JSON_FORMAT;
  }

  keepFor({ maxAgeSeconds, isPublic }: NonNullable<ProtocolOptions['cache']>): void {
    this.response.setHeader(
      'Cache-Control',
      `${isPublic ? 'public, ' : ''}max-age=${maxAgeSeconds}`,
    );
  }

  send(status: number, body: EdnData): void {
    if (this.plainFormat === undefined) this.sendTyped(status, body);
    else this.#end(status, this.plainFormat.print(body));
  }

  /** Without reading what is left of the request: the connection ends. */
  refuse(status: number, body: EdnData): void {
    this.response.setHeader('Connection', 'close');
    this.send(status, body);
  }

  /** As the caller accepts it, with a content type. */
  sendTyped(status: number, body: EdnData): void {
    this.response.setHeader('Content-Type', this.#acceptedFormat.contentType);
    this.#end(status, this.#acceptedFormat.print(body));
  }

  sendText(status: number, text: string): void {
    this.response.setHeader('Content-Type', 'text/plain');
    this.#end(status, text);
  }

  #end(status: number, printed: string | Uint8Array): void {
    if (status !== 200) this.response.removeHeader('Cache-Control');
    this.response.writeHead(status).end(printed);
  }
}
