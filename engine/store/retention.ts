/**
 * The port to what keeps nodes from being collected beside the roots of branches: what readers hold, and how many sweeps there were. A sweep
 * is the part of a collection that deletes. Its number puts it in an order with those who are about to keep or name what no root may name any
 * more: who reads the number before a root, and finds it the same in the step that counts, knows that no sweep began in between.
 */
export interface SweepState {
  /** How many sweeps were begun. */
  readonly sweeps: number;
  /** Trees that were replaced up to this time may be gone, by the {@link Retention.nowMs | clock of the store}; 0 before the first sweep. */
  readonly keptSinceMs: number;
}

/** What one reader holds of a database: the addresses of roots of trees, with all that is below them. */
export interface Holding {
  /** Names the reader, over all databases of its host. */
  readonly reader: string;
  readonly addresses: ReadonlyArray<number>;
  /** How long the lease lasts, where the reader has none yet. */
  readonly ttlMs: number;
}

export interface Retention {
  state(): Promise<SweepState>;

  /**
   * The time by which trees are replaced and sweeps go, in whole milliseconds since 1970: that of the server where there is one, so that no
   * process whose clock is wrong decides what is retained.
   */
  nowMs(): Promise<number>;

  /**
   * Counts one more sweep, in one step; `keptSinceMs` never goes back. Who reads afterwards what readers hold misses none that was told an
   * earlier number.
   */
  begin(keptSinceMs: number): Promise<SweepState>;

  /**
   * Holds what a reader may read in place of what it held of this database, and gives the sweeps so far, in one step. Begins the lease of a
   * reader that has none. Undefined where the lease had lapsed: then nothing is held, and the name of the reader is spent.
   */
  hold(holding: Holding): Promise<SweepState | undefined>;

  /** What all readers whose leases live hold of this database. */
  held(): Promise<ReadonlyArray<number>>;
}

/** The leases of readers, one for all databases of a host that a process reads. Time is the clock of the store. */
export interface ReaderLeases {
  /** Extends a lease, in one step whatever the number of databases; false where it had lapsed. */
  renew(reader: string, ttlMs: number): Promise<boolean>;

  /** Ends a lease and all that it holds; no error where there is none. */
  release(reader: string): Promise<void>;
}
