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

/** Names a listener, to end it by. */
export type ListenerKey = unknown;

const hubs = new WeakMap<Connection, Hub>();

/**
 * Calls a listener with each transaction that the connection comes to know from now on. What it throws is thrown as an unhandled rejection
 * and stops nobody else. A listener under the same key is replaced.
 */
export function listen(
  connection: Connection,
  listener: TransactionListener,
  key: ListenerKey = Symbol('listener'),
): ListenerKey {
  let hub = hubs.get(connection);
  if (hub === undefined) {
    hub = new Hub(connection);
    hubs.set(connection, hub);
  }
  hub.listeners.set(key, listener);
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
  if (hub.listeners.size === 0) {
    hub.close();
    hubs.delete(connection);
  }
  return hub.listeners;
}

class Hub {
  readonly listeners = new Map<ListenerKey, TransactionListener>();
  readonly close: () => void;
  readonly #connection: Connection;
  /** The last database whose transactions are told. */
  #told: Db;
  #telling = Promise.resolve();

  constructor(connection: Connection) {
    this.#connection = connection;
    this.#told = connection.db();
    this.close = connection.onAdvance((db) => {
      // What could not be read is told with what comes next.
      this.#telling = this.#telling.then(() => this.#tell(db)).catch(() => undefined);
    });
  }

  async #tell(db: Db): Promise<void> {
    const range = { from: this.#told.maxTx + 1, to: db.maxTx + 1 };
    for await (const each of transactions(this.#connection, range)) {
      const transaction = committed(each, this.#told, db);
      this.#told = transaction.dbAfter;
      for (const listener of [...this.listeners.values()])
        void Promise.resolve(transaction).then(listener);
    }
  }
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
