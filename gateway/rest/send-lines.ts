/**
 * An answer in lines of JSON, sent as they are made (`application/x-ndjson`). A caller that reads slowly is waited for, and nothing is read for it
 * meanwhile; one that reads nothing at all, or is gone, is left. What goes wrong between the lines is the last of them: `{"error": …}`, with a problem.
 */
import type { IncomingMessage, ServerResponse } from 'node:http';
import { DatabaseError } from '../../schema/error.ts';
import type { Log } from '../../services/shared/log.ts';
import { nullMarks } from '../read/marks.ts';
import type { Callers } from '../http/caller.ts';
import type { OperationContext } from '../http/context.ts';
import { toProblem } from '../http/error-response.ts';
import { DEFAULT_PATIENCE_MS, hasDrained } from '../http/slow-reader.ts';
import type { Lines } from './rest-request.ts';
import { LINES_TYPE } from './rest-request.ts';

export interface LinesOptions {
  readonly callers: Callers;
  /** Given when the gateway stops. */
  readonly stopping: AbortSignal;
  /** For how long a reader may take nothing that is sent to it; 30,000 by default. */
  readonly patienceMs?: number | undefined;
  readonly log: Log;
}

/** @throws what goes wrong before the first line */
export async function sendLines(
  request: IncomingMessage,
  response: ServerResponse,
  { principal, requestId }: OperationContext,
  lines: Lines,
  { callers, stopping, patienceMs = DEFAULT_PATIENCE_MS, log }: LinesOptions,
): Promise<void> {
  callers.takeStream(request, principal, response);
  const ending = new AbortController();
  const end = (): void => ending.abort();
  response.once('close', end);
  stopping.addEventListener('abort', end, { once: true });
  try {
    let part = await lines.next();
    response.setHeader('Content-Type', LINES_TYPE);
    response.setHeader('Cache-Control', 'no-store');
    if (request.method === 'HEAD') return void response.end();
    for (; part.done !== true; part = await lines.next()) {
      const isTaken =
        response.write(nullMarks(part.value).text) ||
        (await hasDrained(response, ending.signal, patienceMs));
      if (response.closed) return;
      if (stopping.aborted) throw new DatabaseError('CANCELLED', 'The gateway stops; ask again');
      if (!isTaken) return void response.destroy();
      if (Date.now() >= (principal.expiresMs ?? Infinity))
        throw new DatabaseError('UNAUTHENTICATED', 'The token has expired');
    }
    response.end();
  } catch (error) {
    if (!response.headersSent) throw error;
    if (!response.closed)
      response.end(`${JSON.stringify({ error: toProblem(error, requestId, log) })}\n`);
  } finally {
    stopping.removeEventListener('abort', end);
    await lines.return();
  }
}
