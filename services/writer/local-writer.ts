/**
 * The writer of a branch: one queue, one owner. Whatever waits is applied one transaction after the other and leaves in one commit; while that
 * is on its way to the store, the next ones are applied already.
 *
 *     queue -> batch (applied, in memory) -> commit (durable) -> answers, announcement
 *
 * Nobody is told of anything before it is durable: what a batch found is answered when the commits before it, and its own, have landed. Where
 * one does not, the batches behind it are applied anew. Beside it runs the index job.
 */
import { setImmediate as nextTurn, setTimeout as wait } from 'node:timers/promises';
import type { Db, RootRecord, StoredSegment, TxReport } from '../../engine/index.ts';
import { DatabaseError } from '../../engine/index.ts';
import type { Bus, RootAnnouncement } from '../bus/bus.ts';
import type { Connection } from '../connection/connection.ts';
import type { TransactRequest, TransactResult, Writer } from '../connection/writer-port.ts';
import type { Log } from '../shared/log.ts';
import { resolveParents } from '../versions/commits.ts';
import type { Applied } from './batch.ts';
import { Batch } from './batch.ts';
import { IndexJob } from './index-job.ts';
import { KeyedRequests } from './keyed-requests.ts';
import type { LeaseKeeper } from './lease-keeper.ts';
import { commitPurge, finishPurge, isPurge } from './purge-job.ts';
import type { QueueLimits } from './request-queue.ts';
import { RequestQueue } from './request-queue.ts';
import type { RequestName, Waiting } from './waiting.ts';
import { WrittenBranch, deposed } from './written-branch.ts';

export interface LocalWriterOptions extends QueueLimits {
  /** The database to write; moved forward by each commit. */
  readonly connection: Connection;
  readonly lease: LeaseKeeper;
  readonly bus: Bus;
  readonly log: Log;
  /** Novelty is folded into the base when it holds so many datoms, over all indices; 200,000 by default. */
  readonly foldThreshold?: number;
  /** Where there is less, but a hundredth of that, it is folded when nothing was written for so long; 5,000 ms by default. */
  readonly foldQuietMs?: number;
}

/** Announcements that carry more than this make readers look instead. */
const MAX_ANNOUNCED_BYTES = 48 * 1024;

/** How long to wait for a store that does not answer before it is asked again. */
const RETRY_MS = 50;

/** After so many transactions it is looked whether the commit before them has landed. */
const APPLIED_PER_LOOK = 32;

export class LocalWriter implements Writer {
  readonly #options: LocalWriterOptions;
  readonly #branch: WrittenBranch;
  readonly #queue: RequestQueue;
  readonly #keyed: KeyedRequests;
  readonly #indexJob: IndexJob;
  #working: Promise<void> | undefined;
  /** The commit that is on its way; resolves to whether it has landed. */
  #commit: Promise<boolean> | undefined;
  /** Transactions of which it is not known whether they were written. */
  readonly #unsettled: Waiting[] = [];
  /** Wakes who waits for a request, or for the commit that is on its way. */
  #wakeUp: (() => void) | undefined;
  /** Why nothing can be written any more. */
  #ended: DatabaseError | undefined;
  #onDeposed: (() => void) | undefined;
  readonly #letGo: () => void;

  private constructor(options: LocalWriterOptions, branch: WrittenBranch) {
    const { connection, log, lease } = options;
    this.#options = options;
    this.#branch = branch;
    this.#queue = new RequestQueue(options, () => {
      this.#wake();
      this.#work();
    });
    this.#keyed = new KeyedRequests(connection);
    this.#indexJob = new IndexJob({
      connection,
      log,
      threshold: options.foldThreshold ?? 200_000,
      quietMs: options.foldQuietMs ?? 5_000,
      newAddress: branch.newAddress,
      head: () => branch.head.db,
      isIdle: () => this.#working === undefined,
      onDone: () => this.#work(),
    });
    const stopWritingThrough = connection.writeThrough(this);
    // What follows the lost history must not be written after another one.
    const stopFollowing = connection.onAdvance((_, isRebuilt) => isRebuilt && this.#end(deposed()));
    this.#letGo = () => {
      stopWritingThrough();
      stopFollowing();
    };
    lease.onLost(() => this.#end(deposed()));
  }

  /** Starts from the root in the store, and finishes a purge that was cut short. */
  static async start(options: LocalWriterOptions): Promise<LocalWriter> {
    const branch = await WrittenBranch.open(options.connection, options.lease);
    if (branch.record.purge !== undefined) await finishPurge(branch, options.connection);
    return new LocalWriter(options, branch);
  }

  transact(request: TransactRequest): Promise<TransactResult> {
    const { key } = request;
    if (key !== undefined)
      return this.#keyed.transact(key, request, (name) => this.#enqueue(request, name));
    try {
      return this.#enqueue(request).answered;
    } catch (error) {
      return Promise.reject(error as Error);
    }
  }

  #enqueue(request: TransactRequest, name?: RequestName): Waiting {
    if (this.#ended !== undefined) throw this.#ended;
    return this.#queue.push(request, name);
  }

  /** Takes no more transactions; resolves when those that wait are answered and the lease is released. */
  async stop(): Promise<void> {
    this.#ended ??= new DatabaseError('WRITER_UNAVAILABLE', 'The writer is stopping; try again');
    this.#indexJob.stop();
    // An index job that ends leaves one more commit to make.
    while (this.#working !== undefined || this.#indexJob.ended !== undefined)
      await Promise.all([this.#working, this.#indexJob.ended]);
    this.#letGo();
    await this.#options.lease.release();
    if (!this.#isDeposed) this.#announce({ segments: null, isReleased: true });
  }

  /** Called once when another writer has taken over. */
  onDeposed(listener: () => void): void {
    if (this.#isDeposed) listener();
    else this.#onDeposed = listener;
  }

  /** Of the lease: each writer of a branch has a later one. */
  get epoch(): number {
    return this.#branch.epoch;
  }

  get #hasWork(): boolean {
    return this.#queue.length > 0 || this.#indexJob.isDone || this.#unsettled.length > 0;
  }

  #work(): void {
    this.#working ??= this.#writeAll()
      .catch((error: unknown) => this.#options.log.error({ event: 'writer failed', error }))
      .finally(() => {
        this.#working = undefined;
        if (this.#hasWork) this.#work();
      });
  }

  async #writeAll(): Promise<void> {
    let tip: Db | undefined;
    while (this.#hasWork || this.#commit !== undefined) {
      try {
        tip = await this.#writeNext(tip);
      } catch (error) {
        // Nothing of the batch was sent.
        tip = undefined;
        this.#options.log.error({ event: 'batch not written', error });
        if (error instanceof DatabaseError) this.#queue.take()?.refuse(error);
      }
    }
  }

  /** Applies a batch and sends it; gives the database after it, to go on from. Undefined where that is not known any more. */
  async #writeNext(tip: Db | undefined): Promise<Db | undefined> {
    let record: RootRecord | undefined;
    let start = tip;
    if (this.#indexJob.isDone || this.#branch.isUncertain || start === undefined) {
      await this.#landed();
      await this.#settle();
      const folded = this.#indexJob.take();
      if (folded !== undefined) record = await this.#branch.recordAfter(folded);
      ({ db: start } =
        record === undefined ? this.#branch.head : await this.#branch.rebased(record));
    }
    await this.#indexJob.waitForRoom();
    const batch = await this.#assemble(start, record !== undefined);
    if (!(await this.#landed())) {
      this.#putBack(batch);
      return undefined;
    }
    if (batch.isEmpty && record === undefined) return batch.db;
    const [first] = batch.applied;
    if (first !== undefined && isPurge(first.report)) {
      await this.#purge(first);
      return undefined;
    }
    this.#commit = this.#send(batch, record);
    return batch.db;
  }

  /** After a commit of unknown outcome the store says what happened, as soon as it answers. */
  async #settle(): Promise<void> {
    while (this.#branch.isUncertain)
      try {
        await this.#branch.settle();
      } catch (error) {
        this.#options.log.error({ event: 'root not read', error });
        // A writer that ends need not know.
        if (this.#ended !== undefined) break;
        await wait(RETRY_MS);
      }
    for (const waiting of this.#unsettled.splice(0)) waiting.settle();
    if (this.#branch.isUncertain) this.#queue.refuseAll(this.#ended);
  }

  /** Waits for the commit that is on its way; false where it did not land. */
  async #landed(): Promise<boolean> {
    const hasLanded = (await this.#commit) ?? true;
    this.#commit = undefined;
    return hasLanded;
  }

  /** Applies what waits and what comes while there is a commit to wait for anyway. */
  async #assemble(start: Db, isDue: boolean): Promise<Batch> {
    const { connection } = this.#options;
    const batch = new Batch(start);
    let hasLanded = this.#commit === undefined;
    void this.#commit?.then(() => {
      hasLanded = true;
      this.#wake();
    });
    while (!batch.isFull) {
      const waiting = this.#queue.take();
      if (waiting === undefined) {
        if (hasLanded || isDue) break;
        await this.#woken();
        continue;
      }
      const isTaken = batch.add(waiting, connection);
      if (!(isTaken instanceof Promise ? await isTaken : isTaken)) {
        this.#queue.putBack([waiting]);
        break;
      }
      if (batch.applied.length % APPLIED_PER_LOOK !== 0 || this.#commit === undefined) continue;
      if (!hasLanded) await nextTurn();
      if (hasLanded) break;
    }
    return batch;
  }

  /** Not a race of promises: to settle those that lost costs more than all of this. */
  #woken(): Promise<void> {
    return new Promise((resolve) => (this.#wakeUp = resolve));
  }

  #wake(): void {
    const wakeUp = this.#wakeUp;
    this.#wakeUp = undefined;
    wakeUp?.();
  }

  /** Never rejects: what went wrong is told to those who wait. */
  async #send(batch: Batch, record: RootRecord | undefined): Promise<boolean> {
    try {
      if (batch.applied.length > 0 || record !== undefined) await this.#write(batch, record);
      for (const { waiting, error } of batch.refused) waiting.refuse(error);
      return true;
    } catch (error) {
      this.#fail(
        batch.applied.map(({ waiting }) => waiting),
        error,
      );
      // They were refused by what has not happened.
      this.#queue.putBack(batch.refused.map(({ waiting }) => waiting));
      return false;
    }
  }

  #fail(sent: ReadonlyArray<Waiting>, error: unknown): void {
    if (this.#branch.isUncertain) {
      for (const waiting of sent) waiting.giveUp(error);
      this.#unsettled.push(...sent);
    } else for (const waiting of sent) waiting.refuse(error);
    if (error instanceof DatabaseError && error.code === 'WRITER_DEPOSED') this.#end(error);
  }

  async #write({ applied, db }: Batch, record: RootRecord | undefined): Promise<void> {
    const { store } = this.#options.connection;
    const named = applied[0]?.waiting.request.parents;
    const parents = named === undefined ? [] : await resolveParents(store, named);
    const stored = await this.#branch.commit({
      db,
      segments: applied.map(({ segment }) => segment),
      keys: applied.flatMap(({ waiting: { name }, report: { tx } }) =>
        name === undefined ? [] : [{ key: name.hash, tx }],
      ),
      parents,
      ...(record === undefined ? {} : { record }),
    });
    this.#publish(applied, record === undefined ? stored : null);
    if (this.#ended === undefined) this.#indexJob.startIfDue();
  }

  /** Answers when nothing of what was purged is left. */
  async #purge(applied: Applied): Promise<void> {
    const { connection } = this.#options;
    try {
      // The base trees that the index job makes would hold it.
      await this.#indexJob.ended;
      this.#indexJob.take();
      await commitPurge(this.#branch, connection, applied.report, applied.segment);
      this.#publish([], null);
      await finishPurge(this.#branch, connection);
      this.#publish([applied], null);
    } catch (error) {
      this.#fail([applied.waiting], error);
    }
  }

  /** Moves readers on and answers. Without segments readers look at the root. */
  #publish(applied: ReadonlyArray<Applied>, segments: ReadonlyArray<StoredSegment> | null): void {
    const { head } = this.#branch;
    this.#options.connection.advance(head);
    for (const { waiting, report } of applied) waiting.answer(resultOf(report, head.db.commit?.id));
    const sizeBytes = segments?.reduce((sum, { bytes }) => sum + bytes.length, 0) ?? 0;
    this.#announce({ segments: sizeBytes > MAX_ANNOUNCED_BYTES ? null : segments });
  }

  #announce(news: Pick<RootAnnouncement, 'segments' | 'isReleased'>): void {
    const { connection, bus, log } = this.#options;
    const { version, epoch, db } = this.#branch.head;
    bus
      .announce({
        database: connection.store.id,
        branch: connection.branch,
        version,
        epoch,
        basisTx: db.maxTx,
        ...news,
      })
      .catch((error: unknown) => log.error({ event: 'announcement not sent', error }));
  }

  /** To be applied again, after what did not land. */
  #putBack({ waiting }: Batch): void {
    if (this.#isDeposed) for (const each of waiting) each.refuse(this.#ended);
    else this.#queue.putBack(waiting);
  }

  get #isDeposed(): boolean {
    return this.#ended?.code === 'WRITER_DEPOSED';
  }

  #end(error: DatabaseError): void {
    this.#queue.refuseAll(error);
    if (this.#isDeposed) return;
    this.#ended = error;
    this.#indexJob.stop();
    this.#letGo();
    this.#onDeposed?.();
  }
}

function resultOf(report: TxReport, commitId: string | undefined): TransactResult {
  const { tx, instant, tempids, txData } = report;
  return { tx, instant, tempids, datomCount: txData.length, commitId, report };
}
