/**
 * A database as a value: who holds one sees the same facts for ever. Base trees plus novelty, the schema, and the view that is taken of
 * them.
 */
import type { DatabaseConfig } from '../../schema/database.ts';
import type { Datom } from '../datom/datom.ts';
import type { BaseIndex } from '../indices/base-index.ts';
import type { Novelty } from '../novelty/novelty.ts';
import type { Schema } from './schema.ts';

/** A transaction id, or an instant. */
export type TimePoint = number | Date;

/** Whether a datom is shown; asked with the database that the filter was put on. */
export type DatomPredicate = (db: Db, datom: Datom) => boolean;

export type ValidTime =
  | { readonly kind: 'at'; readonly at: Date }
  /** Windows that overlap, or that lie within. */
  | { readonly kind: 'between' | 'during'; readonly from: Date; readonly to: Date };

/** What is looked at: of all transactions those up to every one of `asOf` and after every one of `since`. */
export interface View {
  readonly asOf: ReadonlyArray<TimePoint>;
  readonly since: ReadonlyArray<TimePoint>;
  /** Every assertion and retraction, not what they come to. */
  readonly history: boolean;
  readonly filters: ReadonlyArray<(datom: Datom) => boolean>;
  readonly validTimes: ReadonlyArray<ValidTime>;
}

/** A durable step of a branch: some transactions that were written together. */
export interface CommitInfo {
  /** A UUID. */
  readonly id: string;
  /** The commits that it follows; more than one where branches were merged. */
  readonly parents: ReadonlyArray<string>;
  /** A hash of the base trees of its root; only where the database has content hashes, and then the id is one, too. */
  readonly trees?: string;
}

export interface Db {
  readonly config: DatabaseConfig;
  readonly base: BaseIndex;
  /** What happened after {@link indexedTx}. */
  readonly novelty: Novelty;
  readonly indexedTx: number;
  readonly schema: Schema;
  readonly maxTx: number;
  /** When a transaction was that was applied in this process: mostly the last one, whose instant else has to be looked up. */
  readonly lastInstant?: { readonly tx: number; readonly at: Date } | undefined;
  /** The largest entity id given out. */
  readonly maxEid: number;
  /** No fact that holds is of a later entity, those of transactions included; undefined where it has not been looked up in this process. */
  readonly topEntity?: number | undefined;
  readonly view: View;
  /** The commit that this value is of; undefined for speculation. */
  readonly commit: CommitInfo | undefined;
}

/** A database under change. */
export type DbDraft = { -readonly [K in keyof Db]: Db[K] };

/**
 * A copy to change. Written out, so that the databases which transactions make are all of one shape: a spread that replaces something gives each
 * copy a shape of its own, and then whatever reads it is slow.
 */
export function draftOf(db: Db): DbDraft {
  const { config, base, novelty, indexedTx, schema, maxTx, lastInstant } = db;
  const { maxEid, topEntity, view, commit } = db;
  return {
    config,
    base,
    novelty,
    indexedTx,
    schema,
    maxTx,
    lastInstant,
    maxEid,
    topEntity,
    view,
    commit,
  };
}

/** The same database as the one that a commit wrote. */
export function ofCommit(db: Db, commit: CommitInfo | undefined): Db {
  const written = draftOf(db);
  written.commit = commit;
  return written;
}

export const PRESENT: View = { asOf: [], since: [], history: false, filters: [], validTimes: [] };
