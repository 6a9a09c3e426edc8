/**
 * The port to the writer of a branch: a queue in this process, or a client of the process that holds the lease. The caller
 * cannot tell.
 */
import type { TxReport } from '../../engine/index.ts';
import { MAIN_BRANCH } from '../../engine/index.ts';
import type { EdnData } from '../../schema/value.ts';
import type { Condition } from './conditions.ts';

export interface TransactRequest {
  /** Transaction data: entity maps and operation vectors. */
  readonly txData: ReadonlyArray<EdnData>;
  /** Facts about the transaction entity. */
  readonly txMeta?: ReadonlyMap<EdnData, EdnData>;
  /** What has to hold when its turn comes; else nothing is written. */
  readonly conditions?: ReadonlyArray<Condition>;
  /**
   * Names the request, for a sender that may have to send it again: under one key a branch writes one transaction, and answers each further
   * request with what that did. Up to 1,024 characters; a UUID is a good choice.
   */
  readonly key?: string;
  /**
   * What is the same whenever a request is sent under its key; the transaction itself where nothing is said. For senders that make it anew each time,
   * of a database that has moved on.
   */
  readonly content?: string;
  /** How long the sender waits for an answer, in milliseconds; what the writer allows by default. */
  readonly timeoutMs?: number;
  /** A merge: branches or ids of commits that the commit of this transaction follows beside the last one of the branch. */
  readonly parents?: ReadonlyArray<string>;
}

/** What a writer answers; the same over a wire. */
export interface TransactResult {
  readonly tx: number;
  readonly instant: Date;
  /** User tempids (strings and negative numbers) and `:db/current-tx` to entity ids. */
  readonly tempids: ReadonlyMap<EdnData, number>;
  /** How many datoms the transaction wrote. */
  readonly datomCount: number;
  /** The commit with which it was written; several transactions may share one. */
  readonly commitId?: string | undefined;
  /** All that the transaction did, with the database before and after it. Only in the process that writes. */
  readonly report?: TxReport;
}

export interface Writer {
  /**
   * Resolves after the transaction is durable.
   *
   * @throws the transaction's own error, or that of a condition; WRITER_BUSY where the queue is full, WRITER_DEPOSED where the lease was lost, DEADLINE_EXCEEDED where
   * its turn did not come in time (nothing was written then); OUTCOME_UNKNOWN where it may have been written; IDEMPOTENCY_KEY_REUSED
   */
  transact(request: TransactRequest): Promise<TransactResult>;
}

/** The name under which the writer of a branch is published. */
export function writerKey(database: string, branch = MAIN_BRANCH): string {
  return branch === MAIN_BRANCH ? database : JSON.stringify([database, branch]);
}
