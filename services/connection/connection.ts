/**
 * A database that this process reads: the newest head it knows, moved forward by announcements and, where they fail, by looking. An
 * announcement is a hint: it is applied only where it follows the head; in every other case the root is read. Where the store turns out to have
 * another history than the head, nothing of that is kept, and the head is made anew.
 */
import type { Db, Head, NodeCache, OpenedBranch, Store, StoredNodes } from '../../engine/index.ts';
import { DatabaseError, MAIN_BRANCH, followHead, restoreHead } from '../../engine/index.ts';
import type { Bus, RootAnnouncement } from '../bus/bus.ts';
import type { Log } from '../shared/log.ts';
import { EarlyAnnouncements } from './early-announcements.ts';
import { explainMissing } from './explain-missing.ts';
import type { HeldDatabase, ReaderLease } from './reader-lease.ts';
import type { TransactRequest, TransactResult, Writer } from './writer-port.ts';
import type { Poller } from './poller.ts';
import { pollerOf } from './poller.ts';
import { OTHER_HISTORY, branchNotFound, newerHead, standingOf, wholeHead } from './stored-head.ts';

export interface ConnectionOptions {
  readonly store: Store;
  /** `db` by default. */
  readonly branch?: string;
  /** The root of the branch where it was read with the opening of the store; else it is read now. */
  readonly found?: Pick<OpenedBranch, 'root' | 'sweeps'>;
  readonly bus: Bus;
  readonly nodeCache: NodeCache;
  /** Where transactions go; by default there is nowhere to send them. */
  readonly writer?: Writer;
  /** How often to look for a root that was not announced, where the connection looks for itself. */
  readonly pollIntervalMs: number;
  /** Looks for many connections at once; by default each looks for itself. */
  readonly poller?: Poller | undefined;
  readonly log: Log;
  /** Keeps what the process reads from being collected; without it old values are good for as long as replaced trees are retained. */
  readonly lease?: ReaderLease | undefined;
}

/** Whether announcements come at all: one did in the last so many milliseconds. */
const HEARING_MS = 1_000;

/** How long an announcement may be on its way before it is looked for what it says. */
const ANNOUNCED_MS = 10;

/**
 * Hears of each move with the database after it.
 *
 * @param isRebuilt whether the store was set back: this database does not follow the one before, whose last transactions may be lost
 */
export type AdvanceListener = (db: Db, isRebuilt: boolean) => void;

/**
 * Opens a database for reading.
 *
 * @throws DATABASE_NOT_FOUND where the store has no such branch
 */
export async function connect(options: ConnectionOptions): Promise<Connection> {
  const { found, ...rest } = options;
  const { store, branch = MAIN_BRANCH, lease } = rest;
  const held = lease?.of(store);
  const nodes = openNodes(rest, held);
  let isNew = found !== undefined;
  const readHead = async (): Promise<Head> => {
    const root = isNew ? found?.root : await store.readRoot(branch);
    isNew = false;
    if (root === undefined) throw branchNotFound(store, branch);
    const restored = restoreHead(root, nodes);
    // Beside the reading of its nodes; whether it could be is asked afterwards.
    held?.hold().catch(() => undefined);
    return restored;
  };
  try {
    const head = await (held === undefined ? readHead() : held.reading(readHead, found?.sweeps));
    const connection = new Connection({ ...rest, branch }, nodes, held, head);
    await connection.start();
    return connection;
  } catch (error) {
    nodes.isClosed = true;
    throw error;
  }
}

export class Connection {
  readonly store: Store;
  readonly branch: string;
  readonly #options: ConnectionOptions;
  readonly #held: HeldDatabase | undefined;
  readonly #listeners = new Set<AdvanceListener>();
  readonly #poller: Poller;
  #nodes: StoredNodes;
  #head: Head;
  /** Gives what ends it. */
  #listening: Promise<() => Promise<void>> | undefined;
  #writer: Writer | undefined;
  #stopWatching: (() => void) | undefined;
  /** A look at the store that is under way, and the one that follows it. */
  #look: Promise<void> | undefined;
  #nextLook: Promise<void> | undefined;
  readonly #early = new EarlyAnnouncements();
  /** When the last announcement came, on the clock of `performance.now()`. */
  #heardAtMs = -Infinity;
  #isReleased = false;

  constructor(
    options: ConnectionOptions & { readonly branch: string },
    nodes: StoredNodes,
    held: HeldDatabase | undefined,
    head: Head,
  ) {
    this.store = options.store;
    this.branch = options.branch;
    this.#nodes = nodes;
    this.#held = held;
    this.#options = options;
    this.#writer = options.writer;
    this.#head = head;
    this.#poller = options.poller ?? pollerOf(options.store, options);
  }

  /** Begins to listen, and then looks for what was committed since the head was read; neither is waited for. */
  async start(): Promise<void> {
    const place = { store: this.store.id, branch: this.branch };
    this.#stopWatching = this.#poller.watch(place, (version) => this.#noteVersion(version));
    this.#listening = this.#options.bus.listen(
      place.store,
      place.branch,
      (announcement) => this.#hear(announcement),
      () => void this.#poller.poll(), // a gap is one for all connections
    );
    void this.#listening.then(() => this.refresh());
    await this.#notePurges(this.#head);
  }

  get head(): Head {
    return this.#head;
  }

  /** Through which the values of this connection are read; others after the store was set back. */
  get nodes(): StoredNodes {
    return this.#nodes;
  }

  /** Whether somebody listens or waits here, or a writer of this process works on it. */
  get isInUse(): boolean {
    return this.#listeners.size > 0 || this.hasLocalWriter;
  }

  /** Whether a writer of this process takes what is sent to the connection. */
  get hasLocalWriter(): boolean {
    return this.#writer !== this.#options.writer;
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
    if (this.#head.db.maxTx >= tx) return this.db();
    return new Promise((resolve, reject) => {
      const end = (): void => {
        clearTimeout(look);
        clearTimeout(timer);
        stop();
      };
      const look = setTimeout(() => void this.refresh(), this.#isHearing ? ANNOUNCED_MS : 0);
      const timer = setTimeout(() => {
        end();
        reject(basisNotAvailable(tx, this.#head.db.maxTx, timeoutMs));
      }, timeoutMs);
      const stop = this.onAdvance((db) => {
        if (db.maxTx < tx) return;
        end();
        resolve(db);
      });
    });
  }

  /**
   * Has the writer of the branch write a transaction, wherever that is, and sees it afterwards.
   *
   * @throws see `Writer.transact`; WRITER_UNAVAILABLE where the connection was opened without a writer
   */
  async transact(request: TransactRequest): Promise<TransactResult> {
    if (this.#writer === undefined)
      throw new DatabaseError(
        'WRITER_UNAVAILABLE',
        'Expected a connection with a writer to send transactions to: this one was opened for reading alone',
      );
    const result = await this.#writer.transact(request);
    // It is written, whether this process comes to see it in time or not.
    if (this.#head.db.maxTx < result.tx) await this.sync(result.tx).catch(() => undefined);
    return result;
  }

  /** Sends transactions to another writer from now on, as when this process becomes it. Gives the function that undoes it. */
  writeThrough(writer: Writer): () => void {
    const before = this.#writer;
    this.#writer = writer;
    return () => {
      if (this.#writer === writer) this.#writer = before;
    };
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
    if (isNew) this.#tell(false);
  }

  /** Looks at the root in the store; calls that come meanwhile share the next look. */
  refresh(): Promise<void> {
    if (this.#look === undefined) return this.#lookNow();
    return (this.#nextLook ??= this.#look.then(() => {
      this.#nextLook = undefined;
      return this.#lookNow();
    }));
  }

  async release(): Promise<void> {
    this.#isReleased = true;
    this.#stopWatching?.();
    if (this.#options.poller === undefined) await this.#poller.close();
    const stopListening = await this.#listening;
    await stopListening?.();
    await this.#nextLook;
    await this.#look;
    this.#listeners.clear();
    this.#nodes.clear();
    this.#nodes.isClosed = true;
  }

  #tell(isRebuilt: boolean): void {
    for (const listener of this.#listeners) listener(this.#head.db, isRebuilt);
  }

  /** What the store says when it is asked. A lower version may have been on its way while the head moved: looking tells. */
  #noteVersion(version: number): void {
    // There is none where the branch is gone.
    if (version === 0 || (version === this.#head.version && !this.#nodes.isEnded)) return;
    if (version <= this.#head.version || !this.#isHearing) {
      void this.refresh();
      return;
    }
    setTimeout(() => {
      if (!this.#isReleased && this.#head.version < version) void this.refresh();
    }, ANNOUNCED_MS).unref();
  }

  /** Whether announcements come: then that of what was just committed is on its way, and nothing need be read. */
  get #isHearing(): boolean {
    return performance.now() - this.#heardAtMs < HEARING_MS;
  }

  #hear(announcement: RootAnnouncement): void {
    this.#heardAtMs = performance.now();
    const { version, epoch, segments } = announcement;
    if (version <= this.#head.version) return;
    const next = segments === null ? undefined : this.#tryFollow(version, epoch, segments);
    if (next !== undefined) {
      this.advance(next);
      this.#followEarly();
      return;
    }
    if (segments !== null && version > this.#head.version + 1) this.#early.add(announcement);
    void this.refresh();
  }

  /** What came while those before it were looked for. */
  #followEarly(): void {
    for (;;) {
      const early = this.#early.after(this.#head.version);
      if (early === undefined || early.segments === null) return;
      const next = this.#tryFollow(early.version, early.epoch, early.segments);
      if (next === undefined) return;
      this.advance(next);
    }
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

  #lookNow(): Promise<void> {
    this.#look ??= this.#catchUp()
      .catch((error: unknown) => {
        // The next look may succeed; until then the head stays what it is.
        this.#options.log.error({ event: 'root not read', database: this.store.id, error });
      })
      .finally(() => {
        this.#look = undefined;
      });
    return this.#look;
  }

  async #catchUp(): Promise<void> {
    if (this.#isReleased) return;
    const { store, branch } = this;
    // Durable by now, so whatever the store answers from here on is not older, or it was set back.
    const known = this.#head;
    const standing = await standingOf(store, branch, known);
    // An ended source is what a rebuild left that failed.
    if (standing === OTHER_HISTORY || this.#nodes.isEnded) return this.#rebuild();
    if (standing === 'same') return;
    const head = await this.reading(() => newerHead(store, branch, known, this.#nodes));
    if (head === undefined || this.#isReleased) return;
    if (head === OTHER_HISTORY) return this.#rebuild();
    // What was purged must not stay in memory either, nor in copies on a disk.
    const isPurged = head.purges > this.#head.purges;
    if (isPurged) this.#nodes.clear();
    this.advance(head);
    this.#followEarly();
    if (isPurged) await this.#notePurges(head);
  }

  /**
   * Begins again with what the store has, of whatever version: what is known is of a history that is lost. Values of that are not read any more
   * from here on, because the store may have other nodes at the same addresses. Where it fails, the next look goes on with it.
   */
  async #rebuild(): Promise<void> {
    if (this.#isReleased) return;
    const { store, branch } = this;
    const lost = this.#head;
    this.#nodes.end();
    this.#early.clear();
    await store.dropCopies?.();
    // The store does not know what this process held since.
    await this.#held?.holdAgain();
    const nodes = openNodes(this.#options, this.#held);
    const head = await this.reading(() => wholeHead(store, branch, nodes)).catch((error) => {
      nodes.isClosed = true;
      throw error;
    });
    this.#nodes = nodes;
    this.#head = head;
    if (this.#isReleased) return;
    this.#options.log.error({
      event: 'store was set back: values of the lost history have ended, a new one was read',
      database: store.id,
      branch,
      lost: placeOf(lost),
      found: placeOf(head),
    });
    this.#tell(true);
    this.#followEarly();
    await this.#notePurges(head);
  }

  async #notePurges({ purges }: Head): Promise<void> {
    if (purges > 0) await this.store.notePurges?.(this.branch, purges);
  }
}

/** The nodes of values to come; they are held while somebody has one. */
function openNodes(
  { store, nodeCache }: Pick<ConnectionOptions, 'store' | 'nodeCache'>,
  held: HeldDatabase | undefined,
): StoredNodes {
  const nodes = nodeCache.open(store, (address, error) => explainMissing(store, address, error));
  held?.add(nodes);
  return nodes;
}

function placeOf({ version, db }: Head): Readonly<Record<string, unknown>> {
  return { version, tx: db.maxTx, commit: db.commit?.id };
}

function basisNotAvailable(tx: number, maxTx: number, timeoutMs: number): DatabaseError {
  return new DatabaseError(
    'BASIS_NOT_AVAILABLE',
    `Expected transaction ${tx} within ${timeoutMs} ms, got as far as ${maxTx}; try again`,
    { data: { wanted: tx, t: maxTx } },
  );
}
