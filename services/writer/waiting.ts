/**
 * A transaction on its way through the writer, and the promise that its sender holds.
 *
 *     waiting -> taken -> answered and settled
 *        \         \----> answered, because its time is over; settled when it is known what became of it
 *         \-> answered and settled, because its time is over
 */
import type { KeyedRequest } from '../../engine/index.ts';
import { DatabaseError } from '../../engine/index.ts';
import type { TransactRequest, TransactResult } from '../connection/writer-port.ts';

/** What the writer keeps of an idempotency key. */
export interface RequestName {
  /** The key, hashed: 32 hexadecimal digits. */
  readonly hash: string;
  readonly digest: KeyedRequest['digest'];
}

export class Waiting {
  readonly request: TransactRequest;
  readonly name: RequestName | undefined;
  readonly answered: Promise<TransactResult>;
  /** On the clock of `performance.now()`. */
  readonly deadlineMs: number;
  /** Whether it may come to be written. */
  isTaken = false;
  /** All that are not answered yet. */
  readonly #open: Set<Waiting>;
  #isSettled = false;
  #onSettled: (() => void) | undefined;
  #resolve!: (result: TransactResult) => void;
  #reject!: (error: unknown) => void;

  /** `open`: where it is until it is answered. */
  constructor(
    request: TransactRequest,
    name: RequestName | undefined,
    timeoutMs: number,
    open: Set<Waiting>,
  ) {
    this.request = request;
    this.name = name;
    this.deadlineMs = performance.now() + timeoutMs;
    this.#open = open.add(this);
    this.answered = new Promise((resolve, reject) => {
      this.#resolve = resolve;
      this.#reject = reject;
    });
  }

  get isAnswered(): boolean {
    return !this.#open.has(this);
  }

  /** Resolves when it is known whether the transaction was written. */
  get settled(): Promise<void> {
    if (this.#isSettled) return Promise.resolve();
    return new Promise((resolve) => (this.#onSettled = resolve));
  }

  answer(result: TransactResult): void {
    this.#open.delete(this);
    this.#resolve(result);
    this.settle();
  }

  /** Answers that nothing was written. */
  refuse(error: unknown): void {
    this.#fail(error);
    this.settle();
  }

  /** Answers that it may have been written; who finds out says so by {@link settle}. */
  giveUp(error: unknown): void {
    this.#fail(error);
  }

  settle(): void {
    this.#isSettled = true;
    this.#onSettled?.();
  }

  /** Answers because the time is over. */
  expire(): void {
    if (this.isTaken)
      this.giveUp(
        new DatabaseError(
          'OUTCOME_UNKNOWN',
          'The transaction was not confirmed in time: whether it is written is not known. Send it again under its idempotency key, or look',
        ),
      );
    else
      this.refuse(
        new DatabaseError(
          'DEADLINE_EXCEEDED',
          'The turn of the transaction did not come in time; nothing was written. Send it again later',
        ),
      );
  }

  #fail(error: unknown): void {
    this.#open.delete(this);
    this.#reject(error);
  }
}
