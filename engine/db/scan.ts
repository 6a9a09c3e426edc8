/** The one read path: rows of a database value in the order of an index. */
import type { ChunkCursor, ScanEdge, ScanRange } from '../datom/chunk-cursor.ts';
import type { Columns } from '../datom/columns.ts';
import { compareWithBound } from '../datom/compare-datoms.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import type { Era } from '../indices/base-index.ts';
import { countBase, scanBase } from '../indices/base-index.ts';
import { ClippedCursor } from '../novelty/clipped-cursor.ts';
import { FilterCursor } from '../novelty/filter-cursor.ts';
import { MergeCursor } from '../novelty/merge-cursor.ts';
import { keptRows, overlay } from '../novelty/novelty.ts';
import { SetCursor } from '../novelty/set-cursor.ts';
import type { Miss, Suspended } from '../shared/suspend.ts';
import type { Db } from './db.ts';
import { PRESENT } from './db.ts';
import { FactCursor, heldAt, saidLast } from './fact-cursor.ts';

/** The transactions up to one, but for those of an earlier number and a later time. */
export interface Cut {
  readonly tx: number;
  readonly strays?: ReadonlySet<number> | undefined;
}

/** Whether what a transaction said is shown. */
export type ShowsTransaction = (tx: number) => boolean;

/** What a view comes to, so that it can be scanned. */
export interface Window {
  readonly asOf: Cut | undefined;
  readonly since: Cut | undefined;
  readonly history: boolean;
  readonly shows: ReadonlyArray<ShowsTransaction>;
  readonly filters: Db['view']['filters'];
  /** Whether of the rows of one fact only those of the last transaction are shown. */
  readonly isLastOnly?: boolean;
}

/** A database that can be scanned: of the present, or one whose view is settled. */
export interface SettledDb extends Db {
  readonly window?: Window;
}

export function scan(
  db: SettledDb,
  order: IndexOrder,
  range: ScanRange,
  isReverse = false,
): ChunkCursor {
  const { window } = db;
  if (window === undefined) return scanEra(db, 'current', order, range, isReverse);
  const { asOf, since, history, shows, filters } = window;
  const isPast = asOf !== undefined && (asOf.tx < db.maxTx || asOf.strays !== undefined);
  let rows: ChunkCursor;
  if (isPast && !history) rows = scanPast(db, order, range, isReverse, asOf);
  else if (history) rows = scanHistory(db, order, range, isReverse);
  else rows = scanEra(db, 'current', order, range, isReverse);
  const keep = (test: (keys: Columns, row: number) => boolean): void => {
    rows = new FilterCursor(rows, test);
  };
  if (isPast && history) keep((keys, row) => isUpTo(asOf, keys.tx[row]!));
  if (since !== undefined) keep((keys, row) => !isUpTo(since, keys.tx[row]!));
  if (shows.length > 0) keep((keys, row) => shows.every((isShown) => isShown(keys.tx[row]!)));
  if (window.isLastOnly === true) rows = new FactCursor(rows, isReverse, saidLast);
  if (filters.length > 0) keep((keys, row) => filters.every((isShown) => isShown(keys.datom(row))));
  return rows;
}

function isUpTo({ tx, strays }: Cut, transaction: number): boolean {
  return transaction <= tx && strays?.has(transaction) !== true;
}

/** How many rows a scan gives: exact where only the present is looked at, else at least as many as there are. */
export function* countRows(db: SettledDb, order: IndexOrder, range: ScanRange): Suspended<number> {
  for (;;) {
    const misses: Miss[] = [];
    const count = countRowsNow(db, order, range, misses);
    if (misses.length === 0) return count;
    yield misses;
  }
}

/** As {@link countRows}. Nodes that are not in memory are noted in `misses`, and then the number means nothing. */
export function countRowsNow(
  db: SettledDb,
  order: IndexOrder,
  range: ScanRange,
  misses: Miss[],
): number {
  const isPast = db.window?.history === true || db.window?.asOf !== undefined;
  const current = countEra(db, 'current', order, range, misses);
  return isPast ? current + countEra(db, 'temporal', order, range, misses) : current;
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
    return new FactCursor(known, isReverse, heldAt(past.tx));
  };
  if (from?.bound.tx === undefined && to?.bound.tx === undefined) return rows(range);
  const compare = compareWithBound[order];
  return new FilterCursor(
    rows({ ...range, from: aroundFact(from), to: aroundFact(to) }),
    (keys, row) => {
      const datom = keys.datom(row);
      const [start, end] = [from && compare(datom, from.bound), to && compare(datom, to.bound)];
      return (
        (start === undefined || start > 0 || (start === 0 && from?.inclusive === true)) &&
        (end === undefined || end < 0 || (end === 0 && to?.inclusive === true))
      );
    },
  );
}

/** An edge that lies within the rows of a fact, moved so that it takes in all of them. */
function aroundFact(edge: ScanEdge | undefined): ScanEdge | undefined {
  return edge?.bound.tx === undefined
    ? edge
    : { bound: { ...edge.bound, tx: undefined }, inclusive: true };
}

/** The rows of one era alone: what holds, or what is past. */
export function scanEra(
  db: Db,
  era: Era,
  order: IndexOrder,
  range: ScanRange,
  isReverse: boolean,
): ChunkCursor {
  const novelty = db.novelty.eras[era][order];
  if (db.base.roots[era][order].count === 0) return new SetCursor(novelty.added, range, isReverse);
  const base = scanBase(db.base, era, order, range, isReverse);
  const isWorkedOn = novelty.added.weight + novelty.removed.weight > 0 || db.view !== PRESENT;
  const rows = range.isPartial === true && isWorkedOn ? new ClippedCursor(base, isReverse) : base;
  return overlay(rows, novelty, range, isReverse);
}

/** Of the base trees, the present rows that still hold. */
export function scanKept({ base, novelty }: Db, order: IndexOrder, range: ScanRange): ChunkCursor {
  const { removed } = novelty.eras.current[order];
  return keptRows(scanBase(base, 'current', order, range, false), removed);
}

function countEra(db: Db, era: Era, order: IndexOrder, range: ScanRange, misses: Miss[]): number {
  const { added, removed } = db.novelty.eras[era][order];
  const base = countBase(db.base, era, order, range, misses);
  return base + added.countRange(range) - removed.countRange(range);
}
