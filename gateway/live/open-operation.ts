/** From what a caller sends to an operation whose answers can be streamed, whichever way they travel. */
import type { GraphQLFormattedError } from 'graphql';
import type { QueryLimits } from '../../services/reader/reader.ts';
import type { Log } from '../../services/shared/log.ts';
import type { Hold, OnDemand } from '../../services/shared/on-demand.ts';
import type { Authenticate } from '../access/authenticate.ts';
import type { Callers } from '../http/caller.ts';
import type { Documents } from '../graphql/documents.ts';
import type { OperationRequest } from '../graphql/server.ts';
import { badInput } from '../read/bad-input.ts';
import { checkDocumentNesting, checkValueNesting } from '../http/nesting.ts';
import type { ServedDatabase } from '../served-database.ts';
import type { AskedOperation, Asker } from './asked-operation.ts';

/** What all streams of a gateway share. */
export interface LiveHost {
  readonly served: OnDemand<ServedDatabase>;
  readonly defaultDatabase: string;
  readonly callers: Callers;
  readonly documents: Documents;
  readonly authenticate: Authenticate;
  readonly queryLimits: QueryLimits;
  /** Of one request or message. */
  readonly bodyLimitBytes: number;
  readonly log: Log;
}

export type OpenedOperation =
  | { readonly kind: 'opened'; readonly asked: AskedOperation }
  | { readonly kind: 'refused'; readonly errors: ReadonlyArray<GraphQLFormattedError> };

/** @throws BAD_USER_INPUT, FORBIDDEN, RATE_LIMITED */
export async function openOperation(
  { documents, queryLimits, log }: LiveHost,
  { value: database }: Hold<ServedDatabase>,
  asker: Asker,
  request: OperationRequest,
): Promise<OpenedOperation> {
  asker.charge('requests', 1);
  const { operationName, variables: given = {} } = request;
  const query = documents.textFor(request);
  checkDocumentNesting(query);
  checkValueNesting(given);
  const schema = await database.schemaFor(asker.principal);
  const known = query === undefined ? undefined : schema.operations.get(query, operationName);
  const read = known?.readVariables(given);
  const prepared =
    known !== undefined && read !== undefined
      ? ({ kind: 'ready', operation: known, variables: read } as const)
      : await schema.prepare({ query, operationName, variables: given }, asker.requestId);
  if (prepared.kind === 'refused') return prepared;
  const { operation, variables } = prepared;
  const asked = { ...asker, database, schema, operation, variables, given, queryLimits, log };
  return { kind: 'opened', asked };
}

/** The members of a request as JSON. @throws BAD_USER_INPUT */
export function operationRequest(json: unknown): OperationRequest {
  if (!isObject(json)) throw badInput('The request', 'must be a JSON object');
  return {
    query: textAt(json, 'query'),
    documentId: textAt(json, 'documentId'),
    operationName: textAt(json, 'operationName'),
    variables: objectAt(json, 'variables'),
    extensions: objectAt(json, 'extensions'),
  };
}

type JsonObject = Readonly<Record<string, unknown>>;

function textAt(json: JsonObject, name: string): string | undefined {
  const value = json[name] ?? undefined;
  if (value === undefined || typeof value === 'string') return value;
  throw badInput(name, 'must be a string');
}

function objectAt(json: JsonObject, name: string): JsonObject | undefined {
  const value = json[name] ?? undefined;
  if (value === undefined || isObject(value)) return value;
  throw badInput(name, 'must be an object');
}

function isObject(value: unknown): value is JsonObject {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
