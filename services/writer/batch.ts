/** Transactions that leave in one commit: applied one after the other, each with its own transaction id, report and answer. */
import type { Db, StoredSegment, Suspended, TxReport } from '../../engine/index.ts';
import { awaiting, encodeSegment, start } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import { transactIf } from '../connection/transact-if.ts';
import { resolveParents } from '../versions/commits.ts';
import { isPurge } from './purge-job.ts';
import type { Waiting } from './waiting.ts';

export interface Applied {
  readonly waiting: Waiting;
  readonly report: TxReport;
  readonly segment: StoredSegment;
}

interface Refused {
  readonly waiting: Waiting;
  readonly error: unknown;
}

/** What leaves in one commit at most. */
const MAX_TRANSACTIONS = 256;
const MAX_BYTES = 1024 * 1024;

export class Batch {
  readonly applied: Applied[] = [];
  /** Refused by what the transactions before them say, and answered so when these are durable. */
  readonly refused: Refused[] = [];
  #db: Db;
  #sizeBytes = 0;
  /** Whether nothing else may leave in the commit. */
  #isClosed = false;

  constructor(start: Db) {
    this.#db = start;
  }

  /** The database after all that was applied. */
  get db(): Db {
    return this.#db;
  }

  get isEmpty(): boolean {
    return this.applied.length === 0 && this.refused.length === 0;
  }

  get isFull(): boolean {
    return this.#isClosed || this.applied.length >= MAX_TRANSACTIONS || this.#sizeBytes > MAX_BYTES;
  }

  /** All whose turn has come, in their order. */
  get waiting(): ReadonlyArray<Waiting> {
    return [...this.applied, ...this.refused].map(({ waiting }) => waiting);
  }

  /** Applies a transaction, or notes why it is refused. False where it needs a commit of its own and has to wait for that. */
  add(waiting: Waiting, connection: Connection): boolean | Promise<boolean> {
    try {
      const applied = start(apply(this.#db, waiting, connection));
      if (!(applied instanceof Promise)) return this.#take(applied);
      return applied.then(
        (late) => this.#take(late),
        (error: unknown) => this.#refuse(waiting, error),
      );
    } catch (error) {
      return this.#refuse(waiting, error);
    }
  }

  #take(applied: Applied): boolean {
    if (isAlone(applied)) {
      if (!this.isEmpty) return false;
      this.#isClosed = true;
    }
    this.applied.push(applied);
    this.#db = applied.report.dbAfter;
    this.#sizeBytes += applied.segment.bytes.length;
    return true;
  }

  #refuse(waiting: Waiting, error: unknown): true {
    this.refused.push({ waiting, error });
    return true;
  }
}

/** Whether a transaction has to be the only one of its commit: a merge, and a purge. */
function isAlone({ waiting, report }: Applied): boolean {
  return waiting.request.parents !== undefined || isPurge(report);
}

function* apply(db: Db, waiting: Waiting, { store }: Connection): Suspended<Applied> {
  const { parents } = waiting.request;
  if (parents !== undefined) yield* awaiting(resolveParents(store, parents));
  const report = yield* transactIf(db, waiting.request, new Date());
  const { tx, changes, dbAfter, tempids } = report;
  const { name } = waiting;
  const request = name && { digest: name.digest, tempids };
  const bytes = yield* encodeSegment({ tx, maxEid: dbAfter.maxEid, changes, request });
  return { waiting, report, segment: { tx, bytes } };
}
