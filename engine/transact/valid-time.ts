/** Valid time: a transaction may say from when to when what it asserts is true. The window has to be one. */
import { DB } from '../../schema/bootstrap.ts';
import type { EdnMap } from '../../schema/value.ts';
import type { Suspended } from '../shared/suspend.ts';
import type { Transaction } from './transaction.ts';
import { txError } from './tx-error.ts';

/** @throws BAD_TRANSACTION (`transact/invalid-valid-times`) */
export function checkValidTimes(txMeta: EdnMap | undefined): void {
  const [from, to] = [txMeta?.get(DB.validFrom), txMeta?.get(DB.validTo)];
  if (!(from instanceof Date) || !(to instanceof Date) || from < to) return;
  throw txError(
    'transact/invalid-valid-times',
    `Invalid valid-time window: :db.valid/from must be before :db.valid/to, got ${from.toISOString()} and ${to.toISOString()}`,
    { from, to },
  );
}

/** As {@link checkValidTimes}, of earlier transactions that this one gave another window. */
export function* checkChangedWindows(transaction: Transaction): Suspended<void> {
  const { schema } = transaction.db;
  for (const tx of transaction.changedWindows) {
    const times: unknown[] = [];
    for (const ident of [DB.validFrom, DB.validTo]) {
      const [datom] = yield* transaction.values(tx, schema.numberOf(ident) ?? 0);
      times.push(datom?.v);
    }
    const [from, to] = times;
    if (!(from instanceof Date) || !(to instanceof Date) || from < to) continue;
    throw txError(
      'transact/invalid-valid-times-cross-tx',
      `Invalid cross-tx valid-time window: transaction ${tx} would be valid from ${from.toISOString()} to ${to.toISOString()}`,
      { tx, from, to },
    );
  }
}
