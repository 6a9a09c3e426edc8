/** What a request for an operation says, in its body or in its address. */
import type { IncomingMessage } from 'node:http';
import { badInput } from '../read/bad-input.ts';
import { parseJson } from './body.ts';

/** The members of a request, unchecked. */
export type OperationMembers = Readonly<Record<string, unknown>>;

const TEXTS = ['query', 'operationName', 'documentId'];
const OBJECTS = ['variables', 'extensions'];

/** @throws BAD_USER_INPUT */
export function operationInUrl({ url = '' }: IncomingMessage): OperationMembers {
  const { searchParams } = new URL(url, 'http://localhost');
  const members = [...TEXTS, ...OBJECTS].flatMap((name) => {
    const [text, ...others] = searchParams.getAll(name);
    if (text === undefined) return [];
    if (others.length > 0) throw badInput(name, 'may stand in the address once');
    return [[name, OBJECTS.includes(name) ? jsonIn(text, name) : text] as const];
  });
  return Object.fromEntries(members);
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
