/** Speculation: a transaction on a value, which nobody else sees. */
import type { EdnData } from '../../schema/value.ts';
import type { Db } from '../db/db.ts';
import { run } from '../shared/suspend.ts';
import { transact } from './transact.ts';
import type { TxReport } from './tx-report.ts';

/** What a transaction would do. */
export function withTx(
  db: Db,
  txData: ReadonlyArray<EdnData>,
  txMeta: ReadonlyMap<EdnData, EdnData> = new Map(),
): Promise<TxReport> {
  return run(transact(db, { txData, txMeta, now: new Date() }));
}

/** The database as it would be after a transaction. */
export async function dbWith(db: Db, txData: ReadonlyArray<EdnData>): Promise<Db> {
  return (await withTx(db, txData)).dbAfter;
}
