/**
 * The port to storage: bytes by address, an append-only log, and one mutable root per branch. A store knows no datom
 * and no node. Every implementation passes the suite in `test/conformance/store-suite.ts`.
 */

import type { ReaderLeases, Retention, SweepState } from './retention.ts';

/**
 * Names an immutable blob of one database. Numbers are allocated by the writer: the epoch of its lease in the high bits, a
 * counter in the low 32, so that two writers can never give out the same one.
 */
export type Address = number;

export interface StoredNode {
  readonly address: Address;
  readonly bytes: Uint8Array;
}

export interface ListedNode {
  readonly address: Address;
  readonly sizeBytes: number;
}

/** One transaction of the log, encoded. */
export interface StoredSegment {
  readonly tx: number;
  readonly bytes: Uint8Array;
}

/** Where a branch stands. */
export interface StoredRoot {
  /** Grows by one with every commit. */
  readonly version: number;
  /** The epoch of the writer that committed this version. */
  readonly epoch: number;
  readonly record: Uint8Array;
  /** The last transaction that the base trees of the record hold; the log continues after it. */
  readonly indexedTx: number;
}

export interface RootWithLog extends StoredRoot {
  /** The segments after `indexedTx`, and after the transaction that was asked for, oldest first. */
  readonly segments: ReadonlyArray<StoredSegment>;
}

export interface Commit {
  readonly branch: string;
  /** The version this commit follows; 0 where the branch has none yet. */
  readonly expectedVersion: number;
  readonly epoch: number;
  readonly record: Uint8Array;
  readonly indexedTx: number;
  readonly segments: ReadonlyArray<StoredSegment>;
  /** Names the commit, as the text of a UUID; kept with its segments, and nowhere where it has none. */
  readonly id?: string | undefined;
  /** Kept with the segments: a branch finds its transactions by them for ever. None that it has already. */
  readonly keys?: ReadonlyArray<RequestKey> | undefined;
}

/** A request that one of the transactions of a commit answers. */
export interface RequestKey {
  /** 32 hexadecimal digits: the key itself may be of any length and say anything, so it is hashed. */
  readonly key: string;
  readonly tx: number;
}

/** Where a commit is found. */
export interface CommitPlace {
  /** A branch whose log holds all of the commit. */
  readonly branch: string;
  /** The last transaction of the commit. */
  readonly tx: number;
}

export interface ForkRequest {
  /** The branch to make. */
  readonly branch: string;
  /** Its log up to and including `tx` is that of this branch. */
  readonly origin: { readonly branch: string; readonly tx: number };
  readonly record: Uint8Array;
  readonly indexedTx: number;
  /** How many sweeps there were before what the record names was read, see `retention.ts`; without it the caller vouches for the nodes. */
  readonly sweeps?: number;
}

export interface Lease {
  readonly owner: string;
  /** Where the owner takes transactions from other processes, such as `http://127.0.0.1:4455`; null where it takes none. */
  readonly address: string | null;
  readonly epoch: number;
  /** How long from now the lease is still held, by the clock of the store. */
  readonly remainingMs: number;
}

export interface LeaseRequest {
  readonly branch: string;
  readonly owner: string;
  readonly address: string | null;
  readonly ttlMs: number;
}

/** An epoch of which a commit to a branch may still take effect. */
export interface BranchEpoch {
  readonly branch: string;
  readonly epoch: number;
  /** Whether it is that of a lease which is held. */
  readonly isHeld: boolean;
}

/** One database in a store. */
export interface Store {
  /** Identifies the database among all that a process may open; part of cache keys. */
  readonly id: string;

  /**
   * The bytes of each address, in the order asked for, in one round trip where the backend can.
   *
   * @throws STORE_CORRUPT where an address has no bytes
   */
  read(addresses: ReadonlyArray<Address>): Promise<ReadonlyArray<Uint8Array>>;

  /** Adds nodes that no root names yet. Durable before a later {@link commit} is. */
  write(nodes: ReadonlyArray<StoredNode>): Promise<void>;

  /**
   * The addresses and sizes of all nodes in batches, in no order, each once. Nodes that are written or deleted meanwhile may or
   * may not be among them.
   */
  listNodes(): AsyncIterable<ReadonlyArray<ListedNode>>;

  /**
   * Deletes nodes that no root names any more; no error where an address has none. Durable when it resolves, and the bytes
   * are gone from the storage as far as the backend can tell. A crash on the way may leave some of them, and a repeat then
   * completes it; it never loses another node. An address that was deleted is never written again.
   */
  deleteNodes(addresses: ReadonlyArray<Address>): Promise<void>;

  /**
   * The root of a branch with the log after it, or undefined where the branch does not exist. Who has the log up to a transaction asks for what
   * comes after that.
   */
  readRoot(branch: string, afterTx?: number): Promise<RootWithLog | undefined>;

  /** The version of the root alone, 0 where the branch does not exist: what a reader asks again and again. */
  readVersion(branch: string): Promise<number>;

  /**
   * Segments with `fromTx <= tx < toTx`, oldest first.
   */
  readLog(branch: string, fromTx: number, toTx: number): Promise<ReadonlyArray<StoredSegment>>;

  /**
   * Appends segments and moves the root, durably and in one step, if the branch still has the expected version and no later
   * epoch has been handed out. False where it has: then nothing was written.
   *
   * @throws BAD_USER_INPUT where the id is not the text of a UUID
   */
  commit(commit: Commit): Promise<boolean>;

  /**
   * A place of the commit with an id, or undefined where no branch holds it. Upper and lower case are the same. Where forks
   * share the commit, the branch may be any of them.
   */
  findCommit(id: string): Promise<CommitPlace | undefined>;

  /** Of the keys those that were committed to the branch itself (a fork does not have those of its origin), with their transactions. */
  findKeys(branch: string, keys: ReadonlyArray<string>): Promise<ReadonlyMap<string, number>>;

  /** The names of all branches that have a root, sorted. */
  branches(): Promise<ReadonlyArray<string>>;

  /**
   * Makes a branch at version 1 and epoch 0 that continues the log of another one, in one step. Its cost is that of the log
   * after `indexedTx`; what is before stays where it is. False where the branch exists: then nothing was written. After an
   * error that can be retried the fork may exist.
   *
   * @throws SNAPSHOT_EXPIRED where a sweep began after `sweeps` was read: then nothing was written, and the record has to be
   * made again
   * @throws NOT_FOUND with the kind `from-branch-does-not-point-to-existing-branch-or-commit`, where the origin does not exist
   */
  fork(request: ForkRequest): Promise<boolean>;

  /**
   * Ends a branch with its lease and its log; no error where there is none. What forks still need of its log stays readable
   * through them, until the last of them is deleted. A branch of the name may be made anew and knows nothing of the old
   * one, but whoever commits to it needs an epoch from a lease that was taken after the deletion.
   */
  deleteBranch(branch: string): Promise<void>;

  /**
   * Puts other bytes in place of the segments of the same transactions, durably; transactions that the log does not hold are
   * passed over. False where the epoch is older than that of the branch, or there is no branch: then nothing changed. A crash
   * on the way leaves the old or the new bytes of each segment, and a repeat completes it. Afterwards the old bytes are gone
   * from the storage as far as the backend can tell.
   *
   * What a branch inherits is rewritten where it is stored, so others that share it see it too; but forks also have copies.
   * To be rid of bytes the caller rewrites every branch, one after the other.
   *
   * @throws WRITER_DEPOSED where a later epoch was given out on the way: then some segments have their new bytes
   */
  rewriteLog(
    branch: string,
    epoch: number,
    segments: ReadonlyArray<StoredSegment>,
  ): Promise<boolean>;

  readonly leases: LeaseStore;

  /**
   * Says how often a branch was purged, as its root has it. Where copies of nodes are kept nearer than the store, those from before
   * a purge that this place has not heard of are dropped.
   */
  notePurges?(branch: string, purges: number): Promise<void>;

  /** Drops the copies of nodes that are kept nearer than the store: it was set back, and may have other nodes at their addresses. */
  dropCopies?(): Promise<void>;

  /** Whether what is read here may lag behind what was committed, as with a replica of the server. Where there is no such method it does not. */
  mayLag?(): Promise<boolean>;
  readonly retention: Retention;

  close(): Promise<void>;
}

/** The right to write a branch. Time is the clock of the store, never of the caller. */
export interface LeaseStore {
  /** The lease with a new epoch, or the lease of the holder that still lives. */
  acquire(request: LeaseRequest): Promise<{ readonly acquired: boolean; readonly lease: Lease }>;

  /** False where the lease was lost, or is that of another owner: a store that was set back gives out an epoch again. */
  renew(request: LeaseRequest & { readonly epoch: number }): Promise<boolean>;

  release(branch: string, epoch: number): Promise<void>;

  /** The lease of the branch while it is held. */
  current(branch: string): Promise<Lease | undefined>;

  /**
   * The epochs of all branches of which a commit may still take effect, also of branches without a root: at least the latest of
   * each, and no epoch that a later one put an end to. Whatever was given out before is not after the last of them.
   */
  epochs(): Promise<ReadonlyArray<BranchEpoch>>;

  /**
   * Keeps all epochs that were given out for a branch from committing, as a lease would that nobody has. False where the lease
   * is held: then nothing changed.
   */
  fence(branch: string): Promise<boolean>;
}

/** A branch of a database that is open. */
export interface BranchPlace {
  /** See {@link Store.id}. */
  readonly store: string;
  readonly branch: string;
}

/** A database, and where a branch of it stood when it was opened. */
export interface OpenedBranch {
  readonly store: Store;
  /** As they were before the root was read. */
  readonly sweeps: SweepState;
  /** Undefined where the branch does not exist. */
  readonly root: RootWithLog | undefined;
}

/** A place that holds databases by name. */
export interface StoreHost {
  /** @throws DATABASE_EXISTS */
  create(name: string): Promise<Store>;

  /** @throws DATABASE_NOT_FOUND */
  open(name: string): Promise<Store>;

  /** Opens a database and reads the root of a branch, in one round trip where the backend can. @throws DATABASE_NOT_FOUND */
  openBranch(name: string, branch: string): Promise<OpenedBranch>;

  list(): Promise<ReadonlyArray<string>>;

  readonly readers: ReaderLeases;

  /** Deletes a database and all that it stores; no error where there is none. */
  delete(name: string): Promise<void>;

  /**
   * Makes a database another one after its storage was set back to an earlier copy. Its id is new, so that nobody takes copies of its nodes for
   * what it has now. Its next epochs are so much later (`RENEWED_EPOCHS`) that no address is given out again of those that were lost; nobody
   * holds a lease of it, and no epoch that was given out before can commit. A crash on the way leaves the old id, and a repeat completes it.
   * Whoever has it open should open it anew.
   *
   * @throws DATABASE_NOT_FOUND, STORE_UNAVAILABLE where there are not so many epochs left
   */
  renew(name: string): Promise<void>;

  /**
   * The version of each branch, in the order asked for, as {@link Store.readVersion} tells it for one, in one round trip where the
   * backend can. 0 for a database that is gone, or that this host has not opened.
   */
  readVersions(places: ReadonlyArray<BranchPlace>): Promise<ReadonlyArray<number>>;

  close(): Promise<void>;
}
