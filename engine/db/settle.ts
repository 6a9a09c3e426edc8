/** Views to what a scan can go by: points in time to transactions, valid times to the transactions that they show. */
import { DB } from '../../schema/bootstrap.ts';
import type { ScanRange } from '../datom/chunk-cursor.ts';
import { advance, prefixRange } from '../datom/chunk-cursor.ts';
import { TX0 } from '../datom/datom.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Db, TimePoint, ValidTime } from './db.ts';
import { PRESENT } from './db.ts';
import type { Cut, SettledDb, ShowsTransaction } from './scan.ts';
import { countRows, scan } from './scan.ts';

/** All rows of the present database and its past. */
export function historyOf(db: Db): SettledDb {
  const window = { asOf: undefined, since: undefined, history: true, shows: [], filters: [] };
  return { ...db, window };
}

/** Resolves what a view says to the transactions that it means. */
export function* settle(db: Db): Suspended<SettledDb> {
  const { view } = db;
  if (view === PRESENT || 'window' in db) return db;
  const { history, filters } = view;
  const asOf = earliest(yield* cutsAt(db, view.asOf));
  const since = latest(yield* cutsAt(db, view.since));
  const shows: ShowsTransaction[] = [];
  const settled = { ...db, window: { asOf, since, history, filters: [], shows } };
  for (const validTime of view.validTimes) shows.push(yield* showsAt(settled, validTime));
  const isLastOnly = history && view.validTimes.some(({ kind }) => kind === 'at');
  return { ...db, window: { asOf, since, history, filters, shows, isLastOnly } };
}

function* cutsAt(db: Db, points: ReadonlyArray<TimePoint>): Suspended<Cut[]> {
  const cuts: Cut[] = [];
  for (const point of points)
    cuts.push(typeof point === 'number' ? { tx: point } : yield* cutAt(db, point));
  return cuts;
}

/** The transactions that all of the cuts hold. */
function earliest(cuts: ReadonlyArray<Cut>): Cut | undefined {
  return cuts.reduce<Cut | undefined>((a, b) => {
    if (a === undefined) return b;
    const strays = new Set([...(a.strays ?? []), ...(b.strays ?? [])]);
    return { tx: Math.min(a.tx, b.tx), strays: strays.size > 0 ? strays : undefined };
  }, undefined);
}

/** The transactions that any of the cuts holds. */
function latest(cuts: ReadonlyArray<Cut>): Cut | undefined {
  return cuts.reduce<Cut | undefined>((a, b) => {
    if (a === undefined) return b;
    const strays = [...(a.strays ?? []), ...(b.strays ?? [])];
    const left = strays.filter((tx) => !holds(a, tx) && !holds(b, tx));
    const tx = Math.max(a.tx, b.tx);
    return { tx, strays: left.length > 0 ? new Set(left) : undefined };
  }, undefined);
}

function holds({ tx, strays }: Cut, transaction: number): boolean {
  return transaction <= tx && strays?.has(transaction) !== true;
}

/** Which transactions are at or before an instant. */
function* cutAt(db: Db, point: Date): Suspended<Cut> {
  const present = { ...db, view: PRESENT };
  const { txInstant, areEntities } = db.schema.names;
  // The transaction that begins a database has a time where it says something.
  const first = areEntities ? TX0 : TX0 + 1;
  const edge = { bound: { a: txInstant, v: point } };
  const attribute = { bound: { a: txInstant }, inclusive: true };
  const upTo: ScanRange = { from: attribute, to: { ...edge, inclusive: true } };
  const after: ScanRange = { from: { ...edge, inclusive: false }, to: attribute };
  const count = yield* countRows(present, 'avet', upTo);
  const last = (yield* nearest(present, upTo, true)) ?? first - 1;
  const next = (yield* nearest(present, after, false)) ?? first + count;
  // As a rule times rise with transactions. Where they do not, each one has to be looked at.
  return last === first + count - 1 && next === last + 1
    ? { tx: last }
    : yield* cutOf(present, upTo);
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

/** Which transactions a valid time shows. */
function* showsAt(db: SettledDb, validTime: ValidTime): Suspended<ShowsTransaction> {
  const from = yield* timesOf(db, DB.validFrom);
  const to = yield* timesOf(db, DB.validTo);
  return (tx) => {
    const start = from.get(tx) ?? -Infinity;
    const end = to.get(tx) ?? Infinity;
    if (validTime.kind === 'at')
      return start <= validTime.at.getTime() && end > validTime.at.getTime();
    const [lo, hi] = [validTime.from.getTime(), validTime.to.getTime()];
    return validTime.kind === 'between' ? start < hi && end > lo : start >= lo && end <= hi;
  };
}

/** What a transaction says of its valid time, by transaction. */
function* timesOf(
  db: SettledDb,
  ident: typeof DB.validFrom,
): Suspended<ReadonlyMap<number, number>> {
  const times = new Map<number, number>();
  const rows = scan(db, 'aevt', prefixRange({ a: db.schema.numberOf(ident) }));
  while (yield* advance(rows)) {
    for (let row = rows.lo; row < rows.hi; row++) {
      const { e, v } = rows.keys.datom(row);
      if (v instanceof Date && !times.has(e)) times.set(e, v.getTime());
    }
    yield PAUSE;
  }
  return times;
}
