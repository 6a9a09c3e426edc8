/** Speculation: a transaction on a value, which nobody else sees. */
import type { TxInput } from '../../schema/js.ts';
import { formsOf, fromJs } from '../../schema/js.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import type { Db } from '../db/db.ts';
import { PAUSE, run } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { transact } from './transact.ts';
import type { TxReport } from './tx-report.ts';

/** What a transaction would do. */
export async function withTx(db: Db, txData: TxInput, txMeta?: EdnMap): Promise<TxReport> {
  return run(speculate(db, txData, txMeta));
}

/** The database as it would be after a transaction. */
export async function dbWith(db: Db, txData: TxInput): Promise<Db> {
  return (await withTx(db, txData)).dbAfter;
}

function* speculate(db: Db, input: TxInput, txMeta: EdnMap | undefined): Suspended<TxReport> {
  const txData = yield* toForms(input);
  const request = { txData, now: new Date() };
  return yield* transact(db, txMeta === undefined ? request : { ...request, txMeta });
}

/** As `toTxData`, with pauses. */
function* toForms(input: TxInput): Suspended<ReadonlyArray<EdnData>> {
  const forms = formsOf(input);
  if (typeof input === 'string') return forms as ReadonlyArray<EdnData>;
  const data: EdnData[] = [];
  for (const form of forms) {
    data.push(fromJs(form));
    if (data.length % 64 === 0) yield PAUSE;
  }
  return data;
}
