/**
 * A database as it was at an earlier transaction, as a value of its own and not a view: the base trees, with the transactions that came
 * since taken back. What the log says of those is enough, so no older tree has to be kept.
 */
import { ofCommit } from '../db/db.ts';
import type { Db } from '../db/db.ts';
import { EvolvingDb } from '../db/evolving-db.ts';
import { datomOf } from '../novelty/change.ts';
import { Novelty } from '../novelty/novelty.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Segment } from './segment.ts';

/** A few milliseconds of work. */
const CHANGES_PER_PAUSE = 1_024;

/**
 * @param db as its base trees hold it, without novelty
 * @param since the transactions from the one after `last` to the last that the trees hold, oldest first
 * @param last the transaction to go back to
 */
export function* rewind(db: Db, since: ReadonlyArray<Segment>, last: Segment): Suspended<Db> {
  let forward = Novelty.empty;
  for (const { changes } of since) {
    forward = forward.edit();
    for (const [i, change] of changes.entries()) {
      forward.apply(change, db.schema.isIndexed(datomOf(change).a));
      if (i % CHANGES_PER_PAUSE === CHANGES_PER_PAUSE - 1) yield PAUSE;
    }
    forward.seal();
  }
  const rewound: Db = {
    ...db,
    novelty: forward.inverse(),
    indexedTx: last.tx,
    maxTx: last.tx,
    maxEid: last.maxEid,
  };
  let { schema } = db;
  for (const { changes } of since.toReversed()) schema = schema.undo(changes);
  const settled = yield* new EvolvingDb(rewound, last.tx).underSchema(schema);
  return ofCommit(settled, last.commit);
}
