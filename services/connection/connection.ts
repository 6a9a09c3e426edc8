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
import { Poller } from './poller.ts';

export interface ConnectionOptions {
  readonly store: Store;
  /** `db` by default. */
  readonly branch?: string;
  readonly bus: Bus;
  readonly nodeCache: NodeCache;
  /** How often to look for a root that was not announced, where the connection looks for itself. */
  readonly pollIntervalMs: number;
  /** Looks for many connections at once; by default each looks for itself. */
  readonly poller?: Poller | undefined;
  readonly log: Log;
}

type AdvanceListener = (db: Db) => void;

/**
 * Opens a database for reading.
 *
 * @throws DATABASE_NOT_FOUND where the store has no such branch
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { store, branch = MAIN_BRANCH, nodeCache } = options;
  const nodes = nodeCache.open(store);
  const root = await store.readRoot(branch);
  if (root === undefined)
    throw new DatabaseError('DATABASE_NOT_FOUND', `There is no branch ${branch} in ${store.id}`, {
      kind: 'db-does-not-exist',
    });
  const connection = new Connection({ ...options, branch }, nodes, await restoreHead(root, nodes));
  await connection.start();
  return connection;
}

export class Connection {
  readonly store: Store;
  readonly branch: string;
  readonly nodes: StoredNodes;
  readonly #options: ConnectionOptions;
  readonly #listeners = new Set<AdvanceListener>();
  readonly #poller: Poller;
  #head: Head;
  #stopListening: (() => Promise<void>) | undefined;
  #stopWatching: (() => void) | undefined;
  /** A look at the store that is under way, and whether another one has to follow it. */
  #refreshing: Promise<void> | undefined;
  #isRefreshDue = false;
  #isReleased = false;

  constructor(
    options: ConnectionOptions & { readonly branch: string },
    nodes: StoredNodes,
    head: Head,
  ) {
    this.store = options.store;
    this.branch = options.branch;
    this.nodes = nodes;
    this.#options = options;
    this.#head = head;
    this.#poller = options.poller ?? ownPoller(options);
  }

  /** Subscribes; what was committed since the head was read is caught up with. */
  async start(): Promise<void> {
    this.#stopListening = await this.#options.bus.listen(
      this.store.id,
      this.branch,
      (announcement) => this.#hear(announcement),
      () => void this.#poller.poll(), // a gap is one for all connections
    );
    const place = { store: this.store.id, branch: this.branch };
    this.#stopWatching = this.#poller.watch(place, (version) => {
      if (version > this.#head.version) void this.refresh();
    });
    await this.#notePurges(this.#head);
    await this.refresh();
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
    this.#stopWatching?.();
    if (this.#options.poller === undefined) await this.#poller.close();
    await this.#stopListening?.();
    await this.#refreshing;
    this.#listeners.clear();
    this.nodes.clear();
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
    const root = await this.store.readRoot(this.branch);
    if (root === undefined || this.#isReleased || root.version <= this.#head.version) return;
    const head = await rebaseHead(this.#head, root, this.nodes);
    // What was purged must not stay in memory either, nor in copies on a disk.
    const isPurged = head.purges > this.#head.purges;
    if (isPurged) this.nodes.clear();
    this.advance(head);
    if (isPurged) await this.#notePurges(head);
  }

  async #notePurges({ purges }: Head): Promise<void> {
    if (purges > 0) await this.store.notePurges?.(this.branch, purges);
  }
}

function ownPoller({ store, pollIntervalMs, log }: ConnectionOptions): Poller {
  return new Poller({
    readVersions: (places) => Promise.all(places.map(({ branch }) => store.readVersion(branch))),
    intervalMs: pollIntervalMs,
    log: log.with({ database: store.id }),
  });
}

function basisNotAvailable(tx: number, maxTx: number, timeoutMs: number): DatabaseError {
  return new DatabaseError(
    'BASIS_NOT_AVAILABLE',
    `Expected transaction ${tx} within ${timeoutMs} ms, got as far as ${maxTx}; try again`,
    { data: { wanted: tx, basisTx: maxTx } },
  );
}
