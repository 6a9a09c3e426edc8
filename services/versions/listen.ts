/** Listening to transactions, in whatever process: each one in its order, also those that were not announced. */
import type { Datom, Db, EdnData } from '../../engine/index.ts';
import { asOf } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { LoggedTransaction } from './transactions.ts';
import { transactions } from './transactions.ts';

/** A transaction that is durable. */
export interface CommittedTransaction extends LoggedTransaction {
  /** What the transaction says of itself. */
  readonly txMeta: ReadonlyMap<EdnData, EdnData>;
  /** Where the database keeps no history and several transactions came at once, the database before or after all of them. */
  readonly dbBefore: Db;
  readonly dbAfter: Db;
}

export type TransactionListener = (transaction: CommittedTransaction) => void;

/**
 * Hears, in its turn among the transactions, that the store was set back to an earlier copy: what was told before may be lost, and what others wrote
 * since is not told. Whoever keeps something that follows from transactions makes it anew from this database; those after it are told.
 */
export type RebuildListener = (db: Db) => void;

/** Names a listener, to end it by. */
export type ListenerKey = unknown;

const hubs = new WeakMap<Connection, Hub>();

/**
 * Calls a listener with each transaction that the connection comes to know from now on. What it throws is thrown as an unhandled rejection
 * and stops nobody else. A listener under the same key is replaced.
 *
 * @param onRebuild hears where the order of transactions breaks; without it the log of the connection alone says so
 */
export function listen(
  connection: Connection,
  listener: TransactionListener,
  key: ListenerKey = Symbol('listener'),
  onRebuild: RebuildListener = () => undefined,
): ListenerKey {
  let hub = hubs.get(connection);
  if (hub === undefined) {
    hub = new Hub(connection);
    hubs.set(connection, hub);
  }
  hub.listeners.set(key, listener);
  hub.rebuildListeners.set(key, onRebuild);
  return key;
}

/** Ends a listener; gives those that are left, by their keys. */
export function unlisten(
  connection: Connection,
  key: ListenerKey,
): ReadonlyMap<ListenerKey, TransactionListener> {
  const hub = hubs.get(connection);
  if (hub === undefined) return new Map();
  hub.listeners.delete(key);
  hub.rebuildListeners.delete(key);
  if (hub.listeners.size === 0) {
    hub.close();
    hubs.delete(connection);
  }
  return hub.listeners;
}

class Hub {
  readonly listeners = new Map<ListenerKey, TransactionListener>();
  readonly rebuildListeners = new Map<ListenerKey, RebuildListener>();
  readonly close: () => void;
  readonly #connection: Connection;
  /** The last database whose transactions are told. */
  #told: Db;
  #telling = Promise.resolve();

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#told = connection.db();
    this.close = connection.onAdvance((db, isRebuilt) => {
      if (isRebuilt) return this.#beginAgain(db);
      const { nodes } = connection;
      // What could not be read is told with what comes next.
      this.#telling = this.#telling.then(() => this.#tell(db, nodes)).catch(() => undefined);
    });
  }

  #beginAgain(db: Db): void {
    this.#told = db;
    tell(this.rebuildListeners.values(), db);
  }

  /** @param nodes those of the database: they end with the history that it is of */
  async #tell(db: Db, nodes: Connection['nodes']): Promise<void> {
    if (nodes.isEnded) return;
    const range = { from: this.#told.maxTx + 1, to: db.maxTx + 1 };
    for await (const each of transactions(this.#connection, range)) {
      if (nodes.isEnded) return;
      const transaction = committed(each, this.#told, db);
      this.#told = transaction.dbAfter;
      tell(this.listeners.values(), transaction);
    }
  }
}

function tell<T>(listeners: Iterable<(news: T) => void>, news: T): void {
  for (const listener of [...listeners]) void Promise.resolve(news).then(listener);
}

function committed(logged: LoggedTransaction, before: Db, after: Db): CommittedTransaction {
  const { tx, txData } = logged;
  const isLast = tx === after.maxTx || !after.config.keepHistory;
  const dbAfter = isLast ? after : { ...asOf(after, tx), maxTx: tx };
  return { ...logged, txMeta: metaOf(tx, txData), dbBefore: before, dbAfter };
}

function metaOf(tx: number, txData: ReadonlyArray<Datom>): ReadonlyMap<EdnData, EdnData> {
  const ofItself = txData.filter(({ e, added }) => e === tx && added);
  return new Map(ofItself.map(({ attribute, v }) => [attribute, v]));
}
