/** When it ends that a caller is known. */
import type { Principal } from './principal.ts';

/** The longest that a timer can be set for. */
const MAX_TIMER_MS = 2 ** 31 - 1;

/** Calls back when the credentials of a caller are good no more; gives what stops that. */
export function whenExpired({ expiresMs = Infinity }: Principal, expire: () => void): () => void {
  let timer: NodeJS.Timeout | undefined;
  const wait = (): void => {
    const leftMs = expiresMs - Date.now();
    if (leftMs > MAX_TIMER_MS) timer = setTimeout(wait, MAX_TIMER_MS).unref();
    else timer = setTimeout(expire, Math.max(0, leftMs)).unref();
  };
  if (expiresMs !== Infinity) wait();
  return () => clearTimeout(timer);
}
