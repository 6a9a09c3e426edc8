/** The one read path: rows of a database value in the order of an index. */
import { DB } from '../../schema/bootstrap.ts';
import type { ChunkCursor, ScanEdge, ScanRange } from '../datom/chunk-cursor.ts';
import { advance } from '../datom/chunk-cursor.ts';
import { attributeNumber } from '../datom/attribute-number.ts';
import { compareWithBound } from '../datom/compare-datoms.ts';
import { TX0 } from '../datom/datom.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import type { Era } from '../index/base-index.ts';
import { countBase, scanBase } from '../index/base-index.ts';
import { FilterCursor } from '../novelty/filter-cursor.ts';
import { MergeCursor } from '../novelty/merge-cursor.ts';
import { overlay } from '../novelty/novelty.ts';
import type { Suspended } from '../shared/suspend.ts';
import { AsOfCursor } from './as-of-cursor.ts';
import type { Db, TimePoint } from './db.ts';
import { PRESENT } from './db.ts';

/** A database whose window of time is given by transaction ids, so that it can be scanned. */
export interface SettledDb extends Db {
  readonly view: Db['view'] & {
    readonly asOf: number | undefined;
    readonly since: number | undefined;
  };
}

/** Resolves instants to the transactions that they name. */
export function* settle(db: Db): Suspended<SettledDb> {
  const { asOf, since, history } = db.view;
  if (!(asOf instanceof Date) && !(since instanceof Date)) return db as SettledDb;
  const view = {
    asOf: yield* transactionAt(db, asOf),
    since: yield* transactionAt(db, since),
    history,
  };
  return { ...db, view };
}

export function scan(
  db: SettledDb,
  order: IndexOrder,
  range: ScanRange,
  isReverse = false,
): ChunkCursor {
  const { asOf, since, history } = db.view;
  const isPast = asOf !== undefined && asOf < db.maxTx;
  let rows: ChunkCursor;
  if (isPast && !history) rows = scanPast(db, order, range, isReverse, asOf);
  else if (history) rows = scanHistory(db, order, range, isReverse);
  else rows = scanEra(db, 'current', order, range, isReverse);
  if (isPast && history) rows = new FilterCursor(rows, (keys, row) => keys.tx[row]! <= asOf);
  return since === undefined ? rows : new FilterCursor(rows, (keys, row) => keys.tx[row]! > since);
}

/**
 * How many rows a scan gives: exact where only the present is looked at, else at least as many as there are.
 */
export function* countRows(db: SettledDb, order: IndexOrder, range: ScanRange): Suspended<number> {
  let count = yield* countEra(db, 'current', order, range);
  if (db.view.history || db.view.asOf !== undefined)
    count += yield* countEra(db, 'temporal', order, range);
  return count;
}

function scanHistory(db: Db, order: IndexOrder, range: ScanRange, isReverse: boolean): ChunkCursor {
  const current = scanEra(db, 'current', order, range, isReverse);
  return new MergeCursor(
    order,
    current,
    scanEra(db, 'temporal', order, range, isReverse),
    isReverse,
  );
}

/** What held: all rows of a fact have to be seen to tell, also where the range begins or ends between them. */
function scanPast(
  db: Db,
  order: IndexOrder,
  range: ScanRange,
  isReverse: boolean,
  asOf: number,
): ChunkCursor {
  const { from, to } = range;
  const rows = (of: ScanRange): ChunkCursor =>
    new AsOfCursor(scanHistory(db, order, of, isReverse), asOf, isReverse);
  if (from?.bound.tx === undefined && to?.bound.tx === undefined) return rows(range);
  const compare = compareWithBound[order];
  return new FilterCursor(rows({ from: aroundFact(from), to: aroundFact(to) }), (keys, row) => {
    const datom = keys.datom(row);
    const [start, end] = [from && compare(datom, from.bound), to && compare(datom, to.bound)];
    return (
      (start === undefined || start > 0 || (start === 0 && from?.inclusive === true)) &&
      (end === undefined || end < 0 || (end === 0 && to?.inclusive === true))
    );
  });
}

/** An edge that lies within the rows of a fact, moved so that it takes in all of them. */
function aroundFact(edge: ScanEdge | undefined): ScanEdge | undefined {
  return edge?.bound.tx === undefined
    ? edge
    : { bound: { ...edge.bound, tx: undefined }, inclusive: true };
}

function scanEra(
  db: Db,
  era: Era,
  order: IndexOrder,
  range: ScanRange,
  isReverse: boolean,
): ChunkCursor {
  const base = scanBase(db.base, era, order, range, isReverse);
  return overlay(base, db.novelty.eras[era][order], range, isReverse);
}

function* countEra(db: Db, era: Era, order: IndexOrder, range: ScanRange): Suspended<number> {
  const { added, removed } = db.novelty.eras[era][order];
  const base = yield* countBase(db.base, era, order, range);
  return base + added.countRange(range) - removed.countRange(range);
}

/** The last transaction at or before an instant; {@link TX0} where there is none. */
function* transactionAt(db: Db, point: TimePoint | undefined): Suspended<number | undefined> {
  if (!(point instanceof Date)) return point;
  const a = attributeNumber(DB.txInstant);
  const range = {
    from: { bound: { a }, inclusive: true },
    to: { bound: { a, v: point }, inclusive: true },
  };
  const rows = scan({ ...db, view: PRESENT } as SettledDb, 'avet', range, true);
  return (yield* advance(rows)) ? rows.keys.e[rows.hi - 1]! : TX0;
}
