/**
 * The root file of a branch: one frame in the layout of the log, with the log's own marker so that it cannot be taken for
 * that of another log. Where a commit has its segments it has a position and the origins of the branch:
 *
 *     offset f64, version f64, epoch f64, origins as JSON
 */
import type { StoredRoot } from '../store.ts';
import { encodeFrame, nextFrame, NONCE_BYTES } from './log-frame.ts';
import type { LogPosition } from './log-scan.ts';
import type { LogPart } from './logged-commit.ts';

const POSITION_BYTES = 24;

export interface LogCheckpoint {
  /** Where to start reading for the segments after `root.indexedTx`. */
  readonly position: LogPosition;
  /** The root at the time, which is that of the log's end where nothing follows the position. */
  readonly root: StoredRoot;
  readonly origins: ReadonlyArray<LogPart>;
}

export function encodeCheckpoint(
  marker: Buffer,
  { position, root, origins }: LogCheckpoint,
): Buffer {
  const segments = Buffer.alloc(POSITION_BYTES);
  segments.writeDoubleLE(position.offset, 0);
  segments.writeDoubleLE(position.version, 8);
  segments.writeDoubleLE(position.epoch, 16);
  const record = Buffer.from(root.record);
  return encodeFrame(marker, {
    kind: 'commit',
    nonce: Buffer.alloc(NONCE_BYTES),
    ...root,
    note: Buffer.alloc(0),
    record,
    segments: Buffer.concat([segments, Buffer.from(JSON.stringify(origins))]),
  });
}

/** Undefined where the bytes are damaged or of another log. */
export function decodeCheckpoint(marker: Buffer, bytes: Buffer): LogCheckpoint | undefined {
  const step = nextFrame(bytes, marker, 0);
  if (step.kind === 'incomplete' || step.frame.segments.length < POSITION_BYTES) return undefined;
  const { version, epoch, indexedTx, record, segments } = step.frame;
  return {
    position: {
      offset: segments.readDoubleLE(0),
      version: segments.readDoubleLE(8),
      epoch: segments.readDoubleLE(16),
      state: 'open',
    },
    root: { version, epoch, indexedTx, record },
    // Written by `encodeCheckpoint` and covered by the sum of its frame, so it is what it was.
    origins: JSON.parse(segments.toString('utf8', POSITION_BYTES)) as LogPart[],
  };
}
