/**
 * What this process reads is not collected: for each database it holds the base trees that any value may still read which somebody in the
 * process has, under one lease for all of them. Nobody has to let go of a value; a base that is garbage for JavaScript is not held on to.
 *
 * A lease that lapses, as of a process that was stopped for longer than it lasts, is noticed at the next renewal, and a new one is begun. What
 * was collected meanwhile is missed where it is read, and said there (see `explain-missing.ts`).
 */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { ReaderLeases, Store, StoredNodes, SweepState } from '../../engine/index.ts';
import { DatabaseError } from '../../engine/index.ts';
import type { Log } from '../shared/log.ts';

export interface ReaderLeaseOptions {
  readonly readers: ReaderLeases;
  /** How long the lease outlives the process; 60 s by default. */
  readonly ttlMs?: number | undefined;
  readonly log: Log;
}

const DEFAULT_TTL_MS = 60_000;

/** How often a lease is renewed in the time it lasts. */
const RENEWALS_PER_TTL = 3;

/** How often in a row sweeps may begin just while a root is read. */
const MAX_ATTEMPTS = 20;

const NOTHING: ReadonlySet<number> = new Set();

export class ReaderLease {
  readonly #options: ReaderLeaseOptions;
  readonly #ttlMs: number;
  readonly #timer: NodeJS.Timeout;
  readonly #databases = new Map<string, HeldDatabase>();
  #reader = newReader();

  constructor(options: ReaderLeaseOptions) {
    this.#options = options;
    this.#ttlMs = options.ttlMs ?? DEFAULT_TTL_MS;
    this.#timer = setInterval(() => void this.renew(), this.#ttlMs / RENEWALS_PER_TTL);
    this.#timer.unref();
  }

  /** What is held of a database: one for all of its connections. */
  of(store: Store): HeldDatabase {
    const known = this.#databases.get(store.id);
    if (known !== undefined) return known;
    const held = new HeldDatabase(store, (addresses) => this.#hold(store, addresses));
    this.#databases.set(store.id, held);
    return held;
  }

  /** Extends the lease, with one statement for all databases, and lets go of what nobody has any more. */
  async renew(): Promise<void> {
    const { readers, log } = this.#options;
    try {
      if (this.#databases.size === 0) return;
      if (!(await readers.renew(this.#reader, this.#ttlMs))) this.#beginAgain();
      for (const [id, held] of this.#databases)
        if (!(await held.trim())) this.#databases.delete(id);
    } catch (error) {
      // The store may answer the next time; until then the lease runs out on its own.
      log.error({ event: 'reader lease not renewed', error });
    }
  }

  async close(): Promise<void> {
    clearInterval(this.#timer);
    const isUsed = this.#databases.size > 0;
    this.#databases.clear();
    if (isUsed) await this.#options.readers.release(this.#reader);
  }

  async #hold(store: Store, addresses: ReadonlyArray<number>): Promise<SweepState> {
    for (;;) {
      const reader = this.#reader;
      const state = await store.retention.hold({ reader, addresses, ttlMs: this.#ttlMs });
      if (state !== undefined) return state;
      if (reader === this.#reader) this.#beginAgain(store);
    }
  }

  /** Under another name, as the old one is spent. */
  #beginAgain(besides?: Store): void {
    const { log } = this.#options;
    const areHeld = [...this.#databases.values()].some(({ isEmpty }) => !isEmpty);
    if (areHeld) log.error({ event: 'reader lease lapsed', reader: this.#reader });
    this.#reader = newReader();
    for (const held of this.#databases.values()) {
      if (held.store === besides) continue;
      // Not awaited: each has its turn, and whoever renews comes round again.
      held
        .holdAgain()
        .catch((error: unknown) => log.error({ event: 'reader lease not renewed', error }));
    }
  }
}

/** What a process holds of one database. */
export class HeldDatabase {
  readonly store: Store;
  readonly #sources = new Set<StoredNodes>();
  readonly #hold: (addresses: ReadonlyArray<number>) => Promise<SweepState>;
  #held: ReadonlySet<number> = new Set();
  /** The sweeps as they were when they were last asked for. */
  #state: SweepState | undefined;
  /** One change of what is held at a time. */
  #turn: Promise<unknown> = Promise.resolve();

  constructor(store: Store, hold: (addresses: ReadonlyArray<number>) => Promise<SweepState>) {
    this.store = store;
    this.#hold = hold;
  }

  get isEmpty(): boolean {
    return this.#held.size === 0;
  }

  /** From now on the base trees count that are read through these nodes. */
  add(nodes: StoredNodes): void {
    this.#sources.add(nodes);
  }

  /**
   * Runs what reads a root and makes a value of it, again where a sweep began before its trees were held.
   *
   * @param before the sweeps before the root was read, where it was read already; then the first run makes a value of that
   * @throws SNAPSHOT_EXPIRED where sweeps follow each other faster than a root is read
   */
  async reading<T>(read: () => Promise<T>, before?: SweepState): Promise<T> {
    for (let attempt = 0, since = before; attempt < MAX_ATTEMPTS; attempt++, since = undefined) {
      const { sweeps } = since ?? (this.#state ??= await this.store.retention.state());
      const heldBefore = since === undefined ? this.#held : NOTHING;
      let value: T;
      try {
        value = await read();
      } catch (error) {
        this.#state = await this.store.retention.state();
        if (this.#state.sweeps === sweeps) throw error;
        continue;
      }
      // What was held before it was read, is.
      if (this.#isHeld(heldBefore)) return value;
      await this.hold();
      if (this.#state?.sweeps === sweeps) return value;
    }
    throw new DatabaseError(
      'SNAPSHOT_EXPIRED',
      `Expected a root of ${this.store.id} to stay while it was read, got ${MAX_ATTEMPTS} sweeps in a row; try again later`,
    );
  }

  /** Holds all base trees that somebody has now. */
  hold(): Promise<void> {
    return this.#inTurn(async () => {
      if (!this.#isHeld()) await this.#holdAll();
    });
  }

  /** The same after the lease was lost. */
  holdAgain(): Promise<void> {
    return this.#inTurn(async () => {
      this.#held = new Set();
      if (this.#roots().size > 0) await this.#holdAll();
    });
  }

  /** Lets go of what nobody has any more; false where nothing is left. */
  async trim(): Promise<boolean> {
    await this.#inTurn(async () => {
      const roots = this.#roots();
      const isSame = roots.size === this.#held.size && this.#isHeld();
      if (!isSame) await this.#holdAll();
      for (const source of this.#sources)
        if (source.isClosed && source.heldRoots().size === 0) this.#sources.delete(source);
    });
    return this.#sources.size > 0;
  }

  async #holdAll(): Promise<void> {
    const roots = this.#roots();
    this.#state = await this.#hold([...roots]);
    this.#held = roots;
  }

  #isHeld(held = this.#held): boolean {
    for (const address of this.#roots()) if (!held.has(address)) return false;
    return true;
  }

  #roots(): ReadonlySet<number> {
    return new Set([...this.#sources].flatMap((source) => [...source.heldRoots()]));
  }

  #inTurn(step: () => Promise<void>): Promise<void> {
    const result = this.#turn.then(step);
    this.#turn = result.catch(() => undefined);
    return result;
  }
}

function newReader(): string {
  return `${hostname()}:${process.pid}:${randomUUID()}`;
}
