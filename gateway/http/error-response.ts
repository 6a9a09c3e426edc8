/**
 * The only translator of errors: a `DatabaseError` is told with its code; whatever else was thrown is our fault, so the caller gets an
 * error id and the log gets the error.
 */
import { randomUUID } from 'node:crypto';
import { GraphQLError } from 'graphql';
import type { GraphQLFormattedError } from 'graphql';
import { DatabaseError, ERROR_CODES, problemType } from '../../schema/error.ts';
import type { ErrorCode } from '../../schema/error.ts';
import type { Log } from '../../services/shared/log.ts';
import { notJson } from './body.ts';

/** RFC 9457, with the {@link FACTS} that the error has. */
export interface Problem extends Partial<Record<(typeof FACTS)[number], string>> {
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  readonly code: string;
  readonly retryable: boolean;
  readonly requestId: string;
  readonly errorId?: string;
}

/** The body of a REST answer, and its status within. */
export function toProblem(error: unknown, requestId: string, log: Log): Problem {
  const told = toDatabaseError(error, log);
  const { errorId } = told.data;
  return {
    type: problemType(told.code),
    title: ERROR_CODES[told.code].meaning,
    status: told.httpStatus,
    detail: told.message,
    code: told.code,
    retryable: told.retryable,
    requestId,
    ...factsOf(told),
    ...(typeof errorId === 'string' ? { errorId } : {}),
  };
}

/** For errors outside the execution of an operation: the answer has this error alone, and its HTTP status. */
export function toGraphQLError(error: unknown, requestId: string, log: Log): GraphQLError {
  const told = toDatabaseError(error, log);
  return new GraphQLError(told.message, {
    originalError: told,
    extensions: { ...extensionsOf(told), requestId, http: { status: told.httpStatus } },
  });
}

/** An error of an operation, as the caller sees it. */
export function formatGraphQLError(
  formatted: GraphQLFormattedError,
  error: unknown,
  log: Log,
): GraphQLFormattedError {
  const thrown = originOf(error);
  const { locations, path } = formatted;
  const place = { ...(locations ? { locations } : {}), ...(path ? { path } : {}) };
  if (isOfGraphQL(formatted, thrown)) {
    // A rule of our own names its code, under the one that every error of validation has.
    const own = (thrown as GraphQLError).extensions['code'];
    const code = String(own ?? formatted.extensions?.['code']);
    // What Apollo says of requests is said with our own codes.
    const told = code === 'BAD_REQUEST' ? codeOfStatus(thrown) : code;
    return { message: formatted.message, ...place, extensions: { code: told, retryable: false } };
  }
  const told = toDatabaseError(thrown, log);
  // GraphQL says of a bad variable where it stands; our own message is within.
  const message = thrown instanceof DatabaseError ? formatted.message : told.message;
  const requestId = formatted.extensions?.['requestId'];
  return {
    message,
    ...place,
    extensions: { ...extensionsOf(told), ...(requestId === undefined ? {} : { requestId }) },
  };
}

/** An error of a root field, as the caller sees it. */
export function formatOperationError(
  error: GraphQLError,
  requestId: string,
  log: Log,
): GraphQLFormattedError {
  const formatted = formatGraphQLError(error.toJSON(), error, log);
  return { ...formatted, extensions: { ...formatted.extensions, requestId } };
}

/** The body of an answer to a GraphQL request that never reached GraphQL. */
export function toGraphQLBody(
  error: unknown,
  requestId: string,
  log: Log,
): {
  readonly status: number;
  readonly body: { readonly errors: ReadonlyArray<GraphQLFormattedError> };
} {
  const told = toDatabaseError(error, log);
  const extensions = { ...extensionsOf(told), requestId };
  return { status: told.httpStatus, body: { errors: [{ message: told.message, extensions }] } };
}

function toDatabaseError(error: unknown, log: Log): DatabaseError {
  if (error instanceof DatabaseError && (error.code !== 'INTERNAL' || isMasked(error)))
    return error;
  const refused = refusedRequest(error);
  if (refused !== undefined) return refused;
  const errorId = randomUUID();
  log.error({ event: 'request failed', errorId, error });
  return new DatabaseError('INTERNAL', `A fault in this software, logged as ${errorId}`, {
    data: { errorId },
  });
}

function codeOfStatus(thrown: unknown): ErrorCode {
  const { http } = (thrown as GraphQLError).extensions as { http?: { readonly status?: number } };
  switch (http?.status) {
    case 405:
      return 'METHOD_NOT_ALLOWED';
    case 406:
      return 'NOT_ACCEPTABLE';
    case 415:
      return 'UNSUPPORTED_MEDIA_TYPE';
    default:
      return 'BAD_USER_INPUT';
  }
}

function isMasked(error: DatabaseError): boolean {
  return typeof error.data['errorId'] === 'string';
}

/** What Express and its body parser refuse carries a status and a type. */
function refusedRequest(error: unknown): DatabaseError | undefined {
  if (!(error instanceof Error) || !('status' in error)) return undefined;
  const type = 'type' in error ? error.type : undefined;
  if (type === 'entity.too.large') {
    const limit =
      'limit' in error ? ` of at most ${String(error.limit)} bytes` : ' that is smaller';
    return new DatabaseError('BODY_TOO_LARGE', `Expected a request body${limit}; send it in parts`);
  }
  if (type === 'entity.parse.failed') return notJson(error);
  if (error.status === 415)
    return new DatabaseError(
      'UNSUPPORTED_MEDIA_TYPE',
      `Expected a body in UTF-8, as it is or in gzip, deflate or br: ${error.message}`,
    );
  const isClientError =
    typeof error.status === 'number' && error.status >= 400 && error.status < 500;
  return isClientError
    ? new DatabaseError('BAD_USER_INPUT', `The request cannot be read: ${error.message}`)
    : undefined;
}

/** Syntax, validation and the like, which GraphQL itself found and gave a code. */
function isOfGraphQL(formatted: GraphQLFormattedError, thrown: unknown): boolean {
  const code = formatted.extensions?.['code'];
  return (
    thrown instanceof GraphQLError && typeof code === 'string' && code !== 'INTERNAL_SERVER_ERROR'
  );
}

/** What was thrown, below the layers that GraphQL put around it. */
function originOf(error: unknown): unknown {
  let origin = error;
  while (origin instanceof GraphQLError && origin.originalError !== undefined) {
    origin = origin.originalError;
  }
  return origin;
}

function extensionsOf(error: DatabaseError): Record<string, unknown> {
  const { errorId } = error.data;
  return {
    code: error.code,
    retryable: error.retryable,
    ...factsOf(error),
    ...(typeof errorId === 'string' ? { errorId } : {}),
  };
}

/** What of an error's data callers are told, as text like all numbers of transactions. */
const FACTS = ['attribute', 'id', 'expected', 'version', 't', 'count', 'atMost'] as const;

function factsOf({ data }: DatabaseError): Partial<Record<(typeof FACTS)[number], string>> {
  const facts = FACTS.flatMap((name) =>
    data[name] === undefined || data[name] === null ? [] : [[name, String(data[name])] as const],
  );
  return Object.fromEntries(facts);
}
