/** The {@link Reader} port over local indices: no server is asked. */
import type { Attribute } from '../../schema/attribute.ts';
import type { DatabaseConfig } from '../../schema/database.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import type {
  BaseFacts,
  Db,
  PageOptions,
  Projected,
  Projection,
  QueryLimits,
} from '../../engine/index.ts';
import {
  asOf,
  baseFacts,
  countDatoms,
  entityVersions,
  history,
  project,
  pull,
  pullMany,
  qWithin,
  resolveEntityId,
  run,
  waitWithin,
} from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import { followTransactions, oneTransaction } from './follow.ts';
import { transactIf } from '../connection/transact-if.ts';
import type { TransactRequest } from '../connection/writer-port.ts';
import type { Reader, Snapshot, Speculation, TimePoint } from './reader.ts';

export function createLocalReader(connection: Connection): Reader {
  const { id } = connection.store;
  return {
    snapshot({ minTx, limits } = {}) {
      return minTx === undefined
        ? new LocalSnapshot(id, connection.db(), limits)
        : connection.sync(minTx).then((db) => new LocalSnapshot(id, db, limits));
    },
    current: () => new LocalSnapshot(id, connection.db()),
    onAdvance: (listener) => connection.onAdvance((db) => listener(new LocalSnapshot(id, db))),
    transactions: (from, signal, limits) => followTransactions(connection, from, signal, limits),
    transaction: (tx, limits) => waitWithin(oneTransaction(connection, tx), limits),
  };
}

/** One object for each request: its questions are methods, and not taken off it. */
class LocalSnapshot implements Snapshot {
  readonly databaseId: string;
  readonly #db: Db;
  readonly #limits: QueryLimits;

  constructor(databaseId: string, db: Db, limits: QueryLimits = NO_LIMITS) {
    this.databaseId = databaseId;
    this.#db = db;
    this.#limits = limits;
  }

  get basisTx(): number {
    const { maxTx, view } = this.#db;
    return Math.min(maxTx, ...view.asOf.filter((point) => typeof point === 'number'));
  }

  get commitId(): string | undefined {
    return this.#db.commit?.id;
  }

  get config(): DatabaseConfig {
    return this.#db.config;
  }

  get attributes(): ReadonlyMap<Keyword, Attribute> {
    return this.#db.schema.userAttributes;
  }

  asOf(point: TimePoint): Snapshot {
    return new LocalSnapshot(this.databaseId, asOf(this.#db, point), this.#limits);
  }

  within(limits: QueryLimits): Snapshot {
    return new LocalSnapshot(this.databaseId, this.#db, limits);
  }

  history(): Snapshot {
    return new LocalSnapshot(this.databaseId, history(this.#db), this.#limits);
  }

  async with(request: TransactRequest): Promise<Speculation> {
    const report = await run(transactIf(this.#db, request, new Date()), this.#limits);
    const { tx, instant, tempids, txData, dbAfter } = report;
    return {
      result: { tx, instant, tempids, datomCount: txData.length },
      snapshot: new LocalSnapshot(this.databaseId, dbAfter, this.#limits),
    };
  }

  entityId(ref: EdnData): Promise<number | undefined> {
    return resolveEntityId(this.#db, ref, this.#limits);
  }

  q(query: EdnData, inputs: ReadonlyArray<EdnData> = [], page?: PageOptions): Promise<EdnData> {
    if (page === undefined) return qWithin(this.#limits, query, this.#db, ...inputs);
    const { limit, offset, columns } = page;
    // What is spread comes last: to add keys to a copy takes Node twenty times as long.
    const options = { limit, offset, columns, ...this.#limits };
    return qWithin(options, query, this.#db, ...inputs);
  }

  project(projection: Projection, entities: ReadonlyArray<number>): Promise<Projected> {
    return project(this.#db, projection, entities, this.#limits);
  }

  baseFacts(): BaseFacts | undefined {
    return baseFacts(this.#db);
  }

  versions(entities: ReadonlyArray<number>): Promise<ReadonlyArray<number>> {
    return entityVersions(this.#db, entities, this.#limits);
  }

  pull(pattern: EdnData, entity: EdnData): Promise<EdnMap | null> {
    return pull(this.#db, pattern, entity, this.#limits);
  }

  pullMany(
    pattern: EdnData,
    entities: ReadonlyArray<EdnData>,
  ): Promise<ReadonlyArray<EdnMap | null>> {
    return pullMany(this.#db, pattern, entities, this.#limits);
  }

  count(attribute: Keyword, value?: Value): Promise<number> {
    return value === undefined
      ? countDatoms(this.#db, 'aevt', attribute)
      : countDatoms(this.#db, 'avet', attribute, value);
  }
}

const NO_LIMITS: QueryLimits = {};
