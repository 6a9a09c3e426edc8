/**
 * What waits for the writer: bounded by the number of transactions and by what they hold, so that a crowd of senders is told to come again
 * rather than kept in memory, and each with a deadline.
 */
import { DatabaseError } from '../../engine/index.ts';
import type { TransactRequest } from '../connection/writer-port.ts';
import type { RequestName } from './waiting.ts';
import { Waiting } from './waiting.ts';

export interface QueueLimits {
  /** Transactions that may wait; 10,000 by default. */
  readonly queueLimit?: number;
  /** How long a sender waits that does not say; 30,000 by default. */
  readonly timeoutMs?: number;
}

/** Entity maps and operations that may wait, over all transactions; a single transaction may have more. */
const MAX_FORMS = 2_000_000;

/** Taken transactions that the list holds at least before it is copied without them. */
const MAX_TAKEN = 256;

/** How often it is looked who has waited for too long. */
const SWEEP_INTERVAL_MS = 50;

export class RequestQueue {
  readonly #limit: number;
  readonly #timeoutMs: number;
  readonly #onFilled: () => void;
  #waiting: Waiting[] = [];
  /** Of the list, what was taken already. */
  #taken = 0;
  #formCount = 0;
  /** Whoever is not answered yet, waiting or under way. */
  readonly #open = new Set<Waiting>();
  #sweep: NodeJS.Timeout | undefined;

  /** `onFilled` is told of each transaction that came. */
  constructor({ queueLimit = 10_000, timeoutMs = 30_000 }: QueueLimits, onFilled: () => void) {
    this.#limit = queueLimit;
    this.#timeoutMs = timeoutMs;
    this.#onFilled = onFilled;
  }

  get length(): number {
    return this.#waiting.length - this.#taken;
  }

  /** @throws WRITER_BUSY */
  push(request: TransactRequest, name: RequestName | undefined): Waiting {
    const formCount = request.txData.length;
    const isFull = this.#formCount > 0 && this.#formCount + formCount > MAX_FORMS;
    if (this.length >= this.#limit || isFull)
      throw new DatabaseError(
        'WRITER_BUSY',
        `${this.length} transactions with ${this.#formCount} entity maps and operations wait already; try again later`,
        { data: { waiting: this.length } },
      );
    const timeoutMs = request.timeoutMs ?? this.#timeoutMs;
    const waiting = new Waiting(request, name, timeoutMs, this.#open);
    this.#formCount += formCount;
    this.#waiting.push(waiting);
    this.#sweep ??= setInterval(() => this.#expire(), SWEEP_INTERVAL_MS).unref();
    this.#onFilled();
    return waiting;
  }

  /** The next one that is not answered yet. */
  take(): Waiting | undefined {
    for (;;) {
      const next = this.#waiting[this.#taken];
      if (next === undefined) break;
      this.#taken++;
      this.#forgetTaken();
      this.#formCount -= next.request.txData.length;
      if (!next.isAnswered) {
        next.isTaken = true;
        return next;
      }
      next.settle();
    }
    this.#waiting = [];
    this.#taken = 0;
    return undefined;
  }

  /** A queue that is never empty does not hold on to what it gave away. */
  #forgetTaken(): void {
    if (this.#taken < MAX_TAKEN || this.#taken * 2 < this.#waiting.length) return;
    this.#waiting = this.#waiting.slice(this.#taken);
    this.#taken = 0;
  }

  /** Puts back what was taken, to the front. */
  putBack(taken: ReadonlyArray<Waiting>): void {
    for (const waiting of taken) {
      waiting.isTaken = false;
      this.#formCount += waiting.request.txData.length;
    }
    this.#waiting = [...taken, ...this.#waiting.slice(this.#taken)];
    this.#taken = 0;
  }

  refuseAll(error: unknown): void {
    for (let next = this.take(); next !== undefined; next = this.take()) next.refuse(error);
  }

  #expire(): void {
    const now = performance.now();
    for (const waiting of this.#open) if (waiting.deadlineMs <= now) waiting.expire();
    if (this.#open.size > 0) return;
    clearInterval(this.#sweep);
    this.#sweep = undefined;
  }
}
