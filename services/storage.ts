/** What a process needs to reach databases: where they are stored, how commits are announced, and what is kept in memory. */
import type { BusConfig, Config, StoreConfig } from '../config/config.ts';
import type { StoreHost } from '../engine/index.ts';
import {
  MAIN_BRANCH,
  NodeCache,
  createMemoryStoreHost,
  openFileStoreHost,
  openPostgresStoreHost,
} from '../engine/index.ts';
import type { Bus } from './bus/bus.ts';
import { createMemoryBus } from './bus/memory-bus.ts';
import { openPostgresBus } from './bus/postgres-bus.ts';
import { openRedisBus } from './bus/redis-bus.ts';
import type { Connection } from './connection/connection.ts';
import { connect } from './connection/connection.ts';
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
  readonly log: Log;
}

/** @throws BAD_CONFIG, STORE_UNAVAILABLE */
export async function openStorage(
  config: Pick<Config, 'store' | 'bus' | 'nodeCacheBytes' | 'pollIntervalMs'> &
    Partial<Pick<Config, 'collect'>>,
  log: Log,
): Promise<Storage> {
  const host = await openStoreHost(config.store);
  return {
    host,
    bus: await openBus(config.bus, log),
    nodeCache: new NodeCache(config.nodeCacheBytes),
    lease: new ReaderLease({ readers: host.readers, ttlMs: config.collect?.readerLeaseMs, log }),
    pollIntervalMs: config.pollIntervalMs,
    log,
  };
}

export async function closeStorage({ bus, host, lease }: Storage): Promise<void> {
  await lease.close();
  await bus.close();
  await host.close();
}

/**
 * Opens a branch of a database for reading, the main one by default.
 *
 * @throws DATABASE_NOT_FOUND
 */
export async function openDatabase(
  storage: Storage,
  name: string,
  branch = MAIN_BRANCH,
): Promise<Connection> {
  const { host, bus, nodeCache, lease, pollIntervalMs, log } = storage;
  const store = await host.open(name);
  return connect({ store, branch, bus, nodeCache, lease, pollIntervalMs, log });
}

function openStoreHost(config: StoreConfig): Promise<StoreHost> {
  switch (config.kind) {
    case 'memory':
      return Promise.resolve(createMemoryStoreHost());
    case 'file':
      return openFileStoreHost(config.directory);
    case 'postgres':
      return openPostgresStoreHost(config);
  }
}

function openBus(config: BusConfig, log: Log): Promise<Bus> {
  switch (config.kind) {
    case 'none':
      return Promise.resolve(createMemoryBus());
    case 'redis':
      return openRedisBus({ url: config.url, log });
    case 'postgres':
      return openPostgresBus({ url: config.url, log });
  }
}
