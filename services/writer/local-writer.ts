/**
 * The writer of a branch: one queue, one owner. Whatever waits is applied one transaction after the other and leaves in one commit; each
 * keeps its own transaction id and answer, and one that is refused does not disturb its neighbours. Beside it runs the index job, which
 * folds novelty into the base trees off the path of a commit.
 */
import { randomUUID } from 'node:crypto';
import type {
  CommitInfo,
  EdnData,
  Folded,
  Head,
  StoredSegment,
  TxReport,
} from '../../engine/index.ts';
import {
  DatabaseError,
  encodeRecord,
  encodeSegment,
  fold,
  rebaseHead,
  restoreHead,
  run,
  transact,
  withCommit,
} from '../../engine/index.ts';
import type { Bus } from '../bus/bus.ts';
import type { Connection } from '../connection/connection.ts';
import type { TransactRequest, TransactResult, Writer } from '../connection/writer-port.ts';
import type { Log } from '../shared/log.ts';
import type { LeaseKeeper } from './lease-keeper.ts';

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
  #head: Head;
  #record: Uint8Array;
  #indexedTx: number;
  /** The segments after the base trees, to put novelty together again on new ones. */
  #segments: StoredSegment[];
  #nextAddress: number;
  #working: Promise<void> | undefined;
  #folding: Promise<void> | undefined;
  /** Base trees that are stored and that the next commit names. */
  #folded: Folded | undefined;
  /** Why nothing can be written any more. */
  #ended: DatabaseError | undefined;
  /** Set after a commit of which it is not known whether it happened. */
  #isHeadUncertain = false;

  private constructor(
    options: LocalWriterOptions,
    head: Head,
    record: Uint8Array,
    segments: StoredSegment[],
  ) {
    this.#options = options;
    this.#queueLimit = options.queueLimit ?? 10_000;
    this.#foldThreshold = options.foldThreshold ?? 200_000;
    this.#head = head;
    this.#record = record;
    this.#indexedTx = head.db.indexedTx;
    this.#segments = segments;
    // Each epoch has addresses of its own, so what an earlier writer left unfinished is never met.
    this.#nextAddress = options.lease.epoch * 2 ** 32;
    options.lease.onLost(() => this.#end(deposed()));
  }

  /** Starts from the root in the store, whatever the connection knows. */
  static async start(options: LocalWriterOptions): Promise<LocalWriter> {
    const { connection } = options;
    const root = await connection.store.readRoot(connection.branch);
    if (root === undefined)
      throw new DatabaseError('DATABASE_NOT_FOUND', `There is no branch ${connection.branch}`);
    const head = await rebaseHead(connection.head, root, connection.nodes);
    connection.advance(head);
    return new LocalWriter(options, head, root.record, [...root.segments]);
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
        if (this.#isHeadUncertain) await this.#restoreHead();
        await this.#waitForRoom();
        await this.#writeBatch(batch);
      } catch (error) {
        // What went back to the queue is not answered yet: it will be written.
        const waiting = new Set(this.#queue);
        for (const each of batch) if (!waiting.has(each)) each.reject(error);
      }
    }
  }

  async #writeBatch(batch: ReadonlyArray<Waiting>): Promise<void> {
    const base = this.#takeFolded();
    const start = base === undefined ? this.#head : await this.#rebased(base);
    const { applied, head } = await this.#applyAll(start, batch);
    if (applied.length > 0 || base !== undefined) await this.#commit(head, applied, base);
  }

  /** Applies what waits, up to the size of a commit; what is left goes back to the front of the queue. */
  async #applyAll(
    start: Head,
    batch: ReadonlyArray<Waiting>,
  ): Promise<{ readonly applied: Applied[]; readonly head: Head }> {
    const applied: Applied[] = [];
    let db = start.db;
    let sizeBytes = 0;
    for (const [i, waiting] of batch.entries()) {
      if (sizeBytes > MAX_BATCH_BYTES) {
        this.#queue.unshift(...batch.slice(i));
        break;
      }
      try {
        const report = await run(transact(db, { ...waiting.request, now: new Date() }));
        const { tx, changes, dbAfter } = report;
        const bytes = await run(encodeSegment({ tx, maxEid: dbAfter.maxEid, changes }));
        applied.push({ waiting, report, segment: { tx, bytes } });
        db = dbAfter;
        sizeBytes += bytes.length;
      } catch (error) {
        waiting.reject(error);
      }
    }
    return { applied, head: { ...start, db } };
  }

  async #commit(
    head: Head,
    applied: ReadonlyArray<Applied>,
    base: Folded | undefined,
  ): Promise<void> {
    const { connection, lease } = this.#options;
    const { epoch } = lease;
    if (!(await lease.ensureHeld())) throw this.#end(deposed());
    const commit = applied.length > 0 ? this.#newCommit() : this.#head.db.commit;
    const segments = applied.map(({ segment }) => segment);
    const last = segments.pop();
    if (last !== undefined && commit !== undefined)
      segments.push({ tx: last.tx, bytes: withCommit(last.bytes, commit) });
    const record =
      base === undefined ? this.#record : encodeRecord({ config: head.db.config, ...base });
    const indexedTx = base?.indexedTx ?? this.#indexedTx;
    const { version } = this.#head;
    const { store, branch } = connection;
    let isCommitted: boolean;
    try {
      isCommitted = await store.commit({
        branch,
        id: applied.length > 0 ? commit?.id : undefined,
        expectedVersion: version,
        epoch,
        record,
        indexedTx,
        segments,
      });
    } catch (error) {
      this.#isHeadUncertain = true;
      throw error;
    }
    if (!isCommitted) throw this.#end(deposed());
    this.#head = { version: version + 1, epoch, db: { ...head.db, commit } };
    this.#record = record;
    this.#indexedTx = indexedTx;
    this.#segments = [...this.#segments.filter(({ tx }) => tx > indexedTx), ...segments];
    this.#publish(applied, segments, base !== undefined);
    this.#startFoldIfDue();
  }

  #newCommit(): CommitInfo {
    const { commit } = this.#head.db;
    return { id: randomUUID(), parents: commit === undefined ? [] : [commit.id] };
  }

  #publish(
    applied: ReadonlyArray<Applied>,
    segments: ReadonlyArray<StoredSegment>,
    isRebased: boolean,
  ): void {
    const { connection, bus, log } = this.#options;
    const head = this.#head;
    connection.advance(head);
    for (const { waiting, report } of applied) waiting.resolve(resultOf(report, head.db.commit));
    const sizeBytes = segments.reduce((sum, { bytes }) => sum + bytes.length, 0);
    bus
      .announce({
        database: connection.store.id,
        branch: connection.branch,
        version: head.version,
        epoch: head.epoch,
        basisTx: head.db.maxTx,
        // A reader takes the new base trees from the root.
        segments: isRebased || sizeBytes > MAX_ANNOUNCED_BYTES ? null : segments,
      })
      .catch((error: unknown) => log.error({ event: 'announcement not sent', error }));
  }

  #startFoldIfDue(): void {
    const { db } = this.#head;
    const isDue = db.novelty.size >= this.#foldThreshold;
    if (
      !isDue ||
      this.#folding !== undefined ||
      this.#folded !== undefined ||
      this.#ended !== undefined
    )
      return;
    this.#folding = this.#fold(this.#head)
      .catch((error: unknown) => this.#options.log.error({ event: 'index job failed', error }))
      .finally(() => {
        this.#folding = undefined;
        if (this.#folded !== undefined) this.#work();
      });
  }

  async #fold({ db }: Head): Promise<void> {
    const { connection, log } = this.#options;
    const startedAt = performance.now();
    const folded = await run(fold(db, connection.nodes, () => this.#nextAddress++));
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

  /** The head on new base trees, its novelty what came after them. */
  #rebased(base: Folded): Promise<Head> {
    const { version, epoch, db } = this.#head;
    const root = {
      version,
      epoch,
      record: encodeRecord({ config: db.config, ...base }),
      indexedTx: base.indexedTx,
      segments: this.#segments.filter(({ tx }) => tx > base.indexedTx),
    };
    return rebaseHead(this.#head, root, this.#options.connection.nodes);
  }

  /** Holds transactions back while they come faster than the index job folds them. */
  async #waitForRoom(): Promise<void> {
    const limit = this.#foldThreshold * MAX_OVERGROWTH;
    if (this.#head.db.novelty.size > limit && this.#folded === undefined) await this.#folding;
  }

  /** After a commit of unknown outcome the store says what happened. */
  async #restoreHead(): Promise<void> {
    const { connection } = this.#options;
    const root = await connection.store.readRoot(connection.branch);
    if (root === undefined) throw this.#end(deposed());
    this.#head = await restoreHead(root, connection.nodes);
    this.#record = root.record;
    this.#indexedTx = root.indexedTx;
    this.#segments = [...root.segments];
    this.#isHeadUncertain = false;
    connection.advance(this.#head);
  }

  #end(error: DatabaseError): DatabaseError {
    this.#ended ??= error;
    for (const { reject } of this.#queue.splice(0)) reject(this.#ended);
    return this.#ended;
  }
}

function resultOf(
  { tx, instant, tempids, txData }: TxReport,
  commit: CommitInfo | undefined,
): TransactResult {
  const datomCount = txData.length;
  const result = { tx, instant, tempids: new Map<EdnData, number>(tempids), datomCount };
  return commit === undefined ? result : { ...result, commitId: commit.id };
}

function deposed(): DatabaseError {
  return new DatabaseError(
    'WRITER_DEPOSED',
    'This process is not the writer of the branch any more; nothing was written. Send the transaction again',
  );
}
