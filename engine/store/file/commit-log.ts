/**
 * One file of the commit log of a branch: frames that are only ever appended. A commit is the frame that is on the disk;
 * nothing else has to be written for it to have happened.
 *
 *     log-<life>-<generation>    every frame ever written, see log-name.ts
 *     root                       where to start reading: the root at some commit, and the first frame that a reader of it needs
 *
 * The root file is replaced when the indexed transaction moves. An old one, or none, costs time when the log is opened and
 * nothing else.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import type { FileHandle } from 'node:fs/promises';
import { join } from 'node:path';
import { idToStore } from '../commit-id.ts';
import { decodeSegments, encodeSegments } from '../segment-list.ts';
import type { Commit, ForkRequest, RootWithLog, StoredRoot, StoredSegment } from '../store.ts';
import { storeUnavailable } from '../store-errors.ts';
import { CommitIndex } from './commit-index.ts';
import { openIfThere, readAt, readFileIfThere, replaceFile } from './durable.ts';
import {
  frameParts,
  LOG_HEADER_BYTES,
  markerOf,
  markingFrame,
  NONCE_BYTES,
  sizeOf,
  type LogFrame,
} from './log-frame.ts';
import { decodeCheckpoint, encodeCheckpoint } from './log-checkpoint.ts';
import { LogHistory } from './log-history.ts';
import { fileOf, type LogName } from './log-name.ts';
import { LOG_START, scanLog, type CountingFrame, type LogPosition } from './log-scan.ts';
import {
  encodeForkContent,
  encodeCommitNote,
  originsOf,
  type ForkContent,
  type LoggedCommit,
  type LogPart,
} from './logged-commit.ts';
import { Turns } from './turns.ts';

/** In place of an answer: since it was asked for, the log has ended or goes on in another file. */
export const MOVED = Symbol('moved');
export type OrMoved<T> = T | typeof MOVED;

interface TailCommit {
  readonly before: LogPosition;
  readonly segments: ReadonlyArray<StoredSegment>;
}

export class CommitLog {
  readonly name: LogName;
  readonly rootPath: string;
  readonly #file: FileHandle;
  readonly #marker: Buffer;
  readonly #history: LogHistory;
  readonly #index: CommitIndex;
  readonly #turns = new Turns();
  /** Of what goes through the file from far back, so that commits need not wait for it. */
  readonly #longTurns = new Turns();
  /** Behind the last frame that counts. */
  #position = LOG_START;
  #root: StoredRoot | undefined;
  #origins: ReadonlyArray<LogPart> = [];
  /** The commits with segments that the root's trees do not hold, oldest first. */
  #tail: TailCommit[] = [];
  /** The last transaction that a log which has ended still holds. */
  #keptTx = Number.MAX_SAFE_INTEGER;
  /** Set once another file has taken the place of this one. */
  #isReplaced = false;
  #isFileClosed = false;
  /** Set when the disk refused to confirm a frame: what is on it is not known any more. */
  #fault: unknown;

  private constructor(name: LogName, folder: string, file: FileHandle, marker: Buffer) {
    this.name = name;
    this.rootPath = join(folder, 'root');
    this.#file = file;
    this.#marker = marker;
    this.#history = new LogHistory(file, marker);
    this.#index = new CommitIndex(file, marker);
  }

  /** The log with a name in the folder of its branch, or undefined where it is gone by now. */
  static async open(name: LogName, folder: string): Promise<CommitLog | undefined> {
    const flags = constants.O_RDWR | constants.O_APPEND;
    const file = await openIfThere(join(folder, fileOf(name)), flags);
    if (file === undefined) return undefined;
    try {
      const marker = markerOf(await readAt(file, 0, LOG_HEADER_BYTES));
      if (marker !== undefined) {
        const log = new CommitLog(name, folder, file, marker);
        await log.#restore();
        await log.#catchUp();
        if (log.isEmpty) await log.#closeFile();
        return log;
      }
    } catch (error) {
      await file.close();
      throw error;
    }
    await file.close();
    return undefined;
  }

  /** As far as is known: false once the log has ended or goes on elsewhere. */
  get isOpen(): boolean {
    return !this.#isReplaced && this.#position.state === 'open';
  }

  /** The log of a deleted branch that holds nothing any more: there may be many of them, so its file is not kept open. */
  get isEmpty(): boolean {
    return this.#position.state === 'ended' && this.#keptTx < 0;
  }

  get isReplaced(): boolean {
    return this.#isReplaced;
  }

  get position(): LogPosition {
    return this.#position;
  }

  get origins(): ReadonlyArray<LogPart> {
    return this.#origins;
  }

  get keptTx(): number {
    return this.#keptTx;
  }

  readRoot(afterTx = 0): Promise<OrMoved<RootWithLog | undefined>> {
    return this.#turns.run(async () => {
      if ((await this.#catchUp()) === MOVED) return MOVED;
      const root = this.#livingRoot();
      if (root === undefined) return undefined;
      const segments = this.#tail.flatMap((commit) => commit.segments);
      const after = Math.max(root.indexedTx, afterTx);
      return { ...root, segments: segments.filter(({ tx }) => tx > after) };
    });
  }

  readVersion(): Promise<OrMoved<number>> {
    return this.#turns.run(async () => {
      if ((await this.#catchUp()) === MOVED) return MOVED;
      return this.#livingRoot()?.version ?? 0;
    });
  }

  /** The commits of this file with a transaction from one and before another, whether the branch still exists or not. */
  readCommits(fromTx: number, toTx: number): Promise<OrMoved<ReadonlyArray<LoggedCommit>>> {
    return this.#lookBack([], (endOffset) => this.#history.read(fromTx, toTx, endOffset));
  }

  /** The last transaction of the commit with an id, whether the branch still exists or not. */
  findCommit(id: string): Promise<OrMoved<number | undefined>> {
    return this.#lookBack(undefined, (endOffset) => this.#index.find(id, endOffset));
  }

  /** See `Store.findKeys`. */
  findKeys(keys: ReadonlyArray<string>): Promise<OrMoved<ReadonlyMap<string, number>>> {
    return this.#lookBack<ReadonlyMap<string, number>>(new Map(), (endOffset) =>
      this.#index.findKeys(keys, endOffset),
    );
  }

  /** A commit that was tried in another file has the same nonce again, because it may have come from there into this one. */
  commit(commit: Commit, nonce: Buffer, isRetry: boolean): Promise<OrMoved<boolean>> {
    const note = encodeCommitNote(idToStore(commit), commit.keys ?? []);
    return this.#turns.run(async () => {
      if ((await this.#catchUp()) === MOVED || !this.isOpen) return MOVED;
      const { version, epoch } = this.#position;
      if (version !== commit.expectedVersion) {
        return isRetry && (await this.#holds(commit.expectedVersion + 1, nonce));
      }
      if (commit.epoch < epoch) return false;
      const indexedTx = this.#root?.indexedTx ?? 0;
      const counts = await this.#append({
        kind: 'commit',
        nonce,
        version: version + 1,
        epoch: commit.epoch,
        indexedTx: commit.indexedTx,
        note,
        record: Buffer.from(commit.record),
        segments: encodeSegments(commit.segments),
      });
      if (counts === true && commit.indexedTx !== indexedTx) await this.#checkpoint();
      return counts;
    });
  }

  /** Makes the first root of a branch that continues another; false where it has a root. */
  fork({ record, indexedTx }: ForkRequest, content: ForkContent): Promise<OrMoved<boolean>> {
    return this.#appendNow({
      kind: 'fork',
      nonce: randomBytes(NONCE_BYTES),
      version: 1,
      epoch: 0,
      indexedTx,
      record: Buffer.from(record),
      ...encodeForkContent(content),
    });
  }

  /** Ends the right of all earlier epochs to commit; false where a later one did the same to this. */
  fence(epoch: number): Promise<OrMoved<boolean>> {
    return this.#appendNow(markingFrame('fence', epoch));
  }

  /** Ends the branch; false where a later epoch was given out meanwhile. */
  end(epoch: number): Promise<OrMoved<boolean>> {
    return this.#appendNow(markingFrame('end', epoch));
  }

  /** Keeps everybody from appending; the log goes on in its next generation. */
  seal(): Promise<OrMoved<boolean>> {
    return this.#appendNow(markingFrame('seal', 0));
  }

  /** The frames that count from a position on. The caller keeps others from replacing the file. */
  frames(from: LogPosition): AsyncIterable<CountingFrame> {
    return scanLog(this.#file, this.#marker, from, this.#position.offset);
  }

  /** Saves the next opening the log before the indexed transaction. */
  checkpoint(): Promise<void> {
    return this.#turns.run(() => this.#checkpoint());
  }

  /** Lets go of the file once nobody reads it any more. */
  async close(): Promise<void> {
    this.#isReplaced = true;
    await this.#longTurns.run(() => this.#turns.run(() => this.#closeFile()));
  }

  async #closeFile(): Promise<void> {
    if (this.#isFileClosed) return;
    this.#isFileClosed = true;
    await this.#file.close();
  }

  #lookBack<T>(none: T, look: (endOffset: number) => Promise<T>): Promise<OrMoved<T>> {
    return this.#longTurns.run(async () => {
      const isMoved = (await this.#turns.run(() => this.#catchUp())) === MOVED;
      if (isMoved) return MOVED;
      if (this.isEmpty) return none;
      const found = await look(this.#position.offset);
      return (await this.#noticeErased()) ? MOVED : found;
    });
  }

  #livingRoot(): StoredRoot | undefined {
    return this.#position.state === 'ended' ? undefined : this.#root;
  }

  #appendNow(frame: LogFrame): Promise<OrMoved<boolean>> {
    return this.#turns.run(async () => {
      if ((await this.#catchUp()) === MOVED || !this.isOpen) return MOVED;
      return this.#append(frame);
    });
  }

  /** Adds a frame behind whatever is in the file by now; whether it counts is known when it is there. */
  async #append(frame: LogFrame): Promise<OrMoved<boolean>> {
    if (this.#fault !== undefined) {
      throw storeUnavailable('The commit log failed before; open the database again', this.#fault);
    }
    const parts = frameParts(this.#marker, frame);
    const { bytesWritten } = await this.#file.writev(parts);
    if (bytesWritten < sizeOf(parts)) {
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

  /**
   * Applies the frames that were added, by whomever; true where the frame with the nonce is one that counts. Otherwise MOVED
   * where it turns out now that the log has ended or goes on elsewhere.
   */
  async #catchUp(nonce?: Buffer): Promise<OrMoved<boolean>> {
    if (this.#isReplaced) return MOVED;
    if (this.#position.state !== 'open') return false;
    const { size, nlink } = await this.#file.stat();
    if (nlink === 0) this.#isReplaced = true;
    if (this.#isReplaced) return MOVED;
    if (size === this.#position.offset) return false;
    let found = false;
    for await (const { before, after, frame } of this.#framesUntil(size)) {
      this.#apply(before, frame);
      this.#position = after;
      if (nonce !== undefined && frame.nonce.equals(nonce)) found = true;
    }
    if (found) return true;
    // Bytes that were overwritten look like the end of the log.
    return (await this.#noticeErased()) || this.#position.state !== 'open' ? MOVED : false;
  }

  #framesUntil(offset: number): AsyncIterable<CountingFrame> {
    return scanLog(this.#file, this.#marker, this.#position, offset);
  }

  async #noticeErased(): Promise<boolean> {
    const marker = markerOf(await readAt(this.#file, 0, LOG_HEADER_BYTES));
    if (marker === undefined) this.#isReplaced = true;
    return this.#isReplaced;
  }

  /** True where the commit of a version is the one with the nonce. */
  async #holds(version: number, nonce: Buffer): Promise<boolean> {
    for await (const { after, frame } of this.frames(LOG_START)) {
      if (after.version === version) return frame.nonce.equals(nonce);
    }
    return false;
  }

  #apply(before: LogPosition, frame: LogFrame): void {
    const { kind, epoch, record, indexedTx } = frame;
    if (kind === 'end') this.#keptTx = indexedTx;
    if (kind !== 'commit' && kind !== 'fork') return;
    if (kind === 'fork') this.#origins = originsOf(frame);
    this.#root = { version: before.version + 1, epoch, record, indexedTx };
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
    const checkpoint = { position, root: this.#root, origins: this.#origins };
    const bytes = encodeCheckpoint(this.#marker, checkpoint);
    // The commit has happened; without a new root file only the next opening is slower.
    await replaceFile(this.rootPath, bytes).catch(() => undefined);
  }

  async #restore(): Promise<void> {
    const bytes = await readFileIfThere(this.rootPath);
    const checkpoint = bytes === undefined ? undefined : decodeCheckpoint(this.#marker, bytes);
    if (checkpoint === undefined) return;
    this.#position = checkpoint.position;
    this.#root = checkpoint.root;
    this.#origins = checkpoint.origins;
  }
}
