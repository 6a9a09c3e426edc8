/** Transit over JSON, Datahike's usual format, by the library of its authors: only what its values are here is said here. */
import transit from 'transit-js';
import { isDecimal, parseDecimal } from '../decimal.ts';
import { DatabaseError } from '../error.ts';
import { Keyword, Sym, kw, sym } from '../keyword.ts';
import { EdnDouble, EdnList, Tagged, Uuid } from '../value.ts';
import type { EdnData } from '../value.ts';

const writer = transit.writer('json');

export function printTransit(datum: EdnData): string {
  return writer.write(toTransit(datum));
}

function toTransit(datum: EdnData): unknown {
  if (typeof datum === 'bigint') return integerOf(datum);
  if (typeof datum !== 'object' || datum === null) return datum;
  if (datum instanceof Keyword) return transit.keyword(datum.qualifiedName);
  if (datum instanceof Sym) return transit.symbol(datum.toString());
  if (datum instanceof Uuid) return transit.uuid(datum.text);
  if (datum instanceof Tagged) return transit.tagged(datum.tag, toTransit(datum.value));
  if (datum instanceof EdnDouble) return datum.value;
  if (datum instanceof EdnList) return transit.list(datum.items.map(toTransit));
  if (datum instanceof Date) return datum;
  // A set of the library would hash its items, which fails for some.
  if (datum instanceof Set)
    return transit.tagged('set', Array.from(datum as ReadonlySet<EdnData>, toTransit));
  if (isDecimal(datum)) return transit.tagged('f', datum.toString());
  if (datum instanceof Map) return toTransitMap(datum as ReadonlyMap<EdnData, EdnData>);
  if (datum instanceof Uint8Array) return datum;
  if (ArrayBuffer.isView(datum)) return Array.from(datum);
  return (datum as ReadonlyArray<EdnData>).map(toTransit);
}

/** As a map of the library where it writes the keys as texts; else as what it makes of a map of any keys, a tagged list of keys and values. */
function toTransitMap(map: ReadonlyMap<EdnData, EdnData>): unknown {
  const flat = Array.from(map).flatMap((entry) => entry.map(toTransit));
  const hasNames = Array.from(map.keys()).every(
    (key) => typeof key === 'string' || key instanceof Keyword || Number.isSafeInteger(key),
  );
  return hasNames ? transit.map(flat) : transit.tagged('cmap', flat);
}

const MIN_LONG = -(2n ** 63n);
const MAX_LONG = 2n ** 63n - 1n;

/** A long while it is one, else an integer of any length. */
function integerOf(number: bigint): unknown {
  return number >= MIN_LONG && number <= MAX_LONG
    ? transit.integer(String(number))
    : transit.bigInt(String(number));
}

export interface TransitOptions {
  /** Of objects that somebody knows: they are read as {@link Tagged}. */
  readonly tags: ReadonlySet<string>;
}

/** @throws BAD_USER_INPUT for what is no Transit, or has a tag that nobody knows */
export function readTransit(text: string, { tags }: TransitOptions): EdnData {
  const reader = transit.reader('json', {
    handlers: READERS,
    mapBuilder: MAP_BUILDER,
  } as transit.ReaderOptions);
  try {
    return finished(reader.read(text), tags);
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError('BAD_USER_INPUT', `Expected Transit: ${(error as Error).message}`);
  }
}

/** What was read, with the types that the library lets nobody else read: longs that are no safe integers, and tags that it does not know. */
function finished(datum: unknown, tags: ReadonlySet<string>): EdnData {
  const inside = (item: unknown): EdnData => finished(item, tags);
  if (datum === undefined)
    throw new DatabaseError('BAD_USER_INPUT', 'Expected data, got a code that stands for nothing');
  if (typeof datum !== 'object' || datum === null) return datum as EdnData;
  if (transit.isInteger(datum)) return BigInt(String(datum));
  if (Array.isArray(datum)) return datum.map(inside);
  if (datum instanceof Set) return new Set(Array.from(datum, inside));
  if (datum instanceof EdnList) return new EdnList(datum.items.map(inside));
  if (datum instanceof Map)
    return new Map(Array.from(datum, ([key, value]) => [inside(key), inside(value)]));
  if (isAtom(datum)) return datum as EdnData;
  if (!transit.isTaggedValue(datum))
    throw new DatabaseError('BAD_USER_INPUT', 'Expected data, got a tag with nothing behind it');
  const { tag, rep } = datum as { readonly tag: string; readonly rep: unknown };
  if (tags.has(tag)) return new Tagged(tag, inside(rep));
  throw new DatabaseError('BAD_USER_INPUT', `Expected known types, got the tag ${tag}`);
}

/** What the readers made. */
function isAtom(datum: object): boolean {
  return (
    datum instanceof Keyword ||
    datum instanceof Sym ||
    datum instanceof Uuid ||
    datum instanceof Date ||
    datum instanceof EdnDouble ||
    datum instanceof Uint8Array ||
    isDecimal(datum)
  );
}

const MAP_BUILDER = {
  init: () => new Map<EdnData, EdnData>(),
  add: (map: Map<EdnData, EdnData>, key: EdnData, value: EdnData) => map.set(key, value),
  finalize: (map: Map<EdnData, EdnData>) => map,
};

/** What stands behind the tags of the format, as it is here. */
const READERS: Readonly<Record<string, (rep: unknown) => EdnData>> = {
  ':': (name) => kw(String(name)),
  $: (name) => sym(String(name)),
  u: (text) => known('u', Uuid.parse(String(text))),
  n: (digits) => bigintOf(digits),
  f: (digits) => known('f', parseDecimal(String(digits))),
  r: String,
  m: (ms) => known('m', instantOf(Number(ms))),
  t: (text) => known('t', instantOf(String(text))),
  set: (items) => new Set(listIn('set', items)),
  list: (items) => new EdnList(listIn('list', items)),
  cmap: (flat) => {
    const items = listIn('cmap', flat);
    known('cmap', items.length % 2 === 0 ? items : undefined);
    const map = new Map<EdnData, EdnData>();
    for (let i = 0; i + 1 < items.length; i += 2) map.set(items[i] ?? null, items[i + 1] ?? null);
    return map;
  },
};

function instantOf(said: number | string): Date | undefined {
  const instant = new Date(said);
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

const MAX_DIGITS = 10_000;

function bigintOf(digits: unknown): bigint {
  const text = String(digits);
  const isInteger = /^-?\d+$/.test(text) && text.length <= MAX_DIGITS;
  return known('n', isInteger ? BigInt(text) : undefined);
}

function listIn(tag: string, items: unknown): ReadonlyArray<EdnData> {
  return Array.isArray(items)
    ? (items as ReadonlyArray<EdnData>)
    : known<ReadonlyArray<EdnData>>(tag, undefined);
}

function known<T>(tag: string, datum: T | undefined): T {
  if (datum !== undefined) return datum;
  throw new DatabaseError('BAD_USER_INPUT', `Expected what the tag ${tag} can stand before`);
}
