/** Transactions over HTTP, to a {@link WriterServer}. */
import { DatabaseError, MAIN_BRANCH } from '../../engine/index.ts';
import type { TransactResult } from '../connection/writer-port.ts';
import type { WriterTransport } from './transport.ts';
import { NOT_REACHED } from './transport.ts';
import { EDN, printRequest, readError, readResult } from './wire.ts';

/** What the writer needs longer than it was told, to say what it knows. */
const ANSWER_GRACE_MS = 500;

export const httpTransport: WriterTransport = {
  async deliver({ address, database, branch, request, timeoutMs }) {
    const url = new URL(`/transact/${encodeURIComponent(database)}`, address);
    if (branch !== MAIN_BRANCH) url.searchParams.set('branch', branch);
    const signal = AbortSignal.timeout(Math.ceil(timeoutMs) + ANSWER_GRACE_MS);
    const body = printRequest({ ...request, timeoutMs });
    const headers = { 'content-type': EDN };
    try {
      const response = await fetch(url, { method: 'POST', headers, body, signal });
      return answerOf(response.status, await response.text());
    } catch (error) {
      if (error instanceof DatabaseError) throw error;
      if (isRefused(error)) return NOT_REACHED;
      throw unknownOutcome(error);
    }
  },
};

function answerOf(status: number, text: string): TransactResult {
  if (status === 200) return readResult(text);
  throw (
    readError(text) ??
    new DatabaseError('WRITER_UNAVAILABLE', `The writer answered with status ${status}`)
  );
}

/** Whether no connection was made, so that nothing can have been sent. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

function unknownOutcome(cause: unknown): DatabaseError {
  return new DatabaseError(
    'OUTCOME_UNKNOWN',
    'The connection to the writer was lost: the transaction may have been written. Send it again under its idempotency key, or look',
    { cause },
  );
}
