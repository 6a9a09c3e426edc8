/** The one read path: rows of a database value in the order of an index. */
import type { ChunkCursor, ScanEdge, ScanRange } from '../datom/chunk-cursor.ts';
import { compareWithBound } from '../datom/compare-datoms.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import type { Era } from '../indices/base-index.ts';
import { countBase, scanBase } from '../indices/base-index.ts';
import { FilterCursor } from '../novelty/filter-cursor.ts';
import { MergeCursor } from '../novelty/merge-cursor.ts';
import { overlay } from '../novelty/novelty.ts';
import type { Suspended } from '../shared/suspend.ts';
import { AsOfCursor } from './as-of-cursor.ts';
import type { Db } from './db.ts';

/** The transactions up to one, but for those of an earlier number and a later time. */
export interface Cut {
  readonly tx: number;
  readonly strays?: ReadonlySet<number> | undefined;
}

/** A database whose window of time is given by transaction ids, so that it can be scanned. */
export interface SettledDb extends Db {
  readonly view: Db['view'] & {
    readonly asOf: number | undefined;
    readonly since: number | undefined;
  };
  /** See {@link Cut}. */
  readonly strays?: { readonly asOf: Cut['strays']; readonly since: Cut['strays'] };
}

export function scan(
  db: SettledDb,
  order: IndexOrder,
  range: ScanRange,
  isReverse = false,
): ChunkCursor {
  const { asOf, since, history } = db.view;
  const past = asOf === undefined ? undefined : { tx: asOf, strays: db.strays?.asOf };
  const isPast = past !== undefined && (past.tx < db.maxTx || past.strays !== undefined);
  let rows: ChunkCursor;
  if (isPast && !history) rows = scanPast(db, order, range, isReverse, past);
  else if (history) rows = scanHistory(db, order, range, isReverse);
  else rows = scanEra(db, 'current', order, range, isReverse);
  if (isPast && history) rows = new FilterCursor(rows, (keys, row) => isUpTo(past, keys.tx[row]!));
  if (since === undefined) return rows;
  const start = { tx: since, strays: db.strays?.since };
  return new FilterCursor(rows, (keys, row) => !isUpTo(start, keys.tx[row]!));
}

function isUpTo({ tx, strays }: Cut, transaction: number): boolean {
  return transaction <= tx && strays?.has(transaction) !== true;
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
  past: Cut,
): ChunkCursor {
  const { from, to } = range;
  const { strays } = past;
  const rows = (of: ScanRange): ChunkCursor => {
    const all = scanHistory(db, order, of, isReverse);
    const known =
      strays === undefined ? all : new FilterCursor(all, (keys, row) => !strays.has(keys.tx[row]!));
    return new AsOfCursor(known, past.tx, isReverse);
  };
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
