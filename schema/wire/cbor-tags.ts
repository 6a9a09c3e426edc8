/** What the tags of CBOR mean, to whoever reads and writes them. */
import { Tag } from 'cbor2';
import type { DecodeOptions } from 'cbor2';
import { parseDecimal } from '../decimal.ts';
import { Keyword, sym } from '../keyword.ts';
import { Uuid } from '../value.ts';
import type { EdnData } from '../value.ts';

/** Of IANA's registry; part of the format. */
export const TAG = {
  instantText: 0,
  seconds: 1,
  bigint: 2,
  negativeBigint: 3,
  decimal: 4,
  /** An object of a kind that has a name: the name, and what it holds. */
  object: 27,
  uuid: 37,
  /** A keyword or a symbol; registered for identifiers. */
  name: 39,
  bytes: 64,
  floats: 85,
  doubles: 86,
  set: 258,
  /** A text with lone surrogates. */
  wtf8: 273,
} as const;

/** Marks data as CBOR; stands before the first item. */
export const SELF_DESCRIBED = 55_799;

/** The instant of seconds since 1970, to the millisecond; undefined where there is none. */
export function instantOfSeconds(seconds: number): Date | undefined {
  const instant = new Date(Math.round(seconds * 1_000));
  return Number.isNaN(instant.getTime()) ? undefined : instant;
}

type Read = (contents: unknown) => EdnData | undefined;

const READ: Readonly<Record<number, Read>> = {
  [SELF_DESCRIBED]: (contents) => contents as EdnData,
  [TAG.instantText]: (contents) => {
    const instant = typeof contents === 'string' ? new Date(contents) : undefined;
    return instant === undefined || Number.isNaN(instant.getTime()) ? undefined : instant;
  },
  [TAG.seconds]: (contents) =>
    typeof contents === 'number' ? instantOfSeconds(contents) : undefined,
  [TAG.bigint]: (contents) => bigintOf(contents),
  [TAG.negativeBigint]: (contents) => {
    const number = bigintOf(contents);
    return number === undefined ? undefined : -1n - number;
  },
  [TAG.decimal]: (contents) => {
    if (!Array.isArray(contents) || contents.length !== 2) return undefined;
    const [exponent, digits] = contents as ReadonlyArray<unknown>;
    const isWhole = (part: unknown): boolean =>
      Number.isSafeInteger(part) || typeof part === 'bigint';
    return isWhole(exponent) && isWhole(digits)
      ? parseDecimal(`${String(digits)}E${String(exponent)}`)
      : undefined;
  },
  [TAG.uuid]: (contents) =>
    contents instanceof Uint8Array
      ? Uuid.parse(hexOf(contents).replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5'))
      : undefined,
  [TAG.name]: (contents) => {
    if (typeof contents === 'string')
      return contents.startsWith(':') ? Keyword.intern(contents.slice(1)) : sym(contents);
    const [name] = Array.isArray(contents) ? (contents as ReadonlyArray<unknown>) : [];
    return typeof name === 'string' ? sym(name) : undefined;
  },
  [TAG.bytes]: (contents) => (contents instanceof Uint8Array ? contents : undefined),
  [TAG.floats]: (contents) => {
    const view = viewOf(contents, 4);
    return (
      view &&
      Float32Array.from({ length: view.byteLength / 4 }, (_, i) => view.getFloat32(4 * i, true))
    );
  },
  [TAG.doubles]: (contents) => {
    const view = viewOf(contents, 8);
    return (
      view &&
      Float64Array.from({ length: view.byteLength / 8 }, (_, i) => view.getFloat64(8 * i, true))
    );
  },
  [TAG.set]: (contents) =>
    Array.isArray(contents) ? new Set(contents as ReadonlyArray<EdnData>) : undefined,
};

/** For the decoder: what stands behind a tag to the data that it means. `fail` makes the error of other contents. */
export function tagReaders(fail: (message: string) => Error): NonNullable<DecodeOptions['tags']> {
  const all: NonNullable<DecodeOptions['tags']> = new Map();
  for (const [tag, read] of Object.entries(READ))
    all.set(Number(tag), ({ contents }): EdnData => {
      const datum = read(contents);
      if (datum !== undefined) return datum;
      throw fail(`Expected what the CBOR tag ${tag} can stand before, got other data`);
    });
  // The library has it among those that are switched off, as they make objects of their own.
  const readWtf8 = Tag.getDecoder(TAG.wtf8);
  if (readWtf8 !== undefined) all.set(TAG.wtf8, readWtf8);
  return all;
}

function hexOf(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, '0')).join('');
}

function bigintOf(contents: unknown): bigint | undefined {
  if (!(contents instanceof Uint8Array)) return undefined;
  return contents.length === 0 ? 0n : BigInt(`0x${hexOf(contents)}`);
}

function viewOf(contents: unknown, size: number): DataView | undefined {
  return contents instanceof Uint8Array && contents.length % size === 0
    ? new DataView(contents.buffer, contents.byteOffset, contents.byteLength)
    : undefined;
}
