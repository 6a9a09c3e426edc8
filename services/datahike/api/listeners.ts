/** Listening to the transactions of a connection, whoever writes them. */
import { kw } from '../../../engine/index.ts';
import type { Connection as OpenConnection } from '../../connection/connection.ts';
import type { Hold } from '../../shared/on-demand.ts';
import type { CommittedTransaction } from '../../versions/listen.ts';
import { listen as listenTo, unlisten as unlistenTo } from '../../versions/listen.ts';
import type { OpenedDatabase } from '../live.ts';
import { DatabaseValue } from '../live.ts';
import type { Connection } from './handles.ts';
import { localConnection } from './handles.ts';
import type { AnyDefinition } from './schema-types.ts';
import type { TransactionReport } from './show.ts';
import { showReport } from './show.ts';

export type Listener<S extends AnyDefinition = AnyDefinition> = (
  report: TransactionReport<S>,
) => void;

/** The listeners of a connection by their keys, and the database that they keep open. */
interface Listening {
  readonly listeners: Map<unknown, Listener>;
  readonly holding: Promise<Hold<OpenConnection>>;
  /** Under which the database itself tells them. */
  readonly key: symbol;
}

const listenings = new WeakMap<object, Listening>();

/**
 * Calls a listener with the report of each transaction from now on, in their order, in whatever process they are written. Only whoever transacts is told
 * of tempids.
 *
 * @param key names the listener, to replace or end it; a number by default
 * @returns the key
 */
export async function listen<S extends AnyDefinition>(
  connection: Connection<S>,
  ...asked: readonly [listener: Listener<S>] | readonly [key: unknown, listener: Listener<S>]
): Promise<unknown> {
  const of = localConnection(connection, 'listen');
  const [key, listener] = asked.length === 1 ? [Math.random(), asked[0]] : asked;
  const { listeners, holding } = listeningTo(connection, of);
  listeners.set(key, listener as Listener);
  await holding;
  return key;
}

/** Ends a listener; gives those that are left, by the texts of their keys. */
export async function unlisten(
  connection: Connection,
  key: unknown,
): Promise<Readonly<Record<string, Listener>>> {
  localConnection(connection, 'unlisten');
  const listening = listenings.get(connection);
  if (listening === undefined) return {};
  listening.listeners.delete(key);
  if (listening.listeners.size === 0) await endListeners(connection);
  return Object.fromEntries(
    Array.from(listening.listeners, ([name, listener]) => [String(name), listener]),
  );
}

/** Ends all listeners of a connection. */
export async function endListeners(connection: Connection): Promise<void> {
  const listening = listenings.get(connection);
  if (listening === undefined) return;
  listenings.delete(connection);
  listening.listeners.clear();
  const { value, release } = await listening.holding;
  unlistenTo(value, listening.key);
  release();
}

function listeningTo(connection: Connection, of: OpenedDatabase): Listening {
  const known = listenings.get(connection);
  if (known !== undefined) return known;
  const { storage, name, branch } = of;
  const key = Symbol('listeners of a connection');
  const listeners = new Map<unknown, Listener>();
  const tell = (transaction: CommittedTransaction): void => {
    const report = reportOf(transaction, of);
    for (const listener of [...listeners.values()]) void Promise.resolve(report).then(listener);
  };
  const holding = storage.databases.hold(name, branch).then((hold) => {
    listenTo(hold.value, tell, key);
    return hold;
  });
  const listening = { listeners, holding, key };
  listenings.set(connection, listening);
  holding.catch(() => listenings.delete(connection));
  return listening;
}

function reportOf(
  { dbBefore, dbAfter, tx, txData, txMeta }: CommittedTransaction,
  of: OpenedDatabase,
): TransactionReport {
  return showReport({
    before: DatabaseValue.whole(dbBefore, of),
    after: DatabaseValue.whole(dbAfter, of),
    txData,
    tempids: new Map([[kw('db/current-tx'), tx]]),
    txMeta,
  });
}
