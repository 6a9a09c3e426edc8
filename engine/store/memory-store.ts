/**
 * A store in the memory of this process, and the reference for every other one: each method is a single synchronous step,
 * so that nothing can come between its check and its effect.
 */
import { idToStore, parseCommitId } from './commit-id.ts';
import { RENEWED_EPOCHS, nextEpoch } from './epoch.ts';
import { checkName } from './names.ts';
import { MemoryReaders, MemoryRetention } from './memory-retention.ts';
import { openBranchOf } from './open-branch.ts';
import {
  databaseExists,
  databaseNotFound,
  missingNode,
  originNotFound,
  snapshotSwept,
} from './store-errors.ts';
import { readVersionsOf } from './versions.ts';
import type {
  Address,
  BranchEpoch,
  Commit,
  CommitPlace,
  ForkRequest,
  Lease,
  LeaseRequest,
  LeaseStore,
  ListedNode,
  RootWithLog,
  Store,
  StoredNode,
  StoredRoot,
  StoredSegment,
  StoreHost,
} from './store.ts';

export interface MemoryStoreOptions {
  /** The clock of the leases, in milliseconds; the monotonic clock of the process where it is not given. */
  readonly nowMs?: () => number;
}

/** A host whose databases live as long as it does. */
export function createMemoryStoreHost(options: MemoryStoreOptions = {}): StoreHost {
  const nowMs = options.nowMs ?? (() => performance.now());
  const stores = new Map<string, MemoryStore>();
  const readers = new MemoryReaders(nowMs);
  const open = (name: string): MemoryStore => {
    const store = stores.get(name);
    if (store === undefined) throw databaseNotFound(name);
    return store;
  };
  return {
    readers,
    async create(name) {
      checkName('database', name);
      if (stores.has(name)) throw databaseExists(name);
      const store = new MemoryStore(nowMs, readers);
      stores.set(name, store);
      return store;
    },
    open: async (name) => open(name),
    openBranch: async (name, branch) => openBranchOf(open(name), branch),
    list: async () => [...stores.keys()].sort(),
    async delete(name) {
      stores.delete(name);
    },
    async renew(name) {
      open(name).renew();
    },
    readVersions: (places) => readVersionsOf(stores.values(), places),
    async close() {},
  };
}

interface Holder {
  readonly owner: string;
  readonly address: string | null;
  readonly epoch: number;
  readonly expiresAtMs: number;
}

interface LogEntry {
  /** Replaced where the log is rewritten, for all branches that share the entry. */
  segment: StoredSegment;
  /** That of the commit, where this is its last segment. */
  readonly commitId: string | undefined;
}

interface Branch {
  root: StoredRoot | undefined;
  /** That of a fork begins with the entries of its origin. */
  readonly log: LogEntry[];
  holder: Holder | undefined;
  /** Transactions by the keys of their requests. */
  readonly keys: Map<string, number>;
  /** The latest epoch that may write here: that of the last lease, or of the commit that made the branch. */
  epoch: number;
}

class MemoryStore implements Store {
  id = newId();
  readonly leases: MemoryLeases;
  readonly retention: MemoryRetention;
  readonly #nodes = new Map<Address, Uint8Array>();
  readonly #branches = new Map<string, Branch>();

  constructor(nowMs: () => number, readers: MemoryReaders) {
    this.leases = new MemoryLeases(this.id, this.#branches, nowMs);
    this.retention = new MemoryRetention(readers);
  }

  async read(addresses: ReadonlyArray<Address>): Promise<ReadonlyArray<Uint8Array>> {
    return addresses.map((address) => {
      const bytes = this.#nodes.get(address);
      if (bytes === undefined) throw missingNode(this.id, address);
      return bytes;
    });
  }

  async write(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    for (const node of nodes) {
      if (!this.#nodes.has(node.address)) this.#nodes.set(node.address, node.bytes);
    }
  }

  async *listNodes(): AsyncGenerator<ReadonlyArray<ListedNode>> {
    if (this.#nodes.size > 0)
      yield Array.from(this.#nodes, ([address, { length }]) => ({ address, sizeBytes: length }));
  }

  async deleteNodes(addresses: ReadonlyArray<Address>): Promise<void> {
    for (const address of addresses) this.#nodes.delete(address);
  }

  async readRoot(branch: string, afterTx = 0): Promise<RootWithLog | undefined> {
    const state = this.#branches.get(branch);
    if (state?.root === undefined) return undefined;
    const { root, log } = state;
    const from = Math.max(root.indexedTx, afterTx) + 1;
    return { ...root, segments: segmentsOf(log.slice(firstIndexFrom(log, from))) };
  }

  async readVersion(branch: string): Promise<number> {
    return this.#branches.get(branch)?.root?.version ?? 0;
  }

  async readLog(
    branch: string,
    fromTx: number,
    toTx: number,
  ): Promise<ReadonlyArray<StoredSegment>> {
    const log = this.#branches.get(branch)?.log ?? [];
    return segmentsOf(log.slice(firstIndexFrom(log, fromTx), firstIndexFrom(log, toTx)));
  }

  async commit(commit: Commit): Promise<boolean> {
    checkName('branch', commit.branch);
    const commitId = idToStore(commit);
    const state = branchOf(this.#branches, commit.branch);
    const version = state.root?.version ?? 0;
    if (version !== commit.expectedVersion || commit.epoch < state.epoch) return false;
    const { epoch, record, indexedTx, segments } = commit;
    const last = segments.at(-1);
    for (const segment of segments) {
      state.log.push({ segment, commitId: segment === last ? commitId : undefined });
    }
    for (const { key, tx } of commit.keys ?? []) state.keys.set(key, tx);
    state.root = { version: version + 1, epoch, record, indexedTx };
    state.epoch = epoch;
    return true;
  }

  async findKeys(
    branch: string,
    keys: ReadonlyArray<string>,
  ): Promise<ReadonlyMap<string, number>> {
    const known = this.#branches.get(branch)?.keys;
    return new Map(
      keys.flatMap((key): ReadonlyArray<readonly [string, number]> => {
        const tx = known?.get(key);
        return tx === undefined ? [] : [[key, tx]];
      }),
    );
  }

  async findCommit(id: string): Promise<CommitPlace | undefined> {
    const commitId = parseCommitId(id);
    if (commitId === undefined) return undefined;
    for (const [branch, { log }] of this.#branches) {
      const entry = log.find((each) => each.commitId === commitId);
      if (entry !== undefined) return { branch, tx: entry.segment.tx };
    }
    return undefined;
  }

  async branches(): Promise<ReadonlyArray<string>> {
    const living = Array.from(this.#branches).filter(([, { root }]) => root !== undefined);
    return living.map(([name]) => name).sort();
  }

  async fork({ branch, origin, record, indexedTx, sweeps }: ForkRequest): Promise<boolean> {
    checkName('branch', branch);
    if (this.#branches.get(branch)?.root !== undefined) return false;
    const source = this.#branches.get(origin.branch);
    if (source?.root === undefined) throw originNotFound(origin.branch);
    if (sweeps !== undefined && sweeps !== this.retention.sweeps) throw snapshotSwept(branch);
    const state = branchOf(this.#branches, branch);
    for (const entry of source.log.slice(0, firstIndexFrom(source.log, origin.tx + 1))) {
      state.log.push(entry);
    }
    state.root = { version: 1, epoch: 0, record, indexedTx };
    return true;
  }

  async deleteBranch(branch: string): Promise<void> {
    if (!this.#branches.has(branch)) return;
    const epoch = this.leases.nextEpoch();
    // What is left of it keeps its writers from the next branch of the name.
    this.#branches.set(branch, { ...emptyBranch(), epoch });
  }

  async rewriteLog(
    branch: string,
    epoch: number,
    segments: ReadonlyArray<StoredSegment>,
  ): Promise<boolean> {
    const state = this.#branches.get(branch);
    if (state?.root === undefined || epoch < state.epoch) return false;
    for (const segment of segments) {
      const entry = state.log[firstIndexFrom(state.log, segment.tx)];
      if (entry?.segment.tx === segment.tx) entry.segment = segment;
    }
    return true;
  }

  /** See {@link StoreHost.renew}. */
  renew(): void {
    const epoch = this.leases.nextEpoch(RENEWED_EPOCHS);
    for (const state of this.#branches.values()) Object.assign(state, { epoch, holder: undefined });
    this.id = newId();
  }

  async close(): Promise<void> {}
}

function newId(): string {
  return `memory:${crypto.randomUUID()}`;
}

class MemoryLeases implements LeaseStore {
  readonly #database: string;
  readonly #branches: Map<string, Branch>;
  readonly #nowMs: () => number;

  constructor(database: string, branches: Map<string, Branch>, nowMs: () => number) {
    this.#database = database;
    this.#branches = branches;
    this.#nowMs = nowMs;
  }

  async acquire(
    request: LeaseRequest,
  ): Promise<{ readonly acquired: boolean; readonly lease: Lease }> {
    checkName('branch', request.branch);
    const held = this.#held(request.branch);
    if (held !== undefined && held.owner !== request.owner) return { acquired: false, lease: held };
    const epoch = this.nextEpoch();
    const state = branchOf(this.#branches, request.branch);
    state.epoch = epoch;
    state.holder = this.#holder(request, epoch);
    const { owner, address, ttlMs } = request;
    return { acquired: true, lease: { owner, address, epoch, remainingMs: ttlMs } };
  }

  async renew(request: LeaseRequest & { readonly epoch: number }): Promise<boolean> {
    const held = this.#held(request.branch);
    if (held?.epoch !== request.epoch || held.owner !== request.owner) return false;
    branchOf(this.#branches, request.branch).holder = this.#holder(request, request.epoch);
    return true;
  }

  async release(branch: string, epoch: number): Promise<void> {
    const state = this.#branches.get(branch);
    if (state?.holder?.epoch === epoch) state.holder = undefined;
  }

  async current(branch: string): Promise<Lease | undefined> {
    return this.#held(branch);
  }

  async epochs(): Promise<ReadonlyArray<BranchEpoch>> {
    return Array.from(this.#branches, ([branch, { epoch }]) => ({
      branch,
      epoch,
      isHeld: this.#held(branch)?.epoch === epoch,
    }));
  }

  async fence(branch: string): Promise<boolean> {
    if (this.#held(branch) !== undefined) return false;
    const epoch = this.nextEpoch();
    branchOf(this.#branches, branch).epoch = epoch;
    return true;
  }

  nextEpoch(step?: number): number {
    const latest = Math.max(0, ...Array.from(this.#branches.values(), (branch) => branch.epoch));
    return nextEpoch(latest, this.#database, step);
  }

  #held(branch: string): Lease | undefined {
    const state = this.#branches.get(branch);
    if (state?.holder === undefined) return undefined;
    const remainingMs = state.holder.expiresAtMs - this.#nowMs();
    if (remainingMs <= 0) return undefined;
    const { owner, address, epoch } = state.holder;
    return { owner, address, epoch, remainingMs };
  }

  #holder({ owner, address, ttlMs }: LeaseRequest, epoch: number): Holder {
    return { owner, address, epoch, expiresAtMs: this.#nowMs() + ttlMs };
  }
}

function branchOf(branches: Map<string, Branch>, name: string): Branch {
  let branch = branches.get(name);
  if (branch === undefined) {
    branch = emptyBranch();
    branches.set(name, branch);
  }
  return branch;
}

function emptyBranch(): Branch {
  return { root: undefined, log: [], keys: new Map(), holder: undefined, epoch: 0 };
}

function segmentsOf(log: ReadonlyArray<LogEntry>): StoredSegment[] {
  return log.map(({ segment }) => segment);
}

/** The index of the first segment whose transaction is not before `tx`; a binary search. */
function firstIndexFrom(log: ReadonlyArray<LogEntry>, tx: number): number {
  let low = 0;
  let high = log.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    const entry = log[middle];
    if (entry !== undefined && entry.segment.tx < tx) low = middle + 1;
    else high = middle;
  }
  return low;
}
