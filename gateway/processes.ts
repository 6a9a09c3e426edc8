/**
 * The three kinds of process, put together from a configuration: one that does everything, the writer alone, a gateway alone. Parts are
 * started in order; what a part opened it closes, in reverse, when the process stops.
 */
import type { Config } from '../config/config.ts';
import { DatabaseError } from '../schema/error.ts';
import type { Connection } from '../services/connection/connection.ts';
import { createDatabase } from '../services/connection/databases.ts';
import type { Writer } from '../services/connection/writer-port.ts';
import { startCollectJob } from '../services/maintenance/collect-job.ts';
import { createLocalReader } from '../services/reader/local-reader.ts';
import { WriterServer } from '../services/rpc/writer-server.ts';
import { closeServer, untilListening } from '../services/shared/listen.ts';
import type { Log } from '../services/shared/log.ts';
import type { Storage } from '../services/storage.ts';
import { closeStorage, openDatabase, openStorage } from '../services/storage.ts';
import { Standby } from '../services/writer/standby.ts';
import type { StartWriterOptions } from '../services/writer/start-writer.ts';
import { startWriter } from '../services/writer/start-writer.ts';
import { createApp } from './http.ts';
import type { DatabasePorts } from './served-database.ts';

export interface RunningProcess {
  /** Where the gateway answers, undefined in a process without one. */
  readonly url: string | undefined;
  /** Where the writer takes transactions of other processes, undefined where it takes none. */
  readonly writerUrl: string | undefined;
  readonly databases: ReadonlyMap<string, OpenDatabase>;
  /** Finishes what was taken, releases leases and closes everything. */
  stop(): Promise<void>;
}

const DAY_MS = 86_400_000;

interface OpenDatabase extends DatabasePorts {
  readonly connection: Connection;
}

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
export function startAll(config: Config, log: Log): Promise<RunningProcess> {
  return assemble(config, log, async (storage, cleanup) => {
    const isShared = config.store.kind === 'postgres';
    const { databases, writerUrl } = await openWriters(config, storage, isShared, cleanup);
    const url = await serve(config, databases, log, cleanup);
    return { url, writerUrl, databases };
  });
}

/** The writer alone: makes the databases that are not there, and takes transactions from gateways and services. */
export function startWriterProcess(config: Config, log: Log): Promise<RunningProcess> {
  return assemble(config, log, async (storage, cleanup) => {
    const { databases, writerUrl } = await openWriters(config, storage, true, cleanup);
    return { url: undefined, writerUrl, databases };
  });
}

/** A gateway alone: reads the indices itself, and sends what is to be written to the writer it finds by the lease. */
export function startGateway(config: Config, log: Log): Promise<RunningProcess> {
  return assemble(config, log, async (storage, cleanup) => {
    const databases = new Map<string, OpenDatabase>();
    for (const name of config.databases) {
      const connection = await openDatabase(storage, name);
      cleanup.add(() => connection.release());
      databases.set(name, openedBy(connection));
    }
    const url = await serve(config, databases, log, cleanup);
    return { url, writerUrl: undefined, databases };
  });
}

/** Opens storage, runs the steps, and undoes everything where one of them fails. */
async function assemble(
  config: Config,
  log: Log,
  start: (storage: Storage, cleanup: Cleanup) => Promise<Omit<RunningProcess, 'stop'>>,
): Promise<RunningProcess> {
  const cleanup = new Cleanup();
  try {
    const storage = await openStorage(config, log);
    cleanup.add(() => closeStorage(storage));
    return { ...(await start(storage, cleanup)), stop: () => cleanup.run() };
  } catch (error) {
    await cleanup.run();
    throw error;
  }
}

interface OpenWriters {
  readonly databases: Map<string, OpenDatabase>;
  readonly writerUrl: string | undefined;
}

async function openWriters(
  config: Config,
  storage: Storage,
  isRemote: boolean,
  cleanup: Cleanup,
): Promise<OpenWriters> {
  const { host, port, leaseTtlMs, address, standby, foldThreshold } = config.writer;
  const { log, bus } = storage;
  const writers = new Map<string, Writer>();
  const { bodyLimitBytes } = config;
  const server = new WriterServer({ writers, host, port, bodyLimitBytes, log });
  // It listens before the lease names it.
  const writerUrl = isRemote ? await server.start() : undefined;
  cleanup.add(() => server.stop());
  const databases = new Map<string, OpenDatabase>();
  for (const name of config.databases) {
    const connection = await openOrCreate(storage, name);
    cleanup.add(() => connection.release());
    const reachable = writerUrl === undefined ? null : (address ?? writerUrl);
    const options = { connection, bus, log, leaseTtlMs, address: reachable, foldThreshold };
    writers.set(name, await (standby ? standBy(options, cleanup) : becomeWriter(options, cleanup)));
    startCollecting(config, connection, log, cleanup);
    databases.set(name, openedBy(connection));
  }
  return { databases, writerUrl };
}

/** What is sent to the connection goes to the writer of the branch, here or elsewhere. */
function openedBy(connection: Connection): OpenDatabase {
  return { connection, reader: createLocalReader(connection), writer: connection };
}

async function becomeWriter(options: StartWriterOptions, cleanup: Cleanup): Promise<Writer> {
  const writer = await startWriter(options);
  cleanup.add(() => writer.stop());
  return writer;
}

/** Takes transactions of others while it is its turn. */
async function standBy(options: StartWriterOptions, cleanup: Cleanup): Promise<Writer> {
  const standby = new Standby(options);
  cleanup.add(() => standby.stop());
  return {
    async transact(request) {
      const { leader } = standby;
      if (leader !== undefined) return leader.transact(request);
      throw new DatabaseError(
        'WRITER_UNAVAILABLE',
        'This process stands by: another one is the writer, and its lease says where',
      );
    },
  };
}

function startCollecting(
  { collect: { intervalMs, retainDays } }: Config,
  { store }: Connection,
  log: Log,
  cleanup: Cleanup,
): void {
  if (intervalMs === 0) return;
  const job = startCollectJob({ store, intervalMs, retainMs: retainDays * DAY_MS, log });
  cleanup.add(() => job.stop());
}

async function openOrCreate(storage: Storage, name: string): Promise<Connection> {
  try {
    return await openDatabase(storage, name);
  } catch (error) {
    if (!(error instanceof DatabaseError) || error.code !== 'DATABASE_NOT_FOUND') throw error;
    await createDatabase(storage.host, name);
    return openDatabase(storage, name);
  }
}

async function serve(
  { http, bodyLimitBytes, query, development, databases: names }: Config,
  databases: ReadonlyMap<string, OpenDatabase>,
  log: Log,
  cleanup: Cleanup,
): Promise<string> {
  const defaultDatabase = names[0] ?? '';
  const { app, stop } = await createApp({
    databases,
    defaultDatabase,
    bodyLimitBytes,
    queryLimits: query,
    development,
    log,
  });
  cleanup.add(stop);
  const server = app.listen(http.port, http.host);
  cleanup.add(() => closeServer(server));
  return untilListening(server, http.host, http.port);
}
