/**
 * Answers that are ready in one turn of the event loop go out together at its end. Whoever reads them is woken by the first, and is handed the others
 * while it is awake; with many callers this halves what a small answer costs. A turn is short, since long work gives way (`engine/shared/suspend.ts`).
 */
import type { ServerResponse } from 'node:http';

interface Answer {
  readonly response: ServerResponse;
  readonly body: string | Uint8Array;
}

let ready: Answer[] = [];

/** Ends a response whose head is written, with all others of this turn. */
export function endTogether(response: ServerResponse, body: string | Uint8Array): void {
  if (ready.push({ response, body }) === 1) setImmediate(endAll);
}

function endAll(): void {
  const answers = ready;
  ready = [];
  for (const { response, body } of answers) response.end(body);
}
