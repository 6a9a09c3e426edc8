/** Waits that a signal can end. */

/**
 * Resolves when it is woken, or the signal is given.
 *
 * @param listen is given what wakes it, and gives what stops that
 */
export function untilWoken(
  signal: AbortSignal,
  listen: (wake: () => void) => () => void,
): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) {
      resolve();
      return;
    }
    const wake = (): void => {
      signal.removeEventListener('abort', wake);
      stop();
      resolve();
    };
    signal.addEventListener('abort', wake);
    const stop = listen(wake);
  });
}

export function pause(ms: number, signal: AbortSignal): Promise<void> {
  return untilWoken(signal, (wake) => {
    const timer = setTimeout(wake, ms);
    return () => clearTimeout(timer);
  });
}
