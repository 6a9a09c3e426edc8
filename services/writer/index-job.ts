/**
 * The index job: folds novelty into new base trees beside the writer, which goes on and names them with one of its next commits. It begins when there is
 * much novelty, or when there is some and the writer has been quiet: then nobody waits for it, and whoever opens the database next need not read
 * the log.
 */
import type { Db, Folded } from '../../engine/index.ts';
import { fold, run } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { Log } from '../shared/log.ts';

export interface IndexJobOptions {
  readonly connection: Connection;
  readonly log: Log;
  /** Novelty is folded when it holds so many datoms, over all indices. */
  readonly threshold: number;
  /** After so long without a commit it is quiet. */
  readonly quietMs: number;
  readonly newAddress: () => number;
  /** The database after the last commit. */
  readonly head: () => Db;
  /** Whether the writer has nothing to do: what purges must not have a job beside it. */
  readonly isIdle: () => boolean;
  /** Told when new base trees are stored. */
  readonly onDone: () => void;
}

/** How far novelty may outgrow the threshold before transactions wait for the job. */
const MAX_OVERGROWTH = 3;

/** Of the threshold, what is worth folding when nothing is written for a while. */
const QUIET_SHARE = 0.01;

export class IndexJob {
  readonly #options: IndexJobOptions;
  #running: Promise<void> | undefined;
  #folded: Folded | undefined;
  /** On the clock of `performance.now()`. */
  #committedAtMs = 0;
  #quietTimer: NodeJS.Timeout | undefined;

  constructor(options: IndexJobOptions) {
    this.#options = options;
  }

  /** Resolves when no job runs. */
  get ended(): Promise<void> | undefined {
    return this.#running;
  }

  /** Whether there are base trees that no root names yet. */
  get isDone(): boolean {
    return this.#folded !== undefined;
  }

  take(): Folded | undefined {
    const folded = this.#folded;
    this.#folded = undefined;
    return folded;
  }

  /** Told of each commit. */
  startIfDue(): void {
    this.#committedAtMs = performance.now();
    const { head, threshold, quietMs } = this.#options;
    const { size } = head().novelty;
    if (size >= threshold) this.#start();
    else if (size >= threshold * QUIET_SHARE) this.#lookIn(quietMs);
  }

  /** Begins no job any more because it is quiet. */
  stop(): void {
    clearTimeout(this.#quietTimer);
  }

  /** Holds transactions back while they come faster than they are folded. */
  async waitForRoom(): Promise<void> {
    const { head, threshold } = this.#options;
    const isFull = head().novelty.size > threshold * MAX_OVERGROWTH;
    if (isFull && this.#folded === undefined) await this.#running;
  }

  /** One timer for many commits: it looks when the last of them was. */
  #lookIn(delayMs: number): void {
    this.#quietTimer ??= setTimeout(() => {
      this.#quietTimer = undefined;
      const { head, threshold, quietMs, isIdle } = this.#options;
      const leftMs = this.#committedAtMs + quietMs - performance.now();
      if (leftMs > 0 || !isIdle()) this.#lookIn(Math.max(leftMs, quietMs / 2));
      else if (head().novelty.size >= threshold * QUIET_SHARE) this.#start();
    }, delayMs).unref();
  }

  #start(): void {
    const { head, log, onDone } = this.#options;
    if (this.#running !== undefined || this.#folded !== undefined) return;
    this.#running = this.#fold(head())
      .catch((error: unknown) => log.error({ event: 'index job failed', error }))
      .finally(() => {
        this.#running = undefined;
        if (this.#folded !== undefined) onDone();
      });
  }

  async #fold(db: Db): Promise<void> {
    const { connection, log, newAddress } = this.#options;
    const startedAt = performance.now();
    const folded = await run(fold(db, connection.nodes, newAddress));
    await connection.store.write(folded.nodes);
    this.#folded = folded;
    log.info({
      event: 'index job done',
      nodes: folded.nodes.length,
      durationMs: Math.round(performance.now() - startedAt),
    });
  }
}
