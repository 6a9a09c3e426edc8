/**
 * A transaction as bytes: one segment of the log. What it says is enough to move any reader forward without reading anything. It is
 * written and read in parts, so that a large transaction is no long piece of work.
 *
 *     segment = (length u32, block)*       the first block is the header, each of the others a part of the changes
 *     header  = tx, maxEid, number of changes, flags, the commit where it ends with this transaction, the request where that had a key
 *     part    = how each change is marked, the datoms as columns
 */
import { printEdn } from '../../schema/edn-print.ts';
import { readEdn } from '../../schema/edn-read.ts';
import type { EdnData } from '../../schema/value.ts';
import { ByteReader, ByteWriter } from '../codec/bytes.ts';
import { corrupt, readBlock, writeBlock } from '../codec/block.ts';
import { decodeColumns, encodeColumns } from '../codec/columns-codec.ts';
import { columnsOf } from '../datom/columns-builder.ts';
import type { Datom } from '../datom/datom.ts';
import { ofCommit } from '../db/db.ts';
import type { CommitInfo, Db } from '../db/db.ts';
import { EvolvingDb } from '../db/evolving-db.ts';
import { datomOf, isAssertion } from '../novelty/change.ts';
import type { Change, Retraction } from '../novelty/change.ts';
import type { Suspended } from '../shared/suspend.ts';
import { PAUSE } from '../shared/suspend.ts';
import { decodeCommit, encodeCommit } from './commit-info.ts';

export interface Segment {
  readonly tx: number;
  readonly maxEid: number;
  readonly changes: ReadonlyArray<Change>;
  /** The commit whose last transaction this is. */
  readonly commit?: CommitInfo | undefined;
  /** Whether changes were taken out of it by a later purge. */
  readonly isPurged?: boolean;
  /** What it answers, where the request had an idempotency key. */
  readonly request?: KeyedRequest | undefined;
}

/** What is needed to answer a request again. */
export interface KeyedRequest {
  /** A hash of all that it asked for: another request under the same key is a mistake. */
  readonly digest: Uint8Array;
  readonly tempids: ReadonlyMap<EdnData, number>;
}

type Header = Omit<Segment, 'changes'> & { readonly count: number };

/** Part of the format: how each change is marked. */
const ASSERTED = 0;
const RETRACTED = 1;
const FORGOTTEN = 2;

/** Part of the format: the flags of a header. */
const HAS_COMMIT = 1;
const IS_PURGED = 2;
const HAS_REQUEST = 4;

/** A millisecond or two of work. */
const CHANGES_PER_PART = 2_048;

export function* encodeSegment(segment: Segment): Suspended<Uint8Array> {
  const { tx, changes } = segment;
  const logged = changes.every(isLogged) ? changes : changes.filter(isLogged);
  const writer = new ByteWriter();
  writePiece(writer, (header) => encodeHeader(segment, logged.length, header));
  for (let start = 0; start < logged.length; start += CHANGES_PER_PART) {
    const part = logged.slice(start, start + CHANGES_PER_PART);
    writePiece(writer, (body) => encodePart(part, tx, body));
    if (logged.length > CHANGES_PER_PART) yield PAUSE;
  }
  return writer.take();
}

/** The log does not keep what is to be forgotten. */
function isLogged(change: Change): change is Datom | Retraction {
  return isAssertion(change) || change.kind !== 'purge';
}

/** The segment as the last one of a commit. */
export function withCommit(bytes: Uint8Array, commit: CommitInfo): Uint8Array {
  return withHeader(bytes, (header) => ({ ...header, commit }));
}

/** The segment as it was before a commit was named. */
export function withoutCommit(bytes: Uint8Array): Uint8Array {
  return withHeader(bytes, ({ commit: _, ...header }) => header);
}

/** The parts stay as they are. */
function withHeader(bytes: Uint8Array, change: (header: Header) => Header): Uint8Array {
  const reader = new ByteReader(bytes);
  const header = change(decodeHeader(reader.raw(reader.uint32())));
  const writer = new ByteWriter();
  writePiece(writer, (piece) => encodeHeader(header, header.count, piece));
  writer.raw(reader.rest());
  return writer.take();
}

/** The commit that a segment ends. @throws STORE_CORRUPT */
export function commitOf(bytes: Uint8Array): CommitInfo | undefined {
  return decodeHeader(blocksIn(bytes)[0] ?? new Uint8Array()).commit;
}

/** @throws STORE_CORRUPT */
export function* readSegment(bytes: Uint8Array): Suspended<Segment> {
  const [first, ...parts] = blocksIn(bytes);
  const { count, ...header } = decodeHeader(first ?? new Uint8Array());
  const changes: Change[] = [];
  for (const part of parts) {
    for (const change of decodePart(part, header.tx)) changes.push(change);
    yield PAUSE;
  }
  if (changes.length !== count)
    throw corrupt(`Expected ${count} changes in a segment of the log, got ${changes.length}`);
  return { ...header, changes };
}

/** The next database value. A segment has to follow: `segment.tx > db.maxTx`. */
export function* applySegment(db: Db, { tx, maxEid, changes, commit }: Segment): Suspended<Db> {
  const evolving = new EvolvingDb(db, tx);
  for (const [i, change] of changes.entries()) {
    evolving.apply(change);
    if (i % CHANGES_PER_PAUSE === CHANGES_PER_PAUSE - 1) yield PAUSE;
  }
  yield PAUSE;
  return ofCommit(yield* evolving.finish(maxEid), commit);
}

/** A few milliseconds of work. */
const CHANGES_PER_PAUSE = 1_024;

function encodeHeader(
  { tx, maxEid, commit, isPurged, request }: Omit<Segment, 'changes'>,
  count: number,
  writer: ByteWriter,
): void {
  const flags =
    (commit === undefined ? 0 : HAS_COMMIT) |
    (isPurged === true ? IS_PURGED : 0) |
    (request === undefined ? 0 : HAS_REQUEST);
  writer.varint(tx);
  writer.varint(maxEid);
  writer.varint(count);
  writer.byte(flags);
  if (commit !== undefined) encodeCommit(commit, writer);
  if (request === undefined) return;
  writer.bytes(request.digest);
  writer.string(printEdn(request.tempids));
}

function decodeHeader(block: Uint8Array): Header {
  return readBlock(block, (reader) => {
    const [tx, maxEid, count] = [reader.varint(), reader.varint(), reader.varint()];
    const flags = reader.byte();
    const commit = (flags & HAS_COMMIT) === 0 ? undefined : decodeCommit(reader);
    const request = (flags & HAS_REQUEST) === 0 ? undefined : decodeRequest(reader);
    return { tx, maxEid, count, commit, isPurged: (flags & IS_PURGED) !== 0, request };
  });
}

function decodeRequest(reader: ByteReader): KeyedRequest {
  const digest = reader.bytes().slice();
  return { digest, tempids: readEdn(reader.string()) as ReadonlyMap<EdnData, number> };
}

function encodePart(
  changes: ReadonlyArray<Datom | Retraction>,
  tx: number,
  writer: ByteWriter,
): void {
  const marks = new ByteWriter();
  encodeMarks(changes, tx, marks);
  writer.varint(marks.length);
  writer.append(marks);
  encodeColumns(columnsOf(changes.map(datomOf)), writer);
}

function decodePart(block: Uint8Array, tx: number): Change[] {
  return readBlock(block, (reader) => {
    const marks = reader.section();
    const columns = decodeColumns(reader);
    return Array.from({ length: columns.length }, (_, row): Change => {
      const datom = columns.datom(row);
      const mark = marks.byte();
      if (mark === ASSERTED) return datom;
      const assertedTx = tx - marks.signed();
      return { kind: 'retract', datom, assertedTx, keepsHistory: mark === RETRACTED };
    });
  });
}

function encodeMarks(
  changes: ReadonlyArray<Datom | Retraction>,
  tx: number,
  writer: ByteWriter,
): void {
  for (const change of changes) {
    if (isAssertion(change)) writer.byte(ASSERTED);
    else {
      writer.byte(change.keepsHistory ? RETRACTED : FORGOTTEN);
      writer.signed(tx - change.assertedTx);
    }
  }
}

/** A block after its length. */
function writePiece(writer: ByteWriter, write: (writer: ByteWriter) => void): void {
  const place = writer.reserveUint32();
  writeBlock(writer, write);
  writer.fillUint32(place, (written, start) => written.length - start);
}

/** @throws STORE_CORRUPT where the bytes end before a block does */
function blocksIn(bytes: Uint8Array): Uint8Array[] {
  const reader = new ByteReader(bytes);
  const blocks: Uint8Array[] = [];
  while (!reader.isAtEnd) blocks.push(reader.raw(reader.uint32()));
  return blocks;
}
