/**
 * The {@link Writer} port over HTTP: finds the writer of a branch by its lease, and sends. A transaction that may have reached a writer
 * is never sent again: whether it was written is then for the caller to see.
 */
import type { Store } from '../../engine/index.ts';
import { DatabaseError } from '../../engine/index.ts';
import type { TransactRequest, TransactResult, Writer } from '../connection/writer-port.ts';
import { printRequest, readError, readResult } from './wire.ts';

export interface RemoteWriterOptions {
  readonly database: string;
  readonly store: Store;
  readonly branch: string;
  /** How long one transaction may take; 30,000 by default. */
  readonly timeoutMs?: number;
  /** How long to look for a writer while there is none; 5,000 by default. */
  readonly patienceMs?: number;
}

const RETRY_INTERVAL_MS = 100;

export class RemoteWriter implements Writer {
  readonly #options: RemoteWriterOptions;
  readonly #timeoutMs: number;
  readonly #patienceMs: number;
  #address: string | undefined;

  constructor(options: RemoteWriterOptions) {
    this.#options = options;
    this.#timeoutMs = options.timeoutMs ?? 30_000;
    this.#patienceMs = options.patienceMs ?? 5_000;
  }

  async transact(request: TransactRequest): Promise<TransactResult> {
    const body = printRequest(request);
    const giveUpAt = performance.now() + this.#patienceMs;
    for (;;) {
      const address = (this.#address ??= await this.#findWriter(giveUpAt));
      const response = await this.#send(address, body);
      if (response !== 'not reached') return response;
      // Nothing was sent: the writer moved or is gone.
      this.#address = undefined;
      if (performance.now() > giveUpAt)
        throw unavailable(`The writer at ${address} does not answer`);
      await pause(RETRY_INTERVAL_MS);
    }
  }

  async #findWriter(giveUpAt: number): Promise<string> {
    const { store, branch } = this.#options;
    for (;;) {
      const lease = await store.leases.current(branch);
      if (lease !== undefined && lease.address !== null) return lease.address;
      if (performance.now() > giveUpAt)
        throw unavailable(
          lease === undefined
            ? 'No writer holds the branch'
            : `The writer ${lease.owner} takes no transactions from other processes`,
        );
      await pause(RETRY_INTERVAL_MS);
    }
  }

  async #send(address: string, body: string): Promise<TransactResult | 'not reached'> {
    const url = new URL(`/transact/${encodeURIComponent(this.#options.database)}`, address);
    let response: Response;
    try {
      response = await fetch(url, {
        method: 'POST',
        headers: { 'content-type': 'application/edn' },
        body,
        signal: AbortSignal.timeout(this.#timeoutMs),
      });
    } catch (error) {
      if (isRefused(error)) return 'not reached';
      this.#address = undefined;
      throw unavailable(
        'The connection to the writer was lost; the transaction may have been written',
        error,
      );
    }
    const text = await response.text();
    if (response.ok) return readResult(text);
    const error =
      readError(text) ?? unavailable(`The writer answered with status ${response.status}`);
    if (error.code === 'WRITER_DEPOSED' || error.code === 'WRITER_UNAVAILABLE')
      this.#address = undefined;
    throw error;
  }
}

/** Whether no connection was made, so that nothing can have been sent. */
function isRefused(error: unknown): boolean {
  const cause = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && 'code' in cause && cause.code === 'ECONNREFUSED';
}

function unavailable(message: string, cause?: unknown): DatabaseError {
  return new DatabaseError('WRITER_UNAVAILABLE', message, cause === undefined ? {} : { cause });
}

function pause(durationMs: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, durationMs));
}
