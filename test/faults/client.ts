/**
 * A process that uses the library, as far as the cluster can tell: storage, connections and a reader of its own. It writes notes, many at a time,
 * and lists, one transaction after the other, and writes down what it was told.
 */
import { randomUUID } from 'node:crypto';
import { DatabaseError, kw, q, toTxData } from '../../engine/index.ts';
import type { ErrorCode, TxInput } from '../../engine/index.ts';
import type { Connection, Storage } from '../../services/index.ts';
import {
  closeStorage,
  createLog,
  openDatabase,
  openStorage,
  startWriter,
} from '../../services/index.ts';
import type { Cluster } from './cluster.ts';
import { DATABASE } from './cluster.ts';
import type { ListRead, ListTransaction, Note, Outcome } from './history.ts';
import type { Random } from './random.ts';

export const SCHEMA = `[
  {:db/ident :list/key :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :list/length :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :item/list :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}
  {:db/ident :item/at :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :item/value :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :note/id :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`;

const LISTS = 12;
/** A list that is so long gives way to a new one, so that reading stays short. */
const LIST_LENGTH = 60;
const NOTES_AT_ONCE = 24;
const TIMEOUT_MS = 20_000;
/** Longer than what clients are parted from the store for, and short enough that they soon let go of what they need no more. */
const READER_LEASE_MS = 6_000;
/** What is said at once is said again a little later. */
const REST_MS = 20;

/** The errors after which the transaction may have been written. */
const UNKNOWN: ReadonlySet<ErrorCode> = new Set(['OUTCOME_UNKNOWN']);

export class Client {
  readonly lists: ListTransaction[] = [];
  readonly notes: Note[] = [];
  /** Faults that it saw itself. */
  readonly violations: string[] = [];
  readonly #name: string;
  readonly #random: Random;
  readonly #storage: Storage;
  readonly #connection: Connection;
  #generation = 0;
  #isStopped = false;
  #running: Promise<unknown> | undefined;

  private constructor(name: string, random: Random, storage: Storage, connection: Connection) {
    this.#name = name;
    this.#random = random;
    this.#storage = storage;
    this.#connection = connection;
    let lastTx = 0;
    connection.onAdvance(({ maxTx }) => {
      if (maxTx < lastTx) this.violations.push(`${name} went back from ${lastTx} to ${maxTx}`);
      lastTx = maxTx;
    });
  }

  static async open(cluster: Cluster, name: string, random: Random): Promise<Client> {
    const storage = await openClientStorage(cluster);
    return new Client(name, random, storage, await openDatabase(storage, DATABASE));
  }

  get acknowledged(): number {
    return this.count('ok');
  }

  /** How many of its transactions and readings ended so. */
  count(wanted: Outcome): number {
    const isSo = ({ outcome }: { readonly outcome: Outcome }): boolean => outcome === wanted;
    return this.notes.filter(isSo).length + this.lists.filter(isSo).length;
  }

  get connection(): Connection {
    return this.#connection;
  }

  run(): void {
    this.#isStopped = false;
    this.#running = Promise.all([
      this.#writeLists(),
      ...Array.from({ length: NOTES_AT_ONCE }, () => this.#writeNotes()),
    ]);
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#running;
  }

  async close(): Promise<void> {
    await this.stop();
    await this.#connection.release();
    await closeStorage(this.#storage);
  }

  async #writeNotes(): Promise<void> {
    while (!this.#isStopped) {
      const id = randomUUID();
      const outcome = await this.#transact([{ 'note/id': id }]);
      this.notes.push({ id, outcome });
      if (outcome !== 'ok') await rest();
    }
  }

  async #writeLists(): Promise<void> {
    while (!this.#isStopped) {
      const isRead = this.#random.next() < 0.3;
      const done = await (isRead ? this.#readLists() : this.#append()).catch((error: unknown) => {
        this.#note(error);
        return undefined;
      });
      if (done !== undefined) this.lists.push(done);
      if (done?.outcome !== 'ok') await rest();
    }
  }

  /** Half of the reads look first what is newest; the others take what this process has. */
  async #readLists(): Promise<ListTransaction | undefined> {
    const isCurrent = this.#random.next() < 0.5;
    const startMs = performance.now();
    if (isCurrent && !(await this.#catchUp())) return undefined;
    const keys = this.#keys(1 + this.#random.between(0, 3));
    const db = this.#connection.db();
    const reads: ListRead[] = [];
    for (const key of keys) reads.push({ key, values: await readList(db, key) });
    const endMs = performance.now();
    const session = this.#name;
    return { session, startMs, endMs, outcome: 'ok', isCurrent, reads, appends: [] };
  }

  /** Whether this process has all that there was when it was asked. */
  async #catchUp(): Promise<boolean> {
    const { store, branch } = this.#connection;
    const version = await store.readVersion(branch);
    await this.#connection.refresh();
    return this.#connection.head.version >= version;
  }

  /** Appends to the end of one or two lists, if they are still as they were read. */
  async #append(): Promise<ListTransaction> {
    const startMs = performance.now();
    const db = this.#connection.db();
    const reads: ListRead[] = [];
    for (const key of this.#keys(this.#random.between(1, 3)))
      reads.push({ key, values: await readList(db, key) });
    const appends = reads.map(({ key }) => ({ key, value: randomUUID() }));
    const forms = appends.flatMap(({ key, value }, i): TxInput[] => {
      const length = reads[i]!.values.length;
      const list = [kw('list/key'), key];
      return [
        [kw('db/cas'), list, kw('list/length'), length === 0 ? null : length, length + 1],
        { 'item/list': list, 'item/at': length, 'item/value': value },
      ] as unknown as TxInput[];
    });
    const named = appends.map(({ key }) => ({ 'list/key': key }));
    const outcome = await this.#transact([...named, ...forms] as TxInput);
    const endMs = performance.now();
    if (reads.some(({ values }) => values.length >= LIST_LENGTH)) this.#generation++;
    // What it read is what its commit found, as it would have been refused otherwise.
    const isCurrent = outcome === 'ok';
    return { session: this.#name, startMs, endMs, outcome, isCurrent, reads, appends };
  }

  #keys(count: number): string[] {
    const keys = new Set<string>();
    while (keys.size < count) keys.add(`${this.#generation}-${this.#random.between(0, LISTS)}`);
    return [...keys];
  }

  /** Most have a key, so that they are sent again until it is known what became of them. */
  async #transact(txData: TxInput): Promise<Outcome> {
    const isKeyed = this.#random.next() < 0.7;
    try {
      await this.#connection.transact({
        txData: toTxData(txData),
        timeoutMs: TIMEOUT_MS,
        ...(isKeyed ? { key: randomUUID() } : {}),
      });
      return 'ok';
    } catch (error) {
      this.#note(error);
      return error instanceof DatabaseError && !UNKNOWN.has(error.code) ? 'failed' : 'unknown';
    }
  }

  #note(error: unknown): void {
    const isExpected = error instanceof DatabaseError && error.code !== 'INTERNAL';
    if (!isExpected)
      this.violations.push(`${this.#name} got an error of no kind: ${String(error)}`);
  }
}

export async function readList(db: ReturnType<Connection['db']>, key: string): Promise<string[]> {
  const rows = (await q(
    `[:find ?at ?value :in $ ?key :where [?l :list/key ?key] [?e :item/list ?l] [?e :item/at ?at] [?e :item/value ?value]]`,
    db,
    key,
  )) as ReadonlyArray<readonly [number, string]>;
  return [...rows].sort(([one], [other]) => one - other).map(([, value]) => value);
}

/** Becomes the writer of a branch that has none, and writes so many transactions of notes. Most of them get into base trees. */
export async function writeHere(
  { bus, log }: Storage,
  connection: Connection,
  transactions: number,
): Promise<void> {
  const writer = await startWriter({ connection, bus, log, foldThreshold: 100 });
  try {
    await writer.transact({ txData: toTxData(SCHEMA) });
    for (let i = 0; i < transactions; i++) {
      const notes = Array.from({ length: 20 }, () => ({ 'note/id': randomUUID() }));
      await writer.transact({ txData: toTxData(notes) });
    }
  } finally {
    await writer.stop();
  }
}

/** Through the proxies, or past them. */
export function openClientStorage(cluster: Cluster, url = cluster.clientUrl): Promise<Storage> {
  return openStorage(
    {
      store: { kind: 'postgres', url, schema: cluster.schema, poolSize: 4 },
      bus: { kind: 'redis', url: cluster.redisUrl },
      nodeCacheBytes: 64 * 2 ** 20,
      pollIntervalMs: 500,
      collect: { intervalMs: 0, retainDays: 0, readerLeaseMs: READER_LEASE_MS },
    },
    createLog({ level: 'silent' }),
  );
}

function rest(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, REST_MS));
}
