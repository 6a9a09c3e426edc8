/**
 * Decoded nodes of all open databases under one byte budget. Nodes are immutable, so nothing is ever stale. Which ones go is decided
 * by the clock algorithm: a node that was used since the hand last passed gets another round.
 */
import { DatabaseError } from '../../schema/error.ts';
import type { Columns } from '../datom/columns.ts';
import type { Node, NodeSource } from '../tree/node.ts';
import { decodeNode } from '../codec/node-codec.ts';
import { addressOfMissing, readNamed } from '../store/store-errors.ts';
import type { Store } from '../store/store.ts';
import type { BaseIndex, BaseRoots } from './base-index.ts';
import { addressesOf } from './base-index.ts';
import { assert, must } from '../shared/assert.ts';

interface Entry {
  readonly source: StoredNodes;
  readonly address: number;
  readonly node: Node<Columns>;
  readonly sizeBytes: number;
  wasUsed: boolean;
  /** Where it is in the ring. */
  place: number;
  /** Entries that came together; the latest ones stay until others come, as whoever asked for them has not looked at them yet. */
  batch: number;
}

/** The error to give instead of the one of a store that has no node at an address. */
export type ExplainMissing = (address: number, error: unknown) => Promise<unknown>;

/** One batch of a scan has to fit several times. */
const MIN_BUDGET_BYTES = 32 * 1024 * 1024;

export class NodeCache {
  readonly #budgetBytes: number;
  #sizeBytes = 0;
  readonly #ring: Entry[] = [];
  #hand = 0;
  #batch = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = Math.max(budgetBytes, MIN_BUDGET_BYTES);
  }

  /**
   * The nodes of one database, read through this cache.
   *
   * @param explain what to say of a node that is not there; that the store has none by default
   */
  open(store: Store, explain?: ExplainMissing): StoredNodes {
    return new StoredNodes(store, this, explain);
  }

  /** Keeps entries and makes room for them, however large they are. */
  admit(entries: ReadonlyArray<Entry>): void {
    this.#batch++;
    for (const entry of entries) {
      entry.batch = this.#batch;
      entry.place = this.#ring.length;
      this.#sizeBytes += entry.sizeBytes;
      this.#ring.push(entry);
    }
    while (this.#sizeBytes > this.#budgetBytes && this.#ring.length > entries.length)
      this.#evictOne();
  }

  /** Forgets a node that was admitted. The last one of the ring takes its place. */
  forget(entry: Entry): void {
    const last = must(this.#ring.pop(), 'a last entry');
    if (last !== entry) {
      this.#ring[entry.place] = last;
      last.place = entry.place;
    }
    this.#sizeBytes -= entry.sizeBytes;
  }

  #evictOne(): void {
    for (;;) {
      if (this.#hand >= this.#ring.length) this.#hand = 0;
      const entry = must(this.#ring[this.#hand], 'an entry under the hand');
      if (entry.wasUsed || entry.batch === this.#batch) {
        entry.wasUsed = false;
        this.#hand++;
        continue;
      }
      this.forget(entry);
      entry.source.drop(entry.address);
      return;
    }
  }
}

/** The nodes of one database: where bytes become nodes. */
export class StoredNodes implements NodeSource<Columns> {
  readonly #store: Store;
  readonly #cache: NodeCache;
  readonly #entries = new Map<number, Entry>();
  /** Reads on their way; concurrent readers of an address share one. */
  readonly #loading = new Map<number, Promise<void>>();
  readonly #explain: ExplainMissing | undefined;
  /** Whether nobody reads roots through it any more; values that were made may still be read. */
  isClosed = false;
  /** Set where the store does not hold any more what was read here; see {@link end}. */
  #isEnded = false;
  /** The base trees of values that somebody may have. */
  readonly #bases = new Set<WeakRef<BaseIndex>>();

  constructor(store: Store, cache: NodeCache, explain?: ExplainMissing) {
    this.#store = store;
    this.#cache = cache;
    this.#explain = explain;
  }

  /** Base trees to be read here. While the object is alive, they are among the {@link heldRoots}. */
  base(roots: BaseRoots): BaseIndex {
    const base = { roots, source: this };
    if (!this.#isEnded) this.#bases.add(new WeakRef(base));
    return base;
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  /**
   * Reads nothing any more: the store has another history than the one that the values of these nodes are of, and may have given the same
   * addresses to other nodes. What is read from now on throws SNAPSHOT_EXPIRED.
   */
  end(): void {
    this.clear();
    this.#bases.clear();
    this.#isEnded = true;
    this.isClosed = true;
  }

  /** The addresses of the roots of all base trees that somebody may still read. */
  heldRoots(): ReadonlySet<number> {
    const addresses = new Set<number>();
    for (const reference of this.#bases) {
      const base = reference.deref();
      if (base === undefined) this.#bases.delete(reference);
      else for (const address of addressesOf(base.roots)) addresses.add(address);
    }
    return addresses;
  }

  peek(address: number): Node<Columns> | undefined {
    const entry = this.#entries.get(address);
    if (entry === undefined) return undefined;
    entry.wasUsed = true;
    return entry.node;
  }

  load(addresses: ReadonlyArray<number>): Promise<void> {
    const [first] = addresses;
    return first === undefined || addresses.length > 1
      ? this.#loadAll(addresses)
      : this.#loadOne(first);
  }

  #loadOne(address: number): Promise<void> {
    if (this.#entries.has(address)) return Promise.resolve();
    return this.#loading.get(address) ?? this.#startLoading([address]);
  }

  async #loadAll(addresses: ReadonlyArray<number>): Promise<void> {
    // Reads that were prepared together may miss the same node.
    const wanted = [...new Set(addresses)].filter(
      (address) => !this.#entries.has(address) && !this.#loading.has(address),
    );
    if (wanted.length > 0) void this.#startLoading(wanted);
    await Promise.all(addresses.flatMap((address) => this.#loading.get(address) ?? []));
  }

  #startLoading(addresses: ReadonlyArray<number>): Promise<void> {
    const loading = this.#read(addresses);
    for (const address of addresses) this.#loading.set(address, loading);
    return loading;
  }

  /** Keeps a node that was just made, so that it need not be read. */
  put(address: number, node: Node<Columns>, byteLength: number): void {
    const entry = this.#enter(address, node, byteLength);
    if (entry !== undefined) this.#cache.admit([entry]);
  }

  drop(address: number): void {
    this.#entries.delete(address);
  }

  /** Keeps no node of the database any more. */
  clear(): void {
    for (const entry of this.#entries.values()) this.#cache.forget(entry);
    this.#entries.clear();
  }

  async #read(addresses: ReadonlyArray<number>): Promise<void> {
    try {
      this.#enterAll(addresses, await this.#blocks(addresses));
    } finally {
      for (const address of addresses) this.#loading.delete(address);
    }
  }

  async #blocks(addresses: ReadonlyArray<number>): Promise<ReadonlyArray<Uint8Array>> {
    this.#checkNotEnded();
    try {
      return await this.#store.read(addresses);
    } catch (error) {
      const missing = addressOfMissing(error);
      if (missing === undefined || this.#explain === undefined) throw error;
      throw await this.#explain(missing, error);
    }
  }

  #enterAll(addresses: ReadonlyArray<number>, blocks: ReadonlyArray<Uint8Array>): void {
    this.#checkNotEnded();
    assert(blocks.length === addresses.length, 'a block for each address');
    // Nothing is entered before all of it can be: what is entered is admitted.
    const nodes = addresses.map((address, i) =>
      readNamed(this.#store.id, address, () =>
        decodeNode(must(blocks[i], 'a block for each address'), address),
      ),
    );
    const entries = addresses.flatMap((address, i) => {
      const node = must(nodes[i], 'a node for each address');
      return this.#enter(address, node, blocks[i]?.length ?? 0) ?? [];
    });
    this.#cache.admit(entries);
  }

  #checkNotEnded(): void {
    if (!this.#isEnded) return;
    throw new DatabaseError(
      'SNAPSHOT_EXPIRED',
      `Expected ${this.#store.id} to hold what this database value reads, but the store was set back to an earlier copy and has another history now. Take a new value with db() and ask again`,
      { data: { database: this.#store.id } },
    );
  }

  /** An entry that the cache has yet to make room for; undefined where the node is there. */
  #enter(address: number, node: Node<Columns>, byteLength: number): Entry | undefined {
    if (this.#entries.has(address)) return undefined;
    const sizeBytes = sizeInMemory(node, byteLength);
    const entry: Entry = {
      source: this,
      address,
      node,
      sizeBytes,
      wasUsed: true,
      place: 0,
      batch: 0,
    };
    this.#entries.set(address, entry);
    return entry;
  }
}

/** Estimated from V8's sizes: three integers and a pointer per row, the values about what they take on disk, twice. */
function sizeInMemory(node: Node<Columns>, byteLength: number): number {
  return 400 + node.keys.length * (node.kind === 'leaf' ? 40 : 56) + byteLength * 3;
}
