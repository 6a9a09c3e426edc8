/**
 * Looks for roots that were not announced: one question for all branches that a process has open, however many.
 *
 *     waiting -- the interval, or a little less --> asking -> waiting -> ...        until it is closed
 */
import type { BranchPlace, Store } from '../../engine/index.ts';
import type { Log } from '../shared/log.ts';

export interface PollerOptions {
  /** The version of each branch, in the order asked for. */
  readonly readVersions: (places: ReadonlyArray<BranchPlace>) => Promise<ReadonlyArray<number>>;
  readonly intervalMs: number;
  readonly log: Log;
}

type VersionListener = (version: number) => void;

interface Watched {
  readonly place: BranchPlace;
  readonly listeners: Set<VersionListener>;
}

/**
 * The part of an interval after which it is asked: not the same for all, so that many processes do not ask at the same moment, and early enough
 * for the answer to come within the interval.
 */
const EARLIEST = 0.8;
const LATEST = 0.95;

export class Poller {
  readonly #options: PollerOptions;
  readonly #watched = new Map<string, Watched>();
  #timer: NodeJS.Timeout | undefined;
  /** A question that is under way, and whether another one has to follow it. */
  #asking: Promise<void> | undefined;
  #isAskingDue = false;
  #isFailing = false;
  #isClosed = false;

  constructor(options: PollerOptions) {
    this.#options = options;
  }

  /** Tells a listener the version of a branch after every look; gives the function that ends it. */
  watch(place: BranchPlace, listener: VersionListener): () => void {
    const key = JSON.stringify([place.store, place.branch]);
    const watched = this.#watched.get(key) ?? { place, listeners: new Set() };
    this.#watched.set(key, watched);
    watched.listeners.add(listener);
    this.#schedule();
    return () => {
      watched.listeners.delete(listener);
      if (watched.listeners.size === 0 && this.#watched.get(key) === watched) {
        this.#watched.delete(key);
      }
    };
  }

  /** Looks now; calls that come meanwhile share one further look. */
  poll(): Promise<void> {
    if (this.#asking !== undefined) {
      this.#isAskingDue = true;
      return this.#asking;
    }
    this.#asking = this.#askUntilCurrent().finally(() => {
      this.#asking = undefined;
    });
    return this.#asking;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    this.#watched.clear();
    await this.#asking;
  }

  #schedule(): void {
    if (this.#isClosed || this.#timer !== undefined || this.#watched.size === 0) return;
    const part = EARLIEST + (LATEST - EARLIEST) * Math.random();
    this.#timer = setTimeout(() => {
      void this.poll().finally(() => {
        this.#timer = undefined;
        this.#schedule();
      });
    }, this.#options.intervalMs * part).unref();
  }

  async #askUntilCurrent(): Promise<void> {
    do {
      this.#isAskingDue = false;
      try {
        await this.#ask();
        this.#noteSuccess();
      } catch (error) {
        this.#noteFailure(error);
      }
    } while (this.#isAskingDue && !this.#isClosed);
  }

  async #ask(): Promise<void> {
    const watched = [...this.#watched.values()];
    if (watched.length === 0) return;
    const versions = await this.#options.readVersions(watched.map(({ place }) => place));
    for (const [i, { listeners }] of watched.entries()) {
      for (const listener of [...listeners]) listener(versions[i] ?? 0);
    }
  }

  /** A store that is down for an hour is one event and not one for every look, or for every branch. */
  #noteFailure(error: unknown): void {
    if (this.#isFailing) return;
    this.#isFailing = true;
    const branches = this.#watched.size;
    this.#options.log.error({ event: 'versions not read', branches, error });
  }

  #noteSuccess(): void {
    if (!this.#isFailing) return;
    this.#isFailing = false;
    this.#options.log.info({ event: 'versions read again', branches: this.#watched.size });
  }
}

/** Looks for one store alone. */
export function pollerOf(
  store: Store,
  { pollIntervalMs, log }: { readonly pollIntervalMs: number; readonly log: Log },
): Poller {
  return new Poller({
    readVersions: (places) => Promise.all(places.map(({ branch }) => store.readVersion(branch))),
    intervalMs: pollIntervalMs,
    log: log.with({ database: store.id }),
  });
}
