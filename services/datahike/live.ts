/**
 * What Datahike's operations take and give: connections, values of databases, entities, reports, datoms. Each can be written as the tagged element that
 * stands for it elsewhere: `#datahike/DB {…}` names a value, and whoever opened the database finds it again by that.
 */
import type { Datom, Db, EdnData, EdnMap, Entity, TxReport } from '../../engine/index.ts';
import { Uuid, kw } from '../../engine/index.ts';
import { Tagged } from '../../schema/value.ts';
import type { Storage } from '../storage.ts';

/** A database that somebody connected to. */
export class OpenedDatabase {
  readonly storage: Storage;
  /** What its storage calls it. */
  readonly name: string;
  readonly storeId: Uuid | string;
  readonly branch: string;
  /** The whole configuration with which it was opened. */
  readonly config: EdnMap;

  constructor(options: Pick<OpenedDatabase, 'storage' | 'name' | 'storeId' | 'branch' | 'config'>) {
    this.storage = options.storage;
    this.name = options.name;
    this.storeId = options.storeId;
    this.branch = options.branch;
    this.config = options.config;
  }

  get handle(): Tagged {
    return new Tagged(TAGS.connection, this.place);
  }

  get place(): EdnData {
    return [this.storeId, kw(this.branch)];
  }

  /** The same database at another branch. */
  atBranch(branch: string): OpenedDatabase {
    return branch === this.branch ? this : new OpenedDatabase({ ...this, branch });
  }
}

/** A value of a database, and what stands for it elsewhere. */
export class DatabaseValue {
  readonly db: Db;
  readonly of: OpenedDatabase;
  readonly handle: Tagged;

  constructor(db: Db, of: OpenedDatabase, handle: Tagged) {
    this.db = db;
    this.of = of;
    this.handle = handle;
  }

  /** The value of a database without a view. */
  static whole(db: Db, of: OpenedDatabase, commitId = db.commit?.id): DatabaseValue {
    return new DatabaseValue(db, of, handleOf(db, of, commitId));
  }
}

function handleOf({ maxEid, maxTx }: Db, of: OpenedDatabase, commitId: string | undefined): Tagged {
  return new Tagged(
    TAGS.db,
    new Map<EdnData, EdnData>([
      [HANDLE.storeId, of.place],
      [HANDLE.commitId, (commitId === undefined ? undefined : Uuid.parse(commitId)) ?? null],
      [HANDLE.maxEid, maxEid],
      [HANDLE.maxTx, maxTx],
    ]),
  );
}

export class DatabaseEntity {
  readonly entity: Entity;
  readonly of: DatabaseValue;

  constructor(entity: Entity, of: DatabaseValue) {
    this.entity = entity;
    this.of = of;
  }
}

/** What a transaction did. */
export interface DatabaseReport {
  readonly before: DatabaseValue;
  readonly after: DatabaseValue;
  readonly txData: ReadonlyArray<Datom>;
  readonly tempids: ReadonlyMap<EdnData, number>;
  readonly txMeta: TxReport['txMeta'];
}

/** Datoms, and the value of the database that they are of. */
export class FoundDatoms {
  readonly datoms: ReadonlyArray<Datom>;
  readonly of: DatabaseValue;

  constructor(found: ReadonlyArray<Datom>, of: DatabaseValue) {
    this.datoms = found;
    this.of = of;
  }
}

/** What a transaction did, as one of the answers. */
export class Reported {
  readonly report: DatabaseReport;

  constructor(report: DatabaseReport) {
    this.report = report;
  }
}

/** What an operation is given. */
export type Argument = EdnData | OpenedDatabase | DatabaseValue | DatabaseEntity;
/** What it gives. */
export type Answer = Argument | FoundDatoms | Reported;

export const TAGS = {
  connection: 'datahike/Connection',
  db: 'datahike/DB',
  history: 'datahike/HistoricalDB',
  asOf: 'datahike/AsOfDB',
  since: 'datahike/SinceDB',
  /** Ours: Datahike has no form for them. */
  valid: 'datahike/ValidDB',
  datom: 'datahike/Datom',
  report: 'datahike/TxReport',
  entity: 'datahike/Entity',
} as const;

export const HANDLE = {
  storeId: kw('store-id'),
  commitId: kw('commit-id'),
  maxEid: kw('max-eid'),
  maxTx: kw('max-tx'),
  origin: kw('origin'),
  timePoint: kw('time-point'),
  db: kw('db'),
  eid: kw('eid'),
} as const;
