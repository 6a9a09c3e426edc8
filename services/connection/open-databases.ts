/**
 * The databases that a process works with, however many there are: each is opened at its first use, shared by all who use it, and closed when
 * it is idle. Values taken from it outlive that, and their nodes stay held (see `reader-lease.ts`).
 *
 * The basis never goes backwards for whoever comes again: opening reads the root in the store, and no head is ahead of the store.
 */
import type { Db } from '../../engine/index.ts';
import { MAIN_BRANCH } from '../../engine/index.ts';
import type { Log } from '../shared/log.ts';
import type { Hold } from '../shared/on-demand.ts';
import { OnDemand } from '../shared/on-demand.ts';
import type { Connection } from './connection.ts';

export interface OpenDatabasesOptions {
  readonly open: (name: string, branch: string) => Promise<Connection>;
  /** For how long nobody must have used a database that is closed; 300,000 ms by default. */
  readonly idleMs?: number | undefined;
  /** How many may be idle and open; 1,000 by default. */
  readonly maxOpen?: number | undefined;
  readonly log: Log;
}

export interface OpenBranch {
  readonly name: string;
  readonly branch: string;
  readonly connection: Connection;
}

const DEFAULT_IDLE_MS = 300_000;
const DEFAULT_MAX_OPEN = 1_000;

export class OpenDatabases {
  readonly #connections: OnDemand<Connection>;

  constructor({
    open,
    idleMs = DEFAULT_IDLE_MS,
    maxOpen = DEFAULT_MAX_OPEN,
    log,
  }: OpenDatabasesOptions) {
    this.#connections = new OnDemand({
      open: (key) => {
        const [name, branch] = placeOf(key);
        return open(name, branch);
      },
      close: (connection) => connection.release(),
      isInUse: (connection) => connection.isInUse,
      idleMs,
      maxOpen,
      onFault: (error) => log.error({ event: 'database not closed', error }),
    });
  }

  /** How many branches are open. */
  get size(): number {
    return [...this.#connections.opened()].length;
  }

  /** The branches that are open now, which keeps none of them so. */
  *opened(): Generator<OpenBranch> {
    for (const [key, connection] of this.#connections.opened()) {
      const [name, branch] = placeOf(key);
      yield { name, branch, connection };
    }
  }

  /**
   * The connection of a branch of a database, the main one by default, which stays open until it is released here. Others share it, so
   * nobody releases the connection itself. A listener, and a writer of this process, keep it open on their own.
   *
   * @throws DATABASE_NOT_FOUND, STORE_UNAVAILABLE; the next one who asks tries again
   */
  async hold(name: string, branch = MAIN_BRANCH): Promise<Hold<Connection>> {
    return this.#connections.hold(keyOf(name, branch));
  }

  /** Keeps a database open for as long as some work with its connection takes. @throws as {@link hold}, and what the work throws */
  use<T>(
    name: string,
    work: (connection: Connection) => T | Promise<T>,
    branch = MAIN_BRANCH,
  ): Promise<T> {
    return this.#connections.use(keyOf(name, branch), work);
  }

  /** The newest value of a database that this process knows, good for as long as somebody has it. @throws as {@link hold} */
  db(name: string, branch = MAIN_BRANCH): Promise<Db> {
    return this.use(name, (connection) => connection.db(), branch);
  }

  /** Releases the connections of a database, or of one branch of it, whoever holds them, as where it is deleted. */
  drop(name: string, branch?: string): Promise<void> {
    return this.#connections.drop((key) => {
      const [ofName, ofBranch] = placeOf(key);
      return ofName === name && ofBranch === (branch ?? ofBranch);
    });
  }

  /** Releases all connections, whoever holds them. */
  close(): Promise<void> {
    return this.#connections.close();
  }
}

function keyOf(name: string, branch: string): string {
  return JSON.stringify([name, branch]);
}

function placeOf(key: string): readonly [name: string, branch: string] {
  return JSON.parse(key) as [string, string];
}
