/** Back-pressure: what a caller does not take is not made. */
import type { ServerResponse } from 'node:http';
import { untilWoken } from './waiting.ts';

/** For how long a reader may take nothing of what is sent to it. */
export const DEFAULT_PATIENCE_MS = 30_000;

/** Whether a slow reader has taken what was sent, before patience with it ended. */
export async function hasDrained(
  response: ServerResponse,
  signal: AbortSignal,
  patienceMs: number,
): Promise<boolean> {
  await untilWoken(signal, (wake) => {
    const timer = setTimeout(wake, patienceMs);
    response.once('drain', wake);
    return () => {
      clearTimeout(timer);
      response.off('drain', wake);
    };
  });
  return !response.writableNeedDrain;
}
