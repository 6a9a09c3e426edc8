/** What is fixed about a database when it is made. */
import { printEdn } from './edn-print.ts';
import { DatabaseError } from './error.ts';
import { kw } from './keyword.ts';
import type { EdnData, EdnMap } from './value.ts';

export interface DatabaseConfig {
  /** `'write'`: attributes must be declared before they are used. `'read'`: anything goes. */
  readonly schemaFlexibility: 'write' | 'read';
  /** False: superseded values are forgotten, and transactions leave no entity. */
  readonly keepHistory: boolean;
  /** True: datoms name attributes by their entities, so that an attribute can be renamed. Not with `schemaFlexibility: 'read'`. */
  readonly attributeRefs: boolean;
  /** True: nodes and commits carry content hashes, so that an audit finds what was changed. */
  readonly cryptoHash: boolean;
  /** True: an attribute that has values may become indexed or unique; AVET is filled with them then. */
  readonly allowIndexBackfill: boolean;
  /** The longest values that attributes without `:db/maxLength` take; 0 or undefined for no limit. Only where attributes are declared. */
  readonly lengthCaps: LengthCaps;
}

/** In characters, bytes, or elements. */
export interface LengthCaps {
  readonly string?: number;
  readonly bytes?: number;
  readonly floatArray?: number;
  readonly doubleArray?: number;
  /** For each string in a tuple. */
  readonly tupleString?: number;
}

export const DEFAULT_DATABASE_CONFIG: DatabaseConfig = {
  schemaFlexibility: 'write',
  keepHistory: true,
  attributeRefs: false,
  cryptoHash: false,
  allowIndexBackfill: false,
  lengthCaps: {},
};

/** Caps as `:value-caps :default` sets them. */
const DEFAULT_CAPS: LengthCaps = {
  string: 4_096,
  bytes: 4_096,
  floatArray: 4_096,
  doubleArray: 4_096,
  tupleString: 256,
};

const FLAGS = [
  ['keepHistory', kw('keep-history?')],
  ['attributeRefs', kw('attribute-refs?')],
  ['cryptoHash', kw('crypto-hash?')],
  ['allowIndexBackfill', kw('allow-index-backfill?')],
] as const;

const CAPS = [
  ['string', kw('max-string-length')],
  ['bytes', kw('max-bytes-length')],
  ['floatArray', kw('max-float-array-length')],
  ['doubleArray', kw('max-double-array-length')],
  ['tupleString', kw('max-tuple-string-length')],
] as const;

const SCHEMA_FLEXIBILITY = kw('schema-flexibility');
const VALUE_CAPS = kw('value-caps');

/**
 * A configuration with defaults for what is left out.
 *
 * @throws BAD_CONFIG where its parts do not go together
 */
export function databaseConfig(given: Partial<DatabaseConfig>): DatabaseConfig {
  const config = { ...DEFAULT_DATABASE_CONFIG, ...given };
  if (config.attributeRefs && config.schemaFlexibility === 'read')
    throw badConfig("Attribute references cannot be used with schema-flexibility ':read'.", given);
  return config;
}

/**
 * Datahike's configuration map as far as it concerns a database; keys that concern something else are left alone.
 *
 * @throws BAD_CONFIG
 */
export function configFromEdn(map: EdnMap): DatabaseConfig {
  const flexibility = map.get(SCHEMA_FLEXIBILITY) ?? kw('write');
  if (flexibility !== kw('write') && flexibility !== kw('read'))
    throw badConfig(
      `Expected :write or :read as :schema-flexibility, got ${printEdn(flexibility)}`,
      map,
    );
  const flags = FLAGS.flatMap(([name, key]) => {
    const flag = map.get(key) ?? null;
    if (flag === null) return [];
    if (typeof flag === 'boolean') return [[name, flag]];
    throw badConfig(`Expected true or false as ${key.toString()}, got ${printEdn(flag)}`, map);
  });
  const caps = CAPS.flatMap(([name, key]) => {
    const cap = map.get(key) ?? null;
    if (cap === null) return [];
    if (Number.isSafeInteger(cap) && Number(cap) >= 0) return [[name, cap]];
    throw badConfig(`Expected an integer from 0 as ${key.toString()}, got ${printEdn(cap)}`, map);
  });
  const preset = map.get(VALUE_CAPS) === kw('default') ? DEFAULT_CAPS : {};
  return databaseConfig({
    schemaFlexibility: flexibility === kw('write') ? 'write' : 'read',
    ...(Object.fromEntries(flags) as Partial<DatabaseConfig>),
    lengthCaps: { ...preset, ...(Object.fromEntries(caps) as LengthCaps) },
  });
}

/** The keys that Datahike has for it. */
export function configToEdn(config: DatabaseConfig): EdnMap {
  const map = new Map<EdnData, EdnData>();
  map.set(SCHEMA_FLEXIBILITY, kw(config.schemaFlexibility));
  for (const [name, key] of FLAGS) map.set(key, config[name]);
  for (const [name, key] of CAPS) {
    const cap = config.lengthCaps[name];
    if (cap !== undefined) map.set(key, cap);
  }
  return map;
}

function badConfig(message: string, config: unknown): DatabaseError {
  return new DatabaseError('BAD_CONFIG', message, { data: { config } });
}

/** The branch that every database has. */
export const MAIN_BRANCH = 'db';
