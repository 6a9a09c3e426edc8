/**
 * Where the commits with an id, and the transactions of requests with a key, are in one log file. The first question reads the file
 * from its start, later ones what came behind.
 */
import type { FileHandle } from 'node:fs/promises';
import { LOG_START, scanLog } from './log-scan.ts';
import { commitsOf, keysOf } from './logged-commit.ts';

export class CommitIndex {
  readonly #file: FileHandle;
  readonly #marker: Buffer;
  readonly #lastTxById = new Map<string, number>();
  readonly #txByKey = new Map<string, number>();
  #position = LOG_START;

  constructor(file: FileHandle, marker: Buffer) {
    this.#file = file;
    this.#marker = marker;
  }

  /** The last transaction of a commit that is in front of an offset. */
  async find(id: string, endOffset: number): Promise<number | undefined> {
    await this.#catchUp(endOffset);
    return this.#lastTxById.get(id);
  }

  /** Of the keys those of requests that were committed in front of an offset. */
  async findKeys(
    keys: ReadonlyArray<string>,
    endOffset: number,
  ): Promise<ReadonlyMap<string, number>> {
    await this.#catchUp(endOffset);
    const found = new Map<string, number>();
    for (const key of keys) {
      const tx = this.#txByKey.get(key);
      if (tx !== undefined) found.set(key, tx);
    }
    return found;
  }

  async #catchUp(endOffset: number): Promise<void> {
    const frames = scanLog(this.#file, this.#marker, this.#position, endOffset);
    for await (const { after, frame } of frames) {
      for (const { id, segments } of commitsOf(frame)) {
        const lastTx = segments.at(-1)?.tx;
        if (id !== undefined && lastTx !== undefined) this.#lastTxById.set(id, lastTx);
      }
      for (const { key, tx } of keysOf(frame)) this.#txByKey.set(key, tx);
      this.#position = after;
    }
  }
}
