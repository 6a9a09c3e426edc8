/**
 * Answers that are kept up to date while somebody watches them. All who watch the same share one run; it is repeated where a transaction meets what the
 * last one has read, for the newest state alone, and told where it says something else.
 *
 *     unwatched -- the first comes --> wanted --> running --> settled
 *                                        ^           |            |
 *                                        '-- met, or one more comes
 */
import { DatabaseError } from '../../schema/error.ts';
import type { Reader, Transaction } from '../../services/reader/reader.ts';
import type { Warning } from '../read/warnings.ts';
import type { Log } from '../../services/shared/log.ts';
import { Changes, Reads } from './reads.ts';
import { pause, untilWoken } from '../http/waiting.ts';

export interface LiveAnswer {
  /** The last transaction of the state that was read. */
  readonly basisTx: number;
  /** Equal texts are one answer. */
  readonly content: string;
  /** Whether not everything could be read, so that it is tried again with every transaction. */
  readonly hasErrors: boolean;
  /** What is said beside it. */
  readonly warnings?: ReadonlyArray<Warning> | undefined;
  /** The last transactions of other databases that were read, by their names. */
  readonly bases?: Readonly<Record<string, string>> | undefined;
  /** Tells when other databases that were read have changed, until it is stopped. */
  readonly followOthers?: (changed: () => void) => () => void;
}

/** Answers from the newest state, and writes down what it reads. It does not throw. */
export type Run = (reads: Reads, signal: AbortSignal) => Promise<LiveAnswer>;

/** So many run at a time; the others of a database wait for their turn. */
const MAX_RUNNING = 8;

/** So many transactions are kept that came during a run; after more it is repeated whatever they changed. */
const MAX_MISSED = 64;

/** After a failure to read the log. */
const RETRY_MS = 1_000;

export class LiveQueries {
  readonly #reader: Reader;
  readonly #log: Log;
  /** By the operation and what it is asked with. */
  readonly #queries = new Map<object, Map<string, LiveQuery>>();
  readonly #wanted: LiveQuery[] = [];
  #running = 0;
  #following: AbortController | undefined;

  constructor(reader: Reader, log: Log) {
    this.#reader = reader;
    this.#log = log;
  }

  /**
   * The answer now, and then each that differs from the one before. Who takes them slowly gets the newest, and not those before it.
   *
   * @param key with the operation says what is asked: who gives the same shares the runs of the first
   */
  async *watch(
    operation: object,
    key: string,
    run: Run,
    signal: AbortSignal,
  ): AsyncGenerator<LiveAnswer, void> {
    const query = this.#queryOf(operation, key, run);
    query.watchers++;
    this.#follow();
    let seen = 0;
    // Whoever comes has a state that is not older than its request.
    let since = query.runs + (query.isRunning ? 1 : 0);
    this.#want(query);
    try {
      while (!signal.aborted) {
        const { answer, version, runs } = query;
        if (answer !== undefined && runs > since && version > seen) {
          seen = version;
          since = -1;
          yield answer;
        } else await query.next(signal);
      }
    } finally {
      query.watchers--;
      if (query.watchers === 0) this.#forget(operation, key, query);
    }
  }

  /** How many different ones are watched. */
  get size(): number {
    let size = 0;
    for (const queries of this.#queries.values()) size += queries.size;
    return size;
  }

  #queryOf(operation: object, key: string, run: Run): LiveQuery {
    let queries = this.#queries.get(operation);
    if (queries === undefined) {
      queries = new Map();
      this.#queries.set(operation, queries);
    }
    let query = queries.get(key);
    if (query === undefined) {
      query = new LiveQuery(run);
      queries.set(key, query);
    }
    return query;
  }

  #forget(operation: object, key: string, query: LiveQuery): void {
    query.end();
    const queries = this.#queries.get(operation);
    queries?.delete(key);
    if (queries?.size === 0) this.#queries.delete(operation);
    if (this.#queries.size > 0) return;
    this.#following?.abort();
    this.#following = undefined;
  }

  /** Looks at the transactions, while there is anything to look for. */
  #follow(): void {
    if (this.#following !== undefined) return;
    this.#following = new AbortController();
    void this.#followUntil(this.#following.signal);
  }

  async #followUntil(signal: AbortSignal): Promise<void> {
    let from: number | undefined;
    while (!signal.aborted) {
      try {
        from ??= this.#reader.current().basisTx + 1;
        for await (const transaction of this.#reader.transactions(from, signal)) {
          this.#note(transaction);
          from = transaction.tx + 1;
        }
      } catch (error) {
        const isSetBack = error instanceof DatabaseError && error.code === 'SNAPSHOT_EXPIRED';
        if (!isSetBack) {
          this.#log.error({ event: 'transactions not read for live queries', error });
          await pause(RETRY_MS, signal);
        }
        from = undefined;
        for (const query of this.#all()) this.#want(query);
      }
    }
  }

  #note({ tx, changes, hasPurged }: Transaction): void {
    const changed = new Changes(changes);
    for (const query of this.#all()) if (hasPurged || query.isMetBy(tx, changed)) this.#want(query);
  }

  *#all(): Generator<LiveQuery> {
    for (const queries of this.#queries.values()) yield* queries.values();
  }

  #want(query: LiveQuery): void {
    if (query.isWanted) return;
    query.isWanted = true;
    // One that runs has its turn when it is done.
    if (!query.isRunning) this.#wanted.push(query);
    this.#runNext();
  }

  #runNext(): void {
    while (this.#running < MAX_RUNNING) {
      const query = this.#wanted.shift();
      if (query === undefined) return;
      if (query.isEnded) continue;
      this.#running++;
      const wantAgain = (): void => this.#want(query);
      void query.runOnce(wantAgain).finally(() => {
        this.#running--;
        if (query.isWanted) this.#wanted.push(query);
        this.#runNext();
      });
    }
  }
}

const NOTHING_TO_LEAVE = (): void => undefined;

class LiveQuery {
  watchers = 0;
  /** Whether it has to run (again). */
  isWanted = false;
  isRunning = false;
  answer: LiveAnswer | undefined;
  /** Counts what was answered, and how often it ran. */
  version = 0;
  runs = 0;
  readonly #run: Run;
  readonly #ending = new AbortController();
  readonly #wakes = new Set<() => void>();
  #reads = new Reads();
  #leaveOthers: () => void = NOTHING_TO_LEAVE;
  /** What came during a run: whether that has read it is known when it is done. */
  #missed: Array<{ readonly tx: number; readonly changes: Changes }> = [];

  constructor(run: Run) {
    this.#run = run;
  }

  get isEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  end(): void {
    this.#ending.abort();
    this.#leaveOthers();
  }

  /** Resolves after the next run, or with the signal. */
  next(signal: AbortSignal): Promise<void> {
    return untilWoken(signal, (wake) => {
      this.#wakes.add(wake);
      return () => this.#wakes.delete(wake);
    });
  }

  /** Whether it has to run again because of a transaction. */
  isMetBy(tx: number, changes: Changes): boolean {
    if (this.isRunning) {
      this.#missed.push({ tx, changes });
      return this.#missed.length > MAX_MISSED;
    }
    return this.answer !== undefined && tx > this.answer.basisTx && this.#reads.meet(changes);
  }

  async runOnce(wantAgain: () => void): Promise<void> {
    this.isWanted = false;
    this.isRunning = true;
    this.#missed = [];
    const reads = new Reads();
    const answer = await this.#run(reads, this.#ending.signal);
    if (answer.hasErrors) reads.addEverything();
    this.#leaveOthers();
    this.#leaveOthers = answer.followOthers?.(wantAgain) ?? NOTHING_TO_LEAVE;
    if (this.isEnded) this.#leaveOthers();
    this.#reads = reads;
    this.runs++;
    if (answer.content !== this.answer?.content) this.version++;
    this.answer = answer;
    this.isRunning = false;
    this.isWanted ||= this.#missed.some(({ tx, changes }) => this.isMetBy(tx, changes));
    this.#missed = [];
    for (const wake of [...this.#wakes]) wake();
  }
}
