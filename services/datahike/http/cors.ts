/** Which web pages of other hosts may ask. */
import type { IncomingMessage, ServerResponse } from 'node:http';

const METHODS = 'DELETE, GET, POST, PUT';

export function allowOrigin(
  request: IncomingMessage,
  response: ServerResponse,
  origins: ReadonlyArray<string>,
): boolean {
  const { origin } = request.headers;
  if (origin === undefined || !(origins.includes('*') || origins.includes(origin))) return false;
  response.setHeader('Access-Control-Allow-Origin', origin);
  response.setHeader('Access-Control-Allow-Methods', METHODS);
  response.setHeader('Vary', 'Origin');
  return true;
}

/** Answers the question of a browser whether a page may ask. */
export function answerPreflight(
  request: IncomingMessage,
  response: ServerResponse,
  origins: ReadonlyArray<string>,
): boolean {
  const { 'access-control-request-method': method, 'access-control-request-headers': headers } =
    request.headers;
  if (request.method !== 'OPTIONS' || method === undefined) return false;
  if (!allowOrigin(request, response, origins)) return false;
  if (headers !== undefined)
    response.setHeader(
      'Access-Control-Allow-Headers',
      headers.split(/,\s*/).map(capitalized).join(', '),
    );
  response.writeHead(200).end('preflight complete');
  return true;
}

function capitalized(header: string): string {
  return header.replace(/(^|-)[a-z]/g, (letter) => letter.toUpperCase());
}
