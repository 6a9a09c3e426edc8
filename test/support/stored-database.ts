/**
 * One database as all who know it hold it: the writer, a reader that follows the log, and the store that both could be restored from.
 * Commits and folds as the writer service does, one step at a time.
 */
import { randomUUID } from 'node:crypto';
import type {
  DatabaseConfig,
  Db,
  EdnData,
  EdnMap,
  Head,
  Store,
  StoreHost,
  StoredSegment,
  TxReport,
} from '../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  NodeCache,
  createMemoryStoreHost,
  encodeRecord,
  encodeSegment,
  firstCommit,
  fold,
  followHead,
  rebaseHead,
  restoreHead,
  run,
  transact,
} from '../../engine/index.ts';
import { must } from '../../engine/shared/assert.ts';

const BRANCH = 'db';
const CACHE_BYTES = 64 * 1024 * 1024;

export class StoredDatabase {
  readonly store: Store;
  readonly #nodes;
  #head: Head;
  #reader: Head;
  #record: Uint8Array;
  #indexedTx: number;
  #nextAddress = 1;

  private constructor(store: Store, head: Head, record: Uint8Array) {
    this.store = store;
    this.#nodes = new NodeCache(CACHE_BYTES).open(store);
    this.#head = head;
    this.#reader = head;
    this.#record = record;
    this.#indexedTx = head.db.indexedTx;
  }

  static async create(
    config: DatabaseConfig = DEFAULT_DATABASE_CONFIG,
    host: StoreHost = createMemoryStoreHost(),
    name = 'test',
  ): Promise<StoredDatabase> {
    const store = await host.create(name);
    const first = firstCommit(config, randomUUID());
    const commit = { branch: BRANCH, expectedVersion: 0, epoch: 1, ...first };
    must((await store.commit(commit)) || undefined, 'a commit that succeeds');
    const root = must(await store.readRoot(BRANCH), 'a root');
    const head = await restoreHead(root, new NodeCache(CACHE_BYTES).open(store));
    return new StoredDatabase(store, head, first.record);
  }

  /** As the writer has it. */
  get db(): Db {
    return this.#head.db;
  }

  /** As a reader has it that was told of every segment. */
  get reader(): Db {
    return this.#reader.db;
  }

  async transact(
    txData: ReadonlyArray<EdnData>,
    now = new Date(),
    txMeta: EdnMap = new Map(),
  ): Promise<TxReport> {
    const report = await run(transact(this.db, { txData, txMeta, now }));
    const { tx, changes, dbAfter } = report;
    const commit = { id: randomUUID(), parents: [must(this.db.commit, 'a commit before').id] };
    const bytes = await run(encodeSegment({ tx, maxEid: dbAfter.maxEid, changes, commit }));
    const segment = { tx, bytes };
    await this.#commit([segment], { ...dbAfter, commit });
    const { version, epoch } = this.#head;
    this.#reader = must(
      followHead(this.#reader, version, epoch, [segment]),
      'a segment that follows',
    );
    return report;
  }

  /** Moves all but the last `kept` transactions into the base trees, and the writer onto them. */
  async fold(kept = 0): Promise<void> {
    const db = kept === 0 ? this.db : await this.#before(this.db.maxTx - kept);
    const folded = await run(fold(db, this.#nodes, () => this.#nextAddress++));
    await this.store.write(folded.nodes);
    this.#record = encodeRecord({
      config: db.config,
      ...folded,
      purges: 0,
      purge: undefined,
      unnamedFrom: this.#nextAddress,
      past: undefined,
    });
    this.#indexedTx = folded.indexedTx;
    await this.#commit([], this.db);
    const root = must(await this.store.readRoot(BRANCH), 'a root');
    this.#head = await rebaseHead(this.#head, root, this.#nodes);
    this.#reader = { ...this.#reader, version: this.#head.version };
  }

  /** Writer and reader as processes that start now. */
  async restart(): Promise<void> {
    const root = must(await this.store.readRoot(BRANCH), 'a root');
    this.#head = await restoreHead(root, this.#nodes);
    this.#reader = this.#head;
  }

  /** Moves the reader onto the base trees of the root. */
  async rebaseReader(): Promise<void> {
    const root = must(await this.store.readRoot(BRANCH), 'a root');
    this.#reader = await rebaseHead(this.#reader, root, this.#nodes);
  }

  /** As a process has it that starts now and has no node in memory. */
  async restore(store: Store = this.store): Promise<Db> {
    const root = must(await store.readRoot(BRANCH), 'a root');
    return (await restoreHead(root, new NodeCache(CACHE_BYTES).open(store))).db;
  }

  /** The database as it was after a transaction that is still in the log of the root. */
  async #before(tx: number): Promise<Db> {
    const root = must(await this.store.readRoot(BRANCH), 'a root');
    const segments = root.segments.filter((segment) => segment.tx <= tx);
    return (await restoreHead({ ...root, segments }, this.#nodes)).db;
  }

  async #commit(segments: ReadonlyArray<StoredSegment>, db: Db): Promise<void> {
    const { version, epoch } = this.#head;
    const record = this.#record;
    const commit = {
      branch: BRANCH,
      expectedVersion: version,
      epoch,
      record,
      indexedTx: this.#indexedTx,
      segments,
    };
    must((await this.store.commit(commit)) || undefined, 'a commit that succeeds');
    this.#head = { version: version + 1, epoch, db, purges: 0 };
  }
}
