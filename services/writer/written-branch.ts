/**
 * A branch as its writer knows it: the head, the root record, and the segments after its base trees. Moved forward by commits, each one
 * durable step.
 */
import { randomUUID } from 'node:crypto';
import type {
  CommitInfo,
  Db,
  Folded,
  Head,
  RootRecord,
  RequestKey,
  RootWithLog,
  StoredSegment,
} from '../../engine/index.ts';
import {
  DatabaseError,
  addressesOfRecord,
  comesAfter,
  contentCommit,
  decodeRecord,
  encodeRecord,
  extendHead,
  hashOfTrees,
  ofCommit,
  pastNode,
  rebaseHead,
  restoreHead,
  withCommit,
} from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { LeaseKeeper } from './lease-keeper.ts';

export interface Step {
  /** The database after the step. */
  readonly db: Db;
  /** The transactions of the step, which follow the last one. */
  readonly segments: ReadonlyArray<StoredSegment>;
  /** Of the requests that the transactions answer. */
  readonly keys?: ReadonlyArray<RequestKey>;
  /** Commits that it follows beside the last one. */
  readonly parents?: ReadonlyArray<string>;
  /** What the root says from now on, where that changes. */
  readonly record?: RootRecord;
}

export class WrittenBranch {
  readonly #connection: Connection;
  readonly #lease: LeaseKeeper;
  #head: Head;
  #record: RootRecord;
  /** To put novelty together again on new base trees: these hold whatever was there when this writer began. */
  #segments: StoredSegment[] = [];
  #nextAddress: number;
  #lastEncoded: { readonly record: RootRecord; readonly bytes: Uint8Array } | undefined;
  /** Set after a commit of which it is not known whether it happened. */
  #isUncertain = false;

  private constructor(connection: Connection, lease: LeaseKeeper, head: Head, root: RootWithLog) {
    this.#connection = connection;
    this.#lease = lease;
    this.#head = head;
    this.#record = decodeRecord(root.record);
    // Each epoch has addresses of its own, so what an earlier writer left unfinished is never met.
    this.#nextAddress = lease.epoch * 2 ** 32;
  }

  /** Starts from the root in the store. Who has followed the branch reads and applies no more than what is new. */
  static async open(connection: Connection, lease: LeaseKeeper): Promise<WrittenBranch> {
    // Where the store was set back, the connection finds out here.
    await connection.refresh();
    const [root, head] = await connection.reading(() => newestHead(connection));
    connection.advance(head);
    return new WrittenBranch(connection, lease, head, root);
  }

  get head(): Head {
    return this.#head;
  }

  get record(): RootRecord {
    return this.#record;
  }

  get epoch(): number {
    return this.#lease.epoch;
  }

  /** An address that was never given before. */
  readonly newAddress = (): number => this.#nextAddress++;

  /**
   * The record with other base trees, which forgets those that it had. No index job may be under way but the one that made them: what it
   * has stored is not named then and never will be.
   */
  recordWith({ indexedTx, maxEid, commit, roots }: Folded): RootRecord {
    const unnamedFrom = this.#nextAddress;
    return { ...this.#record, indexedTx, maxEid, commit, roots, unnamedFrom, past: undefined };
  }

  /** The same, with the trees that it had among those that are retained for a while. */
  async recordAfter(folded: Folded): Promise<RootRecord> {
    const { store } = this.#connection;
    if (addressesOfRecord(this.#record).length === 0) return this.recordWith(folded);
    const past = await pastNode(store, this.#record, this.newAddress);
    await store.write([past]);
    return { ...this.recordWith(folded), past: past.address };
  }

  /** The head on new base trees, its novelty what came after them. */
  async rebased(record: RootRecord): Promise<Head> {
    const { version, epoch } = this.#head;
    const { indexedTx } = record;
    const segments = this.#segments.filter(({ tx }) => tx > indexedTx);
    const root = { version, epoch, record: encodeRecord(record), indexedTx, segments };
    const head = await rebaseHead(this.#head, root, this.#connection.nodes);
    // While no root names the new trees and the old ones are named, so neither can be collected before they are held.
    await this.#connection.hold();
    return head;
  }

  /** Whether {@link settle} has something to do. */
  get isUncertain(): boolean {
    return this.#isUncertain;
  }

  /** After a commit of unknown outcome the store says what happened. */
  async settle(): Promise<void> {
    if (!this.#isUncertain) return;
    await this.#connection.refresh();
    const [root, head] = await this.#connection.reading(async () => {
      const read = await readRoot(this.#connection);
      return [read, await restoreHead(read, this.#connection.nodes)] as const;
    });
    this.#head = head;
    this.#record = decodeRecord(root.record);
    this.#segments = [...root.segments];
    this.#isUncertain = false;
    this.#connection.advance(this.#head);
  }

  /**
   * Writes a step; gives its segments as they are stored.
   *
   * @throws WRITER_DEPOSED where another writer has taken over; then nothing was written
   */
  async commit({
    db,
    segments,
    keys = [],
    parents = [],
    record,
  }: Step): Promise<ReadonlyArray<StoredSegment>> {
    const { store, branch } = this.#connection;
    if (!(await this.#lease.ensureHeld())) throw deposed();
    const root = record ?? this.#record;
    const info = segments.length > 0 ? this.#nextCommit(root, segments, parents) : undefined;
    const stored = info === undefined ? segments : withInfo(segments, info);
    const next = this.#recordAfter(root, segments, info);
    const { version } = this.#head;
    let isCommitted: boolean;
    try {
      isCommitted = await store.commit({
        branch,
        id: info?.id,
        expectedVersion: version,
        epoch: this.epoch,
        record: this.#encoded(next),
        indexedTx: next.indexedTx,
        segments: stored,
        keys,
      });
    } catch (error) {
      this.#isUncertain = true;
      throw error;
    }
    if (!isCommitted) throw deposed();
    const commit = info ?? this.#head.db.commit;
    const { epoch } = this;
    this.#head = { version: version + 1, epoch, db: ofCommit(db, commit), purges: next.purges };
    this.#record = next;
    // There may be very many, so they are gone through where the base trees change and not for each commit.
    for (const segment of stored) this.#segments.push(segment);
    if (record !== undefined)
      this.#segments = this.#segments.filter(({ tx }) => tx > next.indexedTx);
    return stored;
  }

  /** The record changes with the base trees, not with each commit. */
  #encoded(record: RootRecord): Uint8Array {
    if (this.#lastEncoded?.record !== record)
      this.#lastEncoded = { record, bytes: encodeRecord(record) };
    return this.#lastEncoded.bytes;
  }

  /** A record of trees that hold these transactions already names their commit. */
  #recordAfter(
    record: RootRecord,
    segments: ReadonlyArray<StoredSegment>,
    commit: CommitInfo | undefined,
  ): RootRecord {
    return record.indexedTx === segments.at(-1)?.tx ? { ...record, commit } : record;
  }

  #nextCommit(
    { config, roots }: RootRecord,
    segments: ReadonlyArray<StoredSegment>,
    others: ReadonlyArray<string>,
  ): CommitInfo {
    const last = this.#head.db.commit?.id;
    const parents = [...new Set(last === undefined ? others : [last, ...others])];
    // In the order of time, so that neighbours in the log are neighbours in an index of ids.
    if (!config.cryptoHash) return { id: timeOrderedUuid(), parents };
    return contentCommit(
      parents,
      hashOfTrees(roots),
      segments.map(({ bytes }) => bytes),
    );
  }
}

/** A UUID of version 7: the time in milliseconds, and what is random of one of version 4, which Node has in store. */
function timeOrderedUuid(): string {
  const time = Date.now().toString(16).padStart(12, '0');
  return `${time.slice(0, 8)}-${time.slice(8)}-7${randomUUID().slice(15)}`;
}

function withInfo(
  segments: ReadonlyArray<StoredSegment>,
  info: CommitInfo,
): ReadonlyArray<StoredSegment> {
  return segments.map(({ tx, bytes }, i) =>
    i === segments.length - 1 ? { tx, bytes: withCommit(bytes, info) } : { tx, bytes },
  );
}

/** The root in the store, and the head there, made of what the connection knows. @throws WRITER_DEPOSED where that is of another history */
async function newestHead(connection: Connection): Promise<readonly [RootWithLog, Head]> {
  const { head: known, store, branch, nodes } = connection;
  const { maxTx } = known.db;
  // With the last one that is known, which tells whether the two are of one history.
  const news = await readRoot(connection, maxTx - 1);
  if (!(await comesAfter(known, news, store, branch))) throw deposed();
  if (news.version === known.version) return [news, known];
  const segments = news.segments.filter(({ tx }) => tx > maxTx);
  const extended = await extendHead(known, { ...news, segments });
  if (extended !== undefined) return [news, extended];
  const root = await readRoot(connection);
  return [root, await rebaseHead(known, root, nodes)];
}

async function readRoot({ store, branch }: Connection, afterTx = 0): Promise<RootWithLog> {
  const root = await store.readRoot(branch, afterTx);
  if (root !== undefined) return root;
  throw new DatabaseError('DATABASE_NOT_FOUND', `There is no branch ${branch}`);
}

export function deposed(): DatabaseError {
  return new DatabaseError(
    'WRITER_DEPOSED',
    'This process is not the writer of the branch any more; nothing was written. Send the transaction again',
  );
}
