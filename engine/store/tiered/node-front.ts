/**
 * The port to what stands in front of a store: copies of nodes that are nearer than the store itself, within a budget of
 * bytes. It may forget any of them at any time, and whatever goes wrong with it is a copy that is not there.
 */
import type { Address, StoredNode } from '../store.ts';

export interface NodeFront {
  /** The nodes that it has copies of, each as it was kept. */
  read(
    database: string,
    addresses: ReadonlyArray<Address>,
  ): Promise<ReadonlyMap<Address, Uint8Array>>;

  /** Keeps copies, as far as there is room; returns before they are where they will be. */
  keep(database: string, nodes: ReadonlyArray<StoredNode>): void;

  /** Overwrites or drops copies; afterwards this process serves none of them. */
  forget(database: string, addresses: ReadonlyArray<Address>): Promise<void>;

  /** Drops all copies of a database where it has heard of fewer purges of the branch. */
  notePurges(database: string, branch: string, purges: number): Promise<void>;

  /** Drops all copies of a database. */
  drop(database: string): Promise<void>;

  /** Drops all copies of a database, and keeps none of it any more: its id is never used again. */
  forgetDatabase(database: string): Promise<void>;

  /** Resolves when what was kept is where it belongs. */
  close(): Promise<void>;
}
