/**
 * Transactions of the log that the tail does not hold any more. The first question reads the file from its start; on the way
 * it leaves a mark every megabyte, so that later ones start close to what they want.
 */
import type { FileHandle } from 'node:fs/promises';
import { decodeSegments } from '../segment-list.ts';
import type { StoredSegment } from '../store.ts';
import { scanLog, type LogPosition } from './log-scan.ts';

const BYTES_BETWEEN_MARKS = 1 << 20;

interface Mark {
  readonly position: LogPosition;
  /** The first transaction at or after the position. */
  readonly firstTx: number;
}

export class LogHistory {
  readonly #file: FileHandle;
  readonly #marker: Buffer;
  readonly #marks: Mark[];

  constructor(file: FileHandle, marker: Buffer, start: LogPosition) {
    this.#file = file;
    this.#marker = marker;
    this.#marks = [{ position: start, firstTx: 0 }];
  }

  async read(fromTx: number, toTx: number, endOffset: number): Promise<StoredSegment[]> {
    const found: StoredSegment[] = [];
    const start = this.#marks.findLast(({ firstTx }) => firstTx <= fromTx);
    if (start === undefined) return found;
    const frames = scanLog(this.#file, this.#marker, start.position, endOffset);
    for await (const { before, frame } of frames) {
      const segments = decodeSegments(frame.segments);
      const firstTx = segments[0]?.tx;
      if (firstTx === undefined) continue;
      this.#mark(before, firstTx);
      if (firstTx >= toTx) break;
      found.push(...segments.filter(({ tx }) => tx >= fromTx && tx < toTx));
    }
    return found;
  }

  #mark(position: LogPosition, firstTx: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && position.offset < last.position.offset + BYTES_BETWEEN_MARKS) return;
    this.#marks.push({ position, firstTx });
  }
}
