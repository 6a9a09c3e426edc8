/** Which nodes are needed: what roots of trees lead to, read from the store and not through a cache. */
import { decodeNode } from '../codec/node-codec.ts';
import { INDEX_ORDERS } from '../datom/index-order.ts';
import type { BaseRoots } from '../indices/base-index.ts';
import { ERAS } from '../indices/base-index.ts';
import { must } from '../shared/assert.ts';
import { giveWay } from '../shared/suspend.ts';
import { addressOfMissing, readNamed } from '../store/store-errors.ts';
import type { Store, StoredNode } from '../store/store.ts';
import { AddressSet } from './address-set.ts';

/** The root of a tree; its level, where that is known. */
interface TreeTop {
  readonly address: number;
  readonly level: number | undefined;
}

/** So many branches are read together. */
const BATCH = 256;

/** Nodes that are needed, in growing number. Nodes never change, so what is below one is looked at once. */
export class Reachable {
  readonly addresses = new AddressSet();
  readonly #store: Store;

  constructor(store: Store) {
    this.#store = store;
  }

  /**
   * All nodes below the roots of base trees. Reads branches and no leaf.
   *
   * @throws STORE_CORRUPT where a branch is missing or damaged; it names database and address
   */
  addTrees(roots: BaseRoots): Promise<void> {
    return this.#add(topsOf(roots), false);
  }

  /** The same where the trees may have been collected already: what is there of them. */
  addTreesIfThere(roots: BaseRoots): Promise<void> {
    return this.#add(topsOf(roots), true);
  }

  /** All that is there below nodes of any level. */
  addBelow(addresses: ReadonlyArray<number>): Promise<void> {
    return this.#add(
      addresses.map((address) => ({ address, level: undefined })),
      true,
    );
  }

  /** Nodes that are in no tree. */
  addNodes(addresses: Iterable<number>): void {
    for (const address of addresses) this.addresses.add(address);
  }

  async #add(tops: ReadonlyArray<TreeTop>, mayBeMissing: boolean): Promise<void> {
    const pending = tops.filter(({ address }) => this.addresses.add(address));
    while (pending.length > 0) {
      const batch = pending.splice(-BATCH).filter(({ level }) => level !== 0);
      for (const { address: at, bytes } of await this.#read(batch, mayBeMissing)) {
        const node = readNamed(this.#store.id, at, () => decodeNode(bytes, at));
        if (node.kind === 'leaf') continue;
        for (const address of node.addresses)
          if (this.addresses.add(address) && node.level > 1)
            pending.push({ address, level: node.level - 1 });
      }
      await giveWay();
    }
  }

  async #read(
    tops: ReadonlyArray<TreeTop>,
    mayBeMissing: boolean,
  ): Promise<ReadonlyArray<StoredNode>> {
    const addresses = tops.map(({ address }) => address);
    try {
      return await this.#readAll(addresses);
    } catch (error) {
      if (!mayBeMissing || addressOfMissing(error) === undefined) throw error;
      const each = addresses.map((address) => this.#readIfThere(address));
      return (await Promise.all(each)).flat();
    }
  }

  async #readIfThere(address: number): Promise<ReadonlyArray<StoredNode>> {
    try {
      return await this.#readAll([address]);
    } catch (error) {
      if (addressOfMissing(error) === undefined) throw error;
      return [];
    }
  }

  async #readAll(addresses: ReadonlyArray<number>): Promise<ReadonlyArray<StoredNode>> {
    const blocks = await this.#store.read(addresses);
    return addresses.map((address, i) => ({
      address,
      bytes: must(blocks[i], 'a block for each address'),
    }));
  }
}

function topsOf(roots: BaseRoots): TreeTop[] {
  return ERAS.flatMap((era) =>
    INDEX_ORDERS.flatMap((order) => {
      const { address, level } = roots[era][order];
      return address === undefined ? [] : [{ address, level }];
    }),
  );
}
