/** Values of databases, of which other values are made: views of time, speculation, filters. Nothing of it is stored. */
import type { Db, EdnMap } from '../../../engine/index.ts';
import {
  filter as filterIn,
  fromJs,
  isFiltered as isFilteredIn,
  withTx,
} from '../../../engine/index.ts';
import { Tagged } from '../../../schema/value.ts';
import { requestOf } from '../arguments.ts';
import { DatabaseValue, HANDLE } from '../live.ts';
import { call } from './call.ts';
import type { Database } from './handles.ts';
import { DatabaseHandle, localDatabase } from './handles.ts';
import type { AnyDefinition, Transaction } from './schema-types.ts';
import type { Datom, TransactionReport } from './show.ts';
import { showDatabase, showDatom, showReport } from './show.ts';
import { readTransaction } from './transaction.ts';

/** A transaction, an instant, or a value of the database, which stands for its last transaction. */
export type TimePoint = number | Date | Database;

/** The database as it was at a point, inclusive. */
export function asOf<S extends AnyDefinition>(
  db: Database<S>,
  point: TimePoint,
): Promise<Database<S>> {
  return call('as-of', [db, timeOf(point)]);
}

/** Only what was asserted after a point, and still holds. */
export function since<S extends AnyDefinition>(
  db: Database<S>,
  point: TimePoint,
): Promise<Database<S>> {
  return call('since', [db, timeOf(point)]);
}

/** All assertions and retractions. */
export function history<S extends AnyDefinition>(db: Database<S>): Promise<Database<S>> {
  return call('history', [db]);
}

/** Only what is valid at an instant. */
export function validAt<S extends AnyDefinition>(db: Database<S>, at: Date): Promise<Database<S>> {
  return call('valid-at', [db, at]);
}

/** Only what is valid at some time from one instant to another. */
export function validBetween<S extends AnyDefinition>(
  db: Database<S>,
  from: Date,
  to: Date,
): Promise<Database<S>> {
  return call('valid-between', [db, from, to]);
}

/** Only what is valid all the time from one instant to another. */
export function validDuring<S extends AnyDefinition>(
  db: Database<S>,
  from: Date,
  to: Date,
): Promise<Database<S>> {
  return call('valid-during', [db, from, to]);
}

/** Without views of valid time. */
export function validAll<S extends AnyDefinition>(db: Database<S>): Promise<Database<S>> {
  return call('valid-all', [db]);
}

function timeOf(point: TimePoint): number | Date {
  return point instanceof DatabaseHandle ? lastOf(point.tagged) : (point as number | Date);
}

/** Of a view that ends earlier the point at which it ends. */
function lastOf({ value }: Tagged): number | Date {
  const map = value as EdnMap;
  const origin = map.get(HANDLE.origin);
  const point = map.get(HANDLE.timePoint) ?? map.get(HANDLE.maxTx);
  return origin instanceof Tagged && point === undefined
    ? lastOf(origin)
    : (point as number | Date);
}

/** What a transaction would do. */
export async function withDb<S extends AnyDefinition>(
  db: Database<S>,
  transaction: Transaction<S>,
  txMeta?: Readonly<Record<string, unknown>>,
): Promise<TransactionReport<S>> {
  const { db: before, of } = localDatabase(db, 'withDb');
  const meta = txMeta === undefined ? null : fromJs(txMeta);
  const { txData, txMeta: said } = requestOf(readTransaction(transaction, fromJs), meta);
  const report = await withTx(before, txData, said as EdnMap | undefined);
  const valueOf = (each: Db): DatabaseValue => DatabaseValue.whole(each, of);
  return showReport({
    ...report,
    before: valueOf(report.dbBefore),
    after: valueOf(report.dbAfter),
  }) as TransactionReport<S>;
}

/** The database as it would be after a transaction. */
export async function dbWith<S extends AnyDefinition>(
  db: Database<S>,
  transaction: Transaction<S>,
): Promise<Database<S>> {
  return (await withDb(db, transaction))['db-after'];
}

/** Only the datoms for which a predicate holds. It must not wait, and has to answer the same whenever it is asked. */
export async function filter<S extends AnyDefinition>(
  db: Database<S>,
  predicate: (db: Database, datom: Datom) => boolean,
): Promise<Database<S>> {
  const { db: all, of, handle } = localDatabase(db, 'filter');
  const shown = (each: Db): Database => showDatabase(new DatabaseValue(each, of, handle));
  const seen = filterIn(all, (before, datom) => predicate(shown(before), showDatom(datom)));
  return shown(seen) as Database<S>;
}

/** Whether somebody filtered it, or looks at it by valid time. */
export async function isFiltered(db: Database): Promise<boolean> {
  return isFilteredIn(localDatabase(db, 'isFiltered').db);
}

/** Tempids that the program chooses itself seldom come near these. */
let lastTempid = -1_000_000;

/** A number that stands for a new entity in a transaction; `n` where it is given. The partition says nothing here. */
export async function tempid(_partition?: string, n?: number): Promise<number> {
  return n ?? --lastTempid;
}
