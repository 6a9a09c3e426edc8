/** What a process needs to reach databases: where they are stored, how commits are announced, and what is kept in memory. */
import type { BusConfig, CacheConfig, Config, StoreConfig } from '../config/config.ts';
import type { NodeFront, StoreHost } from '../engine/index.ts';
import {
  MAIN_BRANCH,
  NodeCache,
  createMemoryFront,
  createMemoryStoreHost,
  openFileFront,
  openFileStoreHost,
  openPostgresStoreHost,
  tieredStoreHost,
} from '../engine/index.ts';
import type { Bus } from './bus/bus.ts';
import { createMemoryBus } from './bus/memory-bus.ts';
import { openPostgresBus } from './bus/postgres-bus.ts';
import { openRedisBus } from './bus/redis-bus.ts';
import type { Connection } from './connection/connection.ts';
import { connect } from './connection/connection.ts';
import { OpenDatabases } from './connection/open-databases.ts';
import { RemoteWriter } from './rpc/remote-writer.ts';
import { Poller } from './connection/poller.ts';
import { ReaderLease } from './connection/reader-lease.ts';
import type { Log } from './shared/log.ts';

export interface Storage {
  readonly host: StoreHost;
  readonly bus: Bus;
  /** Shared by all databases of the process. */
  readonly nodeCache: NodeCache;
  /** Keeps what the process reads from being collected. */
  readonly lease: ReaderLease;
  readonly pollIntervalMs: number;
  /** Looks for unannounced roots of all databases of the process. */
  readonly poller: Poller;
  /** The databases of the process, opened on demand and closed when idle. */
  readonly databases: OpenDatabases;
  readonly log: Log;
}

/** @throws BAD_CONFIG, STORE_UNAVAILABLE */
export async function openStorage(
  config: Pick<Config, 'store' | 'bus' | 'nodeCacheBytes' | 'pollIntervalMs'> &
    Partial<Pick<Config, 'collect' | 'open'>>,
  log: Log,
): Promise<Storage> {
  const host = await openTieredHost(config.store, log);
  const { pollIntervalMs } = config;
  const storage: Storage = {
    host,
    bus: await openBusOver(host, config.bus, log),
    nodeCache: new NodeCache(config.nodeCacheBytes),
    lease: new ReaderLease({ readers: host.readers, ttlMs: config.collect?.readerLeaseMs, log }),
    pollIntervalMs,
    poller: new Poller({
      readVersions: (places) => host.readVersions(places),
      intervalMs: pollIntervalMs,
      log,
    }),
    databases: new OpenDatabases({
      ...config.open,
      open: (name, branch) => openDatabase(storage, name, branch),
      log,
    }),
    log,
  };
  return storage;
}

export async function closeStorage(storage: Storage): Promise<void> {
  const { bus, host, poller, lease, databases } = storage;
  await databases.close();
  await poller.close();
  await lease.close();
  await bus.close();
  await host.close();
}

/**
 * Opens a branch of a database, the main one by default: to read it here, and to send transactions to its writer. The connection is the
 * caller's own, to release it; who works with many databases asks {@link Storage.databases}.
 *
 * @throws DATABASE_NOT_FOUND
 */
export async function openDatabase(
  storage: Storage,
  name: string,
  branch = MAIN_BRANCH,
): Promise<Connection> {
  const { host, bus, nodeCache, pollIntervalMs, poller, lease, log } = storage;
  const { store, ...found } = await host.openBranch(name, branch);
  const writer = new RemoteWriter({ database: name, store, branch });
  return connect({
    store,
    branch,
    found,
    bus,
    nodeCache,
    pollIntervalMs,
    poller,
    lease,
    log,
    writer,
  });
}

/** A bus that cannot be opened leaves no connections of the store behind. */
async function openBusOver(host: StoreHost, config: BusConfig, log: Log): Promise<Bus> {
  try {
    return await openBus(config, log);
  } catch (error) {
    await host.close();
    throw error;
  }
}

async function openTieredHost(config: StoreConfig, log: Log): Promise<StoreHost> {
  const front = await openFront(config.cache ?? { kind: 'none' }, log);
  const host = await openStoreHost(config, log);
  return front === undefined ? host : tieredStoreHost(host, front);
}

async function openFront(config: CacheConfig, log: Log): Promise<NodeFront | undefined> {
  switch (config.kind) {
    case 'none':
      return undefined;
    case 'memory':
      return createMemoryFront(config.maxBytes);
    case 'file':
      return openFileFront({
        ...config,
        onFault: (error) => log.error({ event: 'node cache failed', error }),
      });
  }
}

function openStoreHost(config: StoreConfig, log: Log): Promise<StoreHost> {
  switch (config.kind) {
    case 'memory':
      return Promise.resolve(createMemoryStoreHost());
    case 'file':
      return openFileStoreHost(config.directory);
    case 'postgres':
      return openPostgresStoreHost({
        ...config,
        onWarning: (message) => log.error({ event: 'commits may be lost', message }),
      });
  }
}

function openBus(config: BusConfig, log: Log): Promise<Bus> {
  switch (config.kind) {
    case 'none':
      return Promise.resolve(createMemoryBus());
    case 'redis':
      return openRedisBus({ url: config.url, log });
    case 'postgres':
      return openPostgresBus({ ...config, log });
  }
}
