/**
 * The {@link Writer} port from any process: finds the writer of a branch by its lease, and follows it to the next process that takes it over. A
 * transaction that may have reached a writer is sent again under an idempotency key only; without one it is for the caller to look.
 */
import { setTimeout as wait } from 'node:timers/promises';
import type { Store } from '../../engine/index.ts';
import { DatabaseError } from '../../engine/index.ts';
import type { ErrorCode } from '../../engine/index.ts';
import type { TransactRequest, TransactResult, Writer } from '../connection/writer-port.ts';
import { httpTransport } from './http-transport.ts';
import type { WriterTransport } from './transport.ts';
import { NOT_REACHED } from './transport.ts';

export interface RemoteWriterOptions {
  readonly database: string;
  readonly store: Store;
  readonly branch: string;
  /** How long one transaction may take that does not say, with all that it takes to find the writer; 30,000 by default. */
  readonly timeoutMs?: number;
  /** How long to look for a writer while there is none; 5,000 by default. */
  readonly patienceMs?: number;
  /** HTTP by default. */
  readonly transport?: WriterTransport;
}

const RETRY_INTERVAL_MS = 50;

/** With less time than this a transaction that is known not to be written is not sent again: it would end as one of unknown outcome. */
const MIN_ATTEMPT_MS = 500;

/**
 * After these the writer may be another one, and a request with a key is sent again: they say nothing of the transaction itself, so that one that
 * was given up before may have been written all the same.
 */
const MOVED: ReadonlySet<ErrorCode> = new Set([
  'DEADLINE_EXCEEDED',
  'OUTCOME_UNKNOWN',
  'STORE_UNAVAILABLE',
  'WRITER_BUSY',
  'WRITER_DEPOSED',
  'WRITER_UNAVAILABLE',
]);

export class RemoteWriter implements Writer {
  readonly #options: RemoteWriterOptions;
  readonly #transport: WriterTransport;
  #address: string | undefined;

  constructor(options: RemoteWriterOptions) {
    this.#options = options;
    this.#transport = options.transport ?? httpTransport;
  }

  async transact(request: TransactRequest): Promise<TransactResult> {
    const { database, branch, timeoutMs = 30_000, patienceMs = 5_000 } = this.#options;
    const startedAt = performance.now();
    const deadline = startedAt + (request.timeoutMs ?? timeoutMs);
    let giveUpAt = Math.min(deadline, startedAt + patienceMs);
    let mayBeWritten = false;
    for (;;) {
      let address: string | undefined;
      try {
        address = this.#address ??= await this.#findWriter(giveUpAt);
        const leftMs = Math.max(1, deadline - performance.now());
        const delivery = { address, database, branch, request, timeoutMs: leftMs };
        const answer = await this.#transport.deliver(delivery);
        if (answer !== NOT_REACHED) return answer;
        if (performance.now() > giveUpAt) throw mayBeWritten ? unknownOutcome() : silent(address);
      } catch (error) {
        if (!isMoved(error)) throw error;
        const isKnown: boolean = !mayBeWritten && error.code !== 'OUTCOME_UNKNOWN';
        const endAt = isKnown ? Math.min(giveUpAt, deadline - MIN_ATTEMPT_MS) : giveUpAt;
        if (request.key === undefined || performance.now() > endAt) {
          this.#forget(address);
          throw mayBeWritten ? unknownOutcome(error) : error;
        }
        mayBeWritten = !isKnown;
        // What may have been sent already is sent until it is answered.
        if (address !== undefined) giveUpAt = deadline;
      }
      this.#forget(address);
      await wait(RETRY_INTERVAL_MS);
    }
  }

  /** The lease says where the writer is now. */
  #forget(address: string | undefined): void {
    if (this.#address === address) this.#address = undefined;
  }

  async #findWriter(giveUpAt: number): Promise<string> {
    const { store, branch } = this.#options;
    for (;;) {
      const lease = await store.leases.current(branch);
      if (lease !== undefined && lease.address !== null) return lease.address;
      if (performance.now() > giveUpAt)
        throw new DatabaseError(
          'WRITER_UNAVAILABLE',
          lease === undefined
            ? 'No writer holds the branch; nothing was sent. Start one, or try again'
            : `The writer ${lease.owner} takes no transactions from other processes`,
        );
      await wait(RETRY_INTERVAL_MS);
    }
  }
}

function isMoved(error: unknown): error is DatabaseError {
  return error instanceof DatabaseError && MOVED.has(error.code);
}

function unknownOutcome(cause?: unknown): DatabaseError {
  return new DatabaseError(
    'OUTCOME_UNKNOWN',
    'No writer could be asked in time what became of the transaction: it may have been written. Send it again under its idempotency key',
    { cause },
  );
}

function silent(address: string): DatabaseError {
  return new DatabaseError(
    'WRITER_UNAVAILABLE',
    `The writer at ${address} does not answer; nothing was sent. Try again`,
  );
}
