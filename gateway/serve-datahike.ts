/** Datahike's HTTP protocol in a process that writes: over its own storage, and over databases in memory that last as long as the process. */
import { fileURLToPath } from 'node:url';
import type { Config } from '../config/config.ts';
import { authenticator } from '../services/datahike/http/callers.ts';
import { createProtocolServer } from '../services/datahike/http/server.ts';
import { Registry } from '../services/datahike/registry.ts';
import type { StoreTemplate } from '../services/datahike/store-policy.ts';
import { templates } from '../services/datahike/store-policy.ts';
import type { PublishedWriters } from '../services/datahike/writer-seats.ts';
import { closeServer, untilListening } from '../services/shared/listen.ts';
import type { Storage } from '../services/storage.ts';
import { closeStorage, openStorage } from '../services/storage.ts';

const DAY_MS = 86_400_000;

const PAGE = fileURLToPath(new URL('assets/swagger-ui/', import.meta.url));

export interface DatahikeServer {
  readonly url: string;
  /** Answers what it took, leaves what it writes to others, and forgets the databases in memory. */
  stop(): Promise<void>;
}

/** @throws BAD_CONFIG where the port is taken */
export async function serveDatahike(
  config: Config,
  storage: Storage,
  published: PublishedWriters | undefined,
): Promise<DatahikeServer> {
  const { datahike, writer, bodyLimitBytes, query } = config;
  const { intervalMs, retainDays } = config.collect;
  const { log } = storage;
  const { memory, close } = inMemory(config, storage);
  const registry = new Registry({
    stores: templates([ownTemplate(config, storage), memory]),
    leaseTtlMs: writer.leaseTtlMs,
    foldThreshold: writer.foldThreshold,
    published,
    collect: intervalMs === 0 ? undefined : { intervalMs, retainMs: retainDays * DAY_MS },
    log,
  });
  const { host, port, maxAgeSeconds, isOpen, tokens } = datahike;
  const server = createProtocolServer({
    registry,
    authenticate: authenticator(datahike),
    origins: datahike.origins,
    bodyLimitBytes,
    queryLimits: query,
    cache:
      maxAgeSeconds === undefined
        ? undefined
        : { maxAgeSeconds, isPublic: isOpen && tokens.length === 0 },
    page: { folder: PAGE },
    receiveTimeoutMs: config.http.receiveTimeoutMs,
    log,
  }).listen(port, host);
  return {
    url: await untilListening(server, host, port),
    async stop() {
      await closeServer(server);
      await registry.close();
      await close();
    },
  };
}

/** The storage of the process, under the name that Datahike has for it. What clients say of its place has to be true. */
function ownTemplate({ store }: Config, storage: Storage): StoreTemplate {
  const open = (): Promise<Storage> => Promise.resolve(storage);
  switch (store.kind) {
    case 'memory':
      return { backend: 'memory', open };
    case 'file':
      return { backend: 'file', facts: { path: store.directory }, open };
    case 'postgres': {
      const { hostname, port, pathname, username } = new URL(store.url);
      const facts = {
        dbtype: 'postgresql',
        host: hostname,
        port: Number(port || '5432'),
        dbname: decodeURIComponent(pathname.slice(1)),
        user: decodeURIComponent(username),
        table: store.schema,
      };
      return { backend: 'jdbc', facts, open };
    }
  }
}

/** Databases in the memory of this process, made when the first one is asked for. */
function inMemory(
  { nodeCacheBytes, pollIntervalMs }: Config,
  { log }: Storage,
): { readonly memory: StoreTemplate; readonly close: () => Promise<void> } {
  let opened: Promise<Storage> | undefined;
  const open = (): Promise<Storage> =>
    (opened ??= openStorage(
      { store: { kind: 'memory' }, bus: { kind: 'none' }, nodeCacheBytes, pollIntervalMs },
      log,
    ));
  return {
    memory: { backend: 'memory', open },
    close: async () => {
      if (opened !== undefined) await closeStorage(await opened);
    },
  };
}
