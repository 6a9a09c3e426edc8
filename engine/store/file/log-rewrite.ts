/**
 * Writes the next generation of a log: the frames that count, changed. Nobody may append to the old file once the last frame
 * was copied, so it is sealed shortly before the end; a crash after that leaves a sealed log, and whoever wants to append
 * next writes the next generation as it is.
 *
 *     copy -- seal -- copy what came meanwhile -- sync, name -- overwrite and remove the old file
 *
 * All of this is done under the lock of the folder.
 */
import { open, rename, type FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { decodeSegments, encodeSegments } from '../segment-list.ts';
import type { BranchLogs } from './branch-logs.ts';
import type { CommitLog } from './commit-log.ts';
import { eraseFile, syncFolder, writeAt } from './durable.ts';
import { encodeFrame, markerOf, newLogHeader, type LogFrame } from './log-frame.ts';
import { lifeOf } from './log-name.ts';
import { LOG_START, type LogPosition } from './log-scan.ts';

const UNFINISHED = 'log.new';
const BYTES_PER_WRITE = 1 << 20;

/** The frame to write instead, or undefined to leave it out. */
export type FrameChange = (frame: LogFrame) => LogFrame | undefined;

export const unchanged: FrameChange = (frame) => frame;

/** Puts other bytes in place of the segments of some transactions. */
export function replacingSegments(bytesByTx: ReadonlyMap<number, Uint8Array>): FrameChange {
  return (frame) => {
    const segments = decodeSegments(frame.segments);
    if (!segments.some(({ tx }) => bytesByTx.has(tx))) return frame;
    const replaced = segments.map(({ tx, bytes }) => ({ tx, bytes: bytesByTx.get(tx) ?? bytes }));
    return { ...frame, segments: encodeSegments(replaced) };
  };
}

/** True where a log has other bytes for any of some transactions. */
export async function differsFrom(
  log: CommitLog,
  bytesByTx: ReadonlyMap<number, Uint8Array>,
): Promise<boolean> {
  for await (const { frame } of log.frames(LOG_START)) {
    for (const { tx, bytes } of decodeSegments(frame.segments)) {
      const other = bytesByTx.get(tx);
      if (other !== undefined && Buffer.compare(bytes, other) !== 0) return true;
    }
  }
  return false;
}

/** The log is one that has just caught up. */
export async function writeNextGeneration(
  logs: BranchLogs,
  log: CommitLog,
  change: FrameChange,
): Promise<void> {
  const oldPath = logs.pathOf(log.name);
  const folder = dirname(oldPath);
  const unfinished = join(folder, UNFINISHED);
  await eraseFile(unfinished);
  await writeCopy(log, unfinished, change);
  await rename(unfinished, logs.pathOf({ ...log.name, generation: log.name.generation + 1 }));
  await syncFolder(folder);
  await eraseFile(oldPath);
  await syncFolder(folder);
  const next = await logs.ofLife(lifeOf(log.name));
  if (next?.isOpen === true) await next.checkpoint();
}

/** Removes what a process that died left behind: a file that it had not finished, and those with a next generation. */
export async function eraseLeftovers(logs: BranchLogs, folder: string): Promise<void> {
  const names = await logs.files(folder);
  const [first] = names;
  if (first !== undefined) await eraseFile(join(dirname(logs.pathOf(first)), UNFINISHED));
  for (const name of names) {
    const isOlder = names.some(
      ({ life, generation }) => life === name.life && generation > name.generation,
    );
    if (isOlder) await eraseFile(logs.pathOf(name));
  }
}

async function writeCopy(log: CommitLog, path: string, change: FrameChange): Promise<void> {
  const file = await open(path, 'wx');
  try {
    const copy = new LogCopy(file, change);
    const copied = await copy.add(log, LOG_START);
    if (log.isOpen) await log.seal();
    await copy.add(log, copied);
    await file.datasync();
  } finally {
    await file.close();
  }
}

class LogCopy {
  readonly #file: FileHandle;
  readonly #change: FrameChange;
  readonly #header = newLogHeader();
  #pending: Buffer[] = [this.#header];
  #pendingBytes = this.#header.length;
  #end = 0;

  constructor(file: FileHandle, change: FrameChange) {
    this.#file = file;
    this.#change = change;
  }

  /** Copies what counts from a position on, and gives the position behind. */
  async add(log: CommitLog, from: LogPosition): Promise<LogPosition> {
    const marker = markerOf(this.#header) ?? this.#header;
    let position = from;
    for await (const { after, frame } of log.frames(from)) {
      position = after;
      const changed = frame.kind === 'seal' ? undefined : this.#change(frame);
      if (changed === undefined) continue;
      const bytes = encodeFrame(marker, changed);
      this.#pending.push(bytes);
      this.#pendingBytes += bytes.length;
      if (this.#pendingBytes >= BYTES_PER_WRITE) await this.#flush();
    }
    await this.#flush();
    return position;
  }

  async #flush(): Promise<void> {
    await writeAt(this.#file, this.#end, Buffer.concat(this.#pending));
    this.#end += this.#pendingBytes;
    this.#pending = [];
    this.#pendingBytes = 0;
  }
}
