/**
 * Transactions of the log that the tail does not hold any more. The first question reads the file from its start; on the way
 * it leaves a mark every megabyte, so that later ones start close to what they want.
 */
import type { FileHandle } from 'node:fs/promises';
import { LOG_START, scanLog, type LogPosition } from './log-scan.ts';
import { commitsOf, type LoggedCommit } from './logged-commit.ts';

const BYTES_BETWEEN_MARKS = 1 << 20;

interface Mark {
  readonly position: LogPosition;
  /** The first transaction at or after the position. */
  readonly firstTx: number;
}

export class LogHistory {
  readonly #file: FileHandle;
  readonly #marker: Buffer;
  readonly #marks: Mark[] = [{ position: LOG_START, firstTx: 0 }];

  constructor(file: FileHandle, marker: Buffer) {
    this.#file = file;
    this.#marker = marker;
  }

  /** The commits with a transaction from one and before another, oldest first. */
  async read(fromTx: number, toTx: number, endOffset: number): Promise<LoggedCommit[]> {
    const found: LoggedCommit[] = [];
    const start = this.#marks.findLast(({ firstTx }) => firstTx <= fromTx) ?? this.#marks[0];
    if (start === undefined) return found;
    const frames = scanLog(this.#file, this.#marker, start.position, endOffset);
    for await (const { before, frame } of frames) {
      const commits = commitsOf(frame);
      const firstTx = commits[0]?.segments[0]?.tx;
      if (firstTx === undefined) continue;
      this.#mark(before, firstTx);
      if (firstTx >= toTx) break;
      found.push(...commits.filter((commit) => overlaps(commit, fromTx, toTx)));
    }
    return found;
  }

  #mark(position: LogPosition, firstTx: number): void {
    const last = this.#marks.at(-1);
    if (last !== undefined && position.offset < last.position.offset + BYTES_BETWEEN_MARKS) return;
    this.#marks.push({ position, firstTx });
  }
}

function overlaps({ segments }: LoggedCommit, fromTx: number, toTx: number): boolean {
  const firstTx = segments[0]?.tx ?? Infinity;
  const lastTx = segments.at(-1)?.tx ?? -Infinity;
  return firstTx < toTx && lastTx >= fromTx;
}
