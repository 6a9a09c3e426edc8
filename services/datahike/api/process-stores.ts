/** Where the stores of configurations are that the program itself wrote: wherever it says. Each place is opened once. */
import { rmdir } from 'node:fs/promises';
import { join, resolve } from 'node:path';
import type { BusConfig, StoreConfig } from '../../../config/config.ts';
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { DatabaseError, Keyword, kw, printEdn } from '../../../engine/index.ts';
import type { Log } from '../../shared/log.ts';
import type { Storage } from '../../storage.ts';
import { closeStorage, openStorage } from '../../storage.ts';
import { BACKEND } from '../configuration.ts';
import type { StorePolicy } from '../store-policy.ts';

export interface ProcessStores extends StorePolicy {
  /** Leaves nothing behind of a folder in which the last database was deleted. */
  tidy(store: EdnMap): Promise<void>;
  close(): Promise<void>;
}

interface Place {
  /** Names what is opened once. */
  readonly key: string;
  readonly store: StoreConfig;
  readonly bus: BusConfig;
}

const NODE_CACHE_BYTES = 2 ** 28;
const POLL_INTERVAL_MS = 1_000;
const POOL_SIZE = 8;

export function processStores(log: Log): ProcessStores {
  const opened = new Map<string, Promise<Storage>>();
  const open = ({ key, store, bus }: Place): Promise<Storage> => {
    const known = opened.get(key);
    if (known !== undefined) return known;
    const limits = { nodeCacheBytes: NODE_CACHE_BYTES, pollIntervalMs: POLL_INTERVAL_MS };
    const opening = openStorage({ store, bus, ...limits }, log);
    opened.set(key, opening);
    opening.catch(() => opened.delete(key));
    return opening;
  };
  return {
    defaultStore: new Map<EdnData, EdnData>([[BACKEND, kw('memory')]]),
    storageOf: async (store) => open(placeOf(store)),
    async tidy(given) {
      const { key, store } = placeOf(given);
      const storage = await opened.get(key);
      if (store.kind !== 'file' || storage === undefined) return;
      if ((await storage.host.list()).length > 0) return;
      opened.delete(key);
      await closeStorage(storage);
      await removeStore(store.directory);
    },
    async close() {
      const storages = [...opened.values()];
      opened.clear();
      for (const opening of storages) await opening.then(closeStorage, () => undefined);
    },
  };
}

/** What else is in the folder stays, and the folder with it. */
async function removeStore(directory: string): Promise<void> {
  for (const made of [join(directory, 'readers'), directory])
    await rmdir(made).catch(() => undefined);
}

function placeOf(store: EdnMap): Place {
  const backend = store.get(BACKEND) ?? null;
  switch (backend instanceof Keyword ? backend.qualifiedName : '') {
    case 'memory':
    case 'mem':
      return { key: 'memory', store: { kind: 'memory' }, bus: { kind: 'none' } };
    case 'file': {
      const directory = resolve(textOf(store, 'path'));
      return { key: directory, store: { kind: 'file', directory }, bus: { kind: 'none' } };
    }
    case 'jdbc': {
      const url = urlOf(store);
      const schema = textOf(store, 'table', 'datahike_gateway');
      return {
        key: `${schema}@${url}`,
        store: { kind: 'postgres', url, schema, poolSize: POOL_SIZE },
        bus: { kind: 'postgres', url, keepsAlive: false },
      };
    }
    default:
      throw new DatabaseError(
        'BAD_CONFIG',
        `Unsupported store backend: ${printEdn(backend)}\n\nExpected one of :memory, :file, :jdbc`,
        { data: { backend, config: store } },
      );
  }
}

/** Of `:jdbcUrl`, as PostgreSQL or as Java writes it, or of its parts. */
function urlOf(store: EdnMap): string {
  const given = store.get(kw('jdbcUrl')) ?? null;
  if (given !== null) return withLogin(textOf(store, 'jdbcUrl').replace(/^jdbc:/, ''), store);
  const kind = textOf(store, 'dbtype', 'postgresql');
  if (kind !== 'postgresql' && kind !== 'postgres') throw badStore(store, 'dbtype', '"postgresql"');
  const url = new URL('postgresql://localhost');
  url.hostname = textOf(store, 'host', 'localhost');
  url.port = String(store.get(kw('port')) ?? 5_432);
  url.pathname = `/${encodeURIComponent(textOf(store, 'dbname'))}`;
  return withLogin(url.href, store);
}

/** With the user beside it, or that of the query as in the URLs of Java. */
function withLogin(text: string, store: EdnMap): string {
  if (!/^postgres(ql)?:/.test(text) || !URL.canParse(text))
    throw badStore(store, 'jdbcUrl', '"postgres://user:password@host:port/database"');
  const url = new URL(text);
  for (const [name, key] of [
    ['username', 'user'],
    ['password', 'password'],
  ] as const) {
    const said = textOf(store, key, url.searchParams.get(key) ?? '');
    url.searchParams.delete(key);
    if (said !== '') url[name] = encodeURIComponent(said);
  }
  return url.href;
}

function textOf(store: EdnMap, key: string, whenMissing?: string): string {
  const value = store.get(kw(key)) ?? whenMissing;
  if (typeof value === 'string') return value;
  throw badStore(store, key, 'a text');
}

function badStore(store: EdnMap, key: string, expected: string): DatabaseError {
  const got = key === 'jdbcUrl' ? 'another URL' : printEdn(store.get(kw(key)) ?? null);
  return new DatabaseError(
    'BAD_CONFIG',
    `Expected ${expected} as :${key} of the store, got ${got}`,
    { data: { key } },
  );
}
