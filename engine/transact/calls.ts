/**
 * Transaction functions: they see the database as it is where they stand in the transaction, and give transaction data that takes their
 * place. Called by name: `[:db.fn/call my.app/f & args]`, or by the ident of an entity whose `:db/fn` holds the name.
 */
import { DB } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { toTxData } from '../../schema/js.ts';
import type { TxInput } from '../../schema/js.ts';
import { Keyword, Sym, kw } from '../../schema/keyword.ts';
import type { EdnData } from '../../schema/value.ts';
import { registeredFunction } from '../shared/functions.ts';
import type { Suspended } from '../shared/suspend.ts';
import { awaiting } from '../shared/suspend.ts';
import type { Transaction } from './transaction.ts';
import { syntaxError, txError } from './tx-error.ts';

type Form = ReadonlyArray<EdnData>;

/** `[:db.fn/call f & args]` @throws BAD_TRANSACTION (`transact/syntax`) where nothing is registered under the name */
export function callNamed(transaction: Transaction, form: Form): Suspended<ReadonlyArray<EdnData>> {
  const [, name = null, ...args] = form;
  return call(transaction, name, args, form);
}

/** `[:my/fn & args]` */
export function* callInstalled(
  transaction: Transaction,
  form: Form,
): Suspended<ReadonlyArray<EdnData>> {
  const [ident, ...args] = form;
  const { schema } = transaction.db;
  const e = ident instanceof Keyword ? schema.idOf(ident) : undefined;
  if (e === undefined)
    throw txError(
      'transact/syntax',
      `Can’t find entity for transaction fn ${printEdn(ident ?? null)}`,
      { operation: kw('db.fn/call'), 'tx-data': form },
    );
  const number = schema.numberOf(DB.fn);
  const [datom] = number === undefined ? [] : yield* transaction.values(e, number);
  if (datom === undefined)
    throw syntaxError(
      `Entity ${printEdn(ident ?? null)} expected to have :db/fn attribute with the name of a registered function`,
      form,
    );
  return yield* call(transaction, datom.v, args, form);
}

function* call(
  transaction: Transaction,
  name: EdnData,
  args: ReadonlyArray<EdnData>,
  form: Form,
): Suspended<ReadonlyArray<EdnData>> {
  const fn = name instanceof Sym ? registeredFunction(name) : undefined;
  if (fn === undefined)
    throw syntaxError(
      `No function is registered as ${printEdn(name)} at ${printEdn(form)}: register it with registerFunction where transactions are applied`,
      form,
    );
  const data = yield* awaiting(fn(transaction.snapshot(), ...args));
  return data === null || data === undefined ? [] : toTxData(data as TxInput);
}
