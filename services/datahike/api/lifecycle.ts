/** Databases made, opened and deleted, in this process or on a peer. */
import type { EdnMap } from '../../../engine/index.ts';
import { toJs } from '../../../engine/index.ts';
import type { Storage } from '../../storage.ts';
import { readConfiguration, storeIdOf } from '../configuration.ts';
import { callPeer, callWriter } from '../http/client.ts';
import { perform } from '../operations.ts';
import type { Answer } from '../live.ts';
import type { OpenedDatabase } from '../live.ts';
import { call, callWith } from './call.ts';
import type { Configured, DatabaseConfig } from './configuration.ts';
import { readConfig, withPlaces, withoutPlaces, writerOf } from './configuration.ts';
import type { Schema } from './define-schema.ts';
import type { Connection, Database } from './handles.ts';
import type { ConnectionHandle } from './handles.ts';
import { openHandle } from './handles.ts';
import { endListeners } from './listeners.ts';
import { close as closeProcess, registryOfProcess, storesOfProcess } from './process.ts';
import type { AnyDefinition, Transaction } from './schema-types.ts';
import { showConnection, showPeerAnswer } from './show.ts';
import type { TransactionReport } from './show.ts';
import { readTransaction } from './transaction.ts';

/** A configuration object, or EDN text of one. */
export type ConfigInput = DatabaseConfig | string;

/** Makes a database; gives the whole configuration, which names it. @throws DATABASE_EXISTS, BAD_CONFIG */
export async function createDatabase(config?: ConfigInput): Promise<DatabaseConfig> {
  const configured = readConfig(config);
  const made = withPlaces(await create(configured), configured.config);
  return toJs(made) as DatabaseConfig;
}

async function create({ config, peer, writer }: Configured): Promise<EdnMap> {
  const asked = config === null ? [] : [withoutPlaces(config)];
  if (peer !== undefined) return (await callPeer(peer, 'create-database', asked)) as EdnMap;
  if (writer !== undefined) return (await callWriter(writer, 'create-database', asked)) as EdnMap;
  return (await performHere('create-database', config)) as EdnMap;
}

/** Deletes a database and all that it has; nothing happens where there is none. */
export async function deleteDatabase(config?: ConfigInput): Promise<void> {
  const { config: given, peer, writer } = readConfig(config);
  const asked = given === null ? [] : [withoutPlaces(given)];
  if (peer !== undefined) return void (await callPeer(peer, 'delete-database', asked));
  const { store } = readConfiguration(given);
  const storage = await storesOfProcess().storageOf(store);
  const name = String(storeIdOf(store));
  for (const connection of uses.keys())
    if (isOfSame(connection, storage, name)) await end(connection);
  if (writer !== undefined) {
    await registryOfProcess().forget(given);
    return void (await callWriter(writer, 'delete-database', asked));
  }
  await performHere('delete-database', given);
  await storesOfProcess().tidy(store);
}

export async function databaseExists(config?: ConfigInput): Promise<boolean> {
  const { config: given, peer } = readConfig(config);
  const asked = given === null ? [] : [withoutPlaces(given)];
  const answer =
    peer === undefined
      ? await performHere('database-exists?', given)
      : await callPeer(peer, 'database-exists?', asked);
  return answer === true;
}

function performHere(name: string, config: EdnMap | null): Promise<Answer> {
  return perform(name, [config], { registry: registryOfProcess(), limits: {} });
}

export interface ConnectOptions<S extends AnyDefinition> {
  /** What the database holds, for the compiler. Nothing is written: `transact(connection, schema.txData)` does that. */
  readonly schema?: Schema<S>;
}

/** The connections of this process, with how often each was asked for and not released. */
const uses = new Map<ConnectionHandle, number>();

/**
 * Opens a database. Whoever asks for the same branch of it again is given the same connection, and releases it once more.
 *
 * @throws DATABASE_NOT_FOUND, BAD_CONFIG
 */
export async function connect<S extends AnyDefinition = AnyDefinition>(
  config?: ConfigInput,
  options?: ConnectOptions<S>,
): Promise<Connection<S>>;
export async function connect(config?: ConfigInput): Promise<Connection> {
  const { config: given, peer } = readConfig(config);
  if (peer !== undefined) {
    const asked = given === null ? [] : [withoutPlaces(given)];
    return showPeerAnswer(await callPeer(peer, 'connect', asked), peer) as Connection;
  }
  const live = (await performHere('connect', given)) as OpenedDatabase;
  const known = [...uses.keys()].find((other) => isOfSameBranch(other, live));
  const connection = known ?? showConnection(live);
  uses.set(connection, (uses.get(connection) ?? 0) + 1);
  return connection;
}

function isOfSame({ live }: ConnectionHandle, storage: Storage, name: string): boolean {
  return live?.storage === storage && live.name === name;
}

function isOfSameBranch(
  other: ConnectionHandle,
  { storage, name, branch, config }: OpenedDatabase,
): boolean {
  if (!isOfSame(other, storage, name) || other.live?.branch !== branch) return false;
  return writerOf(other.live.config)?.url === writerOf(config)?.url;
}

/**
 * Says that a connection is needed no longer, as often as it was asked for; afterwards it can be asked nothing. Values that came from it stay good.
 *
 * @param isForAll whoever else has it
 */
export async function release(connection: Connection, isForAll = false): Promise<void> {
  const handle = openHandle(connection, 'release');
  if (handle.live === undefined) {
    await call('release', isForAll ? [handle, true] : [handle]);
    handle.isReleased = true;
    return;
  }
  const left = (uses.get(handle) ?? 1) - 1;
  uses.set(handle, left);
  if (left > 0 && !isForAll) return;
  await end(handle);
  const { storage, name } = handle.live;
  if (![...uses.keys()].some((other) => isOfSame(other, storage, name)))
    await registryOfProcess().leave(handle.live);
}

async function end(connection: ConnectionHandle): Promise<void> {
  connection.isReleased = true;
  uses.delete(connection);
  if (connection.live !== undefined) registryOfProcess().release(connection.live);
  await endListeners(connection);
}

/**
 * Releases all connections and closes all that this process opened: what was asked is written first, and other processes may write at once. A process that has
 * nothing left to do does so by itself. Databases in memory are gone afterwards, all others can be opened again.
 */
export async function close(): Promise<void> {
  for (const connection of uses.keys()) await end(connection);
  await closeProcess();
}

/** The present value of a database. */
export function db<S extends AnyDefinition>(connection: Connection<S>): Promise<Database<S>> {
  return call('db', [connection]);
}

/**
 * Writes a transaction, and tells what it did once it is durable.
 *
 *     const { tempids } = await transact(connection, [{ 'db/id': 'ada', 'person/name': 'Ada' }])
 *     await transact(connection, { 'tx-data': [[':db/retract', tempids.ada, ':person/name', 'Ada']], 'tx-meta': { reason: 'typo' } })
 *
 * @throws BAD_TRANSACTION and its kin, where nothing was written
 */
export function transact<S extends AnyDefinition>(
  connection: Connection<S>,
  transaction: Transaction<S>,
): Promise<TransactionReport<S>> {
  return callWith('transact', (read) => [read(connection), readTransaction(transaction, read)]);
}
