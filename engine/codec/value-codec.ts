/**
 * A column of values to bytes. A run of values of one kind costs one tag; texts are kept once per column in a dictionary; whole
 * numbers are differences from the one before in their run.
 */
import { isDecimal, parseDecimal } from '../../schema/decimal.ts';
import { DatabaseError } from '../../schema/error.ts';
import { Keyword, Sym, sym } from '../../schema/keyword.ts';
import { Uuid } from '../../schema/value.ts';
import type { Value } from '../../schema/value.ts';
import { must } from '../shared/assert.ts';
import type { ByteReader } from './bytes.ts';
import { ByteWriter } from './bytes.ts';

/** Part of the format: a number, once given, keeps its meaning. */
const TAG = {
  nil: 0,
  false: 1,
  true: 2,
  integer: 3,
  float: 4,
  string: 5,
  keyword: 6,
  symbol: 7,
  instant: 8,
  uuid: 9,
  bytes: 10,
  bigint: 11,
  decimal: 12,
  floats: 13,
  doubles: 14,
  tuple: 15,
  map: 16,
  set: 17,
} as const;

type Slot = Value | null;

export function encodeValues(values: ReadonlyArray<Slot>, writer: ByteWriter): void {
  const dictionary = new Map<string, number>();
  const body = new ByteWriter();
  for (let start = 0; start < values.length;) {
    const tag = tagOf(values[start] ?? null);
    let end = start + 1;
    while (end < values.length && tagOf(values[end] ?? null) === tag) end++;
    body.byte(tag);
    body.varint(end - start);
    encodeRun(tag, values, start, end, body, dictionary);
    start = end;
  }
  writer.varint(dictionary.size);
  let texts = '';
  for (const text of dictionary.keys()) {
    writer.varint(text.length);
    texts += text;
  }
  writer.string(texts);
  writer.append(body);
}

/** Of `count` values those with `lo <= i < hi`, all by default. What is before them is passed over. */
export function decodeValues(reader: ByteReader, count: number, lo = 0, hi = count): Slot[] {
  const dictionary = new Dictionary(reader);
  const values: Slot[] = [];
  for (let start = 0; start < hi;) {
    const tag = reader.byte();
    const end = start + reader.varint();
    if (end > count) throw tooMany(end, count);
    const length = Math.min(end, hi) - start;
    decodeRun(tag, Math.min(Math.max(lo - start, 0), length), length, reader, dictionary, values);
    start = end;
  }
  return values;
}

/** The texts of a column, cut out of one when they are asked for. */
class Dictionary {
  readonly #ends: Int32Array;
  readonly #all: string;
  readonly #texts: Array<string | undefined> = [];

  constructor(reader: ByteReader) {
    const ends = new Int32Array(reader.varint());
    for (let i = 0, end = 0; i < ends.length; i++) ends[i] = end += reader.varint();
    this.#ends = ends;
    this.#all = reader.string();
  }

  text(place: number): string {
    if (place >= this.#ends.length) throw noText(place, this.#ends.length);
    const known = this.#texts[place];
    if (known !== undefined) return known;
    const start = place === 0 ? 0 : this.#ends[place - 1]!;
    return (this.#texts[place] = this.#all.slice(start, this.#ends[place]));
  }
}

function tagOf(value: Slot): number {
  switch (typeof value) {
    case 'string':
      return TAG.string;
    case 'number':
      return Number.isSafeInteger(value) && !Object.is(value, -0) ? TAG.integer : TAG.float;
    case 'bigint':
      return TAG.bigint;
    case 'boolean':
      return value ? TAG.true : TAG.false;
    default:
      return tagOfObject(value);
  }
}

function tagOfObject(value: Exclude<Slot, string | number | bigint | boolean>): number {
  if (value === null) return TAG.nil;
  if (value instanceof Keyword) return TAG.keyword;
  if (value instanceof Date) return TAG.instant;
  if (value instanceof Uuid) return TAG.uuid;
  if (value instanceof Sym) return TAG.symbol;
  if (isDecimal(value)) return TAG.decimal;
  if (value instanceof Uint8Array) return TAG.bytes;
  if (value instanceof Float32Array) return TAG.floats;
  if (value instanceof Float64Array) return TAG.doubles;
  if (value instanceof Map) return TAG.map;
  if (value instanceof Set) return TAG.set;
  return TAG.tuple;
}

function encodeRun(
  tag: number,
  values: ReadonlyArray<Slot>,
  start: number,
  end: number,
  body: ByteWriter,
  dictionary: Map<string, number>,
): void {
  if (tag <= TAG.true) return;
  let previous = 0;
  for (let i = start; i < end; i++) {
    const value = values[i]!;
    if (tag === TAG.integer || tag === TAG.instant) {
      const number = tag === TAG.instant ? (value as Date).getTime() : (value as number);
      const difference = number - previous;
      // The difference of two safe integers need not be one: then the run starts anew with the number itself.
      const isExact = Number.isSafeInteger(difference) && difference !== Number.MIN_SAFE_INTEGER;
      body.signed(isExact ? difference : Number.MIN_SAFE_INTEGER);
      if (!isExact) body.signed(number);
      previous = number;
    } else if (tag >= TAG.string && tag <= TAG.symbol) {
      body.varint(textIndex(dictionary, textOf(value)));
    } else {
      encodeOther(tag, value, body);
    }
  }
}

function textOf(value: Slot): string {
  if (value instanceof Keyword) return value.qualifiedName;
  return value instanceof Sym ? value.name : String(value);
}

function textIndex(dictionary: Map<string, number>, text: string): number {
  let index = dictionary.get(text);
  if (index === undefined) {
    index = dictionary.size;
    dictionary.set(text, index);
  }
  return index;
}

function encodeOther(tag: number, value: Slot, body: ByteWriter): void {
  switch (tag) {
    case TAG.float:
      return body.float64(value as number);
    case TAG.uuid:
      return body.raw(hexToBytes((value as Uuid).text.replaceAll('-', '')));
    case TAG.bytes:
      return body.bytes(value as Uint8Array);
    case TAG.bigint:
    case TAG.decimal:
      return body.string(String(value));
    case TAG.floats:
    case TAG.doubles:
      return encodeFloats(value as Float32Array | Float64Array, body);
    default:
      return encodeItems(itemsOf(value), body);
  }
}

function itemsOf(value: unknown): ReadonlyArray<Slot> {
  if (value instanceof Map)
    return [...(value.keys() as Iterable<Slot>), ...(value.values() as Iterable<Slot>)];
  return value instanceof Set ? [...(value as Iterable<Slot>)] : (value as ReadonlyArray<Slot>);
}

function encodeItems(items: ReadonlyArray<Slot>, body: ByteWriter): void {
  body.varint(items.length);
  encodeValues(items, body);
}

function encodeFloats(values: Float32Array | Float64Array, body: ByteWriter): void {
  body.varint(values.length);
  for (const value of values) body.float64(value);
}

function tooMany(end: number, count: number): DatabaseError {
  return new DatabaseError(
    'STORE_CORRUPT',
    `Expected ${count} values in a stored block, got ${end} or more`,
  );
}

function noText(place: number, count: number): DatabaseError {
  return new DatabaseError(
    'STORE_CORRUPT',
    `Expected one of the ${count} texts of a stored block, got the one at ${place}`,
  );
}

/** Appends the values of a run of one kind, but those that are passed over. */
function decodeRun(
  tag: number,
  passed: number,
  length: number,
  reader: ByteReader,
  dictionary: Dictionary,
  values: Slot[],
): void {
  let previous = 0;
  for (let i = 0; i < length; i++) {
    if (tag === TAG.integer || tag === TAG.instant) {
      const difference = reader.signed();
      previous = difference === Number.MIN_SAFE_INTEGER ? reader.signed() : previous + difference;
      if (i >= passed) values.push(tag === TAG.integer ? previous : new Date(previous));
    } else if (tag >= TAG.string && tag <= TAG.symbol) {
      const place = reader.varint();
      if (i >= passed) values.push(textual(tag, dictionary.text(place)));
    } else {
      const value = decodeOther(tag, reader);
      if (i >= passed) values.push(value);
    }
  }
}

function textual(tag: number, text: string): Slot {
  if (tag === TAG.string) return text;
  return tag === TAG.keyword ? Keyword.intern(text) : sym(text);
}

function decodeOther(tag: number, reader: ByteReader): Slot {
  switch (tag) {
    case TAG.nil:
      return null;
    case TAG.false:
      return false;
    case TAG.true:
      return true;
    case TAG.float:
      return reader.float64();
    case TAG.uuid:
      return must(Uuid.parse(bytesToUuid(reader.raw(16))), 'a UUID of 16 bytes');
    case TAG.bytes:
      return new Uint8Array(reader.bytes());
    case TAG.bigint:
      return BigInt(reader.string());
    case TAG.decimal:
      return must(parseDecimal(reader.string()), 'the text of a decimal');
    case TAG.floats:
      return Float32Array.from({ length: reader.varint() }, () => reader.float64());
    case TAG.doubles:
      return Float64Array.from({ length: reader.varint() }, () => reader.float64());
    case TAG.tuple:
      return decodeItems(reader);
    case TAG.map: {
      const items = decodeItems(reader);
      const keys = items.slice(0, items.length / 2);
      return new Map(keys.map((key, i) => [key, items[keys.length + i]])) as unknown as Slot;
    }
    case TAG.set:
      return new Set(decodeItems(reader)) as unknown as Slot;
    default:
      throw new DatabaseError('STORE_CORRUPT', `Expected a value tag up to 17, got ${tag}`);
  }
}

function decodeItems(reader: ByteReader): Slot[] {
  return decodeValues(reader, reader.varint());
}

function hexToBytes(hex: string): Uint8Array {
  return Uint8Array.from({ length: hex.length / 2 }, (_, i) =>
    parseInt(hex.slice(2 * i, 2 * i + 2), 16),
  );
}

function bytesToUuid(bytes: Uint8Array): string {
  const hex = Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
  return [
    hex.slice(0, 8),
    hex.slice(8, 12),
    hex.slice(12, 16),
    hex.slice(16, 20),
    hex.slice(20),
  ].join('-');
}
