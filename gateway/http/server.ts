/**
 * The HTTP server under the app: what it takes of connections before there is a request. Whoever sends slowly, too much, or no HTTP is told so where it can be
 * told, and the connection is closed.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { randomUUID } from 'node:crypto';
import { DatabaseError } from '../../schema/error.ts';
import type { Log } from '../../services/shared/log.ts';
import type { App } from './app.ts';
import { toProblem } from './error-response.ts';

export interface ServerLimits {
  /** In which a request has to have come, with its body. */
  readonly receiveTimeoutMs: number;
  readonly maxHeaderBytes: number;
}

export const DEFAULT_SERVER_LIMITS: ServerLimits = {
  receiveTimeoutMs: 30_000,
  maxHeaderBytes: 32 * 1024,
};

/** A server that is to be told where to listen. */
export function createGatewayServer(
  { app, upgrade }: Pick<App, 'app' | 'upgrade'>,
  log: Log,
  { receiveTimeoutMs, maxHeaderBytes }: ServerLimits = DEFAULT_SERVER_LIMITS,
): Server {
  const responses = new WeakMap<Duplex, ServerResponse>();
  const server = createServer(
    {
      requestTimeout: receiveTimeoutMs,
      headersTimeout: receiveTimeoutMs,
      // How soon it is noticed that the time is over.
      connectionsCheckingInterval: Math.min(1_000, receiveTimeoutMs),
      maxHeaderSize: maxHeaderBytes,
    },
    (request: IncomingMessage, response: ServerResponse) => {
      responses.set(request.socket, response);
      app(request, response);
    },
  );
  server.on('upgrade', upgrade);
  server.on('clientError', (error: ClientError, socket) => {
    const response = responses.get(socket);
    const isAnswered = response !== undefined && response.headersSent && !response.writableFinished;
    if (socket.writable && !isAnswered) socket.end(refusal(error, log), () => socket.destroy());
    else socket.destroy();
  });
  return server;
}

interface ClientError extends Error {
  readonly code?: string;
  readonly rawPacket?: Buffer;
}

function refusal(error: ClientError, log: Log): string {
  const requestId = randomUUID();
  const problem = toProblem(toDatabaseError(error), requestId, log);
  const body = JSON.stringify(problem);
  return [
    `HTTP/1.1 ${problem.status} ${REASONS[problem.status] ?? 'Bad Request'}`,
    'Connection: close',
    'Cache-Control: no-store',
    'Content-Type: application/problem+json',
    `Content-Length: ${Buffer.byteLength(body)}`,
    `X-Request-Id: ${requestId}`,
    '',
    body,
  ].join('\r\n');
}

const REASONS: Readonly<Record<number, string>> = {
  408: 'Request Timeout',
  414: 'URI Too Long',
  431: 'Request Header Fields Too Large',
};

function toDatabaseError({ code, rawPacket }: ClientError): DatabaseError {
  switch (code) {
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return new DatabaseError(
        'REQUEST_TIMEOUT',
        'The request did not come in time; send it again, faster',
      );
    case 'HPE_HEADER_OVERFLOW':
      return isFirstLine(rawPacket)
        ? new DatabaseError('URL_TOO_LONG', 'The address is too long; send what is asked in a body')
        : new DatabaseError('HEADERS_TOO_LARGE', 'The headers are too long; send fewer of them');
    default:
      return new DatabaseError('BAD_USER_INPUT', 'This is no request of HTTP/1.1');
  }
}

/** Whether it is the address that does not end. */
function isFirstLine(packet: Buffer | undefined): boolean {
  return (
    packet !== undefined &&
    /^[A-Z]+ /.test(packet.toString('latin1', 0, 20)) &&
    !packet.includes('\r\n')
  );
}
