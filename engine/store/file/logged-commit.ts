/**
 * The commits in a frame, and the note that tells them apart.
 *
 *     note of a commit = the 16 bytes of its id, or nothing, then for each key of a request its 16 bytes and the transaction as f64
 *     note of a fork   = JSON: the parts of other logs that it continues, and the commits that it holds copies of
 */
import { decodeSegments, encodeSegments } from '../segment-list.ts';
import type { RequestKey, StoredSegment } from '../store.ts';
import type { LogFrame } from './log-frame.ts';

export interface LoggedCommit {
  readonly id: string | undefined;
  /** At least one. */
  readonly segments: ReadonlyArray<StoredSegment>;
}

/** A part of another log, of whole commits: those whose last transaction is after one and not after another. */
export interface LogPart {
  /** As in log-name.ts. */
  readonly log: string;
  readonly afterTx: number;
  readonly untilTx: number;
}

interface ForkNote {
  /** Oldest first. */
  readonly origins: ReadonlyArray<LogPart>;
  readonly commits: ReadonlyArray<{ readonly id?: string | undefined; readonly count: number }>;
}

/** What a fork frame has beside its root. */
export interface ForkContent {
  readonly origins: ReadonlyArray<LogPart>;
  readonly commits: ReadonlyArray<LoggedCommit>;
}

/** The commits with segments that a frame holds, oldest first. */
export function commitsOf(frame: LogFrame): ReadonlyArray<LoggedCommit> {
  const segments = decodeSegments(frame.segments);
  if (segments.length === 0) return [];
  if (frame.kind !== 'fork') return [{ id: idIn(frame.note), segments }];
  let end = 0;
  return decodeNote(frame).commits.map(({ id, count }) => {
    const start = end;
    end += count;
    return { id, segments: segments.slice(start, end) };
  });
}

export function originsOf(frame: LogFrame): ReadonlyArray<LogPart> {
  return frame.kind === 'fork' ? decodeNote(frame).origins : [];
}

export function encodeForkContent({
  origins,
  commits,
}: ForkContent): Pick<LogFrame, 'note' | 'segments'> {
  const note: ForkNote = {
    origins,
    commits: commits.map(({ id, segments }) => ({ id, count: segments.length })),
  };
  return {
    note: Buffer.from(JSON.stringify(note)),
    segments: encodeSegments(commits.flatMap(({ segments }) => segments)),
  };
}

const ID_BYTES = 16;
const KEY_BYTES = 24;

export function encodeCommitNote(id: string | undefined, keys: ReadonlyArray<RequestKey>): Buffer {
  const named = Buffer.from(id?.replaceAll('-', '') ?? '', 'hex');
  const entries = keys.map(({ key, tx }) => {
    const entry = Buffer.alloc(KEY_BYTES, key, 'hex');
    entry.writeDoubleLE(tx, KEY_BYTES - 8);
    return entry;
  });
  return Buffer.concat([named, ...entries]);
}

/** The keys of requests that a frame commits. */
export function keysOf({ kind, note }: LogFrame): RequestKey[] {
  const keys: RequestKey[] = [];
  if (kind !== 'commit') return keys;
  for (let at = note.length % KEY_BYTES; at < note.length; at += KEY_BYTES) {
    const end = at + KEY_BYTES - 8;
    keys.push({ key: note.toString('hex', at, end), tx: note.readDoubleLE(end) });
  }
  return keys;
}

function idIn(note: Buffer): string | undefined {
  if (note.length % KEY_BYTES !== ID_BYTES) return undefined;
  const [, ...groups] =
    /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(note.toString('hex', 0, ID_BYTES)) ?? [];
  return groups.join('-');
}

function decodeNote(frame: LogFrame): ForkNote {
  // Written by `encodeForkContent` and covered by the sum of its frame, so it is what it was.
  return JSON.parse(frame.note.toString('utf8')) as ForkNote;
}
