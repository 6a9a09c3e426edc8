/** The transactions of a branch, as its log tells them. */
import type { CommitInfo, Datom } from '../../engine/index.ts';
import { TX0, datomOf, kw, readSegment, run } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';

export interface LoggedTransaction {
  readonly tx: number;
  /** Undefined where the database keeps no history, and so no times. */
  readonly instant: Date | undefined;
  /** What was asserted and retracted, in the order in which it happened. */
  readonly txData: ReadonlyArray<Datom>;
  /** The commit that ends with it. */
  readonly commit: CommitInfo | undefined;
}

export interface TransactionRange {
  /** The first transaction, inclusive; the first of all by default. */
  readonly from?: number;
  /** The end, exclusive; all there are by default. */
  readonly to?: number;
}

/** So many are read together. */
const SEGMENTS_PER_READ = 256;

const TX_INSTANT = kw('db/txInstant');

/** The transactions in a range, oldest first. Reads on only while the consumer does. */
export async function* transactions(
  connection: Connection,
  { from = TX0 + 1, to = Infinity }: TransactionRange = {},
): AsyncIterable<LoggedTransaction> {
  const { store, branch } = connection;
  const end = Math.min(to, connection.db().maxTx + 1);
  for (let start = Math.max(from, TX0 + 1); start < end; start += SEGMENTS_PER_READ) {
    const segments = await store.readLog(branch, start, Math.min(end, start + SEGMENTS_PER_READ));
    for (const { bytes } of segments) {
      const { tx, changes, commit } = await run(readSegment(bytes));
      const txData = changes.map(datomOf);
      yield { tx, instant: instantIn(txData, tx, connection), txData, commit };
    }
  }
}

/** When a transaction was, by what it says of itself; undefined where it says nothing. */
export function instantIn(
  txData: ReadonlyArray<Datom>,
  tx: number,
  connection: Connection,
): Date | undefined {
  const number = connection.db().schema.numberOf(TX_INSTANT);
  const datom = txData.find(({ e, a, added }) => e === tx && a === number && added);
  return datom?.v instanceof Date ? datom.v : undefined;
}
