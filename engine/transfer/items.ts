/**
 * A database value as a row of items, and back: what an export says, whatever it is written in.
 *
 *     header       {:format "datahike-gateway/export", :version 1, :config {…}, :max-tx …, :max-eid …, :datoms …}
 *     rows         [e a v tx]         what holds
 *                  [e a v tx added]   what is past: an assertion that was ended, or the retraction that ended one
 *     trailer      {:datoms …, :sha-256 "…"}
 *
 * Rows that define attributes come first, then all others; of each first what holds, in the order of its index, then the past. So the
 * items depend on the facts alone, not on how trees and novelty hold them, and whoever reads them knows each attribute before its values.
 */
import { DB } from '../../schema/bootstrap.ts';
import { isDecimal } from '../../schema/decimal.ts';
import { configFromEdn, configToEdn } from '../../schema/database.ts';
import type { DatabaseConfig } from '../../schema/database.ts';
import { DatabaseError } from '../../schema/error.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword, Sym, kw } from '../../schema/keyword.ts';
import { EdnDouble, EdnList, Uuid } from '../../schema/value.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import { attributeNumber, attributeNumberOfEntity } from '../datom/attribute-number.ts';
import { Datom, MAX_ID, TX0 } from '../datom/datom.ts';
import type { EraRow } from '../db/read-schema.ts';
import type { Schema } from '../db/schema.ts';
import type { Era } from '../indices/base-index.ts';

const FORMAT = 'datahike-gateway/export';

/**
 * The version of what is written; earlier ones are read too.
 *
 * 1: as above (2026-11-22).
 */
export const EXPORT_VERSION = 1;

const KEYS = {
  format: kw('format'),
  version: kw('version'),
  config: kw('config'),
  maxTx: kw('max-tx'),
  maxEid: kw('max-eid'),
  datoms: kw('datoms'),
  sha256: kw('sha-256'),
} as const;

/** What is to be known of a database before its rows. */
export interface ExportHeader {
  readonly config: DatabaseConfig;
  readonly maxTx: number;
  readonly maxEid: number;
  /** How many rows follow. */
  readonly datomCount: number;
}

export interface ExportTrailer {
  /** How many rows came before. */
  readonly datomCount: number;
  /** The SHA-256 of all bytes before the trailer, in hexadecimal digits. */
  readonly sha256: string;
}

export function itemOfHeader(header: ExportHeader): EdnMap {
  const { config, maxTx, maxEid, datomCount } = header;
  return new Map<EdnData, EdnData>([
    [KEYS.format, FORMAT],
    [KEYS.version, EXPORT_VERSION],
    [KEYS.config, configToEdn(config)],
    [KEYS.maxTx, maxTx],
    [KEYS.maxEid, maxEid],
    [KEYS.datoms, datomCount],
  ]);
}

/** @throws BAD_EXPORT, BAD_CONFIG */
export function headerOfItem(item: EdnData): ExportHeader {
  const map = mapOf(item);
  if (map?.get(KEYS.format) !== FORMAT)
    throw badExport(`Expected a header of the format ${FORMAT}, got ${inBrief(item)}`, 1);
  const version = map.get(KEYS.version) ?? null;
  if (typeof version !== 'number' || !(version >= 1 && version <= EXPORT_VERSION))
    throw badExport(
      `Expected an export of version ${EXPORT_VERSION} or earlier, got version ${inBrief(version)}: import it with the release that wrote it or a later one`,
      1,
    );
  const config = mapOf(map.get(KEYS.config));
  const maxTx = map.get(KEYS.maxTx) ?? null;
  const maxEid = map.get(KEYS.maxEid) ?? null;
  const datomCount = map.get(KEYS.datoms) ?? null;
  const isComplete =
    config !== undefined &&
    isIntegerIn(maxTx, TX0, MAX_ID) &&
    isIntegerIn(maxEid, 0, MAX_ID) &&
    isIntegerIn(datomCount, 0, Number.MAX_SAFE_INTEGER);
  if (!isComplete)
    throw badExport(
      `Expected :config, :max-tx, :max-eid and :datoms in the header, got ${inBrief(item)}`,
      1,
    );
  return { config: configFromEdn(config), maxTx, maxEid, datomCount };
}

export function itemOfTrailer({ datomCount, sha256 }: ExportTrailer): EdnMap {
  return new Map<EdnData, EdnData>([
    [KEYS.datoms, datomCount],
    [KEYS.sha256, sha256],
  ]);
}

/** Undefined where the item is no trailer. */
export function trailerOfItem(item: EdnData): ExportTrailer | undefined {
  const map = mapOf(item);
  const datomCount = map?.get(KEYS.datoms);
  const sha256 = map?.get(KEYS.sha256);
  return typeof datomCount === 'number' && typeof sha256 === 'string'
    ? { datomCount, sha256 }
    : undefined;
}

/** A row as an item. Numbers of attributes that hold doubles are marked as such, so that they are written as no integers. */
export function itemOfRow(
  { e, a, v, tx, added, attribute }: Datom,
  era: Era,
  schema: Schema,
): EdnData {
  const value = markDoubles(v, a, schema);
  return era === 'current' ? [e, attribute, value, tx] : [e, attribute, value, tx, added];
}

/** @throws BAD_EXPORT for what is no row of the database that the header announced; `at` is the number of the item */
export function rowOfItem(item: EdnData, { config, maxTx }: ExportHeader, at: number): EraRow {
  const expected = (part: string): DatabaseError =>
    badExport(
      `Expected a row [e a v tx] or [e a v tx added] with ${part}, got ${inBrief(item)}`,
      at,
    );
  if (!Array.isArray(item) || (item.length !== 4 && item.length !== 5))
    throw expected('four or five parts');
  const [e, name, v, tx, added] = item as ReadonlyArray<EdnData>;
  if (!isIntegerIn(e, 0, MAX_ID)) throw expected('an entity id first');
  const a = numberOf(name, config);
  if (a === undefined)
    throw expected(`the ${config.attributeRefs ? 'entity' : 'ident'} of an attribute as a`);
  const value = plainValue(v);
  if (value === undefined || value === null) throw expected('a value as v');
  if (!isIntegerIn(tx, TX0, maxTx)) throw expected(`a transaction up to ${maxTx} as tx`);
  if (item.length === 4) return { era: 'current', datom: new Datom(e, a, value, tx, true) };
  if (typeof added !== 'boolean') throw expected('true or false as added');
  return { era: 'temporal', datom: new Datom(e, a, value, tx, added) };
}

export function badExport(message: string, item: number): DatabaseError {
  return new DatabaseError('BAD_EXPORT', `${message}, at item ${item} of the export`, {
    data: { item },
  });
}

function markDoubles(value: Value, a: number, schema: Schema): EdnData {
  const isNumber = typeof value === 'number';
  if (!isNumber && !Array.isArray(value)) return value;
  const attribute = schema.attribute(a);
  if (isNumber) return isDouble(attribute?.valueType) ? new EdnDouble(value) : value;
  const tuple = attribute?.tuple;
  if (tuple === undefined) return value;
  return (value as ReadonlyArray<EdnData>).map((member, place) => {
    if (typeof member !== 'number') return member;
    const type =
      tuple.kind === 'composite'
        ? schema.attributeNamed(tuple.attributes[place] ?? DB.ident)?.valueType
        : tuple.kind === 'heterogeneous'
          ? tuple.types[place]
          : tuple.type;
    return isDouble(type) ? new EdnDouble(member) : member;
  });
}

function isDouble(type: string | undefined): boolean {
  return type === 'double' || type === 'float';
}

/** A value as datoms hold it; undefined for what none can hold. */
function plainValue(item: EdnData | undefined): Value | null | undefined {
  if (item === undefined || item instanceof EdnList) return undefined;
  if (item instanceof EdnDouble) return item.value;
  if (Array.isArray(item)) return plainValues(item as ReadonlyArray<EdnData>);
  if (item instanceof Set) {
    const members = plainValues([...(item as ReadonlySet<EdnData>)]);
    return members && (new Set(members) as unknown as Value);
  }
  if (item instanceof Map) {
    const keys = plainValues([...(item as EdnMap).keys()]);
    const values = plainValues([...(item as EdnMap).values()]);
    if (keys === undefined || values === undefined) return undefined;
    return new Map(keys.map((key, i) => [key, values[i] ?? null])) as unknown as Value;
  }
  // Whoever read the bytes may go on to use them.
  if (item instanceof Uint8Array) return new Uint8Array(item);
  return isAtom(item) ? item : undefined;
}

function isAtom(item: EdnData): item is Value | null {
  return (
    item === null ||
    typeof item !== 'object' ||
    item instanceof Keyword ||
    item instanceof Sym ||
    item instanceof Uuid ||
    item instanceof Date ||
    item instanceof Float32Array ||
    item instanceof Float64Array ||
    isDecimal(item)
  );
}

function plainValues(items: ReadonlyArray<EdnData>): Array<Value | null> | undefined {
  const values: Array<Value | null> = [];
  for (const item of items) {
    const value = plainValue(item);
    if (value === undefined) return undefined;
    values.push(value);
  }
  return values;
}

/** The number of the attribute that a name stands for in the database. */
function numberOf(
  name: EdnData | undefined,
  { attributeRefs }: DatabaseConfig,
): number | undefined {
  if (!attributeRefs) return name instanceof Keyword ? attributeNumber(name) : undefined;
  return isIntegerIn(name, 1, MAX_ID) ? attributeNumberOfEntity(name) : undefined;
}

function isIntegerIn(value: EdnData | undefined, lo: number, hi: number): value is number {
  return Number.isInteger(value) && Number(value) >= lo && Number(value) <= hi;
}

function mapOf(item: EdnData | undefined): EdnMap | undefined {
  return item instanceof Map ? (item as EdnMap) : undefined;
}

const BRIEF = 200;

function inBrief(item: EdnData): string {
  const text = printEdn(item);
  return text.length > BRIEF ? `${text.slice(0, BRIEF)}…` : text;
}
