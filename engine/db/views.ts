/** Views of a database: as it was, what came since, all that ever was, what a predicate lets through. They nest. */
import { DatabaseError } from '../../schema/error.ts';
import { TX0 } from '../datom/datom.ts';
import type { DatomPredicate, Db, TimePoint, ValidTime } from './db.ts';

/** The entity of a transaction stands for the transaction. */
type Point = TimePoint | { readonly id: number };

/**
 * The database as it was at a point, inclusive. The schema stays the present one.
 *
 * @throws BAD_USER_INPUT for a number that is no transaction id, or where the database keeps no history
 */
export function asOf(db: Db, point: Point): Db {
  requireHistory(db, 'as-of');
  if (db.view.validTimes.some(({ kind }) => kind === 'at'))
    throw new DatabaseError(
      'BAD_USER_INPUT',
      'Cannot take as-of of a database that is seen at a valid time already: put the valid time on the outside, as in validAt(asOf(db, t), at)',
      { kind: 'temporal/wrap-order' },
    );
  const time = timeOf(point);
  if (typeof time === 'number' && time < TX0)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `Invalid transaction ID. Must be at least ${TX0}. Got ${time}`,
      // As Datahike prints the text that it puts together.
      {
        data: { point: time },
        summary: `"Invalid transaction ID. Must be bigger than ${TX0}."`,
      },
    );
  return { ...db, view: { ...db.view, asOf: [...db.view.asOf, time] } };
}

/** Only what was asserted after a point, exclusive, and still holds. @throws as {@link asOf} */
export function since(db: Db, point: Point): Db {
  requireHistory(db, 'since');
  return { ...db, view: { ...db.view, since: [...db.view.since, timeOf(point)] } };
}

/** Every assertion and retraction ever made. @throws BAD_USER_INPUT where the database keeps no history */
export function history(db: Db): Db {
  requireHistory(db, 'history');
  return { ...db, view: { ...db.view, history: true } };
}

/**
 * Only the datoms for which a predicate holds. It is asked with the database that it was put on, must not wait, and has to answer the same
 * whenever it is asked.
 */
export function filter(db: Db, predicate: DatomPredicate): Db {
  const filters = [...db.view.filters, predicate.bind(undefined, db)];
  return { ...db, view: { ...db.view, filters } };
}

export function isFiltered(db: Db): boolean {
  return db.view.filters.length > 0 || db.view.validTimes.length > 0;
}

/**
 * Only what transactions said that are valid at a time: those whose `:db.valid/from` is not after and whose `:db.valid/to` is after it, each
 * open where it is missing. Of several rows of one fact the last such transaction counts. Without a time: as before.
 */
export function validAt(db: Db, at: Date | null): Db {
  return at === null ? db : withValidTime(db, { kind: 'at', at });
}

/** Only what transactions said whose window of valid time overlaps `from` (inclusive) to `to` (exclusive). */
export function validBetween(db: Db, from: Date | null, to: Date | null): Db {
  return from === null || to === null ? db : withValidTime(db, { kind: 'between', from, to });
}

/** Only what transactions said whose window of valid time is bounded and lies within `from` to `to`. */
export function validDuring(db: Db, from: Date | null, to: Date | null): Db {
  return from === null || to === null ? db : withValidTime(db, { kind: 'during', from, to });
}

/** Without the views of valid time. */
export function validAll(db: Db): Db {
  return { ...db, view: { ...db.view, validTimes: [] } };
}

function withValidTime(db: Db, validTime: ValidTime): Db {
  return { ...db, view: { ...db.view, validTimes: [...db.view.validTimes, validTime] } };
}

function requireHistory(db: Db, view: string): void {
  if (!db.config.keepHistory)
    throw new DatabaseError(
      'BAD_USER_INPUT',
      `${view} is only allowed on temporal indexed databases: this one was created with keep-history? false`,
      { summary: `${view} is only allowed on temporal indexed databases.` },
    );
}

function timeOf(point: Point): TimePoint {
  const time = typeof point === 'number' || point instanceof Date ? point : point.id;
  const number = time instanceof Date ? time.getTime() : time;
  if (Number.isInteger(number)) return time;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected a transaction id or an instant as point in time, got ${String(point)}`,
  );
}
