/** Configurations as programs in JavaScript write them, and where they lead: this process, a peer, or a peer for writes alone. */
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { DatabaseError, Keyword, Uuid, kw, printEdn, readEdn } from '../../../engine/index.ts';
import { readJs } from '../../../schema/js.ts';
import { BACKEND, BRANCH, REMOTE_PEER, STORE, STORE_ID, WRITER } from '../configuration.ts';
import type { RemotePeer } from '../http/client.ts';

/** Keys with or without a colon, keywords as texts with or without one. */
export interface DatabaseConfig {
  readonly store?: {
    /** `memory`, `file` or `jdbc`. */
    readonly backend: string;
    readonly id?: unknown;
    /** The folder of `file`. */
    readonly path?: string;
    /** PostgreSQL, for `jdbc`: all of it, or its parts. */
    readonly jdbcUrl?: string;
    readonly dbtype?: string;
    readonly host?: string;
    readonly port?: number;
    readonly dbname?: string;
    readonly user?: string;
    readonly password?: string;
    /** The schema that holds the tables; `datahike_gateway` by default. */
    readonly table?: string;
    readonly [key: string]: unknown;
  };
  readonly 'keep-history?'?: boolean;
  readonly 'schema-flexibility'?: string;
  readonly 'attribute-refs?'?: boolean;
  readonly 'crypto-hash?'?: boolean;
  readonly branch?: string;
  readonly name?: string;
  readonly 'initial-tx'?: string | ReadonlyArray<unknown>;
  /** Reads here, and sends what is written to a server. */
  readonly writer?: { readonly backend: string; readonly url?: string; readonly token?: string };
  /** Asks a server for everything. */
  readonly 'remote-peer'?: {
    readonly backend: string;
    readonly url: string;
    readonly token?: string;
    readonly format?: string;
  };
  readonly [key: string]: unknown;
}

export interface Configured {
  /** Null for the default one. */
  readonly config: EdnMap | null;
  readonly peer: RemotePeer | undefined;
  /** Who makes and deletes the database. */
  readonly writer: RemotePeer | undefined;
}

/** Keys that Datahike's own package documents without their question mark. */
const FLAGS: ReadonlyMap<EdnData, EdnData> = new Map(
  ['keep-history', 'attribute-refs', 'crypto-hash'].map((name) => [kw(name), kw(`${name}?`)]),
);

/** @param given an object, or EDN text. @throws BAD_CONFIG */
export function readConfig(given: unknown): Configured {
  if (given === undefined || given === null)
    return { config: null, peer: undefined, writer: undefined };
  const data = typeof given === 'string' ? readEdn(given) : readJs(given, () => undefined);
  if (!(data instanceof Map))
    throw new DatabaseError(
      'BAD_CONFIG',
      `Expected a configuration such as { store: { backend: ':memory', id: '…' } }, got ${printEdn(data)}`,
    );
  const config = normalized(data as EdnMap);
  return { config, peer: peerAt(config, REMOTE_PEER), writer: writerOf(config) };
}

function normalized(given: EdnMap): EdnMap {
  const config = new Map(Array.from(given, ([key, value]) => [FLAGS.get(key) ?? key, value]));
  const put = (key: EdnData, convert: (value: EdnData) => EdnData): void => {
    const value = config.get(key);
    if (value !== undefined) config.set(key, convert(value));
  };
  put(kw('schema-flexibility'), keywordOf);
  put(kw('index'), keywordOf);
  put(BRANCH, keywordOf);
  put(STORE, (store) => withKeyword(withUuid(store), BACKEND));
  put(WRITER, (writer) => withKeyword(writer, BACKEND));
  put(REMOTE_PEER, (peer) => withKeyword(withKeyword(peer, BACKEND), FORMAT));
  return config;
}

const FORMAT = kw('format');
const FORMATS: ReadonlyArray<RemotePeer['format']> = ['transit', 'edn', 'json', 'cbor'];

function keywordOf(value: EdnData): EdnData {
  return typeof value === 'string' ? kw(value) : value;
}

function withKeyword(map: EdnData, key: EdnData): EdnData {
  return withEntry(map, key, keywordOf);
}

/** A text that writes a UUID is one where a store is named. */
function withUuid(store: EdnData): EdnData {
  return withEntry(store, STORE_ID, (id) => (typeof id === 'string' ? (Uuid.parse(id) ?? id) : id));
}

function withEntry(map: EdnData, key: EdnData, convert: (value: EdnData) => EdnData): EdnData {
  const value = map instanceof Map ? (map as EdnMap).get(key) : undefined;
  return value === undefined ? map : new Map([...(map as EdnMap), [key, convert(value)]]);
}

const SERVER = kw('datahike-server');

/** Where what is written goes, unless to this process. @throws BAD_CONFIG */
export function writerOf(config: EdnMap): RemotePeer | undefined {
  const writer = config.get(WRITER);
  const backend = writer instanceof Map ? (writer as EdnMap).get(BACKEND) : undefined;
  return backend === undefined || backend === kw('self') ? undefined : peerAt(config, WRITER);
}

function peerAt(config: EdnMap, key: Keyword): RemotePeer | undefined {
  const peer = config.get(key) ?? null;
  if (peer === null) return undefined;
  const map = peer instanceof Map ? (peer as EdnMap) : new Map<EdnData, EdnData>();
  const [backend, url, token] = [BACKEND, kw('url'), kw('token')].map((name) => map.get(name));
  const named = map.get(FORMAT);
  const format = FORMATS.find((name) => named instanceof Keyword && named.qualifiedName === name);
  const isFine =
    backend === SERVER &&
    typeof url === 'string' &&
    (token === undefined || typeof token === 'string') &&
    (named === undefined || format !== undefined);
  if (isFine) return { url, token, format };
  throw new DatabaseError(
    'BAD_CONFIG',
    `Expected { backend: ':datahike-server', url: 'http://…', token: '…' } as ${key.qualifiedName}, with one of the formats ${FORMATS.join(', ')}`,
    { data: { key } },
  );
}

/** What a server is told of a database: not where it is asked, nor with what token. */
export function withoutPlaces(config: EdnMap): EdnMap {
  return new Map([...config].filter(([key]) => key !== REMOTE_PEER && key !== WRITER));
}

/** What a server answered, in which this process finds it again. */
export function withPlaces(answer: EdnMap, config: EdnMap | null): EdnMap {
  const places = [...(config ?? [])].filter(([key]) => key === REMOTE_PEER || key === WRITER);
  return new Map([...answer, ...places]);
}
