/** The formats of Datahike's protocol: by the names of HTTP, each reads arguments and prints answers. */
import type { EdnData } from '../../../engine/index.ts';
import { DatabaseError, printEdn, readEdn } from '../../../engine/index.ts';
import { Tagged } from '../../../schema/value.ts';
import { printCbor, readCbor } from '../../../schema/wire/cbor.ts';
import { printTaggedJson, readTaggedJson } from '../../../schema/wire/tagged-json.ts';
import { printTransit, readTransit } from '../../../schema/wire/transit.ts';
import { TAGS } from '../live.ts';
import type { WireNames } from '../print-answer.ts';

export interface Format {
  readonly mediaType: string;
  /** With the character set, as Datahike says it where it says it. */
  readonly contentType: string;
  readonly names: WireNames;
  /** Objects are read as `Tagged`, by the names of `TAGS`. @throws BAD_USER_INPUT, BAD_EDN; null for an empty body */
  read(body: Buffer): EdnData;
  print(data: EdnData): string | Uint8Array;
}

const NAMES: WireNames = { datom: TAGS.datom, report: TAGS.report, hasWholeEntities: true };

/** A record of Clojure is printed by the name of its class. */
const EDN_REPORT = 'datahike.db.TxReport';
const CBOR_DATOM = 'datahike.datom/Datom';

const KNOWN: ReadonlySet<string> = new Set([...Object.values(TAGS), EDN_REPORT, CBOR_DATOM]);

/** Nested maps of a transaction may go deep; a body is bounded by its size. */
const MAX_DEPTH = 1_000;

const EDN_TAGS = new Map(
  Array.from(KNOWN, (tag) => [tag, (datum: EdnData) => new Tagged(tag, datum)] as const),
);

export const JSON_FORMAT: Format = {
  mediaType: 'application/json',
  contentType: 'application/json;charset=utf-8',
  names: NAMES,
  read: (body) =>
    body.length === 0 ? null : readTaggedJson(body.toString('utf8'), { tags: KNOWN }),
  print: printTaggedJson,
};

export const EDN_FORMAT: Format = {
  mediaType: 'application/edn',
  contentType: 'application/edn; charset=utf-8',
  names: { ...NAMES, report: EDN_REPORT, hasWholeEntities: false },
  read: (body) => readArguments(body.toString('utf8')),
  print: printEdn,
};

/** EDN of a caller, with the objects of the protocol. @throws BAD_EDN */
export function readArguments(text: string): EdnData {
  return text.trim() === '' ? null : readEdn(text, { maxDepth: MAX_DEPTH, tags: EDN_TAGS });
}

const TRANSIT_FORMAT: Format = {
  mediaType: 'application/transit+json',
  contentType: 'application/transit+json; charset=utf-8',
  names: NAMES,
  read: (body) => (body.length === 0 ? null : readTransit(body.toString('utf8'), { tags: KNOWN })),
  print: printTransit,
};

const CBOR_FORMAT: Format = {
  mediaType: 'application/cbor',
  contentType: 'application/cbor',
  names: { ...NAMES, datom: CBOR_DATOM },
  read: (body) => (body.length === 0 ? null : readCbor(body, { tags: KNOWN, maxDepth: MAX_DEPTH })),
  print: printCbor,
};

/** By their media types; the first one is the default. */
export const FORMATS: ReadonlyMap<string, Format> = new Map(
  [JSON_FORMAT, EDN_FORMAT, TRANSIT_FORMAT, CBOR_FORMAT].map((format) => [
    format.mediaType,
    format,
  ]),
);

/** The format of a content type, whatever it says of its characters. */
export function formatOf(contentType: string | undefined): Format | undefined {
  return FORMATS.get(mediaTypeOf(contentType ?? ''));
}

/** The best of the formats that a caller accepts; undefined where it accepts none. */
export function accepted(accept: string | undefined): Format | undefined {
  const ranges = (accept ?? '*/*').split(',').map((range) => {
    const [, quality] = /;\s*q=([\d.]+)/.exec(range) ?? [];
    return { type: mediaTypeOf(range), quality: quality === undefined ? 1 : Number(quality) };
  });
  ranges.sort((one, other) => other.quality - one.quality);
  for (const { type, quality } of ranges) {
    if (quality === 0) continue;
    if (type === '*/*' || type === 'application/*') return JSON_FORMAT;
    const format = FORMATS.get(type);
    if (format !== undefined) return format;
  }
  return undefined;
}

function mediaTypeOf(header: string): string {
  const [type = ''] = header.split(';');
  return type.trim().toLowerCase();
}

/** The kind of a body that is not what its type says. */
export const MALFORMED = 'malformed-request';

/** The one line that Datahike has for it. */
export function malformed({ mediaType }: Format, cause: unknown): DatabaseError {
  return new DatabaseError('BAD_USER_INPUT', `Malformed "${mediaType}" request.`, {
    kind: MALFORMED,
    cause,
  });
}
