/**
 * A database as a value: who holds one sees the same facts for ever. Base trees plus novelty, the schema, and the window of time that is
 * looked through.
 */
import type { DatabaseConfig } from '../../schema/database.ts';
import { DatabaseError } from '../../schema/error.ts';
import { TX0 } from '../datom/datom.ts';
import type { BaseIndex } from '../indices/base-index.ts';
import { NO_ROOTS } from '../indices/base-index.ts';
import { Novelty } from '../novelty/novelty.ts';
import { Schema } from './schema.ts';

/** A transaction id, or an instant. */
export type TimePoint = number | Date;

/** The window of transactions `since < tx <= asOf`. */
export interface View {
  readonly asOf: TimePoint | undefined;
  readonly since: TimePoint | undefined;
  /** Every assertion and retraction in the window, not what they come to. */
  readonly history: boolean;
}

export interface Db {
  readonly config: DatabaseConfig;
  readonly base: BaseIndex;
  /** What happened after {@link indexedTx}. */
  readonly novelty: Novelty;
  readonly indexedTx: number;
  readonly schema: Schema;
  readonly maxTx: number;
  /** The largest entity id given out. */
  readonly maxEid: number;
  readonly view: View;
}

export const PRESENT: View = { asOf: undefined, since: undefined, history: false };

/** A database without a store, for speculation and tests. */
export function emptyDb(config: DatabaseConfig): Db {
  return {
    config,
    base: { roots: NO_ROOTS, source: NO_NODES },
    novelty: Novelty.empty,
    indexedTx: TX0,
    schema: Schema.empty,
    maxTx: TX0,
    maxEid: 0,
    view: PRESENT,
  };
}

const NO_NODES = { peek: () => undefined, load: () => Promise.resolve() };

/**
 * The database as it was at a point, inclusive. The schema stays the present one.
 *
 * @throws BAD_USER_INPUT for a number that is no transaction id, or where the database keeps no history
 */
export function asOf(db: Db, point: TimePoint): Db {
  requireHistory(db, 'as-of');
  if (typeof point === 'number' && point < TX0)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Invalid transaction ID. Must be at least ${TX0}. Got ${point}`,
      { data: { point } },
    );
  return { ...db, view: { ...db.view, asOf: checkedPoint(point) } };
}

/** Only what was asserted after a point, exclusive, and still holds. */
export function since(db: Db, point: TimePoint): Db {
  requireHistory(db, 'since');
  return { ...db, view: { ...db.view, since: checkedPoint(point) } };
}

/** Every assertion and retraction ever made. */
export function history(db: Db): Db {
  requireHistory(db, 'history');
  return { ...db, view: { ...db.view, history: true } };
}

function requireHistory(db: Db, view: string): void {
  if (!db.config.keepHistory)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `${view} is only allowed on temporal indexed databases: this one was created with keep-history? false`,
    );
}

function checkedPoint(point: TimePoint): TimePoint {
  const number = point instanceof Date ? point.getTime() : point;
  if (Number.isInteger(number)) return point;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected a transaction id or an instant as point in time, got ${String(point)}`,
  );
}
