/**
 * A store with copies of its nodes nearer by: in the memory of the process, or on a disk of the machine. Nodes never change,
 * so a copy is never stale. Everything else, roots and logs and leases, is asked of the store behind.
 *
 *     read -> front -- all that it lacks, in one round trip --> back
 *               ^------------ copies, afterwards ---------------'
 */
import { must } from '../shared/assert.ts';
import type {
  Address,
  Commit,
  CommitPlace,
  ForkRequest,
  LeaseStore,
  ListedNode,
  RootWithLog,
  Store,
  StoredNode,
  StoredSegment,
  StoreHost,
} from './store.ts';
import type { Retention } from './retention.ts';
import type { NodeFront } from './tiered/node-front.ts';

/** Shared by all stores of a host, however often a database is open. */
interface Tiers {
  readonly front: NodeFront;
  /** How often nodes were deleted: what was read from the back before must not be kept after. */
  deletions: number;
}

/**
 * The databases of another host, read through a front. Whatever happens to the front, the answers are those of the host.
 * Closing it closes both.
 */
export function tieredStoreHost(back: StoreHost, front: NodeFront): StoreHost {
  const tiers: Tiers = { front, deletions: 0 };
  return {
    create: async (name) => new TieredStore(await back.create(name), tiers),
    open: async (name) => new TieredStore(await back.open(name), tiers),
    async openBranch(name, branch) {
      const opened = await back.openBranch(name, branch);
      return { ...opened, store: new TieredStore(opened.store, tiers) };
    },
    list: () => back.list(),
    readVersions: (places) => back.readVersions(places),
    readers: back.readers,
    async delete(name) {
      const id = await idOf(back, name);
      await back.delete(name);
      tiers.deletions++;
      if (id !== undefined) await front.forgetDatabase(id).catch(ignore);
    },
    async renew(name) {
      const id = await idOf(back, name);
      await back.renew(name);
      if (id !== undefined) await front.forgetDatabase(id).catch(ignore);
    },
    async close() {
      await front.close().catch(ignore);
      await back.close();
    },
  };
}

/** Undefined where there is no such database, or nobody can tell: then its copies are in the way of others until they go. */
async function idOf(host: StoreHost, name: string): Promise<string | undefined> {
  try {
    const store = await host.open(name);
    await store.close();
    return store.id;
  } catch {
    return undefined;
  }
}

class TieredStore implements Store {
  readonly id: string;
  readonly leases: LeaseStore;
  readonly retention: Retention;
  readonly #back: Store;
  readonly #tiers: Tiers;

  constructor(back: Store, tiers: Tiers) {
    this.id = back.id;
    this.leases = back.leases;
    this.retention = back.retention;
    this.#back = back;
    this.#tiers = tiers;
  }

  async read(addresses: ReadonlyArray<Address>): Promise<ReadonlyArray<Uint8Array>> {
    const { front, deletions } = this.#tiers;
    const near = await front.read(this.id, addresses).catch(() => NO_COPIES);
    const missing = [...new Set(addresses)].filter((address) => !near.has(address));
    const far = new Map<Address, Uint8Array>();
    if (missing.length > 0) {
      const blocks = await this.#back.read(missing);
      const nodes = missing.map((address, i) => ({ address, bytes: must(blocks[i], 'a block') }));
      for (const { address, bytes } of nodes) far.set(address, bytes);
      if (this.#tiers.deletions === deletions) front.keep(this.id, nodes);
    }
    return addresses.map((address) => must(near.get(address) ?? far.get(address), 'a node'));
  }

  write(nodes: ReadonlyArray<StoredNode>): Promise<void> {
    return this.#back.write(nodes); // its writer has them in memory already
  }

  listNodes(): AsyncIterable<ReadonlyArray<ListedNode>> {
    return this.#back.listNodes();
  }

  async deleteNodes(addresses: ReadonlyArray<Address>): Promise<void> {
    try {
      await this.#back.deleteNodes(addresses);
    } finally {
      this.#tiers.deletions++;
      await this.#tiers.front.forget(this.id, addresses).catch(ignore);
    }
  }

  readRoot(branch: string, afterTx?: number): Promise<RootWithLog | undefined> {
    return this.#back.readRoot(branch, afterTx);
  }

  readVersion(branch: string): Promise<number> {
    return this.#back.readVersion(branch);
  }

  readLog(branch: string, fromTx: number, toTx: number): Promise<ReadonlyArray<StoredSegment>> {
    return this.#back.readLog(branch, fromTx, toTx);
  }

  commit(commit: Commit): Promise<boolean> {
    return this.#back.commit(commit);
  }

  findCommit(id: string): Promise<CommitPlace | undefined> {
    return this.#back.findCommit(id);
  }

  findKeys(branch: string, keys: ReadonlyArray<string>): Promise<ReadonlyMap<string, number>> {
    return this.#back.findKeys(branch, keys);
  }

  branches(): Promise<ReadonlyArray<string>> {
    return this.#back.branches();
  }

  fork(request: ForkRequest): Promise<boolean> {
    return this.#back.fork(request);
  }

  deleteBranch(branch: string): Promise<void> {
    return this.#back.deleteBranch(branch);
  }

  rewriteLog(
    branch: string,
    epoch: number,
    segments: ReadonlyArray<StoredSegment>,
  ): Promise<boolean> {
    return this.#back.rewriteLog(branch, epoch, segments);
  }

  async notePurges(branch: string, purges: number): Promise<void> {
    this.#tiers.deletions++;
    await this.#tiers.front.notePurges(this.id, branch, purges).catch(ignore);
  }

  async dropCopies(): Promise<void> {
    this.#tiers.deletions++;
    await this.#tiers.front.drop(this.id).catch(ignore);
  }

  async mayLag(): Promise<boolean> {
    return (await this.#back.mayLag?.()) ?? false;
  }

  /** The front belongs to the host. */
  close(): Promise<void> {
    return this.#back.close();
  }
}

const NO_COPIES: ReadonlyMap<Address, Uint8Array> = new Map();

function ignore(): void {}
