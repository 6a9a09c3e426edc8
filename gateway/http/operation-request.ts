/** What a request for an operation says, in its body or in its address. */
import type { IncomingMessage } from 'node:http';
import type { Documents } from '../graphql/documents.ts';
import { badInput } from '../read/bad-input.ts';
import { OPERATION_TYPES, preferredType } from './accept.ts';
import { parseJson } from './body.ts';

/** The members of a request, unchecked. */
export type OperationMembers = Readonly<Record<string, unknown>>;

const TEXTS = ['query', 'operationName', 'documentId'];
const OBJECTS = ['variables', 'extensions'];

/** An operation that is asked for plainly. */
export interface Asked {
  readonly query: string;
  readonly operationName: string | undefined;
  /** As they came. */
  readonly variables: Readonly<Record<string, unknown>>;
  /** Of the answer. */
  readonly type: string;
}

/** What a request asks, where that is plain: everything that needs a closer look is undefined. */
export function askedIn(
  { headers }: IncomingMessage,
  members: unknown,
  documents: Documents,
): Asked | undefined {
  const type = preferredType(headers.accept, OPERATION_TYPES);
  if (type === undefined || !isObject(members)) return undefined;
  const { operationName, variables, extensions } = members;
  if (!isAbsent(members['query']) && typeof members['query'] !== 'string') return undefined;
  if (!isAbsent(extensions) && !isObject(extensions)) return undefined;
  if (!isAbsent(operationName) && typeof operationName !== 'string') return undefined;
  if (!isAbsent(variables) && !isObject(variables)) return undefined;
  const query = documents.textFor(members);
  if (query === undefined) return undefined;
  return { query, operationName: operationName ?? undefined, variables: variables ?? {}, type };
}

export function askedInUrl(request: IncomingMessage, documents: Documents): Asked | undefined {
  return isDeliberate(request) ? askedIn(request, operationInUrl(request), documents) : undefined;
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isAbsent(value: unknown): value is null | undefined {
  return value === null || value === undefined;
}

/** @throws BAD_USER_INPUT */
export function operationInUrl({ url = '' }: IncomingMessage): OperationMembers {
  const { searchParams } = new URL(url, 'http://localhost');
  const members: Record<string, unknown> = {};
  for (const [name, text] of searchParams) {
    const isJson = OBJECTS.includes(name);
    if (!isJson && !TEXTS.includes(name)) continue;
    if (Object.hasOwn(members, name)) throw badInput(name, 'may stand in the address once');
    members[name] = isJson ? jsonIn(text, name) : text;
  }
  return members;
}

function jsonIn(text: string, name: string): unknown {
  try {
    return parseJson(Buffer.from(text));
  } catch {
    throw badInput(name, 'must be JSON, with large numbers as strings');
  }
}

/**
 * Whether a GET is one that no web page elsewhere can send unasked: those can send neither these headers without being let to, nor forge what
 * browsers say of a request.
 */
export function isDeliberate({ headers }: IncomingMessage): boolean {
  return (
    isGiven(headers['apollo-require-preflight']) ||
    isGiven(headers['x-apollo-operation-name']) ||
    headers['content-type']?.startsWith('application/json') === true ||
    headers['sec-fetch-site'] === 'same-origin'
  );
}

function isGiven(header: string | ReadonlyArray<string> | undefined): boolean {
  return header !== undefined && header !== '';
}
