/**
 * Reads the frames of a log file in order, in large pieces.
 *
 * Which frames count is decided by their order in the file alone, so every process comes to the same answer without a lock:
 * a commit counts where it follows the version before it and its epoch is not older than any epoch before it.
 *
 *     open   -- seal -->   sealed: the log goes on in the next generation
 *     open   -- end  -->   ended: the branch was deleted
 *
 * Nothing counts behind a seal or an end.
 */
import type { FileHandle } from 'node:fs/promises';
import { readAt } from './durable.ts';
import { LOG_HEADER_BYTES, nextFrame, type LogFrame } from './log-frame.ts';

const WINDOW_BYTES = 1 << 20;

/** Where the log stands at some offset: what decides whether the next frame counts. */
export interface LogPosition {
  readonly offset: number;
  readonly version: number;
  readonly epoch: number;
  readonly state: 'open' | 'sealed' | 'ended';
}

export const LOG_START: LogPosition = {
  offset: LOG_HEADER_BYTES,
  version: 0,
  epoch: 0,
  state: 'open',
};

export interface CountingFrame {
  /** The position before the frame. */
  readonly before: LogPosition;
  readonly after: LogPosition;
  readonly frame: LogFrame;
}

/** The frames that count from a position to an offset, oldest first. */
export async function* scanLog(
  file: FileHandle,
  marker: Buffer,
  from: LogPosition,
  toOffset: number,
): AsyncGenerator<CountingFrame> {
  let before = from;
  for await (const { end, frame } of scanFrames(file, marker, from.offset, toOffset)) {
    const after = positionAfter(before, frame, end);
    if (after === undefined) continue;
    yield { before, after, frame };
    before = after;
  }
}

function positionAfter(
  before: LogPosition,
  frame: LogFrame,
  offset: number,
): LogPosition | undefined {
  if (before.state !== 'open') return undefined;
  const { version, epoch } = frame;
  switch (frame.kind) {
    case 'commit':
      if (version !== before.version + 1 || epoch < before.epoch) return undefined;
      return { ...before, offset, version, epoch };
    case 'fork':
      return before.version === 0 ? { ...before, offset, version: 1 } : undefined;
    case 'fence':
      return epoch > before.epoch ? { ...before, offset, epoch } : undefined;
    case 'seal':
      return { ...before, offset, state: 'sealed' };
    case 'end':
      return epoch > before.epoch ? { ...before, offset, epoch, state: 'ended' } : undefined;
  }
}

async function* scanFrames(
  file: FileHandle,
  marker: Buffer,
  fromOffset: number,
  toOffset: number,
): AsyncGenerator<{ readonly end: number; readonly frame: LogFrame }> {
  let windowStart = fromOffset;
  let wantedBytes = WINDOW_BYTES;
  while (windowStart < toOffset) {
    const window = await readAt(file, windowStart, Math.min(wantedBytes, toOffset - windowStart));
    const isLast = windowStart + window.length >= toOffset || window.length < wantedBytes;
    let from = 0;
    for (;;) {
      const step = nextFrame(window, marker, from);
      if (step.kind === 'frame') {
        yield { end: windowStart + step.end, frame: step.frame };
        from = step.end;
      } else if (!isLast) {
        windowStart += step.start;
        wantedBytes = Math.max(WINDOW_BYTES, step.wantedEnd - step.start);
        break;
      } else if (step.start >= window.length) {
        return;
      } else {
        from = step.start + 1; // torn: perhaps a sound frame was appended behind it
      }
    }
  }
}
