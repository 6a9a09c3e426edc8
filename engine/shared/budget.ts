/**
 * What one computation may use. A driver puts the budget of a computation in force whenever it resumes it, so that code deep in a join asks
 * for `budget()` and nobody hands it down; computations that take turns have each their own, and a query within a query that of the outer one.
 */
import { DatabaseError } from '../../schema/error.ts';

/** Says that nobody wants the result any more; an `AbortSignal` is one. */
export interface CancelSignal {
  readonly aborted: boolean;
  addEventListener(
    type: 'abort',
    listener: () => void,
    options?: { readonly once?: boolean },
  ): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

/** Ends a query that takes too long or too much. */
export interface QueryLimits {
  /** Ends it with CANCELLED. */
  readonly signal?: CancelSignal | undefined;
  /** How long it may take, milliseconds; for ever by default. */
  readonly timeoutMs?: number | undefined;
  /** When it has to be over, on the clock of `performance.now()`, milliseconds: for several that share the time of one request. */
  readonly deadlineMs?: number | undefined;
  /** Rows of any one intermediate result; 20,000,000 by default. */
  readonly maxRows?: number | undefined;
  /** Memory of the intermediate results and of the answer, estimated, bytes; 1 GiB by default. */
  readonly maxBytes?: number | undefined;
  /** Rounds in which rules that call each other may be worked out; 1,000,000 by default. */
  readonly maxRounds?: number | undefined;
}

const MAX_ROWS = 20_000_000;
const MAX_BYTES = 2 ** 30;
const MAX_ROUNDS = 1_000_000;

/** A larger value takes a function too long to look at, all at once as it does. */
const MAX_VALUE_BYTES = 2 ** 25;

/** What a row takes in each of its columns. */
const BYTES_PER_CELL = 4;

export class Budget {
  readonly #signal: CancelSignal | undefined;
  readonly #deadlineMs: number;
  readonly #maxRows: number;
  readonly #maxBytes: number;
  readonly #maxRounds: number;
  #held = 0;

  constructor({
    signal,
    timeoutMs = Infinity,
    deadlineMs = Infinity,
    maxRows = MAX_ROWS,
    maxBytes = MAX_BYTES,
    maxRounds = MAX_ROUNDS,
  }: QueryLimits = {}) {
    this.#signal = signal;
    this.#deadlineMs =
      timeoutMs === Infinity ? deadlineMs : Math.min(deadlineMs, performance.now() + timeoutMs);
    this.#maxRows = maxRows;
    this.#maxBytes = maxBytes;
    this.#maxRounds = maxRounds;
  }

  /** The next step of a computation, with this budget in force. */
  resume<Wait, T>(computation: Generator<Wait, T, void>): IteratorResult<Wait, T> {
    const outer = inForce;
    inForce = this;
    try {
      return computation.next();
    } catch (error) {
      throw limitOfJavaScript(error) ?? error;
    } finally {
      inForce = outer;
    }
  }

  /** @throws CANCELLED, DEADLINE_EXCEEDED */
  checkTime(): void {
    if (this.#signal?.aborted === true)
      throw new DatabaseError('CANCELLED', 'The caller cancelled the request');
    if (this.#deadlineMs < Infinity && performance.now() >= this.#deadlineMs)
      throw new DatabaseError(
        'DEADLINE_EXCEEDED',
        'The deadline passed before the answer was ready; ask for less, or allow more time',
      );
  }

  /** Waits for what is being loaded, no longer than there is time. @throws CANCELLED, DEADLINE_EXCEEDED, or what the loading throws */
  async wait(loading: Promise<unknown>): Promise<void> {
    const signal = this.#signal;
    if (signal === undefined && this.#deadlineMs === Infinity) {
      await loading;
      return;
    }
    let stop = (): void => undefined;
    const isOver = new Promise<void>((resolve) => {
      const leftMs = Math.ceil(this.#deadlineMs - performance.now());
      const timer = leftMs < MAX_TIMER_MS ? setTimeout(resolve, leftMs) : undefined;
      const abort = (): void => resolve();
      signal?.addEventListener('abort', abort, { once: true });
      stop = () => {
        clearTimeout(timer);
        signal?.removeEventListener('abort', abort);
      };
    });
    try {
      await Promise.race([loading, isOver]);
    } finally {
      stop();
    }
    this.checkTime();
  }

  /** Whether a result of so many rows may be. @throws LIMIT_EXCEEDED */
  checkRows(count: number, columnCount = 1): void {
    if (count > this.#maxRows)
      throw exceeded(
        'maxRows',
        this.#maxRows,
        `The query makes more than ${this.#maxRows} intermediate rows; join its clauses by shared variables or bind more of them`,
      );
    this.checkBytes(count * columnCount * BYTES_PER_CELL);
  }

  /** Whether there is room for so much beside what is held. @throws LIMIT_EXCEEDED */
  checkBytes(bytes: number): void {
    if (this.#held + bytes > this.#maxBytes)
      throw exceeded(
        'maxBytes',
        this.#maxBytes,
        `The query needs more than ${this.#maxBytes} bytes of memory for intermediate results; ask for less at once, or bind more of its variables`,
      );
  }

  /** What is held now, bytes: {@link keep} comes back to it. */
  get held(): number {
    return this.#held;
  }

  /** Notes what is held from now on beside all that was. @throws LIMIT_EXCEEDED */
  hold(bytes: number): void {
    this.checkBytes(bytes);
    this.#held += bytes;
  }

  /** Lets go of all but so much. @throws LIMIT_EXCEEDED */
  keep(bytes: number): void {
    this.#held = 0;
    this.hold(bytes);
  }

  /** Notes a value that goes through a function, and is held. @throws LIMIT_EXCEEDED */
  holdValue(bytes: number): void {
    if (bytes > MAX_VALUE_BYTES)
      throw exceeded(
        'valueBytes',
        MAX_VALUE_BYTES,
        `A function of the query takes or makes a value of more than ${MAX_VALUE_BYTES} bytes; call it with less`,
      );
    this.hold(bytes);
  }

  /** Whether rules may go on to so many rounds. @throws LIMIT_EXCEEDED */
  checkRounds(count: number): void {
    if (count > this.#maxRounds)
      throw exceeded(
        'maxRounds',
        this.#maxRounds,
        `The rules of the query need more than ${this.#maxRounds} rounds; see that what calls itself comes to an end`,
      );
  }
}

let inForce = new Budget();

/** The budget of the computation that runs. Who drives none has the default limits. */
export function budget(): Budget {
  return inForce;
}

/** A query that is larger than something allows: `data` says which limit it was, and how much it is. */
export function exceeded(which: string, limit: number, message: string): DatabaseError {
  return new DatabaseError('LIMIT_EXCEEDED', message, { data: { which, limit } });
}

/** A timer cannot be set to later. */
const MAX_TIMER_MS = 2 ** 31 - 1;

const LIMITS_OF_JAVASCRIPT: ReadonlyArray<readonly [RegExp, which: string, message: string]> = [
  [/call stack/, 'nesting', 'The query or its data nest too deep'],
  [
    /maximum size exceeded|Maximum BigInt size|Invalid (string|array|typed array) length|allocation failed/i,
    'valueBytes',
    'The query makes a value that is too large for JavaScript',
  ],
];

/** What the engine of JavaScript refuses for its size; undefined for any other error. */
function limitOfJavaScript(error: unknown): DatabaseError | undefined {
  if (!(error instanceof RangeError)) return undefined;
  const found = LIMITS_OF_JAVASCRIPT.find(([pattern]) => pattern.test(error.message));
  if (found === undefined) return undefined;
  const [, which, message] = found;
  return new DatabaseError('LIMIT_EXCEEDED', message, { data: { which }, cause: error });
}
