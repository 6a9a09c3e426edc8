/** Items of four attributes, so that a transaction that writes one says five datoms; in a PostgreSQL of their own, with a writer. */
import { randomBytes } from 'node:crypto';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type { EdnData, Store, StoreHost } from '../../engine/index.ts';
import { NodeCache, kw, openPostgresStoreHost, readEdn } from '../../engine/index.ts';
import type { Bus, Connection, LocalWriter } from '../../services/index.ts';
import {
  connect,
  createDatabase,
  createLog,
  createMemoryBus,
  startWriter,
} from '../../services/index.ts';

export const ITEM_SCHEMA = readEdn(`[
  {:db/ident :item/id :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :item/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :item/size :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :item/note :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`) as EdnData[];

const CACHE_BYTES = 256 * 1024 * 1024;
const PER_TRANSACTION = 10_000;

export function item(id: number, note = 'some text'): EdnData {
  return new Map<EdnData, EdnData>([
    [kw('item/id'), id],
    [kw('item/name'), `item ${id}`],
    [kw('item/size'), id % 100],
    [kw('item/note'), note],
  ]);
}

/** What one item is called from now on: two facts go, two come, and the transaction is the fifth datom. */
export function renamed(id: number, round: number): EdnData {
  return new Map<EdnData, EdnData>([
    [kw('item/id'), id],
    [kw('item/name'), `item ${id} of ${round}`],
    [kw('item/note'), `text ${round}`],
  ]);
}

export interface ItemsOptions {
  readonly host: StoreHost;
  readonly bus?: Bus;
  readonly foldThreshold?: number;
  /** What stands between the writer and the store. */
  readonly watch?: (store: Store) => Store;
}

/** A schema of its own on a server. */
export async function itemsHost(
  url: string,
): Promise<{ readonly host: StoreHost; readonly schema: string }> {
  const schema = `bench_${randomBytes(6).toString('hex')}`;
  return { host: await openPostgresStoreHost({ url, schema }), schema };
}

export class Items {
  readonly connection: Connection;
  readonly writer: LocalWriter;
  #count = 0;

  private constructor(connection: Connection, writer: LocalWriter) {
    this.connection = connection;
    this.writer = writer;
  }

  /** Opens the database `items`, which is made where it is not there. */
  static async open({
    host,
    bus = createMemoryBus(),
    foldThreshold,
    watch = (store) => store,
  }: ItemsOptions): Promise<Items> {
    await createDatabase(host, 'items').catch(() => undefined);
    const log = createLog({ level: 'error' });
    const connection = await connect({
      store: watch(await host.open('items')),
      bus,
      nodeCache: new NodeCache(CACHE_BYTES),
      pollIntervalMs: 60_000,
      log,
    });
    const threshold = foldThreshold === undefined ? {} : { foldThreshold };
    const writer = await startWriter({ connection, bus, log, ...threshold });
    await writer.transact({ txData: ITEM_SCHEMA });
    return new Items(connection, writer);
  }

  /** How many items there are. */
  get count(): number {
    return this.#count;
  }

  /** Adds items, many in one transaction. */
  async load(count: number, noteOf?: (id: number) => string): Promise<void> {
    for (let left = count; left > 0; left -= PER_TRANSACTION) {
      const length = Math.min(left, PER_TRANSACTION);
      const txData = Array.from({ length }, () => {
        const id = ++this.#count;
        return item(id, noteOf?.(id));
      });
      await this.writer.transact({ txData });
    }
  }

  /** So many transactions of one new item each, never more than some of them unanswered. Gives how many. */
  add(count: number, inFlight: number): Promise<number> {
    return this.transact(count, inFlight, () => item(++this.#count));
  }

  async transact(count: number, inFlight: number, form: () => EdnData): Promise<number> {
    let left = count;
    const sender = async (): Promise<void> => {
      while (left-- > 0) await this.writer.transact({ txData: [form()] });
    };
    await Promise.all(Array.from({ length: inFlight }, sender));
    return count;
  }

  /** Resolves when the index job has folded all that it was told to. */
  async folded(isFolded: (novelty: number) => boolean = (novelty) => novelty === 0): Promise<void> {
    while (!isFolded(this.connection.db().novelty.size)) await nextTurn();
  }

  async close(): Promise<void> {
    await this.writer.stop();
    await this.connection.release();
  }
}
