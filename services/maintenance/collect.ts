/**
 * Collecting: nodes that nothing needs any more are deleted, while writers and readers go on. What is needed is always derived from roots, and
 * never from what somebody noted as free; the README of this room says why no race can delete a node that is needed.
 */
import type { RootWithLog, Store } from '../../engine/index.ts';
import {
  DatabaseError,
  Reachable,
  addressOfMissing,
  addressesOfRecord,
  decodeRecord,
  giveWay,
  pastTrees,
} from '../../engine/index.ts';
import type { InFlight } from './in-flight.ts';
import { inFlightAddresses } from './in-flight.ts';

export interface CollectOptions {
  /** Trees that were replaced less than so long ago are kept, by the clock of the store; 0 by default. */
  readonly retainMs?: number;
  /** Whether only the roots of branches count, as after a purge: not what readers hold, and no retained trees but those of other branches. */
  readonly isPurge?: boolean;
  readonly signal?: AbortSignal;
  /** Called again and again with how many nodes were looked at. */
  readonly onProgress?: (nodes: number) => void;
}

export interface Amount {
  readonly nodes: number;
  readonly bytes: number;
}

export interface CollectReport {
  readonly kept: Amount;
  /** Of {@link kept}: nodes that a writer may be about to name. */
  readonly inFlight: Amount;
  readonly freed: Amount;
  /** Of {@link freed}: what a writer left that ended before it named it; the rest was replaced. */
  readonly unfinished: Amount;
  /** The oldest trees that are kept although they were replaced, and when that was. */
  readonly oldestRetained: { readonly tx: number; readonly replacedAt: Date } | undefined;
  readonly durationMs: number;
}

/** So many addresses go to the store at once: it may rewrite whole files for them. */
const MAX_DELETED_TOGETHER = 1_000_000;

/**
 * Deletes every node that is reachable from no root of a branch, no trees that are retained, and nothing that a reader holds, and that no
 * writer may be about to name.
 *
 * @throws STORE_CORRUPT where a node of a root is missing or damaged, CANCELLED where the signal says so; what was deleted until then was garbage
 */
export async function collectNodes(
  store: Store,
  options: CollectOptions = {},
): Promise<CollectReport> {
  const startedAt = performance.now();
  const collection = new Collection(store, options);
  await collection.mark();
  await collection.sweep();
  return { ...collection.report(), durationMs: Math.round(performance.now() - startedAt) };
}

class Tally {
  nodes = 0;
  bytes = 0;

  add(sizeBytes: number): void {
    this.nodes++;
    this.bytes += sizeBytes;
  }

  get amount(): Amount {
    return { nodes: this.nodes, bytes: this.bytes };
  }
}

class Collection {
  readonly #store: Store;
  readonly #options: CollectOptions;
  readonly #needed: Reachable;
  readonly #roots = new Map<string, RootWithLog>();
  readonly #kept = new Tally();
  readonly #moving = new Tally();
  readonly #freed = new Tally();
  readonly #unfinished = new Tally();
  #keptSinceMs = 0;
  #oldestRetained: CollectReport['oldestRetained'];
  #inFlight: InFlight | undefined;

  constructor(store: Store, options: CollectOptions) {
    this.#store = store;
    this.#options = options;
    this.#needed = new Reachable(store);
  }

  /** Epochs before roots, and roots and what is held both before and after the sweep is begun: see the README. */
  async mark(): Promise<void> {
    const { retention, leases } = this.#store;
    const { retainMs = 0, isPurge = false } = this.#options;
    const { keptSinceMs } = await retention.state();
    this.#keptSinceMs = isPurge
      ? keptSinceMs
      : Math.max(keptSinceMs, (await retention.nowMs()) - retainMs);
    const epochs = await leases.epochs();
    await this.#markOnce(isPurge);
    await retention.begin(this.#keptSinceMs);
    await this.#markOnce(isPurge);
    this.#inFlight = inFlightAddresses(epochs, this.#roots);
  }

  async sweep(): Promise<void> {
    const inFlight = this.#inFlight;
    if (inFlight === undefined) throw new Error('Expected nodes to be marked before the sweep');
    const garbage = new Garbage(this.#store);
    /** By branch: what nobody can name any more once its last writer is kept from it. */
    const abandoned = new Map<string, Array<readonly [address: number, sizeBytes: number]>>();
    for await (const nodes of this.#store.listNodes()) {
      this.#checkSignal();
      for (const { address, sizeBytes } of nodes) {
        const writer = this.#needed.addresses.has(address) ? 'named' : inFlight.writerOf(address);
        if (writer === 'named' || writer === 'living') {
          this.#kept.add(sizeBytes);
          if (writer === 'living') this.#moving.add(sizeBytes);
        } else if (writer === 'none') {
          this.#freed.add(sizeBytes);
          garbage.add(address);
        } else {
          const found = abandoned.get(writer.branch);
          if (found === undefined) abandoned.set(writer.branch, [[address, sizeBytes]]);
          else found.push([address, sizeBytes]);
        }
      }
      if (garbage.isLarge) await garbage.delete();
      this.#options.onProgress?.(this.#kept.nodes + this.#freed.nodes);
      await giveWay();
    }
    for (const [branch, nodes] of abandoned) {
      const isAbandoned = await this.#putEndTo(branch);
      for (const [address, sizeBytes] of nodes) {
        for (const tally of isAbandoned
          ? [this.#freed, this.#unfinished]
          : [this.#kept, this.#moving])
          tally.add(sizeBytes);
        if (isAbandoned) garbage.add(address);
      }
    }
    await garbage.delete();
  }

  report(): Omit<CollectReport, 'durationMs'> {
    return {
      kept: this.#kept.amount,
      inFlight: this.#moving.amount,
      freed: this.#freed.amount,
      unfinished: this.#unfinished.amount,
      oldestRetained: this.#oldestRetained,
    };
  }

  async #markOnce(isPurge: boolean): Promise<void> {
    this.#roots.clear();
    for (const branch of await this.#store.branches()) await this.#markBranch(branch);
    if (!isPurge) await this.#needed.addBelow(await this.#store.retention.held());
  }

  async #markBranch(branch: string): Promise<void> {
    for (;;) {
      this.#checkSignal();
      const root = await this.#store.readRoot(branch);
      if (root === undefined) return;
      const record = decodeRecord(root.record);
      try {
        await this.#needed.addTrees(record.roots);
      } catch (error) {
        if (addressOfMissing(error) === undefined || !(await this.#hasMoved(branch, root)))
          throw error;
        // The branch went on to other trees, and another collection took these.
        continue;
      }
      this.#roots.set(branch, root);
      this.#needed.addNodes(record.purge?.lists ?? []);
      for await (const { address, trees } of pastTrees(this.#store, record, this.#keptSinceMs)) {
        this.#needed.addNodes([address]);
        for (const past of trees) {
          await this.#needed.addTreesIfThere(past.record.roots);
          this.#noteRetained(past.record.indexedTx, past.replacedAtMs);
        }
      }
      return;
    }
  }

  async #hasMoved(branch: string, { record }: RootWithLog): Promise<boolean> {
    const now = await this.#store.readRoot(branch);
    const before = addressesOfRecord(decodeRecord(record));
    const after = now === undefined ? [] : addressesOfRecord(decodeRecord(now.record));
    return before.join() !== after.join();
  }

  #noteRetained(tx: number, replacedAtMs: number): void {
    const oldest = this.#oldestRetained;
    if (oldest === undefined || replacedAtMs < oldest.replacedAt.getTime())
      this.#oldestRetained = { tx, replacedAt: new Date(replacedAtMs) };
  }

  /** Keeps the last writer of a branch, which has no lease any more, from committing; false where it may have done so since. */
  async #putEndTo(branch: string): Promise<boolean> {
    if (!(await this.#store.leases.fence(branch))) return false;
    const version = await this.#store.readVersion(branch);
    return version === (this.#roots.get(branch)?.version ?? 0);
  }

  #checkSignal(): void {
    if (this.#options.signal?.aborted === true)
      throw new DatabaseError(
        'CANCELLED',
        'The collection was cancelled; start it again at any time',
      );
  }
}

class Garbage {
  readonly #store: Store;
  #addresses: number[] = [];

  constructor(store: Store) {
    this.#store = store;
  }

  get isLarge(): boolean {
    return this.#addresses.length >= MAX_DELETED_TOGETHER;
  }

  add(address: number): void {
    this.#addresses.push(address);
  }

  async delete(): Promise<void> {
    const addresses = this.#addresses;
    this.#addresses = [];
    await this.#store.deleteNodes(addresses);
  }
}
