/** How Datahike's HTTP protocol is served: from settings of ours, or from the EDN file of a Datahike server, whose keys stay what they are there. */
import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { printEdn } from '../schema/edn-print.ts';
import { readEdn } from '../schema/edn-read.ts';
import { DatabaseError } from '../schema/error.ts';
import { Keyword, kw } from '../schema/keyword.ts';
import type { Right } from '../schema/operation.ts';
import type { EdnData, EdnMap } from '../schema/value.ts';

export interface DatahikeToken {
  /** The SHA-256 of the token, hexadecimal. */
  readonly sha256: string;
  /** The names of the databases, in which `*` stands for any characters; all of them by default. */
  readonly databases?: ReadonlyArray<string> | undefined;
  /** All of them by default. */
  readonly rights?: ReadonlyArray<Right> | undefined;
}

export interface DatahikeConfig {
  /** Whether it is served at all: by default where somebody may use it. */
  readonly enabled: boolean;
  /** `127.0.0.1` by default. */
  readonly host: string;
  /** 4444 by default; 0 is any free one. */
  readonly port: number;
  /** Who may ask. */
  readonly tokens: ReadonlyArray<DatahikeToken>;
  /** Whether anybody may do anything; in development by default. */
  readonly isOpen: boolean;
  /** Of web pages that may ask; those of this machine by default. */
  readonly origins: ReadonlyArray<string>;
  /** For how long answers may be kept that are asked for with an `args-id`; not at all by default. */
  readonly maxAgeSeconds: number | undefined;
}

/** What was set, of ours. */
export interface DatahikeSettings {
  readonly enabled: boolean | undefined;
  readonly file: string | undefined;
  readonly host: string | undefined;
  readonly port: number | undefined;
  /** Of the protocol alone, or of the whole gateway. */
  readonly token: string | undefined;
  readonly origins: ReadonlyArray<string> | undefined;
  readonly maxAgeSeconds: number | undefined;
  readonly development: boolean;
}

/** What Datahike's server allows where nobody says otherwise. */
const DEFAULT_ORIGINS: ReadonlyArray<string> = ['http://localhost', 'http://localhost:8080'];

/** Settings win over the file. @throws BAD_CONFIG */
export function datahikeConfig(set: DatahikeSettings): DatahikeConfig {
  const file = set.file === undefined ? NOTHING : readDatahikeFile(set.file);
  const tokens = set.token === undefined ? file.tokens : [{ sha256: hashOf(set.token) }];
  const isOpen = set.development || file.isOpen;
  const host = set.host ?? file.host ?? '127.0.0.1';
  if (isOpen && !/^(localhost|127(\.\d+){3}|::1)$/.test(host))
    throw badConfig(
      `Development mode is for this machine: expected datahike.host to be 127.0.0.1, got ${host}`,
      'datahike.host',
    );
  return {
    enabled: set.enabled ?? (isOpen || tokens.length > 0),
    host,
    port: set.port ?? file.port ?? 4_444,
    tokens,
    isOpen,
    origins: set.origins ?? file.origins ?? DEFAULT_ORIGINS,
    maxAgeSeconds: set.maxAgeSeconds ?? file.maxAgeSeconds,
  };
}

type FileConfig = Pick<DatahikeConfig, 'tokens' | 'isOpen'> & {
  readonly host?: string | undefined;
  readonly port?: number | undefined;
  readonly origins?: ReadonlyArray<string> | undefined;
  readonly maxAgeSeconds?: number | undefined;
};

const NOTHING: FileConfig = { tokens: [], isOpen: false };

/**
 * `{:port 4444 :host "…" :dev-mode false :token "…" :cache {:get {:max-age 3600}} :access-control-allow-origin ["…"]}`, and of ours
 * `:tokens [{:token "…" :databases ["shop-*"] :rights #{:read}}]`. Keys for Jetty are left alone.
 */
function readDatahikeFile(path: string): FileConfig {
  const map = readMap(path);
  const said = <T extends EdnData>(
    key: string,
    expected: string,
    isMet: (value: EdnData) => value is T,
  ) => {
    const value = map.get(kw(key)) ?? null;
    if (value === null) return undefined;
    if (isMet(value)) return value;
    throw badConfig(`Expected ${expected} as :${key} in ${path}, got ${printEdn(value)}`);
  };
  const token = said('token', 'a text', isText);
  const cache = said('cache', 'a map', isMap)?.get(kw('get'));
  const maxAge = cache instanceof Map ? (cache as EdnMap).get(kw('max-age')) : undefined;
  return {
    host: said('host', 'a text', isText),
    port: said('port', 'a number', isNumber),
    isOpen: said('dev-mode', 'true or false', isBoolean) ?? false,
    origins: said('access-control-allow-origin', 'a vector of texts', isTexts),
    maxAgeSeconds: typeof maxAge === 'number' ? maxAge : undefined,
    tokens: [
      ...(token === undefined ? [] : [{ sha256: hashOf(token) }]),
      ...tokenMaps(said('tokens', 'a vector of maps', isMaps)).map((given) => tokenOf(given, path)),
    ],
  };
}

function readMap(path: string): EdnMap {
  let read: EdnData;
  try {
    read = readEdn(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw badConfig(
      `The file ${path} cannot be read as EDN: ${(cause as Error).message}`,
      undefined,
      cause,
    );
  }
  if (read instanceof Map) return read as EdnMap;
  throw badConfig(
    `Expected a map such as {:port 4444 :token "…"} in ${path}, got ${printEdn(read)}`,
  );
}

function tokenMaps(given: EdnData | undefined): ReadonlyArray<EdnMap> {
  return (given ?? []) as ReadonlyArray<EdnMap>;
}

const RIGHTS: ReadonlySet<string> = new Set<Right>(['read', 'write', 'admin']);

function tokenOf(grant: EdnMap, path: string): DatahikeToken {
  const [token, databases, rights] = ['token', 'databases', 'rights'].map(
    (key) => grant.get(kw(key)) ?? null,
  );
  const names =
    rights instanceof Set ? [...(rights as ReadonlySet<EdnData>)].map(nameOf) : undefined;
  const isFine =
    typeof token === 'string' &&
    (databases === null || isTexts(databases ?? null)) &&
    (rights === null || names?.every((name) => RIGHTS.has(name)) === true);
  if (!isFine)
    throw badConfig(
      `Expected {:token "…" :databases ["…"] :rights #{:read :write :admin}} among the :tokens in ${path}`,
    );
  return {
    sha256: hashOf(token),
    databases: databases === null ? undefined : (databases as ReadonlyArray<string>),
    rights: names as ReadonlyArray<Right> | undefined,
  };
}

function nameOf(datum: EdnData): string {
  return datum instanceof Keyword ? datum.qualifiedName : '';
}

const isText = (value: EdnData): value is string => typeof value === 'string';
const isNumber = (value: EdnData): value is number => typeof value === 'number';
const isBoolean = (value: EdnData): value is boolean => typeof value === 'boolean';
const isMap = (value: EdnData): value is EdnMap => value instanceof Map;
const isTexts = (value: EdnData): value is ReadonlyArray<string> =>
  Array.isArray(value) && value.every(isText);
const isMaps = (value: EdnData): value is ReadonlyArray<EdnData> =>
  Array.isArray(value) && value.every(isMap);

function hashOf(token: string): string {
  return createHash('sha256').update(token).digest('hex');
}

function badConfig(message: string, key = 'datahike.file', cause?: unknown): DatabaseError {
  return new DatabaseError('BAD_CONFIG', message, { data: { key }, cause });
}
