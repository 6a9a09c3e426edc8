/** Datahike's configuration map of a database: completed with its defaults, and checked. Where the store is, is somebody else's to say. */
import type { DatabaseConfig, EdnData, EdnMap } from '../../engine/index.ts';
import {
  DatabaseError,
  EdnList,
  Keyword,
  MAIN_BRANCH,
  Uuid,
  configFromEdn,
  kw,
  printEdn,
  readEdn,
} from '../../engine/index.ts';

export const STORE = kw('store');
export const BACKEND = kw('backend');
export const STORE_ID = kw('id');
export const BRANCH = kw('branch');
export const REMOTE_PEER = kw('remote-peer');
export const WRITER = kw('writer');
export const INITIAL_TX = kw('initial-tx');

const SELF = kw('self');
const MEMORY = kw('memory');
const SCHEMA_FLEXIBILITY = kw('schema-flexibility');
const NAME = kw('name');

/** A configuration that holds together. */
export interface Configuration {
  /** All of it, without the keys that say nothing. */
  readonly map: EdnMap;
  /** `:store`, with its `:backend`. */
  readonly store: EdnMap;
  readonly branch: string;
  /** What is fixed when the database is made. */
  readonly database: DatabaseConfig;
}

/** In the order in which Datahike prints a whole configuration. */
const DEFAULTS: EdnMap = new Map<EdnData, EdnData>([
  [kw('keep-history?'), true],
  [kw('search-cache-size'), 0],
  [kw('index'), kw('datahike.index/persistent-set')],
  [STORE, new Map<EdnData, EdnData>([[BACKEND, MEMORY]])],
  [kw('store-cache-size'), 1_000],
  [kw('attribute-refs?'), false],
  [WRITER, new Map<EdnData, EdnData>([[BACKEND, SELF]])],
  [kw('crypto-hash?'), false],
  [SCHEMA_FLEXIBILITY, kw('write')],
  [BRANCH, kw(MAIN_BRANCH)],
]);

/**
 * A configuration with defaults for what it does not say.
 *
 * @param given a map; null for the defaults alone
 * @throws BAD_CONFIG
 */
export function readConfiguration(given: EdnData): Configuration {
  if (given !== null && !(given instanceof Map))
    throw new DatabaseError(
      'BAD_CONFIG',
      `Expected a map such as {:store {:backend :memory :id #uuid "…"}} as configuration, got ${printEdn(given)}`,
    );
  const map = merged(DEFAULTS, (given as EdnMap | null) ?? new Map()) as EdnMap;
  checkKinds(map);
  const store = map.get(STORE) as EdnMap;
  const branch = map.get(BRANCH) as Keyword;
  return { map, store, branch: branch.qualifiedName, database: configFromEdn(map) };
}

/** Maps are merged key by key; keys that say nothing are dropped. */
function merged(defaults: EdnData, given: EdnData): EdnData {
  if (!(defaults instanceof Map) || !(given instanceof Map)) return withoutNulls(given);
  const result = new Map<EdnData, EdnData>(defaults);
  for (const [key, value] of given as EdnMap)
    result.set(key, result.has(key) ? merged(result.get(key) ?? null, value) : value);
  return withoutNulls(result);
}

function withoutNulls(datum: EdnData): EdnData {
  if (!(datum instanceof Map)) return datum;
  const said = [...(datum as EdnMap)].filter(([, value]) => value !== null);
  return new Map(said.map(([key, value]) => [key, withoutNulls(value)]));
}

interface Expectation {
  readonly isMet: (value: EdnData) => boolean;
  /** As Datahike's specification writes it. */
  readonly predicate: string;
}

const isBoolean: Expectation = {
  isMet: (value) => typeof value === 'boolean',
  predicate: 'clojure.core/boolean?',
};
const isMap: Expectation = {
  isMet: (value) => value instanceof Map,
  predicate: 'clojure.core/map?',
};
const isCount: Expectation = {
  isMet: (value) => Number.isSafeInteger(value) && Number(value) >= 0,
  predicate: 'clojure.core/nat-int?',
};
const isKeyword: Expectation = {
  isMet: (value) => value instanceof Keyword,
  predicate: 'clojure.core/keyword?',
};

const EXPECTATIONS: ReadonlyArray<readonly [Keyword, Expectation]> = [
  [kw('keep-history?'), isBoolean],
  [kw('attribute-refs?'), isBoolean],
  [kw('crypto-hash?'), isBoolean],
  [kw('allow-index-backfill?'), isBoolean],
  [
    SCHEMA_FLEXIBILITY,
    {
      isMet: (value) => value === kw('read') || value === kw('write'),
      predicate: '#{:read :write}',
    },
  ],
  [STORE, isMap],
  [WRITER, isMap],
  [BRANCH, isKeyword],
  [kw('index'), isKeyword],
  [kw('search-cache-size'), isCount],
  [kw('store-cache-size'), isCount],
  [NAME, { isMet: (value) => typeof value === 'string', predicate: 'clojure.core/string?' }],
];

/** @throws BAD_CONFIG with the problems as clojure.spec tells them */
function checkKinds(map: EdnMap): void {
  const problems = EXPECTATIONS.flatMap(([key, { isMet, predicate }]) => {
    const value = map.get(key);
    return value === undefined || isMet(value) ? [] : [problem(key, predicate, value)];
  });
  if (problems.length === 0) return;
  throw new DatabaseError('BAD_CONFIG', 'Invalid Datahike configuration.', {
    data: {
      'clojure.spec.alpha/problems': new EdnList(problems),
      'clojure.spec.alpha/spec': kw('datahike/config'),
      'clojure.spec.alpha/value': map,
    },
  });
}

function problem(key: Keyword, predicate: string, value: EdnData): EdnMap {
  return new Map<EdnData, EdnData>([
    [kw('path'), [key]],
    [kw('pred'), readEdn(predicate)],
    [kw('val'), value],
    [kw('via'), [kw('datahike/config'), kw(`datahike.config/${key.qualifiedName}`)]],
    [kw('in'), [key]],
  ]);
}

/**
 * What names a database in its store: a UUID, as Datahike wants it, or the name of one that this product made.
 *
 * @throws BAD_CONFIG where there is none
 */
export function storeIdOf(store: EdnMap): Uuid | string {
  const id = store.get(STORE_ID) ?? null;
  if (id instanceof Uuid) return id;
  if (typeof id === 'string' && id !== '') return Uuid.parse(id) ?? id;
  const isMissing = id === null;
  throw new DatabaseError(
    'BAD_CONFIG',
    isMissing
      ? 'Store :id is required. Please add :id with a UUID to your store config.\nGenerate a UUID with: #?(:clj (java.util.UUID/randomUUID) :cljs (random-uuid))\nExample: {:backend :memory :id #uuid "550e8400-e29b-41d4-a716-446655440000" ...}'
      : `Store :id must be a UUID, got ${printEdn(id)}`,
    { data: { config: store, error: kw(isMissing ? 'missing-id' : 'invalid-id') } },
  );
}
