/**
 * Tells whatever works for a request when nobody waits for its answer any more. As an `AbortSignal`, and made for every request: so it costs a
 * listener on the response, and the rest when somebody listens.
 */
import type { ServerResponse } from 'node:http';
import type { CancelSignal } from '../../services/reader/reader.ts';

export class RequestSignal implements CancelSignal {
  aborted = false;
  #controller: AbortController | undefined;

  constructor(response: ServerResponse) {
    response.once('close', () => {
      if (response.writableFinished) return;
      this.aborted = true;
      this.#controller?.abort();
    });
  }

  addEventListener(
    type: 'abort',
    listener: () => void,
    options?: { readonly once?: boolean },
  ): void {
    this.#controller ??= new AbortController();
    this.#controller.signal.addEventListener(type, listener, options);
  }

  removeEventListener(type: 'abort', listener: () => void): void {
    this.#controller?.signal.removeEventListener(type, listener);
  }
}
