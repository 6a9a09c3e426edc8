/**
 * Where the commits with an id are in one log file. The first question reads the file from its start, later ones what came
 * behind.
 */
import type { FileHandle } from 'node:fs/promises';
import { LOG_START, scanLog } from './log-scan.ts';
import { commitsOf } from './logged-commit.ts';

export class CommitIds {
  readonly #file: FileHandle;
  readonly #marker: Buffer;
  readonly #lastTxById = new Map<string, number>();
  #position = LOG_START;

  constructor(file: FileHandle, marker: Buffer) {
    this.#file = file;
    this.#marker = marker;
  }

  /** The last transaction of a commit that is in front of an offset. */
  async find(id: string, endOffset: number): Promise<number | undefined> {
    const frames = scanLog(this.#file, this.#marker, this.#position, endOffset);
    for await (const { after, frame } of frames) {
      for (const commit of commitsOf(frame)) {
        const lastTx = commit.segments.at(-1)?.tx;
        if (commit.id !== undefined && lastTx !== undefined) {
          this.#lastTxById.set(commit.id, lastTx);
        }
      }
      this.#position = after;
    }
    return this.#lastTxById.get(id);
  }
}
