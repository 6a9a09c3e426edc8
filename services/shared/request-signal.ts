/**
 * Tells whatever works for a request when nobody waits for its answer any more. As an `AbortSignal`, and made for every request: so it costs an
 * object, and the rest when somebody listens.
 */
import { setMaxListeners } from 'node:events';
import type { ServerResponse } from 'node:http';
import type { CancelSignal } from '../../engine/index.ts';

export class RequestSignal implements CancelSignal {
  readonly #response: ServerResponse;
  #controller: AbortController | undefined;

  constructor(response: ServerResponse) {
    this.#response = response;
  }

  get aborted(): boolean {
    return this.#response.closed && !this.#response.writableFinished;
  }

  addEventListener(
    type: 'abort',
    listener: () => void,
    options?: { readonly once?: boolean },
  ): void {
    this.#controller ??= this.#followed();
    this.#controller.signal.addEventListener(type, listener, options);
  }

  removeEventListener(type: 'abort', listener: () => void): void {
    this.#controller?.signal.removeEventListener(type, listener);
  }

  #followed(): AbortController {
    const controller = new AbortController();
    // All that is read at the same time for one request.
    setMaxListeners(0, controller.signal);
    this.#response.once('close', () => {
      if (this.aborted) controller.abort();
    });
    return controller;
  }
}
