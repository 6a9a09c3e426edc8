/** Speculation: a transaction on a value, which nobody else sees. */
import type { TxInput } from '../../schema/js.ts';
import { toTxData } from '../../schema/js.ts';
import type { EdnMap } from '../../schema/value.ts';
import type { Db } from '../db/db.ts';
import { run } from '../shared/suspend.ts';
import { transact } from './transact.ts';
import type { TxReport, TxRequest } from './tx-report.ts';

/** What a transaction would do. */
export async function withTx(
  db: Db,
  txData: TxInput,
  txMeta?: EdnMap,
  options: Pick<TxRequest, 'hasTypedNumbers'> = {},
): Promise<TxReport> {
  const request = { txData: toTxData(txData), now: new Date(), ...options };
  return run(transact(db, txMeta === undefined ? request : { ...request, txMeta }));
}

/** The database as it would be after a transaction. */
export async function dbWith(db: Db, txData: TxInput): Promise<Db> {
  return (await withTx(db, txData)).dbAfter;
}
