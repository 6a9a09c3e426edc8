/** The index job: folds novelty into new base trees beside the writer, which goes on and names them with one of its next commits. */
import type { Db, Folded } from '../../engine/index.ts';
import { fold, run } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { Log } from '../shared/log.ts';

export interface IndexJobOptions {
  readonly connection: Connection;
  readonly log: Log;
  /** Novelty is folded when it holds so many datoms, over all indices. */
  readonly threshold: number;
  readonly newAddress: () => number;
  /** Told when new base trees are stored. */
  readonly onDone: () => void;
}

/** How far novelty may outgrow the threshold before transactions wait for the job. */
const MAX_OVERGROWTH = 3;

export class IndexJob {
  readonly #options: IndexJobOptions;
  #running: Promise<void> | undefined;
  #folded: Folded | undefined;

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

  startIfDue(db: Db): void {
    const { threshold, log, onDone } = this.#options;
    const isBusy = this.#running !== undefined || this.#folded !== undefined;
    if (db.novelty.size < threshold || isBusy) return;
    this.#running = this.#fold(db)
      .catch((error: unknown) => log.error({ event: 'index job failed', error }))
      .finally(() => {
        this.#running = undefined;
        if (this.#folded !== undefined) onDone();
      });
  }

  /** Holds transactions back while they come faster than they are folded. */
  async waitForRoom(db: Db): Promise<void> {
    const limit = this.#options.threshold * MAX_OVERGROWTH;
    if (db.novelty.size > limit && this.#folded === undefined) await this.#running;
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
