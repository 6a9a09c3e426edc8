/**
 * Holds the lease of a branch: takes it, renews it, and knows by the monotonic clock of this process until when it surely holds. A
 * writer whose lease may have lapsed stops before another one can take over.
 */
import type { Store } from '../../engine/index.ts';
import { DatabaseError } from '../../engine/index.ts';
import type { Log } from '../shared/log.ts';

export interface LeaseKeeperOptions {
  readonly store: Store;
  readonly branch: string;
  readonly owner: string;
  readonly address: string | null;
  readonly ttlMs: number;
  readonly log: Log;
}

/** How often a lease is renewed in the time it lasts. */
const RENEWALS_PER_TTL = 3;

/** @throws BRANCH_LOCKED where another writer lives */
export async function takeLease(options: LeaseKeeperOptions): Promise<LeaseKeeper> {
  const { store, branch, owner, address, ttlMs } = options;
  const askedAt = performance.now();
  const { acquired, lease } = await store.leases.acquire({ branch, owner, address, ttlMs });
  if (!acquired)
    throw new DatabaseError(
      'BRANCH_LOCKED',
      `Another writer holds branch ${branch}: ${lease.owner}${lease.address === null ? '' : ` at ${lease.address}`}, for ${Math.ceil(lease.remainingMs)} ms more. Stop it first, or send transactions to it`,
      { data: { owner: lease.owner, address: lease.address } },
    );
  return new LeaseKeeper(options, lease.epoch, askedAt);
}

export class LeaseKeeper {
  readonly epoch: number;
  readonly #options: LeaseKeeperOptions;
  readonly #timer: NodeJS.Timeout;
  /** On the clock of `performance.now()`. */
  #heldUntilMs: number;
  #isLost = false;
  #onLost: () => void = () => undefined;

  constructor(options: LeaseKeeperOptions, epoch: number, askedAtMs: number) {
    this.#options = options;
    this.epoch = epoch;
    this.#heldUntilMs = askedAtMs + options.ttlMs;
    this.#timer = setInterval(() => void this.#renew(), options.ttlMs / RENEWALS_PER_TTL);
    this.#timer.unref();
  }

  /** Whether no other writer can hold the lease now. */
  get isHeld(): boolean {
    return !this.#isLost && performance.now() < this.#heldUntilMs;
  }

  /** Called once when the lease is gone for good. */
  onLost(listener: () => void): void {
    this.#onLost = listener;
  }

  /** Asks for the lease again where its time has run out, as after a pause of the process. */
  async ensureHeld(): Promise<boolean> {
    if (!this.#isLost && !this.isHeld) await this.#renew();
    return this.isHeld;
  }

  async release(): Promise<void> {
    clearInterval(this.#timer);
    if (this.#isLost) return;
    this.#isLost = true;
    await this.#options.store.leases.release(this.#options.branch, this.epoch);
  }

  async #renew(): Promise<void> {
    const { store, branch, owner, address, ttlMs, log } = this.#options;
    const askedAt = performance.now();
    try {
      if (await store.leases.renew({ branch, owner, address, ttlMs, epoch: this.epoch }))
        this.#heldUntilMs = askedAt + ttlMs;
      else this.#lose();
    } catch (error) {
      // The store may answer the next time; until then the lease runs out on its own.
      log.error({ event: 'lease not renewed', branch, error });
    }
  }

  #lose(): void {
    if (this.#isLost) return;
    this.#isLost = true;
    clearInterval(this.#timer);
    this.#options.log.error({ event: 'lease lost', branch: this.#options.branch });
    this.#onLost();
  }
}
