/** From what one root field is answered. */
import type { Model } from '../../schema/model/model.ts';
import type { QueryLimits, Reader, Snapshot } from '../../services/reader/reader.ts';
import type { ExtensionContext } from '../extend/extension.ts';
import type { AnswerPlace } from '../select/selection.ts';
import type { AsOf } from './as-of.ts';
import type { ListPlans } from './list-plan.ts';
import type { Warnings } from './warnings.ts';

/** One consistent view of a database. */
export interface ReadScope {
  readonly model: Model;
  readonly database: string;
  readonly lists: ListPlans;
  /** The caller's claims that rules speak of, in the order of their slots. */
  readonly claims: ReadonlyArray<unknown>;
  readonly encodeId: (entity: number) => string;
  readonly snapshot: Snapshot;
  /** The database as of a transaction, for the later pages of a list. */
  readonly snapshotAt: (tx: number) => Promise<Snapshot>;
  /** What is read of the log, within the limits of the request. */
  readonly log: Pick<Reader, 'transaction' | 'transactions'>;
  readonly limits: QueryLimits;
  readonly foreign: ForeignScopes;
  /** Takes note of what is to be said beside the answer. */
  readonly warnings: Warnings;
  /** Undefined where there is no code of users. */
  readonly code: RequestCode | undefined;
  /** What the caller said of time; a part of each cursor's list. */
  readonly asOf: AsOf | undefined;
  /** Whether the snapshot is at a point that the caller named, so that cursors need not fix it. */
  readonly isPast: boolean;
}

/** The other databases that are read beside one. */
export interface ForeignScopes {
  /** @throws where it cannot be read now */
  readonly open: (database: string) => Promise<ReadScope>;
  /** Takes note of what is null because its database cannot be read. */
  readonly fail: (failure: ForeignFailure) => void;
}

export interface ForeignFailure {
  readonly at: AnswerPlace;
  readonly database: string;
  readonly error: unknown;
}

/** Code of users within one request. */
export interface RequestCode {
  /** What it is given while a state of the database is read. */
  readonly contextOn: (snapshot: Snapshot) => ExtensionContext;
  /** Where the entities are read that it names: in what it has written, where it has written anything. */
  readonly scopeAfter: (scope: ReadScope) => ReadScope | Promise<ReadScope>;
  /** Waits for what it promised, as long as the request may take. @throws DEADLINE_EXCEEDED, CANCELLED */
  readonly within: <T>(promised: PromiseLike<T>) => Promise<T>;
  /** Takes note of a value that could not be made, and marks its place in the text of the answer. */
  readonly fail: (error: unknown) => string;
  /** Those that have marks, in the order of their numbers. */
  readonly failures: ReadonlyArray<unknown>;
  /** Nothing of it is waited for any more. */
  readonly end: () => void;
}

/** Of a scope that leads nowhere else. */
export const NO_FOREIGN: ForeignScopes = {
  open: (database) => Promise.reject(new Error(`Expected nothing to lead to ${database}`)),
  fail: () => undefined,
};
