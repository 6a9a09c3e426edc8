/**
 * The databases that Datahike's clients of a process work with: made, opened and deleted by their configurations, and found again by the handles that were
 * given out. There is one registry in a process, so that all who write a database write through one queue.
 */
import { randomUUID } from 'node:crypto';
import type { Db, EdnData, EdnMap } from '../../engine/index.ts';
import {
  DatabaseError,
  Keyword,
  Uuid,
  databaseAt,
  kw,
  printEdn,
  toTxData,
} from '../../engine/index.ts';
import { createDatabase } from '../connection/databases.ts';
import { deleteBranch } from '../versions/branches.ts';
import type { TransactRequest, TransactResult, Writer } from '../connection/writer-port.ts';
import type { Storage } from '../storage.ts';
import type { Configuration } from './configuration.ts';
import {
  BACKEND,
  INITIAL_TX,
  STORE,
  STORE_ID,
  readConfiguration,
  storeIdOf,
} from './configuration.ts';
import { DatabaseValue, OpenedDatabase } from './live.ts';
import type { StorePolicy } from './store-policy.ts';
import { WriterSeats } from './writer-seats.ts';
import type { WriterSeatsOptions } from './writer-seats.ts';

export interface RegistryOptions extends WriterSeatsOptions {
  readonly stores: StorePolicy;
  /** Who writes a database that this process only reads. Nobody by default: what comes over a wire leads to no other server. */
  readonly writerOf?: (of: OpenedDatabase) => Writer | undefined;
  /** Whether databases are named by handles, which tell them by their ids alone; by default they are. */
  readonly givesHandles?: boolean;
}

/** So many values that clients hold handles of are kept at hand. */
const MAX_VALUES = 64;

const MEMORY = kw('memory');

interface PastValue {
  readonly of: OpenedDatabase;
  /** Undefined where there is no such commit. */
  readonly reading: Promise<Db | undefined>;
}

export class Registry {
  readonly #stores: StorePolicy;
  readonly #seats: WriterSeats;
  readonly #writerOf: NonNullable<RegistryOptions['writerOf']>;
  readonly #givesHandles: boolean;
  readonly #opened = new Map<string, OpenedDatabase>();
  /** By commit and transaction, the one that was used last at the end. */
  readonly #values = new Map<string, PastValue>();

  constructor({
    stores,
    writerOf = () => undefined,
    givesHandles = true,
    ...seats
  }: RegistryOptions) {
    this.#stores = stores;
    this.#writerOf = writerOf;
    this.#givesHandles = givesHandles;
    this.#seats = new WriterSeats(seats);
  }

  /** Whether there is a database of a configuration, with its branch. @throws BAD_CONFIG, FORBIDDEN */
  async exists(given: EdnData): Promise<boolean> {
    const { storage, name, configuration } = await this.#place(given);
    return hasBranch(storage, name, configuration.branch);
  }

  /**
   * Makes a database, with what `:initial-tx` says as its first transaction.
   *
   * @param given its configuration; the default one, under a new id, where it names no store
   * @returns the whole configuration, with which it is opened
   * @throws DATABASE_EXISTS, BAD_CONFIG, FORBIDDEN
   */
  async create(given: EdnData): Promise<EdnMap> {
    const named = withStore(given, this.#stores.defaultStore);
    const { storage, name, configuration } = await this.#place(named);
    const { map, store, database } = configuration;
    await createDatabase(storage.host, name, database).catch((error: unknown) => {
      throw isCode(error, 'DATABASE_EXISTS') ? exists(store) : error;
    });
    const initial = map.get(INITIAL_TX);
    if (initial === undefined) return map;
    const txData = toTxData(initial as string | ReadonlyArray<EdnData>);
    await this.transact(await this.connect(named), { txData });
    return new Map([...map, [INITIAL_TX, txData.length > 0]]);
  }

  /** Deletes a database and all its branches, whoever has it open; nothing happens where there is none. @throws BAD_CONFIG, FORBIDDEN */
  async delete(given: EdnData): Promise<void> {
    await this.forget(given);
    const { storage, name } = await this.#place(given);
    await storage.host.delete(name);
  }

  /** Closes a database and all its branches, whoever has it open, as before it is deleted. @throws BAD_CONFIG, FORBIDDEN */
  async forget(given: EdnData): Promise<void> {
    const { storage, name } = await this.#place(given);
    for (const [key, other] of this.#opened)
      if (other.storage === storage && other.name === name) this.#opened.delete(key);
    for (const [key, { of }] of this.#values)
      if (of.storage === storage && of.name === name) this.#values.delete(key);
    await this.#seats.leave(storage, name);
    await storage.databases.drop(name);
  }

  /**
   * Opens a database.
   *
   * @throws DATABASE_NOT_FOUND; BAD_CONFIG where it was made with another configuration than is given here, or where handles would name two databases;
   *   FORBIDDEN
   */
  async connect(given: EdnData): Promise<OpenedDatabase> {
    const { storage, name, storeId, configuration } = await this.#place(given);
    const { store, branch, map } = configuration;
    if (this.#givesHandles) this.#checkUnique(storage, storeId);
    const db = await storage.databases.db(name, branch).catch((error: unknown) => {
      throw isCode(error, 'DATABASE_NOT_FOUND') ? missing(store, branch) : error;
    });
    checkStored(given, configuration, db);
    const opened = new OpenedDatabase({ storage, name, storeId, branch, config: map });
    this.#opened.set(keyOf(opened.place), opened);
    return opened;
  }

  /** @throws BAD_CONFIG where a database of the same id is open in another store */
  #checkUnique(storage: Storage, storeId: Uuid | string): void {
    for (const other of this.#opened.values()) {
      if (other.storage === storage || String(other.storeId) !== String(storeId)) continue;
      throw new DatabaseError(
        'BAD_CONFIG',
        `Configuration does not match existing connections: a database ${String(storeId)} of another store is open. Release it first, or give this one another :id`,
        { kind: 'config-does-not-match-existing-connections' },
      );
    }
  }

  /** Forgets a connection. What others do with the database goes on. */
  release({ place }: OpenedDatabase): void {
    this.#opened.delete(keyOf(place));
  }

  /** Deletes a branch, whoever has it open. @throws as `deleteBranch` */
  async deleteBranch(of: OpenedDatabase): Promise<void> {
    const { storage, name, branch } = of;
    // A writer that is here would take it for a lease that somebody else has.
    await this.#seats.leave(storage, name, branch);
    await storage.databases.use(name, (connection) => deleteBranch(connection, branch));
    this.release(of);
    await storage.databases.drop(name, branch);
  }

  /**
   * The connection that a handle `[store-id branch]` names.
   *
   * @throws NOT_FOUND where nobody connected
   */
  opened(place: EdnData): OpenedDatabase {
    const found = this.#opened.get(keyOf(place)) ?? this.#besideIt(place);
    if (found !== undefined) return found;
    throw new DatabaseError(
      'NOT_FOUND',
      'Could not find active connection. Did you connect already?',
      { kind: 'no-connection-for-db', data: { 'store-id': place } },
    );
  }

  /** Another branch of a database that somebody opened. */
  #besideIt(place: EdnData): OpenedDatabase | undefined {
    const [storeId, branch] = Array.isArray(place) ? (place as ReadonlyArray<EdnData>) : [];
    if (!(branch instanceof Keyword)) return undefined;
    for (const opened of this.#opened.values())
      if (String(opened.storeId) === String(storeId)) return opened.atBranch(branch.qualifiedName);
    return undefined;
  }

  /** The present value: of a database that is written elsewhere all that is stored by now. @throws DATABASE_NOT_FOUND */
  async db(of: OpenedDatabase): Promise<DatabaseValue> {
    const { storage, name, branch } = of;
    const isWrittenElsewhere = this.#writerOf(of) !== undefined;
    const db = await storage.databases.use(
      name,
      async (connection) => {
        if (isWrittenElsewhere) await connection.refresh();
        return connection.db();
      },
      branch,
    );
    return DatabaseValue.whole(db, of);
  }

  /**
   * The value at a commit; of one that ends with a later transaction, as of `maxTx`. Undefined where there is no such commit.
   *
   * @param commitId the text of a UUID
   */
  async dbAt(
    of: OpenedDatabase,
    commitId: string,
    maxTx?: number,
  ): Promise<DatabaseValue | undefined> {
    const { storage, name, branch } = of;
    const head = await storage.databases.db(name, branch);
    const isHead = head.commit?.id === commitId && (maxTx ?? head.maxTx) >= head.maxTx;
    const db = isHead ? head : await this.#valueAt(of, commitId, maxTx);
    return db === undefined ? undefined : DatabaseValue.whole(db, of, commitId);
  }

  #valueAt(
    of: OpenedDatabase,
    commitId: string,
    maxTx: number | undefined,
  ): Promise<Db | undefined> {
    const key = `${commitId}@${maxTx}@${printEdn(of.place)}`;
    const value = this.#values.get(key) ?? { of, reading: readAt(of, commitId, maxTx) };
    const { reading } = value;
    this.#values.delete(key);
    this.#values.set(key, value);
    void reading.then(
      (db) => db ?? this.#values.delete(key),
      () => this.#values.delete(key),
    );
    const [oldest] = this.#values.keys();
    if (this.#values.size > MAX_VALUES && oldest !== undefined) this.#values.delete(oldest);
    return reading;
  }

  /** Writes a transaction, here or wherever the writer of the branch is. @throws as `Writer.transact` */
  transact(of: OpenedDatabase, request: TransactRequest): Promise<TransactResult> {
    const { storage, name, branch } = of;
    return storage.databases.use(
      name,
      async (connection) => {
        const writer = this.#writerOf(of);
        if (writer === undefined)
          return this.#seats.transact({ storage, name, connection }, request);
        const result = await writer.transact(request);
        // It is written, whether it is seen here in time or not.
        await connection.sync(result.tx).catch(() => undefined);
        return result;
      },
      branch,
    );
  }

  /** Leaves the writing of a database to others, until it is written here again. */
  leave({ storage, name }: OpenedDatabase): Promise<void> {
    return this.#seats.leave(storage, name);
  }

  /** Gives up the right to write, after what was taken is written. */
  close(): Promise<void> {
    return this.#seats.close();
  }

  async #place(given: EdnData): Promise<{
    readonly storage: Storage;
    readonly name: string;
    readonly storeId: Uuid | string;
    readonly configuration: Configuration;
  }> {
    const configuration = readConfiguration(given);
    const storage = await this.#stores.storageOf(configuration.store);
    const storeId = storeIdOf(configuration.store);
    return { storage, name: String(storeId), storeId, configuration };
  }
}

async function readAt(
  { storage, name, branch }: OpenedDatabase,
  commitId: string,
  maxTx = Infinity,
): Promise<Db | undefined> {
  return storage.databases.use(
    name,
    async (connection) => {
      const { store, nodes } = connection;
      const place = await store.findCommit(commitId);
      if (place === undefined) return undefined;
      const tx = Math.min(place.tx, maxTx);
      return connection.reading(() => databaseAt(store, nodes, place.branch, tx));
    },
    branch,
  );
}

async function hasBranch({ host }: Storage, name: string, branch: string): Promise<boolean> {
  try {
    const { store, root } = await host.openBranch(name, branch);
    await store.close();
    return root !== undefined;
  } catch (error) {
    if (isCode(error, 'DATABASE_NOT_FOUND')) return false;
    throw error;
  }
}

/** A configuration that names no store gets one of its own. */
function withStore(given: EdnData, defaultStore: EdnMap): EdnData {
  if (given !== null && (!(given instanceof Map) || given.has(STORE))) return given;
  const id = Uuid.parse(randomUUID()) ?? null;
  const entries = given === null ? [] : [...(given as EdnMap)];
  return new Map<EdnData, EdnData>([
    ...entries,
    [STORE, new Map([...defaultStore, [STORE_ID, id]])],
  ]);
}

/** What was fixed when the database was made may be left out, and must not be contradicted. @throws BAD_CONFIG */
function checkStored(given: EdnData, { database }: Configuration, { config }: Db): void {
  if (!(given instanceof Map)) return;
  for (const [key, name] of FIXED) {
    if (!given.has(key) || given.get(key) === null || database[name] === config[name]) continue;
    throw new DatabaseError(
      'BAD_CONFIG',
      `Configuration does not match stored configuration: the database was made with another ${key.toString()} than ${printEdn((given as EdnMap).get(key) ?? null)}`,
      { kind: 'config-does-not-match-stored-db', data: { key } },
    );
  }
}

const FIXED = [
  [kw('schema-flexibility'), 'schemaFlexibility'],
  [kw('keep-history?'), 'keepHistory'],
  [kw('attribute-refs?'), 'attributeRefs'],
  [kw('crypto-hash?'), 'cryptoHash'],
] as const;

function keyOf(place: EdnData): string {
  return printEdn(place);
}

function isCode(error: unknown, code: DatabaseError['code']): error is DatabaseError {
  return error instanceof DatabaseError && error.code === code;
}

function exists(store: EdnMap): DatabaseError {
  const id = store.get(STORE_ID) ?? null;
  return store.get(BACKEND) === MEMORY
    ? new DatabaseError('DATABASE_EXISTS', `Memory store with ID '${String(id)}' already exists.`, {
        data: { id, config: store },
      })
    : new DatabaseError('DATABASE_EXISTS', 'Database already exists.', {
        kind: 'db-already-exists',
        data: { config: store },
      });
}

function missing(store: EdnMap, branch: string): DatabaseError {
  const id = store.get(STORE_ID) ?? null;
  return store.get(BACKEND) === MEMORY
    ? new DatabaseError(
        'DATABASE_NOT_FOUND',
        `Memory store with ID '${String(id)}' does not exist. Use create-store first.`,
        { data: { id, config: store } },
      )
    : new DatabaseError(
        'DATABASE_NOT_FOUND',
        `Database does not exist: ${String(id)} (:${branch})`,
        {
          kind: 'db-does-not-exist',
          data: { config: store },
        },
      );
}
