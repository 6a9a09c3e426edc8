/**
 * What lets callers and caches keep an answer (RFC 9111). Data that does not change has a validator for free: an answer depends on the transaction that it
 * was read at, on what its caller may see, and on what was asked. So whether it is still the same is known before anything is read.
 */
import { hash } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import type { Snapshot } from '../../services/reader/reader.ts';
import type { RequestContext } from './context.ts';
import type { Headers } from './head.ts';

/** Counted up where the same request is answered otherwise than by the version before. */
export const FORM_OF_ANSWERS = 1;

/** The request headers that an answer depends on, besides who asks. */
const SELECTING = ['accept', 'datahike-as-of', 'prefer'] as const;

type Validated = Pick<RequestContext, 'basisTx' | 'claims' | 'fingerprint'> & {
  readonly snapshot: Pick<Snapshot, 'commitId' | 'databaseId'>;
};

/** `document` is what an operation was asked by, which its address may only name. */
export function validatorOf(
  { basisTx, snapshot, claims, fingerprint }: Validated,
  { url, headers }: Pick<IncomingMessage, 'url' | 'headers'>,
  document?: string,
): string {
  return tagOf([
    fingerprint(),
    stateOf(snapshot, basisTx),
    claims,
    ...askedBy({ url, headers }, document),
  ]);
}

/** Tells apart the states of a database. One that was set back comes to the same numbers again. */
export function stateOf(
  { commitId, databaseId }: Validated['snapshot'],
  basisTx: number,
): ReadonlyArray<unknown> {
  return [databaseId, commitId, basisTx];
}

/** What an answer depends on of its request. */
export function askedBy(
  { url, headers }: Pick<IncomingMessage, 'url' | 'headers'>,
  document?: string,
): ReadonlyArray<unknown> {
  return [url, document, ...SELECTING.map((name) => headers[name] ?? null)];
}

export function tagOf(facts: ReadonlyArray<unknown>): string {
  return `"${hash('sha256', JSON.stringify(facts), 'base64url')}"`;
}

/** An answer out of the past alone stays as it is; any other is asked for again, which costs nothing while nothing was written. */
export function cacheControl(
  { isPublic }: Pick<RequestContext, 'isPublic'>,
  isSettled: boolean,
): string {
  if (!isSettled) return 'private, no-cache';
  return `${isPublic ? 'public' : 'private'}, max-age=31536000, immutable`;
}

/** The headers of an answer that may be kept. */
export function setCacheHeaders(head: Headers, tag: string, control: string): void {
  const vary = head.getHeader('Vary');
  head.setHeader('ETag', tag);
  head.setHeader('Cache-Control', control);
  head.setHeader('Vary', vary === undefined ? VARY : `${String(vary)}, ${VARY}`);
}

const VARY = 'Accept, Authorization, Datahike-As-Of, Prefer';

/** Whether one of the tags of `If-None-Match` is what is there; weak ones are as good. */
export function hasTag(header: string | undefined, tag: string): boolean {
  if (header === undefined) return false;
  if (header.trim() === '*') return true;
  return (header.match(TAG) ?? []).some((each) => each.replace(/^W\//, '') === tag);
}

/** An entity tag, as it stands in a header. */
export const TAG = /(?:W\/)?"[^"]*"/g;
