/** What clients did, and what they were told. */

/** `unknown`: the client was told that it may have happened. */
export type Outcome = 'ok' | 'failed' | 'unknown';

export interface ListAppend {
  readonly key: string;
  readonly value: string;
}

export interface ListRead {
  readonly key: string;
  readonly values: ReadonlyArray<string>;
}

/** A transaction over lists: it saw what it read, and appended to that. */
export interface ListTransaction {
  /** Who did one after the other. */
  readonly session: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly outcome: Outcome;
  readonly reads: ReadonlyArray<ListRead>;
  readonly appends: ReadonlyArray<ListAppend>;
  /** Whether it saw all that was acknowledged before it began. */
  readonly isCurrent: boolean;
}

/** A fact that stands for itself. */
export interface Note {
  readonly id: string;
  readonly outcome: Outcome;
}
