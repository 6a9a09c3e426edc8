/** Points in time to transactions: the one place where the clock of transactions is read. */
import { DB } from '../../schema/bootstrap.ts';
import { attributeNumber } from '../datom/attribute-number.ts';
import type { ScanRange } from '../datom/chunk-cursor.ts';
import { advance } from '../datom/chunk-cursor.ts';
import { TX0 } from '../datom/datom.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Db, TimePoint } from './db.ts';
import { PRESENT } from './db.ts';
import type { Cut, SettledDb } from './scan.ts';
import { countRows, scan } from './scan.ts';

/** Resolves instants to the transactions that they name. */
export function* settle(db: Db): Suspended<SettledDb> {
  const { asOf, since } = db.view;
  if (!(asOf instanceof Date) && !(since instanceof Date)) return db as SettledDb;
  const [past, start] = [yield* cutAt(db, asOf), yield* cutAt(db, since)];
  const view = { ...db.view, asOf: past?.tx, since: start?.tx };
  return { ...db, view, strays: { asOf: past?.strays, since: start?.strays } };
}

const TX_INSTANT = attributeNumber(DB.txInstant);

/** Which transactions are at or before a point. */
function* cutAt(db: Db, point: TimePoint | undefined): Suspended<Cut | undefined> {
  if (point === undefined || typeof point === 'number')
    return point === undefined ? undefined : { tx: point };
  const present = { ...db, view: PRESENT } as SettledDb;
  const edge = { bound: { a: TX_INSTANT, v: point } };
  const attribute = { bound: { a: TX_INSTANT }, inclusive: true };
  const upTo: ScanRange = { from: attribute, to: { ...edge, inclusive: true } };
  const after: ScanRange = { from: { ...edge, inclusive: false }, to: attribute };
  const count = yield* countRows(present, 'avet', upTo);
  const last = (yield* nearest(present, upTo, true)) ?? TX0;
  const next = (yield* nearest(present, after, false)) ?? TX0 + count + 1;
  // As a rule times rise with transactions. Where they do not, each one has to be looked at.
  return last === TX0 + count && next === last + 1 ? { tx: last } : yield* cutOf(present, upTo);
}

/** The transaction at the end or start of a range of times. */
function* nearest(db: SettledDb, range: ScanRange, isLast: boolean): Suspended<number | undefined> {
  const rows = scan(db, 'avet', range, isLast);
  if (!(yield* advance(rows))) return undefined;
  return rows.keys.e[isLast ? rows.hi - 1 : rows.lo];
}

function* cutOf(db: SettledDb, upTo: ScanRange): Suspended<Cut> {
  const transactions = new Set<number>();
  const rows = scan(db, 'avet', upTo);
  while (yield* advance(rows))
    for (let row = rows.lo; row < rows.hi; row++) transactions.add(rows.keys.e[row] ?? TX0);
  let tx = TX0;
  for (const transaction of transactions) tx = Math.max(tx, transaction);
  const strays = new Set<number>();
  for (let earlier = TX0 + 1; earlier < tx; earlier++)
    if (!transactions.has(earlier)) strays.add(earlier);
  return { tx, strays };
}
