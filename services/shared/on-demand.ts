/**
 * Things that are opened when somebody asks for them, shared by all who do, and closed when nobody has used them for a while. What is not open
 * costs nothing; what is idle has no timer of its own.
 *
 *     closed -- hold --> opening --> held <-- hold, the last release --> idle -- for long enough, or too many are open --> closed
 *                           '------ it fails: nothing is remembered ----------------------------------------------------------^
 *
 * Nothing is open twice: who asks for what is being closed gets it, opened anew, when that is done.
 */
import { DatabaseError } from '../../schema/error.ts';

export interface OnDemandOptions<T> {
  /** How something is opened where whoever asks for it does not say that himself. */
  readonly open?: (key: string) => Promise<T>;
  readonly close: (thing: T) => Promise<void>;
  /** Whether something is used although nobody holds it; asked when its time has come. By default it is not. */
  readonly isInUse?: (thing: T) => boolean;
  /** For how many milliseconds nobody must have used what is closed. */
  readonly idleMs: number;
  /** Where more are open, the one that was not used for the longest time is closed at once. What is in use may be more. */
  readonly maxOpen: number;
  /** Hears of what could not be closed in order. */
  readonly onFault: (error: unknown) => void;
}

/** Keeps something open until it is released, which may be done more than once. */
export interface Hold<T> {
  readonly value: T;
  release(): void;
}

interface Entry<T> {
  readonly key: string;
  readonly opening: Promise<T>;
  /** Undefined until it is open. */
  opened: { readonly thing: T } | undefined;
  holders: number;
  /** On the clock of `performance.now()`. */
  idleSinceMs: number;
}

export class OnDemand<T> {
  readonly #options: OnDemandOptions<T>;
  readonly #entries = new Map<string, Entry<T>>();
  /** Those that nobody holds, the one that was used last at the end. */
  readonly #idle = new Set<Entry<T>>();
  readonly #closing = new Map<string, Promise<void>>();
  #timer: NodeJS.Timeout | undefined;
  #isClosed = false;

  constructor(options: OnDemandOptions<T>) {
    this.#options = options;
  }

  /** What is open now, by its key. */
  *opened(): Generator<readonly [key: string, thing: T]> {
    for (const { key, opened } of this.#entries.values())
      if (opened !== undefined) yield [key, opened.thing];
  }

  /** Whether something is open, or about to be, or about to be closed. */
  has(key: string): boolean {
    return this.#entries.has(key) || this.#closing.has(key);
  }

  /** What is open now under a key; nothing is opened, and it is not kept. */
  peek(key: string): T | undefined {
    return this.#entries.get(key)?.opened?.thing;
  }

  /**
   * Opens something where it is not open, and keeps it so; nobody waits for what is open.
   *
   * @param open how, by default as for all
   * @throws what opening it throws, to all who asked meanwhile; CONNECTION_RELEASED where everything was closed
   */
  hold(key: string, open = this.#options.open): Hold<T> | Promise<Hold<T>> {
    if (this.#isClosed) throw wasClosed(key);
    const entry = this.#entries.get(key) ?? this.#open(key, open);
    entry.holders++;
    this.#idle.delete(entry);
    return entry.opened === undefined
      ? entry.opening.then((thing) => this.#holdOf(entry, thing))
      : this.#holdOf(entry, entry.opened.thing);
  }

  #holdOf(entry: Entry<T>, value: T): Hold<T> {
    let isHeld = true;
    const release = (): void => {
      if (!isHeld) return;
      isHeld = false;
      entry.holders--;
      if (entry.holders === 0) this.#rest(entry);
    };
    return { value, release };
  }

  /** Keeps something open for as long as some work takes. @throws as {@link hold}, and what the work throws */
  async use<R>(key: string, work: (thing: T) => R | Promise<R>): Promise<R> {
    const { value, release } = await this.hold(key);
    try {
      return await work(value);
    } finally {
      release();
    }
  }

  /** Closes what is open under some keys, whoever holds it; who asks for one of them afterwards opens it anew. */
  async drop(isMeant: (key: string) => boolean): Promise<void> {
    const entries = [...this.#entries.values()].filter(({ key }) => isMeant(key));
    const drop = async (entry: Entry<T>): Promise<void> => {
      if (entry.opened === undefined) await entry.opening.catch(() => undefined);
      this.#close(entry);
    };
    await Promise.all(entries.map(drop));
    await Promise.all(this.#closing.values());
  }

  /** Closes everything, whoever holds it. */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#timer);
    await this.drop(() => true);
  }

  #open(key: string, open: OnDemandOptions<T>['open']): Entry<T> {
    if (open === undefined) throw new Error(`Expected to be told how ${key} is opened`);
    const closing = this.#closing.get(key);
    const opening = closing === undefined ? open(key) : closing.then(() => open(key));
    const entry: Entry<T> = { key, opening, opened: undefined, holders: 0, idleSinceMs: 0 };
    this.#entries.set(key, entry);
    void opening.then(
      (thing) => {
        entry.opened = { thing };
        this.#closeOldest();
      },
      () => this.#entries.delete(key),
    );
    return entry;
  }

  #rest(entry: Entry<T>): void {
    if (this.#entries.get(entry.key) !== entry) return;
    entry.idleSinceMs = performance.now();
    this.#idle.add(entry);
    this.#closeOldest();
    this.#schedule();
  }

  /** Makes room where more are open than may be. */
  #closeOldest(): void {
    if (this.#entries.size <= this.#options.maxOpen) return;
    for (const entry of [...this.#idle]) {
      if (this.#entries.size <= this.#options.maxOpen) return;
      this.#closeIfUnused(entry);
    }
  }

  #closeIdle(): void {
    const since = performance.now() - this.#options.idleMs;
    for (const entry of [...this.#idle]) {
      if (entry.idleSinceMs > since) return;
      this.#closeIfUnused(entry);
    }
  }

  #closeIfUnused(entry: Entry<T>): void {
    if (entry.opened !== undefined && this.#options.isInUse?.(entry.opened.thing) !== true) {
      this.#close(entry);
      return;
    }
    // It is looked at again in its turn.
    this.#idle.delete(entry);
    entry.idleSinceMs = performance.now();
    this.#idle.add(entry);
  }

  #close(entry: Entry<T>): void {
    this.#idle.delete(entry);
    if (this.#entries.get(entry.key) !== entry) return;
    this.#entries.delete(entry.key);
    if (entry.opened === undefined) return;
    const closing = this.#options
      .close(entry.opened.thing)
      .catch(this.#options.onFault)
      .finally(() => this.#closing.delete(entry.key));
    this.#closing.set(entry.key, closing);
  }

  /** One timer for all: it looks when the time of the oldest has come, used meanwhile or not. */
  #schedule(): void {
    if (this.#timer !== undefined || this.#isClosed) return;
    const [oldest] = this.#idle;
    if (oldest === undefined) return;
    const dueMs = oldest.idleSinceMs + this.#options.idleMs - performance.now();
    this.#timer = setTimeout(() => {
      this.#timer = undefined;
      this.#closeIdle();
      this.#schedule();
    }, dueMs).unref();
  }
}

function wasClosed(key: string): DatabaseError {
  return new DatabaseError(
    'CONNECTION_RELEASED',
    `Expected to open ${key} before everything was closed, got the question afterwards`,
  );
}
