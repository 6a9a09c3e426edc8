/**
 * The root file of a branch: one frame in the layout of the log, with the log's own marker so that it cannot be taken for
 * that of another log, and a position where a commit has its segments.
 */
import type { StoredRoot } from '../store.ts';
import { encodeFrame, nextFrame, NONCE_BYTES } from './log-frame.ts';
import type { LogPosition } from './log-scan.ts';

const POSITION_BYTES = 24;

export interface LogCheckpoint {
  /** Where to start reading for the segments after `root.indexedTx`. */
  readonly position: LogPosition;
  /** The root at the time, which is that of the log's end where nothing follows the position. */
  readonly root: StoredRoot;
}

export function encodeCheckpoint(marker: Buffer, { position, root }: LogCheckpoint): Buffer {
  const segments = Buffer.allocUnsafe(POSITION_BYTES);
  segments.writeDoubleLE(position.offset, 0);
  segments.writeDoubleLE(position.version, 8);
  segments.writeDoubleLE(position.epoch, 16);
  const record = Buffer.from(root.record);
  return encodeFrame(marker, {
    kind: 'commit',
    nonce: Buffer.alloc(NONCE_BYTES),
    ...root,
    record,
    segments,
  });
}

/** Undefined where the bytes are damaged or of another log. */
export function decodeCheckpoint(marker: Buffer, bytes: Buffer): LogCheckpoint | undefined {
  const step = nextFrame(bytes, marker, 0);
  if (step.kind === 'incomplete' || step.frame.segments.length !== POSITION_BYTES) return undefined;
  const { version, epoch, indexedTx, record, segments } = step.frame;
  return {
    position: {
      offset: segments.readDoubleLE(0),
      version: segments.readDoubleLE(8),
      epoch: segments.readDoubleLE(16),
    },
    root: { version, epoch, indexedTx, record },
  };
}
