/** What a transaction did. */
import type { EdnData } from '../../schema/value.ts';
import type { Datom } from '../datom/datom.ts';
import type { Db } from '../db/db.ts';
import type { Change, PurgedFacts } from '../novelty/change.ts';

export interface TxReport {
  readonly dbBefore: Db;
  readonly dbAfter: Db;
  readonly tx: number;
  readonly instant: Date;
  /** What was asserted and retracted, in the order in which it happened. */
  readonly txData: ReadonlyArray<Datom>;
  /** The same with what a log segment has to say of retractions. */
  readonly changes: ReadonlyArray<Change>;
  /** What was purged, see `PurgedFacts`. */
  readonly purged: ReadonlyArray<PurgedFacts>;
  /** Negative numbers and strings that stood for entities, and `:db/current-tx`. */
  readonly tempids: ReadonlyMap<EdnData, number>;
  readonly txMeta: ReadonlyMap<EdnData, EdnData>;
}

/** What is asked of the transactor. */
export interface TxRequest {
  readonly txData: ReadonlyArray<EdnData>;
  readonly txMeta?: ReadonlyMap<EdnData, EdnData>;
  /** The wall clock; the transaction gets it, or one millisecond after the last transaction, whichever is later. */
  readonly now: Date;
  /** Whether the data tells floating-point numbers (`EdnDouble`) from integers; then neither is taken for the other. */
  readonly hasTypedNumbers?: boolean;
}
