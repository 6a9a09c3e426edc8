/**
 * The commit log of one branch: a file of frames that only grows. A commit is the frame that is on the disk; nothing else
 * has to be written for it to have happened.
 *
 *     log    every frame ever written
 *     root   where to start reading: the root at some commit, and the first frame that a reader of it needs
 *
 * The root file is replaced when the indexed transaction moves. An old one, or none, costs time when the log is opened and
 * nothing else.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { open, type FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseError } from '../../../schema/error.ts';
import { decodeSegments, encodeSegments } from '../segment-list.ts';
import type { Commit, RootWithLog, StoredRoot, StoredSegment } from '../store.ts';
import { storeUnavailable } from '../store-errors.ts';
import { createFile, hasCode, readAt, readFileIfThere, replaceFile } from './durable.ts';
import {
  encodeFrame,
  LOG_HEADER_BYTES,
  markerOf,
  newLogHeader,
  NONCE_BYTES,
  type LogFrame,
} from './log-frame.ts';
import { decodeCheckpoint, encodeCheckpoint } from './log-checkpoint.ts';
import { LogHistory } from './log-history.ts';
import { scanLog, type LogPosition } from './log-scan.ts';
import { Turns } from './turns.ts';

const START: LogPosition = { offset: LOG_HEADER_BYTES, version: 0, epoch: 0 };

interface TailCommit {
  readonly before: LogPosition;
  readonly segments: ReadonlyArray<StoredSegment>;
}

export class CommitLog {
  readonly #rootPath: string;
  readonly #file: FileHandle;
  readonly #marker: Buffer;
  readonly #history: LogHistory;
  readonly #turns = new Turns();
  /** Behind the last frame that counts. */
  #position = START;
  #root: StoredRoot | undefined;
  /** The commits with segments that the root's trees do not hold, oldest first. */
  #tail: TailCommit[] = [];
  /** Set when the disk refused to confirm a frame: what is on it is not known any more. */
  #fault: unknown;

  private constructor(folder: string, file: FileHandle, marker: Buffer) {
    this.#rootPath = join(folder, 'root');
    this.#file = file;
    this.#marker = marker;
    this.#history = new LogHistory(file, marker, START);
  }

  /** The log in a folder, or undefined where there is none. */
  static async open(folder: string): Promise<CommitLog | undefined> {
    const path = join(folder, 'log');
    const file = await openToAppend(path);
    if (file === undefined) return undefined;
    const marker = markerOf(await readAt(file, 0, LOG_HEADER_BYTES));
    if (marker === undefined) {
      await file.close();
      throw new DatabaseError('STORE_CORRUPT', `The file ${path} is not a commit log`);
    }
    const log = new CommitLog(folder, file, marker);
    await log.#restore();
    return log;
  }

  /** Makes the log of a folder that has none; leaves one that is there. */
  static async create(folder: string): Promise<void> {
    await createFile(join(folder, 'log'), newLogHeader());
  }

  readRoot(): Promise<RootWithLog | undefined> {
    return this.#turns.run(async () => {
      await this.#catchUp();
      const root = this.#root;
      if (root === undefined) return undefined;
      const segments = this.#tail.flatMap((commit) => commit.segments);
      return { ...root, segments: segments.filter(({ tx }) => tx > root.indexedTx) };
    });
  }

  readVersion(): Promise<number> {
    return this.#turns.run(async () => {
      await this.#catchUp();
      return this.#root?.version ?? 0;
    });
  }

  async readLog(fromTx: number, toTx: number): Promise<ReadonlyArray<StoredSegment>> {
    const root = await this.readRoot();
    if (root === undefined) return [];
    if (fromTx <= root.indexedTx) return this.#history.read(fromTx, toTx, this.#position.offset);
    return root.segments.filter(({ tx }) => tx >= fromTx && tx < toTx);
  }

  commit(commit: Commit): Promise<boolean> {
    return this.#turns.run(async () => {
      await this.#catchUp();
      const { version, epoch } = this.#position;
      if (version !== commit.expectedVersion || commit.epoch < epoch) return false;
      const indexedTx = this.#root?.indexedTx ?? 0;
      const counts = await this.#append({
        kind: 'commit',
        nonce: randomBytes(NONCE_BYTES),
        version: version + 1,
        epoch: commit.epoch,
        indexedTx: commit.indexedTx,
        record: Buffer.from(commit.record),
        segments: encodeSegments(commit.segments),
      });
      if (counts && commit.indexedTx !== indexedTx) await this.#checkpoint();
      return counts;
    });
  }

  /** Ends the right of all earlier epochs to commit; false where a later one did the same to this. */
  fence(epoch: number): Promise<boolean> {
    return this.#turns.run(async () => {
      await this.#catchUp();
      const none = Buffer.alloc(0);
      const nonce = randomBytes(NONCE_BYTES);
      const fence = { version: 0, epoch, indexedTx: 0, record: none, segments: none };
      return this.#append({ kind: 'fence', nonce, ...fence });
    });
  }

  close(): Promise<void> {
    return this.#turns.run(() => this.#file.close());
  }

  /** Adds a frame behind whatever is in the file by now; whether it counts is known when it is there. */
  async #append(frame: LogFrame): Promise<boolean> {
    if (this.#fault !== undefined) {
      throw storeUnavailable('The commit log failed before; open the database again', this.#fault);
    }
    const bytes = encodeFrame(this.#marker, frame);
    const { bytesWritten } = await this.#file.write(bytes);
    if (bytesWritten < bytes.length) {
      throw storeUnavailable('The disk took only a part of the commit', undefined);
    }
    try {
      await this.#file.datasync();
    } catch (error) {
      this.#fault = error; // after a failed sync a later one may succeed without the lost pages
      throw error;
    }
    return this.#catchUp(frame.nonce);
  }

  /** Applies the frames that were added, by whomever; true where the frame with the nonce is one that counts. */
  async #catchUp(nonce?: Buffer): Promise<boolean> {
    const { size, nlink } = await this.#file.stat();
    if (nlink === 0) {
      throw new DatabaseError('DATABASE_NOT_FOUND', 'The database was deleted');
    }
    let found = false;
    if (size === this.#position.offset) return found;
    const frames = scanLog(this.#file, this.#marker, this.#position, size);
    for await (const { before, after, frame } of frames) {
      this.#apply(before, frame);
      this.#position = after;
      if (nonce !== undefined && frame.nonce.equals(nonce)) found = true;
    }
    return found;
  }

  #apply(before: LogPosition, frame: LogFrame): void {
    if (frame.kind === 'fence') return;
    const { version, epoch, record, indexedTx } = frame;
    this.#root = { version, epoch, record, indexedTx };
    const segments = decodeSegments(frame.segments);
    if (segments.length > 0) this.#tail.push({ before, segments });
    const firstKept = this.#tail.findIndex((commit) =>
      commit.segments.some(({ tx }) => tx > indexedTx),
    );
    if (firstKept !== 0) this.#tail = firstKept < 0 ? [] : this.#tail.slice(firstKept);
  }

  async #checkpoint(): Promise<void> {
    if (this.#root === undefined) return;
    const position = this.#tail[0]?.before ?? this.#position;
    const bytes = encodeCheckpoint(this.#marker, { position, root: this.#root });
    // The commit has happened; without a new root file only the next opening is slower.
    await replaceFile(this.#rootPath, bytes).catch(() => undefined);
  }

  async #restore(): Promise<void> {
    const bytes = await readFileIfThere(this.#rootPath);
    const checkpoint = bytes === undefined ? undefined : decodeCheckpoint(this.#marker, bytes);
    if (checkpoint === undefined) return;
    this.#position = checkpoint.position;
    this.#root = checkpoint.root;
  }
}

async function openToAppend(path: string): Promise<FileHandle | undefined> {
  try {
    return await open(path, constants.O_RDWR | constants.O_APPEND);
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined;
    throw error;
  }
}
