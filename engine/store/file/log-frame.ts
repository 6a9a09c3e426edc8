/**
 * The frames of a commit log file.
 *
 *     file    = 'DHGLOG02', marker (16 random bytes), frame*
 *     frame   = marker, length u32, crc of the payload u32, crc of both u32, payload
 *     payload = kind u8, nonce 8 bytes, version f64, epoch f64, indexedTx f64, note length u32, record length u32,
 *               note, record, segments
 *
 * A process that dies while it appends leaves a torn frame, and another may append behind it. So nobody cuts the file: a
 * reader that meets a frame whose sums are wrong goes on at the next marker, which no data can hold except by guessing it.
 */
import { randomBytes } from 'node:crypto';
import { crc32 } from 'node:zlib';
import { DatabaseError } from '../../../schema/error.ts';

/** 01: the first. 02: more kinds of frames, and notes. */
const MAGIC = Buffer.from('DHGLOG02', 'latin1');
const MARKER_BYTES = 16;
export const LOG_HEADER_BYTES = MAGIC.length + MARKER_BYTES;
const FRAME_HEADER_BYTES = MARKER_BYTES + 12;
export const NONCE_BYTES = 8;
const FIXED_PAYLOAD_BYTES = 1 + NONCE_BYTES + 3 * 8 + 2 * 4;

/**
 * A fence commits nothing: it only ends the right of all earlier epochs. A fork is the first root of a branch that continues
 * another log. After a seal the log goes on in the next file of it, and after an end it does not go on.
 */
export type FrameKind = 'commit' | 'fence' | 'fork' | 'seal' | 'end';

/** The place in the list is the number in the file. */
const KINDS: ReadonlyArray<FrameKind> = ['commit', 'fence', 'fork', 'seal', 'end'];

export interface LogFrame {
  readonly kind: FrameKind;
  /** Tells two frames apart that claim the same version. */
  readonly nonce: Buffer;
  readonly version: number;
  readonly epoch: number;
  /** Of an end: the last transaction that is still in the file, see branch-sweep.ts. */
  readonly indexedTx: number;
  /** See logged-commit.ts. */
  readonly note: Buffer;
  readonly record: Buffer;
  /** As in segment-list.ts. */
  readonly segments: Buffer;
}

export function newLogHeader(): Buffer {
  return Buffer.concat([MAGIC, randomBytes(MARKER_BYTES)]);
}

/** A frame that commits nothing. */
export function markingFrame(kind: 'fence' | 'seal' | 'end', epoch: number): LogFrame {
  const none = Buffer.alloc(0);
  const nonce = randomBytes(NONCE_BYTES);
  const indexedTx = kind === 'end' ? Number.MAX_SAFE_INTEGER : 0;
  return { kind, nonce, version: 0, epoch, indexedTx, note: none, record: none, segments: none };
}

/** The marker of a log file, or undefined where the bytes are not the header of one. */
export function markerOf(header: Buffer): Buffer | undefined {
  if (header.length < LOG_HEADER_BYTES || !header.subarray(0, MAGIC.length).equals(MAGIC)) {
    return undefined;
  }
  return Buffer.from(header.subarray(MAGIC.length, LOG_HEADER_BYTES));
}

export function encodeFrame(marker: Buffer, frame: LogFrame): Buffer {
  return Buffer.concat(frameParts(marker, frame));
}

/** The bytes of a frame in parts, so that large ones need not be copied. */
export function frameParts(marker: Buffer, frame: LogFrame): ReadonlyArray<Buffer> {
  const fixed = Buffer.allocUnsafe(FIXED_PAYLOAD_BYTES);
  fixed.writeUInt8(KINDS.indexOf(frame.kind), 0);
  frame.nonce.copy(fixed, 1);
  fixed.writeDoubleLE(frame.version, 9);
  fixed.writeDoubleLE(frame.epoch, 17);
  fixed.writeDoubleLE(frame.indexedTx, 25);
  fixed.writeUInt32LE(frame.note.length, 33);
  fixed.writeUInt32LE(frame.record.length, 37);
  const payload = [fixed, frame.note, frame.record, frame.segments];
  const sums = Buffer.allocUnsafe(12);
  sums.writeUInt32LE(sizeOf(payload), 0);
  sums.writeUInt32LE(
    payload.reduce((sum, part) => crc32(part, sum), 0),
    4,
  );
  sums.writeUInt32LE(crc32(sums.subarray(0, 8)), 8);
  return [marker, sums, ...payload];
}

export function sizeOf(parts: ReadonlyArray<Buffer>): number {
  return parts.reduce((sum, { length }) => sum + length, 0);
}

export type FrameStep =
  | {
      readonly kind: 'frame';
      readonly start: number;
      readonly end: number;
      readonly frame: LogFrame;
    }
  /** The frame at `start` needs the bytes up to `wantedEnd`, which the window does not have. */
  | { readonly kind: 'incomplete'; readonly start: number; readonly wantedEnd: number };

/** The first sound frame that starts in the window at or after a position. */
export function nextFrame(window: Buffer, marker: Buffer, from: number): FrameStep {
  let start = window.indexOf(marker, from);
  while (start >= 0) {
    const step = frameAt(window, start);
    if (step !== undefined) return step;
    start = window.indexOf(marker, start + 1);
  }
  // The window may end within a marker.
  const rest = Math.max(from, window.length - MARKER_BYTES + 1);
  return { kind: 'incomplete', start: rest, wantedEnd: rest + FRAME_HEADER_BYTES };
}

function frameAt(window: Buffer, start: number): FrameStep | undefined {
  const payloadStart = start + FRAME_HEADER_BYTES;
  if (payloadStart > window.length) return { kind: 'incomplete', start, wantedEnd: payloadStart };
  const sums = window.subarray(start + MARKER_BYTES, payloadStart);
  if (crc32(sums.subarray(0, 8)) !== sums.readUInt32LE(8)) return undefined;
  const end = payloadStart + sums.readUInt32LE(0);
  if (end > window.length) return { kind: 'incomplete', start, wantedEnd: end };
  const payload = window.subarray(payloadStart, end);
  if (crc32(payload) !== sums.readUInt32LE(4)) return undefined;
  return { kind: 'frame', start, end, frame: decodePayload(payload) };
}

function decodePayload(payload: Buffer): LogFrame {
  const kind = KINDS[payload.readUInt8(0)];
  if (kind === undefined) throw new DatabaseError('STORE_CORRUPT', 'Unknown kind of log frame');
  const noteEnd = FIXED_PAYLOAD_BYTES + payload.readUInt32LE(33);
  const recordEnd = noteEnd + payload.readUInt32LE(37);
  return {
    kind,
    nonce: payload.subarray(1, 1 + NONCE_BYTES),
    version: payload.readDoubleLE(9),
    epoch: payload.readDoubleLE(17),
    indexedTx: payload.readDoubleLE(25),
    note: payload.subarray(FIXED_PAYLOAD_BYTES, noteEnd),
    record: payload.subarray(noteEnd, recordEnd),
    segments: payload.subarray(recordEnd),
  };
}
