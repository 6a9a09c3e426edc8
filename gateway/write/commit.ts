/**
 * Sends writes as one transaction, and finds what they made. A request with an idempotency key that was written before is answered from what it did
 * then: its names are looked up in the database as it was just before that transaction.
 */
import { createHash } from 'node:crypto';
import { DatabaseError } from '../../schema/error.ts';
import type { EdnData } from '../../schema/value.ts';
import { valueKey } from '../../schema/value-key.ts';
import type { TransactRequest, TransactResult } from '../../services/connection/writer-port.ts';
import type { RequestContext } from '../http/context.ts';
import { scopeAt, writtenScope } from '../http/context.ts';
import type { ReadScope } from '../read/scope.ts';
import type { Prepared, WriteRequest } from './write.ts';
import { prepareWrites } from './write.ts';

export interface CommitRequest extends WriteRequest {
  readonly idempotencyKey?: string | null | undefined;
  /** All is checked and answered as if it were written, and nothing is. */
  readonly dryRun?: boolean | null | undefined;
}

export interface Written {
  /** Of each write. */
  readonly entities: ReadonlyArray<ReadonlyArray<number>>;
  /** Undefined where there was nothing to write. */
  readonly result: TransactResult | undefined;
  /** The database that the writes started from, and the one that they made. */
  readonly before: ReadScope;
  readonly after: ReadScope;
}

const MAX_KEY_LENGTH = 1_024;

/** @throws what preparing and the writer throw; CAS_CONFLICT where a condition does not hold */
export async function commitWrites(
  context: RequestContext,
  request: CommitRequest,
): Promise<Written> {
  const { reader, limits } = context;
  // The newest state there is: the writes of an operation see each other.
  const snapshot = await reader.snapshot({ minTx: context.basisTx, limits });
  const before = scopeAt(context, snapshot);
  try {
    return request.dryRun === true
      ? await tryOut(context, before, request)
      : await write(context, before, request);
  } catch (error) {
    throw withId(error, context.encodeId);
  }
}

async function tryOut(
  context: RequestContext,
  before: ReadScope,
  request: WriteRequest,
): Promise<Written> {
  const prepared = await prepareWrites(before, request);
  const transaction = transactionOf(prepared);
  if (isEmpty(transaction)) return nothing(before);
  const { result, snapshot } = await before.snapshot.with(transaction);
  // The log does not have it, and may come to have another one of its number.
  const log = { ...before.log, transaction: () => Promise.resolve(undefined) };
  return written(prepared, result, before, { ...scopeAt(context, snapshot), log });
}

async function write(
  context: RequestContext,
  before: ReadScope,
  request: CommitRequest,
): Promise<Written> {
  const name = nameOf(context, request);
  let prepared: Prepared;
  try {
    prepared = await prepareWrites(before, request);
  } catch (error) {
    const known = await writtenBefore(context, name, request);
    if (known !== undefined) return known;
    throw error;
  }
  const transaction = transactionOf(prepared);
  if (isEmpty(transaction)) return (await writtenBefore(context, name, request)) ?? nothing(before);
  const result = await context.writer.transact({ ...transaction, ...name });
  if (result.tx <= before.snapshot.basisTx) return repeated(context, request, result);
  return written(prepared, result, before, await scopeAfter(context, result));
}

type RequestName = Pick<TransactRequest, 'key' | 'content'>;

/** What a request did when it was sent before. It is asked for where the request would fail now, or do nothing, because it was written. */
async function writtenBefore(
  context: RequestContext,
  name: RequestName | undefined,
  request: WriteRequest,
): Promise<Written | undefined> {
  if (name === undefined) return undefined;
  try {
    const conditions = [{ kind: 'never' } as const];
    const result = await context.writer.transact({ txData: [], conditions, ...name });
    return await repeated(context, request, result);
  } catch (error) {
    if (error instanceof DatabaseError && error.code === 'NOT_FOUND') return undefined;
    throw error;
  }
}

async function repeated(
  context: RequestContext,
  request: WriteRequest,
  result: TransactResult,
): Promise<Written> {
  const after = await scopeAfter(context, result);
  const before = scopeAt(context, after.snapshot.asOf(result.tx - 1));
  return written(await prepareWrites(before, request), result, before, after);
}

function scopeAfter(context: RequestContext, { tx }: TransactResult): Promise<ReadScope> {
  context.basisTx = Math.max(context.basisTx, tx);
  return writtenScope(context, tx);
}

function transactionOf({ draft }: Prepared): TransactRequest {
  return { txData: draft.operations, conditions: draft.conditions };
}

/** The key and the content by which a request is known again: keys are of the caller, and the content is what was asked, not what it came to. */
function nameOf(
  { caller }: RequestContext,
  { idempotencyKey, writes, if: condition, meta }: CommitRequest,
): RequestName | undefined {
  if (idempotencyKey === null || idempotencyKey === undefined) return undefined;
  if (idempotencyKey === '' || idempotencyKey.length > MAX_KEY_LENGTH)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `The idempotency key must have 1 to ${MAX_KEY_LENGTH} characters, got ${idempotencyKey.length}`,
    );
  const asked = {
    writes: writes.map((each) => ({ ...each, type: each.type.name })),
    condition,
    meta,
  };
  return {
    key: hashOf(JSON.stringify([caller, idempotencyKey])),
    content: hashOf(JSON.stringify(asked, toPlain)),
  };
}

function hashOf(text: string): string {
  return createHash('sha256').update(text).digest('base64url');
}

/** Values that JSON does not know, as their keys. */
function toPlain(_name: string, value: unknown): unknown {
  if (typeof value === 'bigint') return String(value);
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  const prototype: unknown = Object.getPrototypeOf(value);
  const isPlain = prototype === null || prototype === Object.prototype;
  return isPlain ? value : String(valueKey(value as EdnData));
}

function isEmpty({ txData, conditions = [] }: TransactRequest): boolean {
  return txData.length === 0 && conditions.length === 0;
}

function nothing(scope: ReadScope): Written {
  return { entities: [], result: undefined, before: scope, after: scope };
}

function written(
  { entities }: Prepared,
  result: TransactResult,
  before: ReadScope,
  after: ReadScope,
): Written {
  const idOf = (term: number | string): number => {
    const id = typeof term === 'number' ? term : result.tempids.get(term);
    if (id === undefined) throw new Error(`Expected the writer to resolve the tempid ${term}`);
    return id;
  };
  return { entities: entities.map((terms) => terms.map(idOf)), result, before, after };
}

/** Callers know entities by the ids of the API. */
function withId(error: unknown, encodeId: RequestContext['encodeId']): unknown {
  if (!(error instanceof DatabaseError)) return error;
  const { entity, ...data } = error.data;
  if (error.code !== 'CAS_CONFLICT' || typeof entity !== 'number') return error;
  return new DatabaseError(error.code, error.message, {
    data: { ...data, id: encodeId(entity) },
    cause: error,
  });
}
