/**
 * The one error that callers see, and the one table that says what each of its codes means on every wire.
 *
 * `code` is ours and stable; `kind` is the `:error` that Datahike gives for the same mistake, where it gives one.
 */

interface ErrorCodeMeaning {
  readonly httpStatus: number;
  /** Whether the same request may succeed when it is sent again unchanged. */
  readonly retryable: boolean;
  readonly meaning: string;
}

export const ERROR_CODES = {
  BAD_CONFIG: { httpStatus: 400, retryable: false, meaning: 'The configuration is not valid' },
  BAD_EDN: { httpStatus: 400, retryable: false, meaning: 'The text is not EDN' },
  BAD_QUERY: { httpStatus: 400, retryable: false, meaning: 'The query cannot be understood' },
  BAD_TRANSACTION: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The transaction data cannot be understood',
  },
  BAD_USER_INPUT: { httpStatus: 400, retryable: false, meaning: 'An argument is not valid' },
  BAD_CURSOR: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The cursor belongs to another filter or order, or is damaged',
  },
  BAD_EXPORT: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The export is damaged, incomplete or of a newer version',
  },
  BAD_BACKUP: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The backup is damaged, incomplete or of a newer version',
  },
  BAD_NORM: {
    httpStatus: 400,
    retryable: false,
    meaning: 'A norm cannot be understood or is not what its checksum says',
  },
  UNAUTHENTICATED: {
    httpStatus: 401,
    retryable: false,
    meaning: 'The request needs a valid token',
  },
  AUTHENTICATION_UNAVAILABLE: {
    httpStatus: 503,
    retryable: true,
    meaning: 'Tokens cannot be checked now',
  },
  FORBIDDEN: {
    httpStatus: 403,
    retryable: false,
    meaning: 'The caller may not do this',
  },
  RATE_LIMITED: {
    httpStatus: 429,
    retryable: true,
    meaning: 'The caller has asked too much in too short a time',
  },
  COST_LIMIT_EXCEEDED: {
    httpStatus: 400,
    retryable: false,
    meaning: 'The operation asks for more than one request may',
  },
  NOT_FINITE: {
    httpStatus: 422,
    retryable: false,
    meaning: 'A number is infinite or none, which JSON cannot say',
  },
  UNSUPPORTED_MEDIA_TYPE: {
    httpStatus: 415,
    retryable: false,
    meaning: 'The body is of a type or in an encoding that is not read here',
  },
  NOT_ACCEPTABLE: {
    httpStatus: 406,
    retryable: false,
    meaning: 'The answer is in none of the types that were asked for',
  },
  METHOD_NOT_ALLOWED: {
    httpStatus: 405,
    retryable: false,
    meaning: 'This address is asked by another method',
  },
  PRECONDITION_FAILED: {
    httpStatus: 412,
    retryable: false,
    meaning: 'What is there is not what the request was made for',
  },
  PRECONDITION_REQUIRED: {
    httpStatus: 428,
    retryable: false,
    meaning: 'The request has to say for what it was made',
  },
  // Its clients look for it in what was answered well, and send the document then.
  PERSISTED_QUERY_NOT_FOUND: {
    httpStatus: 200,
    retryable: false,
    meaning: 'There is no operation of this hash',
  },
  SCHEMA_VIOLATION: {
    httpStatus: 400,
    retryable: false,
    meaning: 'An attribute is unknown or a value does not fit its type',
  },
  ENTITY_NOT_FOUND: {
    httpStatus: 404,
    retryable: false,
    meaning: 'A lookup ref or ident names no entity',
  },
  NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'There is nothing at this address' },
  DATABASE_NOT_FOUND: { httpStatus: 404, retryable: false, meaning: 'There is no such database' },
  DATABASE_EXISTS: { httpStatus: 409, retryable: false, meaning: 'The database exists already' },
  UNIQUE_CONFLICT: {
    httpStatus: 409,
    retryable: false,
    meaning: 'Another entity holds this unique value',
  },
  UPSERT_CONFLICT: {
    httpStatus: 409,
    retryable: false,
    meaning: 'One entity map names two different entities',
  },
  CAS_CONFLICT: {
    httpStatus: 409,
    retryable: false,
    meaning: 'The value is not the expected one any more',
  },
  BODY_TOO_LARGE: { httpStatus: 413, retryable: false, meaning: 'The request body is too large' },
  URL_TOO_LONG: { httpStatus: 414, retryable: false, meaning: 'The address is too long' },
  HEADERS_TOO_LARGE: { httpStatus: 431, retryable: false, meaning: 'The headers are too long' },
  REQUEST_TIMEOUT: {
    httpStatus: 408,
    retryable: true,
    meaning: 'The request did not come in time',
  },
  LIMIT_EXCEEDED: {
    httpStatus: 422,
    retryable: false,
    meaning: 'The query needs more than its budget allows',
  },
  DEADLINE_EXCEEDED: { httpStatus: 504, retryable: true, meaning: 'The deadline passed' },
  CANCELLED: { httpStatus: 499, retryable: true, meaning: 'The caller cancelled the request' },
  BASIS_NOT_AVAILABLE: {
    httpStatus: 503,
    retryable: true,
    meaning: 'This reader has not seen the wanted transaction yet',
  },
  WRITER_UNAVAILABLE: {
    httpStatus: 503,
    retryable: true,
    meaning: 'The writer of the branch cannot be reached',
  },
  WRITER_BUSY: { httpStatus: 503, retryable: true, meaning: 'The queue of the writer is full' },
  OUTCOME_UNKNOWN: {
    httpStatus: 504,
    retryable: false,
    meaning:
      'Whether the transaction was written is not known; with an idempotency key it can be sent again',
  },
  IDEMPOTENCY_KEY_REUSED: {
    httpStatus: 422,
    retryable: false,
    meaning: 'The idempotency key belongs to another transaction',
  },
  BRANCH_LOCKED: {
    httpStatus: 409,
    retryable: true,
    meaning: 'Another writer holds the lease of the branch',
  },
  WRITER_DEPOSED: {
    httpStatus: 503,
    retryable: true,
    meaning: 'Another writer has taken over; the transaction was not written',
  },
  STORE_UNAVAILABLE: { httpStatus: 503, retryable: true, meaning: 'The store does not answer' },
  STORE_CORRUPT: {
    httpStatus: 500,
    retryable: false,
    meaning: 'Stored data is missing or damaged',
  },
  SNAPSHOT_EXPIRED: {
    httpStatus: 410,
    retryable: true,
    meaning:
      'What this database value reads was collected, or its history was lost: take a new one',
  },
  CONNECTION_RELEASED: {
    httpStatus: 410,
    retryable: false,
    meaning: 'The connection was released',
  },
  INTERNAL: { httpStatus: 500, retryable: false, meaning: 'A fault in this software' },
} as const satisfies Record<string, ErrorCodeMeaning>;

export type ErrorCode = keyof typeof ERROR_CODES;

/** The `type` of a problem document (RFC 9457). */
export function problemType(code: ErrorCode): string {
  return `urn:datahike-gateway:error:${code.toLowerCase().replaceAll('_', '-')}`;
}

export interface ErrorDetails {
  /** Datahike's `:error` or `:type` for the same mistake, without the colon: `'transact/unique'`. */
  readonly kind?: string;
  /** What the message speaks of, for programs, by the keys that Datahike has for it: attribute, entity-id, context … */
  readonly data?: Readonly<Record<string, unknown>>;
  readonly cause?: unknown;
  /** The message without what helps to find the mistake: its place and what may have been meant. The whole message by default. */
  readonly summary?: string;
}

/** A mistake of the caller or a fault of the world; never a fault of this software, which is an assertion. */
export class DatabaseError extends Error {
  readonly code: ErrorCode;
  readonly kind: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
  /** The message as Datahike has it, for whoever compares it. */
  readonly summary: string;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.name = 'DatabaseError';
    this.code = code;
    this.kind = details.kind;
    this.data = details.data ?? {};
    this.summary = details.summary ?? message;
  }

  get httpStatus(): number {
    return ERROR_CODES[this.code].httpStatus;
  }

  get retryable(): boolean {
    return ERROR_CODES[this.code].retryable;
  }
}
