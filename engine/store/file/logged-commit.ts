/**
 * The commits in a frame, and the note that tells them apart.
 *
 *     note of a commit = the 16 bytes of its id, or nothing
 *     note of a fork   = JSON: the parts of other logs that it continues, and the commits that it holds copies of
 */
import { decodeSegments, encodeSegments } from '../segment-list.ts';
import type { StoredSegment } from '../store.ts';
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
  if (frame.kind !== 'fork') return [{ id: decodeId(frame.note), segments }];
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

export function encodeId(id: string | undefined): Buffer {
  return Buffer.from(id?.replaceAll('-', '') ?? '', 'hex');
}

function decodeId(note: Buffer): string | undefined {
  const [, ...groups] = /^(.{8})(.{4})(.{4})(.{4})(.{12})$/.exec(note.toString('hex')) ?? [];
  return groups.length === 0 ? undefined : groups.join('-');
}

function decodeNote(frame: LogFrame): ForkNote {
  // Written by `encodeForkContent` and covered by the sum of its frame, so it is what it was.
  return JSON.parse(frame.note.toString('utf8')) as ForkNote;
}
