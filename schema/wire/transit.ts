/** Transit over JSON, Datahike's usual format, by the library of its authors: only what its values are here is said here. */
import * as transit from 'transit-js';
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
  if (datum instanceof Set)
    return transit.set(Array.from(datum as ReadonlySet<EdnData>, toTransit));
  if (isDecimal(datum)) return transit.tagged('f', datum.toString());
  if (datum instanceof Map)
    return transit.map(
      Array.from(datum as ReadonlyMap<EdnData, EdnData>).flatMap((entry) => entry.map(toTransit)),
    );
  if (datum instanceof Uint8Array) return datum;
  if (ArrayBuffer.isView(datum)) return Array.from(datum);
  return (datum as ReadonlyArray<EdnData>).map(toTransit);
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

const reader = transit.reader('json');

/** @throws BAD_USER_INPUT for what is no Transit, or has a tag that nobody knows */
export function readTransit(text: string, { tags }: TransitOptions): EdnData {
  let datum: unknown;
  try {
    datum = reader.read(text);
  } catch (error) {
    throw new DatabaseError('BAD_USER_INPUT', `Expected Transit: ${(error as Error).message}`);
  }
  return fromTransit(datum, tags);
}

function fromTransit(datum: unknown, tags: ReadonlySet<string>): EdnData {
  const read = (item: unknown): EdnData => fromTransit(item, tags);
  if (typeof datum !== 'object' || datum === null || datum instanceof Date) return datum as EdnData;
  if (Array.isArray(datum)) return datum.map(read);
  if (transit.isKeyword(datum)) return kw(String(datum));
  if (transit.isSymbol(datum)) return sym(String(datum));
  if (transit.isUUID(datum)) return known('u', Uuid.parse(String(datum)));
  if (transit.isInteger(datum)) return BigInt(String(datum));
  if (transit.isSet(datum)) return new Set(Array.from(datum.values(), read));
  if (transit.isMap(datum))
    return new Map(
      Array.from((datum as transit.TransitMap).entries(), ([key, value]) => [
        read(key),
        read(value),
      ]),
    );
  if (ArrayBuffer.isView(datum)) return datum as Uint8Array;
  if (transit.isTaggedValue(datum)) {
    const { tag, rep } = datum as { readonly tag: string; readonly rep: unknown };
    return tags.has(tag) ? new Tagged(tag, read(rep)) : known(tag, READERS[tag]?.(rep, read));
  }
  throw new DatabaseError('BAD_USER_INPUT', 'Expected Transit of the standard types');
}

type ReadRep = (rep: unknown, read: (item: unknown) => EdnData) => EdnData | undefined;

/** What the library leaves as it came. */
const READERS: Readonly<Record<string, ReadRep | undefined>> = {
  __proto__: null as never,
  list: (items, read) => (Array.isArray(items) ? new EdnList(items.map(read)) : undefined),
  n: (digits) => (/^-?\d{1,10000}$/.test(String(digits)) ? BigInt(String(digits)) : undefined),
  f: (digits) => parseDecimal(String(digits)),
  r: String,
};

function known(tag: string, datum: EdnData | undefined): EdnData {
  if (datum !== undefined) return datum;
  throw new DatabaseError('BAD_USER_INPUT', `Expected Transit of known types, got the tag ${tag}`);
}
