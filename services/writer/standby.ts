/**
 * A process that becomes the writer of a branch when its turn comes: when the writer has gone, or its lease has lapsed. Deposed, it waits for its
 * turn again.
 */
import type { Connection } from '../connection/connection.ts';
import { DatabaseError } from '../../engine/index.ts';
import type { LocalWriter } from './local-writer.ts';
import type { StartWriterOptions } from './start-writer.ts';
import { startWriter } from './start-writer.ts';

/** How often it is looked who holds the lease, where nobody says. */
const LOOK_INTERVAL_MS = 500;

/** After the lease has lapsed by the clock of the store. */
const LAPSE_MARGIN_MS = 5;

export class Standby {
  readonly #options: StartWriterOptions;
  readonly #waiting: Promise<void>;
  #leader: LocalWriter | undefined;
  #isStopped = false;
  /** Ends the wait for the next look. */
  #wake: () => void = () => undefined;
  #stopListening: (() => Promise<void>) | undefined;

  constructor(options: StartWriterOptions) {
    this.#options = options;
    this.#waiting = this.#wait();
  }

  /** The writer, while this process is it. */
  get leader(): LocalWriter | undefined {
    return this.#leader;
  }

  /** Waits no more; stops the writer where this process is it. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#wake();
    await this.#waiting;
    await this.#stopListening?.();
    await this.#leader?.stop();
  }

  async #wait(): Promise<void> {
    await this.#listen();
    while (!this.#isStopped) {
      try {
        const remainingMs = await this.#remainingMs(this.#options.connection);
        if (remainingMs === undefined) await this.#lead();
        else await this.#pause(Math.min(LOOK_INTERVAL_MS, remainingMs + LAPSE_MARGIN_MS));
      } catch (error) {
        // Another one was faster, or the store does not answer.
        if (!(error instanceof DatabaseError) || error.code !== 'BRANCH_LOCKED')
          this.#options.log.error({ event: 'lease not taken', error });
        await this.#pause(LOOK_INTERVAL_MS / 5);
      }
    }
  }

  /** How long the lease is still held by another process; undefined where nobody holds it. */
  async #remainingMs({ store, branch }: Connection): Promise<number | undefined> {
    return (await store.leases.current(branch))?.remainingMs;
  }

  /** Resolves when this process is the writer no more. */
  async #lead(): Promise<void> {
    const { log, connection } = this.#options;
    const leader = await startWriter(this.#options);
    log.info({ event: 'writer took over', database: connection.store.id, epoch: leader.epoch });
    this.#leader = leader;
    if (this.#isStopped) return;
    await new Promise<void>((resolve) => {
      this.#wake = resolve;
      leader.onDeposed(resolve);
    });
    if (this.#isStopped) return;
    this.#leader = undefined;
    await leader.stop();
  }

  async #listen(): Promise<void> {
    const { bus, connection } = this.#options;
    this.#stopListening = await bus.listen(
      connection.store.id,
      connection.branch,
      ({ isReleased }) => isReleased === true && this.#leader === undefined && this.#wake(),
      () => undefined,
    );
  }

  async #pause(durationMs: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, durationMs);
      this.#wake = () => {
        clearTimeout(timer);
        resolve();
      };
    });
  }
}
