/** A database in folded trees, opened again and again with no index node in memory and its reads counted. */
import type { Db, EdnData } from '../../engine/index.ts';
import type { CountingStore } from './counting-store.ts';
import { countReads } from './counting-store.ts';
import { StoredDatabase } from './stored-database.ts';

export class ColdDatabase {
  readonly #stored: StoredDatabase;
  /** What the last one that was opened reads. */
  store: CountingStore;

  private constructor(stored: StoredDatabase) {
    this.#stored = stored;
    this.store = countReads(stored.store);
  }

  /** A database after these transactions. */
  static async of(...transactions: ReadonlyArray<ReadonlyArray<EdnData>>): Promise<ColdDatabase> {
    const stored = await StoredDatabase.create();
    for (const txData of transactions) await stored.transact(txData);
    await stored.fold();
    return new ColdDatabase(stored);
  }

  /** With what it costs to open it: the nodes that the schema is read from. */
  async restore(): Promise<Db> {
    this.store = countReads(this.#stored.store);
    return this.#stored.restore(this.store);
  }

  /** Its reads are counted from zero. */
  async open(): Promise<Db> {
    const db = await this.restore();
    this.store.reset();
    return db;
  }
}
