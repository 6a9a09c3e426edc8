/** Brings the nodes of many point reads into memory together: as many round trips as the tree is high, however many reads. */
import { prefixRange } from '../datom/chunk-cursor.ts';
import type { Bound } from '../datom/columns.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import { PAUSE, missesOf } from '../shared/suspend.ts';
import type { Miss, Suspended } from '../shared/suspend.ts';
import type { SettledDb } from './scan.ts';
import { scan } from './scan.ts';

/** How many reads are prepared at once, so that what they bring is tens of megabytes at most. */
const BATCH = 1_024;

export function* prefetch(
  db: SettledDb,
  order: IndexOrder,
  bounds: ReadonlyArray<Bound>,
): Suspended<void> {
  for (let start = 0; start < bounds.length; start += BATCH) {
    let pending = bounds.slice(start, start + BATCH);
    while (pending.length > 0) {
      const misses: Miss[] = [];
      pending = pending.filter((bound) => {
        const rows = scan(db, order, prefixRange(bound));
        if (rows.next() !== 'missing') return false;
        misses.push(...missesOf(rows.miss));
        return true;
      });
      if (misses.length > 0) yield misses;
    }
    // A turn of the event loop costs more than a few reads.
    if (start + BATCH < bounds.length) yield PAUSE;
  }
}
