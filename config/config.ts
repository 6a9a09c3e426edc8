/**
 * The configuration of a process. This file alone reads the environment, and process entries alone call it: everything else
 * is handed what it needs.
 *
 * A setting comes from the first of these that has it: the command line, the environment, the configuration file, the
 * defaults below.
 */
import { DatabaseError } from '../schema/error.ts';
import type { ApiFile } from './api-file.ts';
import { accessOfToken, readApiFile } from './api-file.ts';
import { readConfigFile } from './config-file.ts';
import type { DatahikeConfig } from './datahike-config.ts';
import { datahikeConfig } from './datahike-config.ts';
import { readOperationsFile } from './operations-file.ts';
import {
  FILE_VARIABLE,
  OWN_PREFIX,
  SETTINGS,
  SETTING_KEYS,
  variablesOf,
  type SettingKey,
  type SettingValue,
} from './settings.ts';

/** Copies of nodes nearer than the store: more of them than `nodeCacheBytes` holds, on a disk also after a restart. */
export type CacheConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'memory'; readonly maxBytes: number }
  | { readonly kind: 'file'; readonly directory: string; readonly maxBytes: number };

export type StoreConfig = (
  | { readonly kind: 'memory' }
  | { readonly kind: 'file'; readonly directory: string }
  | {
      readonly kind: 'postgres';
      readonly url: string;
      readonly schema: string;
      readonly poolSize: number;
      /** How long to wait for a connection; 2,000 by default. */
      readonly connectTimeoutMs?: number;
      /** How long a statement may take; 15,000 by default. */
      readonly statementTimeoutMs?: number;
      /** How long a connection stays open that nobody needs; 30,000 by default. */
      readonly idleTimeoutMs?: number;
      /** How long a connection is silent before the system asks for the server; 5,000 by default. */
      readonly keepAliveMs?: number;
      /** Whether a server is refused that may lose confirmed commits in a crash; it is by default. */
      readonly durability?: 'required' | 'warn';
    }
) & {
  /** Files where there is a folder for them, else none. */
  readonly cache?: CacheConfig;
};

export type BusConfig =
  | { readonly kind: 'none' }
  | { readonly kind: 'redis'; readonly url: string }
  | {
      readonly kind: 'postgres';
      readonly url: string;
      /** Whether a process goes on for as long as the bus is open; it does by default. */
      readonly keepsAlive?: boolean;
    };

export interface ApiConfig extends ApiFile {
  /** Paths of modules with code of users. */
  readonly extensions: ReadonlyArray<string>;
  /** Databases that are asked together, by the names of the sets; `*` in a name stands for any characters. None by default. */
  readonly sets: Readonly<Record<string, ReadonlyArray<string>>>;
  /** The documents of applications, by their ids. */
  readonly operations: ReadonlyMap<string, string>;
  /** Whether all others are refused; false by default. */
  readonly onlyOperations: boolean;
  /** What one operation may hold and ask for. */
  readonly limits: {
    /** Entities that it may read; 100,000 by default. */
    readonly maxCost: number;
    /** Fields within each other; 20 by default. */
    readonly maxDepth: number;
    /** 100 by default. */
    readonly maxAliases: number;
    /** 100 by default. */
    readonly maxDirectives: number;
    /** 50 by default. */
    readonly maxRootFields: number;
    /** 5,000 by default. */
    readonly maxTokens: number;
  };
}

export interface Config {
  /** PostgreSQL where there is a `DATABASE_URL`, else the folder `./data`. */
  readonly store: StoreConfig;
  /** What its URL names, else PostgreSQL where the store is there, else none: readers poll. */
  readonly bus: BusConfig;
  /** The databases to serve; `world` by default. */
  readonly databases: ReadonlyArray<string>;
  readonly http: {
    /** `127.0.0.1` by default: the gateway is not on the network until it is told to be. */
    readonly host: string;
    /** 4000 by default; 0 is any free one. */
    readonly port: number;
    /** Of web pages that may ask, besides those of the gateway's own host; none by default, `*` is all of them. */
    readonly origins: ReadonlyArray<string>;
    /** What one caller may ask for; 0 is anything, which is the default in development. */
    readonly rate: {
      /** 60,000 by default. */
      readonly requestsPerMinute: number;
      /** In entities that may be read; 30,000,000 by default. */
      readonly costPerMinute: number;
    };
    /** How many proxies in front of the gateway say truly whom they speak for; 0 by default. */
    readonly trustedProxies: number;
    /** How many streams and WebSockets may be open; 10,000 by default. */
    readonly maxStreams: number;
    /** Of one caller; 1,000 by default. */
    readonly maxStreamsPerCaller: number;
    /** In which a request has to have come, with its body; 30,000 by default. */
    readonly receiveTimeoutMs: number;
    /** 32 KiB by default. */
    readonly maxHeaderBytes: number;
    /** 16 KiB by default. */
    readonly maxUrlBytes: number;
  };
  readonly writer: {
    readonly host: string;
    /** 4400 by default; 0 is any free one. */
    readonly port: number;
    /** How long the writer may be silent before another one takes over; 2,000 by default. */
    readonly leaseTtlMs: number;
    /** Where other processes reach the writer; null is where it listens. */
    readonly address: string | null;
    /** Whether a process that finds another writer alive waits for its turn; else it refuses to start, which is the default. */
    readonly standby: boolean;
    /** How much may be new before the index job folds it into the base trees, in datoms over all indices; 200,000 by default. */
    readonly foldThreshold: number;
  };
  /** Datahike's HTTP protocol, beside the writer. */
  readonly datahike: DatahikeConfig;
  /** When nodes are deleted that nothing needs any more. */
  readonly collect: {
    /** How often the writer looks for them; 3,600,000 by default, 0 is never. */
    readonly intervalMs: number;
    /** How long trees are kept that were replaced, for backups of what was and readers that were asleep; 1 by default. */
    readonly retainDays: number;
    /** How long what a process reads is kept after it was heard of last; 60,000 by default. */
    readonly readerLeaseMs: number;
  };
  /** When databases are closed that a process opened on demand. */
  readonly open: {
    /** For how long nobody must have used a database that is closed; 300,000 by default. */
    readonly idleMs: number;
    /** How many may be open that nobody uses; 1,000 by default. */
    readonly maxOpen: number;
  };
  /** The largest request body; 1 MiB by default. */
  readonly bodyLimitBytes: number;
  /** Whether REST changes an entity only for callers that say of which version; false by default. */
  readonly requireIfMatch: boolean;
  /** Where queries end that need too much. */
  readonly query: {
    /** The time of a whole request; 30,000 by default. */
    readonly timeoutMs: number;
    /** Rows of one intermediate result; 5,000,000 by default. */
    readonly maxRows: number;
    /** Memory of one query; 256 MiB by default. */
    readonly maxBytes: number;
    /** Rounds of recursive rules; 100,000 by default. */
    readonly maxRounds: number;
  };
  /** How often a reader looks for a new root that was not announced; 1,000 by default. */
  readonly pollIntervalMs: number;
  /** How much of the indices a process keeps in memory; 256 MiB by default. */
  readonly nodeCacheBytes: number;
  readonly logLevel: 'error' | 'info' | 'debug' | 'silent';
  /** Shows what helps to develop, such as the console; false by default. */
  readonly development: boolean;
  /** Who may do what, and how databases are shown. */
  readonly api: ApiConfig;
}

export interface ConfigSources {
  /** Settings of the command line, by their key: `'http.port'`. Undefined ones were not given. */
  readonly overrides?: Readonly<Partial<Record<SettingKey, unknown>>>;
  /** The environment of the process by default. */
  readonly env?: Readonly<Record<string, string | undefined>>;
  /** The path of a JSON file; by default what `DATAHIKE_GATEWAY_CONFIG` names, if anything. */
  readonly file?: string;
}

/**
 * The configuration, complete and checked.
 *
 * @throws BAD_CONFIG with one line that names the setting, its value and what was expected
 */
export function loadConfig(sources: ConfigSources = {}): Config {
  const env = sources.env ?? process.env;
  checkVariableNames(env);
  const file = sources.file ?? env[FILE_VARIABLE];
  const settings = new Settings(sources.overrides ?? {}, env, file);
  const store = storeConfig(settings);
  const development = settings.get('development') ?? false;
  return {
    store,
    bus: busConfig(settings, store),
    databases: settings.get('databases') ?? ['world'],
    http: {
      host: settings.get('http.host') ?? '127.0.0.1',
      port: settings.get('http.port') ?? 4_000,
      origins: settings.get('http.origins') ?? [],
      ...httpLimits(settings, development),
    },
    writer: {
      host: settings.get('writer.host') ?? '127.0.0.1',
      port: settings.get('writer.port') ?? 4_400,
      leaseTtlMs: settings.get('writer.leaseTtlMs') ?? 2_000,
      address: settings.get('writer.address') ?? null,
      standby: settings.get('writer.standby') ?? false,
      foldThreshold: settings.get('writer.foldThreshold') ?? 200_000,
    },
    datahike: datahikeConfig({
      enabled: settings.get('datahike.enabled'),
      file: settings.get('datahike.file'),
      host: settings.get('datahike.host'),
      port: settings.get('datahike.port'),
      token: settings.get('datahike.token') ?? settings.get('api.token'),
      origins: settings.get('datahike.origins'),
      maxAgeSeconds: settings.get('datahike.maxAgeSeconds'),
      development,
    }),
    collect: {
      intervalMs: settings.get('collect.intervalMs') ?? 3_600_000,
      retainDays: settings.get('collect.retainDays') ?? 1,
      readerLeaseMs: settings.get('collect.readerLeaseMs') ?? 60_000,
    },
    open: {
      idleMs: settings.get('open.idleMs') ?? 300_000,
      maxOpen: settings.get('open.maxOpen') ?? 1_000,
    },
    bodyLimitBytes: settings.get('bodyLimitBytes') ?? 2 ** 20,
    requireIfMatch: settings.get('requireIfMatch') ?? false,
    query: {
      timeoutMs: settings.get('query.timeoutMs') ?? 30_000,
      maxRows: settings.get('query.maxRows') ?? 5_000_000,
      maxBytes: settings.get('query.maxBytes') ?? 2 ** 28,
      maxRounds: settings.get('query.maxRounds') ?? 100_000,
    },
    pollIntervalMs: settings.get('pollIntervalMs') ?? 1_000,
    nodeCacheBytes: settings.get('nodeCacheBytes') ?? 256 * 2 ** 20,
    logLevel: settings.get('logLevel') ?? 'info',
    development,
    api: apiConfig(settings),
  };
}

function httpLimits(
  settings: Settings,
  development: boolean,
): Omit<Config['http'], 'host' | 'port' | 'origins'> {
  return {
    rate: {
      requestsPerMinute: settings.get('http.rate.requestsPerMinute') ?? (development ? 0 : 60_000),
      costPerMinute: settings.get('http.rate.costPerMinute') ?? (development ? 0 : 30_000_000),
    },
    trustedProxies: settings.get('http.trustedProxies') ?? 0,
    maxStreams: settings.get('http.maxStreams') ?? 10_000,
    maxStreamsPerCaller: settings.get('http.maxStreamsPerCaller') ?? 1_000,
    receiveTimeoutMs: settings.get('http.receiveTimeoutMs') ?? 30_000,
    maxHeaderBytes: settings.get('http.maxHeaderBytes') ?? 32 * 2 ** 10,
    maxUrlBytes: settings.get('http.maxUrlBytes') ?? 16 * 2 ** 10,
  };
}

function apiConfig(settings: Settings): ApiConfig {
  const file = settings.get('api.file');
  const token = settings.get('api.token');
  const { access, models } =
    file === undefined ? { access: undefined, models: {} } : readApiFile(file);
  if (access !== undefined && token !== undefined)
    throw new DatabaseError(
      'BAD_CONFIG',
      `${SETTINGS['api.token'].variable}: expected nothing because ${String(file)} says who may do what, got a token`,
      { data: { key: 'api.token' } },
    );
  const operations = settings.get('api.operations');
  const onlyOperations = settings.get('api.onlyOperations') ?? false;
  if (onlyOperations && operations === undefined)
    throw missing('api.operations', 'api.onlyOperations is true');
  return {
    access: access ?? (token === undefined ? undefined : accessOfToken(token)),
    models,
    extensions: settings.get('api.extensions') ?? [],
    sets: settings.get('api.sets') ?? {},
    operations: operations === undefined ? new Map() : readOperationsFile(operations),
    onlyOperations,
    limits: {
      maxCost: settings.get('api.limits.maxCost') ?? 100_000,
      maxDepth: settings.get('api.limits.maxDepth') ?? 20,
      maxAliases: settings.get('api.limits.maxAliases') ?? 100,
      maxDirectives: settings.get('api.limits.maxDirectives') ?? 100,
      maxRootFields: settings.get('api.limits.maxRootFields') ?? 50,
      maxTokens: settings.get('api.limits.maxTokens') ?? 5_000,
    },
  };
}

function storeConfig(settings: Settings): StoreConfig {
  const cache = cacheConfig(settings);
  const url = settings.get('store.url');
  const kind = settings.get('store.kind') ?? (url === undefined ? 'file' : 'postgres');
  switch (kind) {
    case 'memory':
      return { kind, cache };
    case 'file':
      return { kind, cache, directory: settings.get('store.directory') ?? './data' };
    case 'postgres': {
      if (url === undefined) throw missing('store.url', 'store.kind is postgres');
      return {
        kind,
        cache,
        url,
        schema: settings.get('store.schema') ?? 'datahike_gateway',
        poolSize: settings.get('store.poolSize') ?? 8,
        connectTimeoutMs: settings.get('store.connectTimeoutMs') ?? 2_000,
        statementTimeoutMs: settings.get('store.statementTimeoutMs') ?? 15_000,
        idleTimeoutMs: settings.get('store.idleTimeoutMs') ?? 30_000,
        keepAliveMs: settings.get('store.keepAliveMs') ?? 5_000,
        durability: settings.get('store.durability') ?? 'required',
      };
    }
  }
}

function cacheConfig(settings: Settings): CacheConfig {
  const directory = settings.get('store.cache.directory');
  const kind = settings.get('store.cache.kind') ?? (directory === undefined ? 'none' : 'file');
  const maxBytes = settings.get('store.cache.maxBytes');
  switch (kind) {
    case 'none':
      return { kind };
    case 'memory':
      return { kind, maxBytes: maxBytes ?? 256 * 2 ** 20 };
    case 'file':
      if (directory === undefined)
        throw missing('store.cache.directory', 'store.cache.kind is file');
      return { kind, directory, maxBytes: maxBytes ?? 4 * 2 ** 30 };
  }
}

function busConfig(settings: Settings, store: StoreConfig): BusConfig {
  const url = settings.get('bus.url');
  const named = url === undefined ? undefined : isPostgres(url) ? 'postgres' : 'redis';
  const kind =
    settings.get('bus.kind') ?? named ?? (store.kind === 'postgres' ? 'postgres' : 'none');
  switch (kind) {
    case 'none':
      return { kind };
    case 'redis':
      if (url === undefined || named !== kind) throw missing('bus.url', 'bus.kind is redis');
      return { kind, url };
    case 'postgres':
      // A pooler that the store goes through cannot carry notifications: then the bus has a URL of its own.
      if (url !== undefined && named === kind) return { kind, url };
      if (store.kind !== 'postgres') throw missing('store.url', 'bus.kind is postgres');
      return { kind, url: store.url };
  }
}

function isPostgres(url: string): boolean {
  return url.startsWith('postgres');
}

class Settings {
  readonly #overrides: Readonly<Partial<Record<SettingKey, unknown>>>;
  readonly #env: Readonly<Record<string, string | undefined>>;
  readonly #file: ReadonlyMap<SettingKey, unknown>;
  readonly #filePath: string;

  constructor(
    overrides: Readonly<Partial<Record<SettingKey, unknown>>>,
    env: Readonly<Record<string, string | undefined>>,
    filePath: string | undefined,
  ) {
    this.#overrides = overrides;
    this.#env = env;
    this.#file = filePath === undefined ? new Map() : readConfigFile(filePath);
    this.#filePath = filePath ?? '';
  }

  get<K extends SettingKey>(key: K): SettingValue<K> | undefined {
    const override = this.#overrides[key];
    if (override !== undefined) return read(key, key, override);
    for (const variable of variablesOf(key)) {
      const text = this.#env[variable];
      // An empty variable is how a shell leaves one out.
      if (text !== undefined && text !== '') return read(key, variable, text);
    }
    if (!this.#file.has(key)) return undefined;
    return read(key, `${key} in ${this.#filePath}`, this.#file.get(key));
  }
}

function read<K extends SettingKey>(key: K, place: string, value: unknown): SettingValue<K> {
  const { type, expected } = SETTINGS[key];
  const result = type.safeParse(value);
  // The table pairs each key with the type of its value, which the compiler cannot follow through the union.
  if (result.success) return result.data as SettingValue<K>;
  throw new DatabaseError('BAD_CONFIG', `${place}: expected ${expected}, got ${shown(value)}`, {
    data: { key },
  });
}

function missing(key: SettingKey, why: string): DatabaseError {
  const { variable, expected } = SETTINGS[key];
  return new DatabaseError(
    'BAD_CONFIG',
    `${variable}: expected ${expected} because ${why}, got nothing`,
    { data: { key } },
  );
}

/** On one line, of a bounded length, without the password of a URL. */
function shown(value: unknown): string {
  const text = JSON.stringify(value) ?? String(value);
  const masked = text.replace(/:[^:@/"]*@/g, ':***@');
  return masked.length > 100 ? `${masked.slice(0, 100)}…` : masked;
}

function checkVariableNames(env: Readonly<Record<string, string | undefined>>): void {
  const known = new Set<string>(SETTING_KEYS.flatMap(variablesOf));
  known.add(FILE_VARIABLE);
  const unknown = Object.keys(env).find((name) => name.startsWith(OWN_PREFIX) && !known.has(name));
  if (unknown === undefined) return;
  const ours = [...known].filter((name) => name.startsWith(OWN_PREFIX)).join(', ');
  throw new DatabaseError(
    'BAD_CONFIG',
    `Unknown environment variable ${unknown}: expected one of ${ours}`,
    { data: { key: unknown } },
  );
}
