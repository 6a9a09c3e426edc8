/**
 * A database that this process reads: the newest head it knows, moved forward by announcements and, where they fail, by looking. An
 * announcement is a hint: it is applied only where it follows the head; in every other case the root is read.
 */
import type { Db, Head, NodeCache, Store, StoredNodes } from '../../engine/index.ts';
import {
  DatabaseError,
  MAIN_BRANCH,
  followHead,
  rebaseHead,
  restoreHead,
} from '../../engine/index.ts';
import type { Bus, RootAnnouncement } from '../bus/bus.ts';
import type { Log } from '../shared/log.ts';
import { explainMissing } from './explain-missing.ts';
import type { HeldDatabase, ReaderLease } from './reader-lease.ts';

export interface ConnectionOptions {
  readonly store: Store;
  /** `db` by default. */
  readonly branch?: string;
  readonly bus: Bus;
  readonly nodeCache: NodeCache;
  /** How often to look for a root that was not announced. */
  readonly pollIntervalMs: number;
  readonly log: Log;
  /** Keeps what the process reads from being collected; without it old values are good for as long as replaced trees are retained. */
  readonly lease?: ReaderLease | undefined;
}

type AdvanceListener = (db: Db) => void;

/**
 * Opens a database for reading.
 *
 * @throws DATABASE_NOT_FOUND where the store has no such branch
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { store, branch = MAIN_BRANCH, nodeCache, lease } = options;
  const nodes = nodeCache.open(store, (address, error) => explainMissing(store, address, error));
  const held = lease?.of(store);
  held?.add(nodes);
  const readHead = async (): Promise<Head> => {
    const root = await store.readRoot(branch);
    if (root !== undefined) return restoreHead(root, nodes);
    throw new DatabaseError('DATABASE_NOT_FOUND', `There is no branch ${branch} in ${store.id}`, {
      kind: 'db-does-not-exist',
    });
  };
  const head = await (held === undefined ? readHead() : held.reading(readHead));
  const connection = new Connection({ ...options, branch }, nodes, held, head);
  await connection.start();
  return connection;
}

export class Connection {
  readonly store: Store;
  readonly branch: string;
  readonly nodes: StoredNodes;
  readonly #options: ConnectionOptions;
  readonly #held: HeldDatabase | undefined;
  readonly #listeners = new Set<AdvanceListener>();
  #head: Head;
  #stopListening: (() => Promise<void>) | undefined;
  #pollTimer: NodeJS.Timeout | undefined;
  /** A look at the store that is under way, and whether another one has to follow it. */
  #refreshing: Promise<void> | undefined;
  #isRefreshDue = false;
  #isReleased = false;

  constructor(
    options: ConnectionOptions & { readonly branch: string },
    nodes: StoredNodes,
    held: HeldDatabase | undefined,
    head: Head,
  ) {
    this.store = options.store;
    this.branch = options.branch;
    this.nodes = nodes;
    this.#held = held;
    this.#options = options;
    this.#head = head;
  }

  /** Subscribes; what was committed since the head was read is caught up with. */
  async start(): Promise<void> {
    const { bus, pollIntervalMs } = this.#options;
    this.#stopListening = await bus.listen(
      this.store.id,
      this.branch,
      (announcement) => this.#hear(announcement),
      () => void this.refresh(),
    );
    await this.refresh();
    this.#pollTimer = setInterval(() => void this.refresh(), pollIntervalMs);
    this.#pollTimer.unref();
  }

  get head(): Head {
    return this.#head;
  }

  /** The newest database value that this process knows. Synchronous and local. */
  db(): Db {
    if (this.#isReleased)
      throw new DatabaseError('CONNECTION_RELEASED', 'Connection has been released.', {
        kind: 'connection-has-been-released',
      });
    return this.#head.db;
  }

  /**
   * The database once it holds a transaction.
   *
   * @throws BASIS_NOT_AVAILABLE where it does not arrive in time (retryable)
   */
  async sync(tx: number, timeoutMs = 5_000): Promise<Db> {
    if (this.#head.db.maxTx < tx) await this.refresh();
    if (this.#head.db.maxTx >= tx) return this.db();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        stop();
        reject(basisNotAvailable(tx, this.#head.db.maxTx, timeoutMs));
      }, timeoutMs);
      const stop = this.onAdvance((db) => {
        if (db.maxTx < tx) return;
        clearTimeout(timer);
        stop();
        resolve(db);
      });
    });
  }

  /** Calls a listener after each move; gives the function that ends it. */
  onAdvance(listener: AdvanceListener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Runs what makes a database value of a root in the store, so that the nodes of the value are held before it is given. */
  reading<T>(read: () => Promise<T>): Promise<T> {
    return this.#held === undefined ? read() : this.#held.reading(read);
  }

  /** Holds the nodes of all values that were made. A writer does so before it names trees in the place of theirs. */
  async hold(): Promise<void> {
    await this.#held?.hold();
  }

  /** Moves to a head that this process made itself, as the writer does after a commit. */
  advance(head: Head): void {
    // Never backwards; the same version again is a head on a newer base.
    if (head.version < this.#head.version) return;
    const isNew = head.db.maxTx > this.#head.db.maxTx;
    this.#head = head;
    if (!isNew) return;
    for (const listener of this.#listeners) listener(head.db);
  }

  /** Looks at the root in the store; calls that come meanwhile share one further look. */
  refresh(): Promise<void> {
    if (this.#refreshing !== undefined) {
      this.#isRefreshDue = true;
      return this.#refreshing;
    }
    this.#refreshing = this.#refreshUntilCurrent().finally(() => {
      this.#refreshing = undefined;
    });
    return this.#refreshing;
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    clearInterval(this.#pollTimer);
    await this.#stopListening?.();
    await this.#refreshing;
    this.#listeners.clear();
    this.nodes.clear();
    this.nodes.isClosed = true;
  }

  #hear({ version, epoch, segments }: RootAnnouncement): void {
    if (version <= this.#head.version) return;
    const next = segments === null ? undefined : this.#tryFollow(version, epoch, segments);
    if (next === undefined) void this.refresh();
    else this.advance(next);
  }

  #tryFollow(
    version: number,
    epoch: number,
    segments: NonNullable<RootAnnouncement['segments']>,
  ): Head | undefined {
    try {
      return followHead(this.#head, version, epoch, segments);
    } catch (error) {
      this.#options.log.error({
        event: 'announcement not understood',
        database: this.store.id,
        error,
      });
      return undefined;
    }
  }

  async #refreshUntilCurrent(): Promise<void> {
    do {
      this.#isRefreshDue = false;
      try {
        await this.#readRoot();
      } catch (error) {
        // The next look may succeed; until then the head stays what it is.
        this.#options.log.error({ event: 'root not read', database: this.store.id, error });
      }
    } while (this.#isRefreshDue && !this.#isReleased);
  }

  async #readRoot(): Promise<void> {
    if ((await this.store.readVersion(this.branch)) <= this.#head.version) return;
    const head = await this.reading(async () => {
      const root = await this.store.readRoot(this.branch);
      if (root === undefined || this.#isReleased || root.version <= this.#head.version) return;
      return rebaseHead(this.#head, root, this.nodes);
    });
    if (head === undefined) return;
    // What was purged must not stay in memory either.
    if (head.purges > this.#head.purges) this.nodes.clear();
    this.advance(head);
  }
}

function basisNotAvailable(tx: number, maxTx: number, timeoutMs: number): DatabaseError {
  return new DatabaseError(
    'BASIS_NOT_AVAILABLE',
    `Expected transaction ${tx} within ${timeoutMs} ms, got as far as ${maxTx}; try again`,
    { data: { wanted: tx, basisTx: maxTx } },
  );
}
