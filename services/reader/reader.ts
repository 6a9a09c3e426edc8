/**
 * The read operations the gateway stands on: one database, and immutable snapshots of it. The same port is served from local
 * indices or, later, by a remote peer.
 */
import type { Attribute } from '../../schema/attribute.ts';
import type { DatabaseConfig } from '../../schema/database.ts';
import type { Keyword } from '../../schema/keyword.ts';
import type {
  BaseFacts,
  Datom,
  PageOptions,
  Projected,
  Projection,
  QueryLimits,
} from '../../engine/index.ts';
import type { EdnData, EdnMap, Value } from '../../schema/value.ts';
import type { TransactRequest, TransactResult } from '../connection/writer-port.ts';

/** A point in time: a transaction id, or an instant (the last transaction at or before it). */
export type TimePoint = number | Date;

export { compareValues, GREATEST_VALUE, giveWay, plus, waitWithin } from '../../engine/index.ts';

export type {
  BaseFacts,
  CancelSignal,
  Datom,
  Lists,
  PageOptions,
  Projected,
  ProjectedAttribute,
  Projection,
  QueryLimits,
} from '../../engine/index.ts';

export interface Reader {
  /**
   * The newest snapshot this process knows; where no `minTx` is given it is there at once. Whatever it is asked, and what is asked of its past, ends within the limits: with a
   * `deadlineMs` they are those of a whole request.
   *
   * @throws BASIS_NOT_AVAILABLE where `minTx` does not arrive within the reader's patience (retryable)
   */
  snapshot(options?: SnapshotOptions): Snapshot | Promise<Snapshot>;

  /** The newest snapshot known now, without waiting. */
  current(): Snapshot;

  /** Calls the listener after each move to a newer snapshot, or to another one where the store was set back; returns the function that stops it. */
  onAdvance(listener: (snapshot: Snapshot) => void): () => void;

  /**
   * The transactions from one on, in order and none left out: those that are there, and then each that comes. It reads on only while the consumer
   * does, so that a slow one holds no more than a page of the log. Ends when the signal is given; the log is waited for within the limits.
   *
   * @throws SNAPSHOT_EXPIRED where the store was set back: those told last may be lost
   */
  transactions(from: number, signal: AbortSignal, limits?: QueryLimits): AsyncIterable<Transaction>;

  /** One transaction as the log tells it; undefined where there is none of this number. */
  transaction(tx: number, limits?: QueryLimits): Promise<Transaction | undefined>;
}

export interface Transaction {
  readonly tx: number;
  /** Undefined where the database keeps no history, and so no times. */
  readonly instant: Date | undefined;
  /** What was asserted and retracted, in the order in which it happened. What was purged is not among it. */
  readonly changes: ReadonlyArray<Datom>;
  /** Whether it, or one near it, has purged. */
  readonly hasPurged: boolean;
}

export interface SnapshotOptions {
  /** A transaction that the snapshot has to hold. */
  readonly minTx?: number | undefined;
  readonly limits?: QueryLimits | undefined;
}

/** One immutable state of one database. */
export interface Snapshot {
  /** The last transaction this snapshot holds; as of an instant the newest one that is known. */
  readonly basisTx: number;
  /** The commit that this snapshot, or what it looks back from, ends with: equal numbers of transactions mean the same only in one history. Undefined before the first. */
  readonly commitId: string | undefined;
  /** Which database it is of; another one after it was set back to an earlier copy and renewed. */
  readonly databaseId: string;
  readonly config: DatabaseConfig;
  /** The user's attributes by ident (none of `:db/*`), the same map object until the schema changes. */
  readonly attributes: ReadonlyMap<Keyword, Attribute>;

  /** This database as it was: at or before the point, inclusive. The attributes stay the current ones. */
  asOf(point: TimePoint): Snapshot;

  /** The same state, whose questions end within other limits. */
  within(limits: QueryLimits): Snapshot;

  /** All that was ever asserted or retracted. @throws BAD_USER_INPUT where the database keeps no history */
  history(): Snapshot;

  /**
   * What the writer would make of a transaction if this snapshot were the newest: all of it is checked, and nothing is written. Of the present only.
   *
   * @throws as `Writer.transact`
   */
  with(request: TransactRequest): Promise<Speculation>;

  /** The entity that an id, ident or lookup ref `[attr value]` names, or undefined. */
  entityId(ref: EdnData): Promise<number | undefined>;

  /**
   * A query as data, e.g. the EDN of `{:find [?e] :in [$ ?n] :where [[?e :person/name ?n]] :order-by [?n :desc] :limit 10}`
   * as a Map, or as a vector. This database is the first input `$`; `inputs` follow. The result has the shape of the find
   * specification; a relation is an array of rows. The page goes before what the query says of one: it is parsed once for all of its
   * pages, by the identity of its data.
   *
   * @throws DEADLINE_EXCEEDED, CANCELLED, LIMIT_EXCEEDED
   */
  q(query: EdnData, inputs?: ReadonlyArray<EdnData>, page?: PageOptions): Promise<EdnData>;

  /** What entities say of some attributes, as columns; one projection object is compiled once. @throws as {@link q} */
  project(projection: Projection, entities: ReadonlyArray<number>): Promise<Projected>;

  /** Tells what entities say in stored trees alone, so that what was made of it can be kept; undefined of the past. */
  baseFacts(): BaseFacts | undefined;

  /**
   * For each entity the last transaction that said something of it or of one of its components; 0 where there never was anything.
   *
   * @throws as {@link q}
   */
  versions(entities: ReadonlyArray<number>): Promise<ReadonlyArray<number>>;

  /** Pulls a pattern: a map of attribute to value or null where nothing is there. @throws as {@link q} */
  pull(pattern: EdnData, entity: EdnData): Promise<EdnMap | null>;

  /** Pulls many; the answer has one place for each entity, in order. */
  pullMany(
    pattern: EdnData,
    entities: ReadonlyArray<EdnData>,
  ): Promise<ReadonlyArray<EdnMap | null>>;

  /** How many datoms hold the attribute (and the value), from counts in the index: exact for the present, of the past at least as many. */
  count(attribute: Keyword, value?: Value): Promise<number>;
}

/** A transaction that was not written, and the database as it would be after it. */
export interface Speculation {
  readonly result: TransactResult;
  readonly snapshot: Snapshot;
}
