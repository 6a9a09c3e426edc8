/**
 * The three kinds of process, put together from a configuration: one that does everything, the writer alone, a gateway alone. Parts are
 * started in order; what a part opened it closes, in reverse, when the process stops.
 */
import type { Config } from '../config/config.ts';
import { MAIN_BRANCH } from '../schema/database.ts';
import { DatabaseError } from '../schema/error.ts';
import type { Connection } from '../services/connection/connection.ts';
import { createDatabase } from '../services/connection/databases.ts';
import type { Writer } from '../services/connection/writer-port.ts';
import { writerKey } from '../services/connection/writer-port.ts';
import { startCollectJob } from '../services/maintenance/collect-job.ts';
import { createLocalReader } from '../services/reader/local-reader.ts';
import type { PublishedWriters } from '../services/datahike/writer-seats.ts';
import { WriterServer } from '../services/rpc/writer-server.ts';
import { closeServer, untilListening } from '../services/shared/listen.ts';
import type { Log } from '../services/shared/log.ts';
import type { Hold } from '../services/shared/on-demand.ts';
import type { Storage } from '../services/storage.ts';
import { closeStorage, openStorage } from '../services/storage.ts';
import { Standby } from '../services/writer/standby.ts';
import type { StartWriterOptions } from '../services/writer/start-writer.ts';
import { startWriter } from '../services/writer/start-writer.ts';
import type { Extension } from './extend/extension.ts';
import { loadExtensions } from './extend/load-extensions.ts';
import { createApp } from './http/app.ts';
import { createGatewayServer } from './http/server.ts';
import { modelConfigOf } from './model-config.ts';
import { serveDatahike } from './serve-datahike.ts';
import type { DatabasePorts, DatabaseSource } from './served-database.ts';

export interface RunningProcess {
  /** Where the gateway answers, undefined in a process without one. */
  readonly url: string | undefined;
  /** Where the writer takes transactions of other processes, undefined where it takes none. */
  readonly writerUrl: string | undefined;
  /** Where Datahike's protocol is spoken, undefined where it is not. */
  readonly datahikeUrl: string | undefined;
  readonly databases: DatabaseSource;
  /** Finishes what was taken, releases leases and closes everything. */
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;

/** Undoes what was opened, the last first. */
class Cleanup {
  readonly #steps: Array<() => Promise<unknown>> = [];
  #running: Promise<void> | undefined;

  add(step: () => Promise<unknown>): void {
    this.#steps.push(step);
  }

  run(): Promise<void> {
    return (this.#running ??= this.#runAll());
  }

  async #runAll(): Promise<void> {
    const failures: unknown[] = [];
    for (const step of this.#steps.toReversed())
      await step().catch((error: unknown) => failures.push(error));
    if (failures.length > 0) throw new AggregateError(failures, 'Not everything could be closed');
  }
}

/** Writer, readers and gateway in one process. Other processes may send to its writer where they share its store. */
export async function startAll(
  config: Config,
  log: Log,
  extensions: ReadonlyArray<Extension> = [],
): Promise<RunningProcess> {
  checkAccess(config);
  return assemble(config, log, async (storage, databases, cleanup) => {
    const isShared = config.store.kind === 'postgres';
    const urls = await openWriters(config, storage, isShared, cleanup);
    return { url: await serve(config, storage, databases, extensions, cleanup), ...urls };
  });
}

/** The writer alone: makes the databases that are not there, and takes transactions from gateways and services. */
export function startWriterProcess(config: Config, log: Log): Promise<RunningProcess> {
  return assemble(config, log, async (storage, _databases, cleanup) => {
    return { url: undefined, ...(await openWriters(config, storage, true, cleanup)) };
  });
}

/**
 * A gateway alone: reads the indices itself, and sends what is to be written to the writer it finds by the lease. It opens a database when it is asked
 * for, so that it starts alike with one and with thousands.
 */
export async function startGateway(
  config: Config,
  log: Log,
  extensions: ReadonlyArray<Extension> = [],
): Promise<RunningProcess> {
  checkAccess(config);
  return assemble(config, log, async (storage, databases, cleanup) => {
    const url = await serve(config, storage, databases, extensions, cleanup);
    return { url, writerUrl: undefined, datahikeUrl: undefined };
  });
}

/** Opens storage, runs the steps, and undoes everything where one of them fails. */
async function assemble(
  config: Config,
  log: Log,
  start: (
    storage: Storage,
    databases: DatabaseSource,
    cleanup: Cleanup,
  ) => Promise<Pick<RunningProcess, 'url' | 'writerUrl' | 'datahikeUrl'>>,
): Promise<RunningProcess> {
  const cleanup = new Cleanup();
  try {
    const storage = await openStorage(config, log);
    cleanup.add(() => closeStorage(storage));
    const databases = sourceOf(storage, config.databases);
    const urls = await start(storage, databases, cleanup);
    return { ...urls, databases, stop: () => cleanup.run() };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

/** The configured databases, each opened when it is asked for. */
function sourceOf({ databases }: Storage, configured: ReadonlyArray<string>): DatabaseSource {
  const names: ReadonlySet<string> = new Set(configured);
  return {
    has: (name) => names.has(name),
    names: () => names,
    async hold(name) {
      const { value, release } = await databases.hold(name);
      return { value: portsOf(value), release };
    },
    *opened() {
      for (const { name, branch, connection } of databases.opened())
        if (branch === MAIN_BRANCH && names.has(name)) yield [name, portsOf(connection)];
    },
  };
}

/** What is sent to the connection goes to the writer of the branch, here or elsewhere. */
function portsOf(connection: Connection): DatabasePorts {
  return { reader: createLocalReader(connection), writer: connection };
}

async function openWriters(
  config: Config,
  storage: Storage,
  isRemote: boolean,
  cleanup: Cleanup,
): Promise<Pick<RunningProcess, 'writerUrl' | 'datahikeUrl'>> {
  const { host, port, leaseTtlMs, address, standby, foldThreshold } = config.writer;
  const { log, bus } = storage;
  const writers = new Map<string, Writer>();
  const { bodyLimitBytes } = config;
  const server = new WriterServer({ writers, host, port, bodyLimitBytes, log });
  // It listens before the lease names it.
  const writerUrl = isRemote ? await server.start() : undefined;
  cleanup.add(() => server.stop());
  const reachable = writerUrl === undefined ? null : (address ?? writerUrl);
  for (const name of config.databases) {
    const { value: connection, release } = await openOrCreate(storage, name);
    cleanup.add(async () => release());
    const options = { connection, bus, log, leaseTtlMs, address: reachable, foldThreshold };
    const seat = await (standby ? standBy(options, cleanup) : becomeWriter(options, cleanup));
    writers.set(writerKey(name), seat.writer);
    startCollecting(config, connection, seat.isWriting, log, cleanup);
  }
  const published = reachable === null ? undefined : { storage, address: reachable, writers };
  return { writerUrl, datahikeUrl: await openDatahike(config, storage, published, cleanup) };
}

async function openDatahike(
  config: Config,
  storage: Storage,
  published: PublishedWriters | undefined,
  cleanup: Cleanup,
): Promise<string | undefined> {
  if (!config.datahike.enabled) return undefined;
  const server = await serveDatahike(config, storage, published);
  cleanup.add(() => server.stop());
  return server.url;
}

interface WriterSeat {
  readonly writer: Writer;
  /** Whether this process is the writer now. */
  readonly isWriting: () => boolean;
}

async function becomeWriter(options: StartWriterOptions, cleanup: Cleanup): Promise<WriterSeat> {
  const writer = await startWriter(options);
  cleanup.add(() => writer.stop());
  return { writer, isWriting: () => true };
}

/** Takes transactions of others while it is its turn. */
async function standBy(options: StartWriterOptions, cleanup: Cleanup): Promise<WriterSeat> {
  const standby = new Standby(options);
  cleanup.add(() => standby.stop());
  const writer: Writer = {
    async transact(request) {
      const { leader } = standby;
      if (leader !== undefined) return leader.transact(request);
      throw new DatabaseError(
        'WRITER_UNAVAILABLE',
        'This process stands by: another one is the writer, and its lease says where',
      );
    },
  };
  return { writer, isWriting: () => standby.leader !== undefined };
}

function startCollecting(
  { collect: { intervalMs, retainDays } }: Config,
  { store }: Connection,
  isOurs: () => boolean,
  log: Log,
  cleanup: Cleanup,
): void {
  if (intervalMs === 0) return;
  const job = startCollectJob({ store, intervalMs, retainMs: retainDays * DAY_MS, isOurs, log });
  cleanup.add(() => job.stop());
}

async function openOrCreate(storage: Storage, name: string): Promise<Hold<Connection>> {
  try {
    return await storage.databases.hold(name);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'DATABASE_NOT_FOUND') throw error;
    await createDatabase(storage.host, name);
    return storage.databases.hold(name);
  }
}

/**
 * Whoever can reach a gateway without access control may do everything, so only development is without, and only on this machine.
 *
 * @throws BAD_CONFIG
 */
function checkAccess({ api, development, http }: Config): void {
  const isLocal = /^(localhost|127(\.\d+){3}|::1)$/.test(http.host);
  if (development && !isLocal)
    throw new DatabaseError(
      'BAD_CONFIG',
      `Development mode is for this machine: expected http.host to be 127.0.0.1, got ${http.host}`,
      { data: { key: 'http.host' } },
    );
  if (development || api.access !== undefined) return;
  throw new DatabaseError(
    'BAD_CONFIG',
    'Nobody said who may use the gateway: set DATAHIKE_GATEWAY_TOKEN to a secret, DATAHIKE_GATEWAY_API to a file with roles, or use --development on this machine',
    { data: { key: 'api.token' } },
  );
}

async function serve(
  config: Config,
  { bus, log }: Storage,
  databases: DatabaseSource,
  extensions: ReadonlyArray<Extension>,
  cleanup: Cleanup,
): Promise<string> {
  const { http, bodyLimitBytes, requireIfMatch, query, open, development, api } = config;
  const [defaultDatabase = ''] = config.databases;
  const { app, upgrade, checkExtensions, stop } = createApp({
    databases,
    bus,
    defaultDatabase,
    open,
    bodyLimitBytes,
    requireIfMatch,
    queryLimits: query,
    origins: http.origins,
    callers: http,
    maxUrlBytes: http.maxUrlBytes,
    development,
    access: api.access,
    operations: { registered: api.operations, onlyRegistered: api.onlyOperations },
    limits: api.limits,
    sets: api.sets,
    modelConfigOf: (name) => modelConfigOf(config, name),
    extensions: [...(await loadExtensions(api.extensions)), ...extensions],
    log,
  });
  await checkExtensions().catch(async (error: unknown) => {
    await stop();
    throw error;
  });
  const server = createGatewayServer({ app, upgrade }, log, http).listen(http.port, http.host);
  // Streams end when the app stops, and the server is closed when they have.
  cleanup.add(() => Promise.all([closeServer(server), stop()]));
  return untilListening(server, http.host, http.port);
}
