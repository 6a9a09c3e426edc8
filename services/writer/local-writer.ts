/**
 * The writer of a branch: one queue, one owner. Whatever waits is applied one transaction after the other and leaves in one commit; each
 * keeps its own transaction id and answer, and one that is refused does not disturb its neighbours. Beside it runs the index job, which
 * folds novelty into the base trees off the path of a commit.
 */
import type { Db, EdnData, Folded, StoredSegment, TxReport } from '../../engine/index.ts';
import { DatabaseError, encodeSegment, fold, run, transact } from '../../engine/index.ts';
import type { Bus } from '../bus/bus.ts';
import type { Connection } from '../connection/connection.ts';
import type { TransactRequest, TransactResult, Writer } from '../connection/writer-port.ts';
import type { Log } from '../shared/log.ts';
import { resolveParents } from '../versions/commits.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { commitPurge, finishPurge, isPurge } from './purge-job.ts';
import type { Step } from './written-branch.ts';
import { WrittenBranch, deposed } from './written-branch.ts';

export interface LocalWriterOptions {
  /** The database to write; moved forward by each commit. */
  readonly connection: Connection;
  readonly lease: LeaseKeeper;
  readonly bus: Bus;
  readonly log: Log;
  /** Transactions that may wait; 10,000 by default. */
  readonly queueLimit?: number;
  /** Novelty is folded into the base when it holds so many datoms, over all indices; 200,000 by default. */
  readonly foldThreshold?: number;
}

interface Waiting {
  readonly request: TransactRequest;
  readonly resolve: (result: TransactResult) => void;
  readonly reject: (error: unknown) => void;
}

interface Applied {
  readonly waiting: Waiting;
  readonly report: TxReport;
  readonly segment: StoredSegment;
}

/** What leaves in one commit at most. */
const MAX_BATCH = 256;
const MAX_BATCH_BYTES = 1024 * 1024;

/** Announcements that carry more than this make readers look instead. */
const MAX_ANNOUNCED_BYTES = 48 * 1024;

/** How far novelty may outgrow the threshold before transactions wait for the index job. */
const MAX_OVERGROWTH = 3;

export class LocalWriter implements Writer {
  readonly #options: LocalWriterOptions;
  readonly #queueLimit: number;
  readonly #foldThreshold: number;
  readonly #queue: Waiting[] = [];
  readonly #branch: WrittenBranch;
  #working: Promise<void> | undefined;
  #folding: Promise<void> | undefined;
  /** Base trees that are stored and that the next commit names. */
  #folded: Folded | undefined;
  /** Why nothing can be written any more. */
  #ended: DatabaseError | undefined;

  private constructor(options: LocalWriterOptions, branch: WrittenBranch) {
    this.#options = options;
    this.#queueLimit = options.queueLimit ?? 10_000;
    this.#foldThreshold = options.foldThreshold ?? 200_000;
    this.#branch = branch;
    options.lease.onLost(() => this.#end(deposed()));
  }

  /** Starts from the root in the store, and finishes a purge that was cut short. */
  static async start(options: LocalWriterOptions): Promise<LocalWriter> {
    const branch = await WrittenBranch.open(options.connection, options.lease);
    if (branch.record.purge !== undefined) await finishPurge(branch, options.connection);
    return new LocalWriter(options, branch);
  }

  transact(request: TransactRequest): Promise<TransactResult> {
    if (this.#ended !== undefined) return Promise.reject(this.#ended);
    if (this.#queue.length >= this.#queueLimit)
      return Promise.reject(
        new DatabaseError(
          'WRITER_BUSY',
          `${this.#queueLimit} transactions wait already; try again later`,
        ),
      );
    return new Promise((resolve, reject) => {
      this.#queue.push({ request, resolve, reject });
      this.#work();
    });
  }

  /** Takes no more transactions; resolves when those that wait are answered and the lease is released. */
  async stop(): Promise<void> {
    this.#ended ??= new DatabaseError('WRITER_UNAVAILABLE', 'The writer is stopping; try again');
    // An index job that ends leaves one more commit to make.
    while (this.#working !== undefined || this.#folding !== undefined)
      await Promise.all([this.#working, this.#folding]);
    await this.#options.lease.release();
  }

  #work(): void {
    this.#working ??= this.#drain()
      .catch((error: unknown) => this.#options.log.error({ event: 'writer failed', error }))
      .finally(() => {
        this.#working = undefined;
        if (this.#queue.length > 0 || this.#folded !== undefined) this.#work();
      });
  }

  async #drain(): Promise<void> {
    while (this.#queue.length > 0 || this.#folded !== undefined) {
      const batch = this.#queue.splice(0, MAX_BATCH);
      try {
        await this.#branch.settle();
        await this.#waitForRoom();
        await this.#writeBatch(batch);
      } catch (error) {
        // What went back to the queue is not answered yet: it will be written.
        const waiting = new Set(this.#queue);
        for (const each of batch) if (!waiting.has(each)) each.reject(error);
        if (error instanceof DatabaseError && error.code === 'WRITER_DEPOSED') this.#end(error);
      }
    }
  }

  async #writeBatch(batch: ReadonlyArray<Waiting>): Promise<void> {
    const folded = this.#takeFolded();
    const record = folded === undefined ? undefined : await this.#branch.recordAfter(folded);
    const start = record === undefined ? this.#branch.head : await this.#branch.rebased(record);
    const { applied, db } = await this.#applyAll(start.db, batch);
    const [first] = applied;
    if (first !== undefined && isPurge(first.report)) await this.#purge(first);
    else if (first !== undefined || record !== undefined)
      await this.#commit(applied, record === undefined ? { db } : { db, record });
  }

  /**
   * Applies what waits, up to the size of a commit; what is left goes back to the front of the queue. A merge and a purge are commits of
   * their own.
   */
  async #applyAll(
    start: Db,
    batch: ReadonlyArray<Waiting>,
  ): Promise<{ readonly applied: Applied[]; readonly db: Db }> {
    const applied: Applied[] = [];
    let db = start;
    let sizeBytes = 0;
    for (const [i, waiting] of batch.entries()) {
      const isFull = sizeBytes > MAX_BATCH_BYTES || applied.some(isAlone);
      const next = isFull ? undefined : await this.#apply(db, waiting);
      if (isFull || (next !== undefined && applied.length > 0 && isAlone(next))) {
        this.#queue.unshift(...batch.slice(i));
        break;
      }
      if (next === undefined) continue;
      applied.push(next);
      db = next.report.dbAfter;
      sizeBytes += next.segment.bytes.length;
    }
    return { applied, db };
  }

  /** Undefined where the transaction is refused, and answered so. */
  async #apply(db: Db, waiting: Waiting): Promise<Applied | undefined> {
    try {
      const { parents, ...request } = waiting.request;
      if (parents !== undefined) await resolveParents(this.#options.connection.store, parents);
      const report = await run(transact(db, { ...request, now: new Date() }));
      const { tx, changes, dbAfter } = report;
      const bytes = await run(encodeSegment({ tx, maxEid: dbAfter.maxEid, changes }));
      return { waiting, report, segment: { tx, bytes } };
    } catch (error) {
      waiting.reject(error);
      return undefined;
    }
  }

  async #commit(applied: ReadonlyArray<Applied>, step: Pick<Step, 'db' | 'record'>): Promise<void> {
    const { store } = this.#options.connection;
    const named = applied[0]?.waiting.request.parents;
    const parents = named === undefined ? [] : await resolveParents(store, named);
    const segments = applied.map(({ segment }) => segment);
    const stored = await this.#branch.commit({ ...step, segments, parents });
    this.#publish(applied, step.record === undefined ? stored : null);
    this.#startFoldIfDue();
  }

  /** Answers when nothing of what was purged is left. */
  async #purge(applied: Applied): Promise<void> {
    // The base trees that the index job makes would hold it.
    await this.#folding;
    this.#takeFolded();
    const { connection } = this.#options;
    await commitPurge(this.#branch, connection, applied.report, applied.segment);
    this.#publish([], null);
    await finishPurge(this.#branch, connection);
    this.#publish([applied], null);
  }

  /** Moves readers on and answers. Without segments readers look at the root. */
  #publish(applied: ReadonlyArray<Applied>, segments: ReadonlyArray<StoredSegment> | null): void {
    const { connection, bus, log } = this.#options;
    const { head } = this.#branch;
    connection.advance(head);
    for (const { waiting, report } of applied)
      waiting.resolve(resultOf(report, head.db.commit?.id));
    const sizeBytes = segments?.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? 0;
    bus
      .announce({
        database: connection.store.id,
        branch: connection.branch,
        version: head.version,
        epoch: head.epoch,
        basisTx: head.db.maxTx,
        segments: sizeBytes > MAX_ANNOUNCED_BYTES ? null : segments,
      })
      .catch((error: unknown) => log.error({ event: 'announcement not sent', error }));
  }

  #startFoldIfDue(): void {
    const { db } = this.#branch.head;
    const isBusy = this.#folding !== undefined || this.#folded !== undefined;
    if (db.novelty.size < this.#foldThreshold || isBusy || this.#ended !== undefined) return;
    this.#folding = this.#fold(db)
      .catch((error: unknown) => this.#options.log.error({ event: 'index job failed', error }))
      .finally(() => {
        this.#folding = undefined;
        if (this.#folded !== undefined) this.#work();
      });
  }

  async #fold(db: Db): Promise<void> {
    const { connection, log } = this.#options;
    const startedAt = performance.now();
    const folded = await run(fold(db, connection.nodes, this.#branch.newAddress));
    await connection.store.write(folded.nodes);
    this.#folded = folded;
    log.info({
      event: 'index job done',
      nodes: folded.nodes.length,
      durationMs: Math.round(performance.now() - startedAt),
    });
  }

  #takeFolded(): Folded | undefined {
    const folded = this.#folded;
    this.#folded = undefined;
    return folded;
  }

  /** Holds transactions back while they come faster than the index job folds them. */
  async #waitForRoom(): Promise<void> {
    const limit = this.#foldThreshold * MAX_OVERGROWTH;
    if (this.#branch.head.db.novelty.size > limit && this.#folded === undefined)
      await this.#folding;
  }

  #end(error: DatabaseError): void {
    this.#ended ??= error;
    for (const { reject } of this.#queue.splice(0)) reject(this.#ended);
  }
}

/** Whether a transaction has to be the only one of its commit. */
function isAlone({ waiting, report }: Applied): boolean {
  return waiting.request.parents !== undefined || isPurge(report);
}

function resultOf(report: TxReport, commitId: string | undefined): TransactResult {
  const { tx, instant, txData } = report;
  const tempids = new Map<EdnData, number>(report.tempids);
  const result = { tx, instant, tempids, datomCount: txData.length, report };
  return commitId === undefined ? result : { ...result, commitId };
}
