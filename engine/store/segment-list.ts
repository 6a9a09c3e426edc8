/**
 * The segments of one commit as one piece of bytes. Pieces may be joined end to end: what decodes one, decodes many.
 *
 *     piece  = count u32, count * (tx f64, length u32), the bytes of each segment
 *
 * All numbers are little-endian. The layout is part of the stored format: change it only with a new format version.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { StoredSegment } from './store.ts';

const COUNT_BYTES = 4;
const ENTRY_BYTES = 12;

export function encodeSegments(segments: ReadonlyArray<StoredSegment>): Buffer {
  const table = Buffer.allocUnsafe(COUNT_BYTES + ENTRY_BYTES * segments.length);
  table.writeUInt32LE(segments.length, 0);
  for (const [i, { tx, bytes }] of segments.entries()) {
    table.writeDoubleLE(tx, COUNT_BYTES + ENTRY_BYTES * i);
    table.writeUInt32LE(bytes.length, COUNT_BYTES + ENTRY_BYTES * i + 8);
  }
  return Buffer.concat([table, ...segments.map(({ bytes }) => bytes)]);
}

/** @throws STORE_CORRUPT where the bytes end before the segments do */
export function decodeSegments(bytes: Buffer): StoredSegment[] {
  const segments: StoredSegment[] = [];
  let offset = 0;
  while (offset < bytes.length) offset = decodePiece(bytes, offset, segments);
  return segments;
}

function decodePiece(bytes: Buffer, start: number, segments: StoredSegment[]): number {
  if (start + COUNT_BYTES > bytes.length) throw truncated(bytes.length);
  const count = bytes.readUInt32LE(start);
  let entry = start + COUNT_BYTES;
  let offset = entry + ENTRY_BYTES * count;
  if (offset > bytes.length) throw truncated(bytes.length);
  for (let i = 0; i < count; i++, entry += ENTRY_BYTES) {
    const end = offset + bytes.readUInt32LE(entry + 8);
    if (end > bytes.length) throw truncated(bytes.length);
    segments.push({ tx: bytes.readDoubleLE(entry), bytes: bytes.subarray(offset, end) });
    offset = end;
  }
  return offset;
}

function truncated(sizeBytes: number): DatabaseError {
  return new DatabaseError(
    'STORE_CORRUPT',
    `The log segments of a commit end early, after ${sizeBytes} bytes`,
    { data: { sizeBytes } },
  );
}
