/**
 * Copies of nodes in memory, as bytes. The one that was not used for the longest time goes first.
 */
import type { Address, StoredNode } from '../store.ts';
import type { NodeFront } from './node-front.ts';

/** What an entry takes beside its bytes: measured with short keys, rounded up. */
const ENTRY_BYTES = 200;

/** A front of at most so many bytes. */
export function createMemoryFront(maxBytes: number): NodeFront {
  return new MemoryFront(maxBytes);
}

class MemoryFront implements NodeFront {
  readonly #maxBytes: number;
  /** In the order of their last use. */
  readonly #copies = new Map<string, Uint8Array>();
  readonly #goneDatabases = new Set<string>();
  /** The most that was heard of for a branch. */
  readonly #purges = new Map<string, number>();
  #sizeBytes = 0;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  async read(
    database: string,
    addresses: ReadonlyArray<Address>,
  ): Promise<ReadonlyMap<Address, Uint8Array>> {
    const found = new Map<Address, Uint8Array>();
    for (const address of addresses) {
      const key = keyOf(database, address);
      const bytes = this.#copies.get(key);
      if (bytes === undefined) continue;
      this.#copies.delete(key);
      this.#copies.set(key, bytes);
      found.set(address, bytes);
    }
    return found;
  }

  keep(database: string, nodes: ReadonlyArray<StoredNode>): void {
    if (this.#goneDatabases.has(database)) return;
    for (const { address, bytes } of nodes) {
      const key = keyOf(database, address);
      if (this.#copies.has(key)) continue;
      this.#copies.set(key, bytes);
      this.#sizeBytes += sizeOf(bytes);
    }
    for (const [key] of this.#copies) {
      if (this.#sizeBytes <= this.#maxBytes) return;
      this.#drop(key);
    }
  }

  async forget(database: string, addresses: ReadonlyArray<Address>): Promise<void> {
    for (const address of addresses) this.#drop(keyOf(database, address));
  }

  async notePurges(database: string, branch: string, purges: number): Promise<void> {
    const key = JSON.stringify([database, branch]);
    if ((this.#purges.get(key) ?? 0) >= purges) return;
    this.#purges.set(key, purges);
    await this.drop(database);
  }

  async drop(database: string): Promise<void> {
    const prefix = keyOf(database, '');
    for (const key of this.#copies.keys()) if (key.startsWith(prefix)) this.#drop(key);
  }

  async forgetDatabase(database: string): Promise<void> {
    this.#goneDatabases.add(database);
    await this.drop(database);
  }

  async close(): Promise<void> {
    this.#copies.clear();
    this.#sizeBytes = 0;
  }

  #drop(key: string): void {
    const bytes = this.#copies.get(key);
    if (bytes === undefined) return;
    this.#copies.delete(key);
    this.#sizeBytes -= sizeOf(bytes);
  }
}

function keyOf(database: string, address: Address | ''): string {
  return `${database} ${address}`;
}

function sizeOf(bytes: Uint8Array): number {
  return bytes.length + ENTRY_BYTES;
}
