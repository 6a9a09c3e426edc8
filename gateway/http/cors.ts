/**
 * Which web pages elsewhere may ask (the Fetch standard, "CORS protocol"): those whose origins are named, with their credentials, or all of them, without. Nobody
 * else is told anything, so that browsers keep answers from their pages.
 */
import type { IncomingMessage } from 'node:http';
import type { Head } from './head.ts';

const ANY = '*';

const ALLOWED_METHODS = 'GET, HEAD, POST, PUT, PATCH, DELETE';

const ALLOWED_HEADERS = [
  'Accept',
  'Apollo-Require-Preflight',
  'Authorization',
  'Content-Type',
  'Datahike-As-Of',
  'Datahike-Min-T',
  'Idempotency-Key',
  'If-Match',
  'If-None-Match',
  'Last-Event-ID',
  'Prefer',
  'Traceparent',
  'Tracestate',
  'X-Apollo-Operation-Name',
  'X-Request-Id',
].join(', ');

const EXPOSED_HEADERS = [
  'Accept-Patch',
  'Allow',
  'Datahike-Basis-T',
  'Datahike-Warnings',
  'ETag',
  'Link',
  'Location',
  'Preference-Applied',
  'RateLimit',
  'RateLimit-Policy',
  'Retry-After',
  'WWW-Authenticate',
  'X-Request-Id',
].join(', ');

/** How long a browser may remember what it was allowed; no browser remembers for longer. */
const MAX_AGE_SECONDS = '7200';

/** Whether pages of an origin may ask; requests of other programs say none. */
export function isAllowedOrigin(origins: ReadonlyArray<string>, origin: string): boolean {
  return origins.includes(origin) || origins.includes(ANY);
}

/** Tells a browser what its page may do; true where that was all it asked. */
export function answerOrigin(
  origins: ReadonlyArray<string>,
  { method, headers }: IncomingMessage,
  head: Head,
): boolean {
  const { origin } = headers;
  // What a page that is named is told is not for the next one.
  if (origins.some((each) => each !== ANY)) head.setHeader('Vary', 'Origin');
  if (origin === undefined || !isAllowedOrigin(origins, origin)) return false;
  const isNamed = origins.includes(origin);
  head.setHeader('Access-Control-Allow-Origin', isNamed ? origin : ANY);
  if (isNamed) head.setHeader('Access-Control-Allow-Credentials', 'true');
  const isPreflight =
    method === 'OPTIONS' && headers['access-control-request-method'] !== undefined;
  if (!isPreflight) {
    head.setHeader('Access-Control-Expose-Headers', EXPOSED_HEADERS);
    return false;
  }
  head.setHeader('Access-Control-Allow-Methods', ALLOWED_METHODS);
  head.setHeader('Access-Control-Allow-Headers', ALLOWED_HEADERS);
  head.setHeader('Access-Control-Max-Age', MAX_AGE_SECONDS);
  head.begin(204).end();
  return true;
}
