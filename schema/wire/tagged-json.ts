/**
 * Datahike's JSON: what JSON has no form for is an array of a tag and its contents, `["!kw","db/ident"]`, and the keys of objects are keywords without a
 * colon. An array of two that happens to begin with the text of a tag cannot be told from it.
 */
import { parse } from 'lossless-json';
import { isDecimal, parseDecimal } from '../decimal.ts';
import { finiteText } from '../edn-print.ts';
import { DatabaseError } from '../error.ts';
import { Keyword, Sym, kw, sym } from '../keyword.ts';
import { EdnDouble, EdnList, Tagged, Uuid } from '../value.ts';
import type { EdnData } from '../value.ts';

/** Tags of objects that somebody knows, such as `datahike/DB`, are written `!datahike/DB`. */
export function printTaggedJson(datum: EdnData): string {
  switch (typeof datum) {
    case 'string':
      return JSON.stringify(datum);
    case 'number':
      // JSON has no form for what is not finite; Java's writer makes a text of it as well.
      return Number.isFinite(datum) ? finiteText(datum) : `"${datum}"`;
    case 'bigint':
    case 'boolean':
      return String(datum);
    case 'object':
      return printObject(datum);
    default:
      throw new TypeError(`Expected EDN data, got ${typeof datum}`);
  }
}

function printObject(datum: Exclude<EdnData, string | number | bigint | boolean>): string {
  if (datum === null) return 'null';
  if (datum instanceof Keyword) return printTag('kw', JSON.stringify(datum.qualifiedName));
  if (datum instanceof Sym) return printTag('sym', JSON.stringify(datum.toString()));
  if (datum instanceof Uuid) return printTag('uuid', `"${datum.text}"`);
  if (datum instanceof Date) return printTag('date', `"${datum.getTime()}"`);
  if (datum instanceof Set) return printTag('set', printAll([...datum]));
  if (datum instanceof Tagged) return printTag(datum.tag, printTaggedJson(datum.value));
  if (datum instanceof EdnDouble) return printTaggedJson(datum.value);
  if (datum instanceof EdnList) return printAll(datum.items);
  if (isDecimal(datum)) return datum.toString();
  if (datum instanceof Map) {
    const members = Array.from(
      datum as ReadonlyMap<EdnData, EdnData>,
      ([key, value]) => `${JSON.stringify(keyText(key))}:${printTaggedJson(value)}`,
    );
    return `{${members.join(',')}}`;
  }
  if (datum instanceof Uint8Array) return JSON.stringify(toBase64(datum));
  if (ArrayBuffer.isView(datum)) return printAll(Array.from(datum));
  return printAll(datum as ReadonlyArray<EdnData>);
}

function printTag(tag: string, contents: string): string {
  return `["!${tag}",${contents}]`;
}

function printAll(items: ReadonlyArray<EdnData>): string {
  return `[${items.map(printTaggedJson).join(',')}]`;
}

/** A keyword without its colon; of other data its text. */
function keyText(key: EdnData): string {
  if (key instanceof Keyword) return key.qualifiedName;
  return typeof key === 'string' ? key : printTaggedJson(key);
}

/** Of bytes, as JSON shows them. */
export function toBase64(bytes: Uint8Array): string {
  return btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(''));
}

export interface TaggedJsonOptions {
  /** Of objects that somebody knows: they are read as {@link Tagged}. */
  readonly tags: ReadonlySet<string>;
}

/**
 * The datum that a JSON text writes; integers that a number of JavaScript does not hold become bigints.
 *
 * @throws BAD_USER_INPUT for what is no JSON, or has a tag with other contents than it stands before
 */
export function readTaggedJson(text: string, { tags }: TaggedJsonOptions): EdnData {
  try {
    return toEdn(parseJson(text), tags);
  } catch (error) {
    if (error instanceof DatabaseError) throw error;
    throw new DatabaseError('BAD_USER_INPUT', `Expected JSON: ${(error as Error).message}`);
  }
}

/** Numbers of which JSON.parse may make others. */
const SUBTLE_NUMBER = /\d{16}|\d[eE][+-]?\d{3}/;

/**
 * By the parser of the language, which takes a tenth of the time, where it understands all of the text: no number that it cannot hold, and no key twice, of
 * which it would take the last.
 */
function parseJson(text: string): unknown {
  if (!SUBTLE_NUMBER.test(text)) {
    const json: unknown = JSON.parse(text);
    const keyCount = text.match(/"\s*:/g)?.length ?? 0;
    if (countKeys(json) === keyCount) return json;
  }
  return parse(text, undefined, numberOf);
}

function countKeys(json: unknown): number {
  if (typeof json !== 'object' || json === null) return 0;
  let count = 0;
  if (Array.isArray(json)) for (const item of json) count += countKeys(item);
  else for (const item of Object.values(json)) count += 1 + countKeys(item);
  return count;
}

function numberOf(text: string): EdnData {
  const number = Number(text);
  if (/^-?\d+$/.test(text) && !Number.isSafeInteger(number)) return BigInt(text);
  return Number.isFinite(number) ? number : (parseDecimal(text) ?? number);
}

function toEdn(json: unknown, tags: ReadonlySet<string>): EdnData {
  if (typeof json !== 'object' || json === null || isDecimal(json)) return json as EdnData;
  if (!Array.isArray(json))
    return new Map(Object.entries(json).map(([key, value]) => [kw(key), toEdn(value, tags)]));
  const [tag, contents] = json as ReadonlyArray<unknown>;
  if (json.length === 2 && typeof tag === 'string' && tag.startsWith('!')) {
    const read = READERS[tag];
    if (read !== undefined) return tagged(tag, read(contents, tags));
    if (tags.has(tag.slice(1))) return new Tagged(tag.slice(1), toEdn(contents, tags));
  }
  return json.map((item) => toEdn(item, tags));
}

type ReadContents = (contents: unknown, tags: ReadonlySet<string>) => EdnData | undefined;

const READERS: Readonly<Record<string, ReadContents | undefined>> = {
  __proto__: null as never,
  '!kw': (name) => (typeof name === 'string' && name !== '' ? kw(name) : undefined),
  '!sym': (name) => (typeof name === 'string' && name !== '' ? sym(name) : undefined),
  '!uuid': (text) => (typeof text === 'string' ? Uuid.parse(text) : undefined),
  '!date': (ms) => {
    const isMs = typeof ms === 'number' || (typeof ms === 'string' && /^-?\d+$/.test(ms));
    const date = new Date(isMs ? Number(ms) : NaN);
    return Number.isNaN(date.getTime()) ? undefined : date;
  },
  '!set': (items, tags) =>
    Array.isArray(items) ? new Set(items.map((item) => toEdn(item, tags))) : undefined,
};

function tagged(tag: string, datum: EdnData | undefined): EdnData {
  if (datum !== undefined) return datum;
  throw new DatabaseError('BAD_USER_INPUT', `Expected what the tag ${tag} can stand before`);
}
