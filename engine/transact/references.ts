/** What stands for an entity in transaction data: ids, tempids, idents, lookup refs, the transaction itself. */
import { DB } from '../../schema/bootstrap.ts';
import { printEdn } from '../../schema/edn-print.ts';
import type { EdnData } from '../../schema/value.ts';
import { Keyword } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import { requireEntity, resolveEntity } from '../db/lookup.ts';
import type { SettledDb } from '../db/scan.ts';
import type { Suspended } from '../shared/suspend.ts';
import { isCurrentTx, isTempid } from './tempids.ts';
import type { Transaction } from './transaction.ts';
import { tempidElsewhere, txError } from './tx-error.ts';

/** The entity in the place of `e` or of the value of a ref; a tempid gets a new entity at its first mention. */
export function* entityOf(
  transaction: Transaction,
  ref: EdnData,
  form: EdnData,
): Suspended<number> {
  if (isCurrentTx(ref)) return currentTx(transaction, ref);
  if (isTempid(ref)) return transaction.useEntity(transaction.entityOfTempid(ref), form);
  if (typeof ref === 'number') return transaction.useEntity(ref, form);
  return yield* requireEntity(transaction.db, ref);
}

/** The value of a ref: as {@link entityOf}, but what is mentioned only here moves no counter. */
export function* referenceOf(
  transaction: Transaction,
  ref: EdnData,
  form: EdnData,
): Suspended<number> {
  if (ref === 0)
    throw txError(
      'entity-id/syntax',
      `Expected number or lookup ref for entity id, got 0 at ${printEdn(form)}: entities start at 1`,
      { context: form },
    );
  if (isTempid(ref) && !isCurrentTx(ref)) return transaction.entityOfTempid(ref);
  const isPlainId = typeof ref === 'number' && ref > 0;
  return isPlainId
    ? yield* requireEntity(transaction.facts, ref)
    : yield* entityOf(transaction, ref, form);
}

/** An entity that exists, for operations that make none; undefined where the reference names nothing. */
export function* existingEntity(
  transaction: Transaction,
  ref: EdnData,
  form: EdnData,
): Suspended<number | undefined> {
  if (isCurrentTx(ref)) return currentTx(transaction, ref);
  if (isTempid(ref)) throw tempidElsewhere(form);
  return yield* resolveEntity(dbFor(transaction, ref), ref);
}

/** Where to look for whom a reference names: an id is one whatever the schema. */
function dbFor(transaction: Transaction, ref: EdnData): SettledDb {
  return typeof ref === 'number' ? transaction.facts : transaction.db;
}

/** Whether a value of a many-valued ref is one lookup ref and not a collection of references. */
export function isLookupRef(transaction: Transaction, value: EdnData): boolean {
  const pair = value instanceof EdnList ? value.items : value;
  if (!Array.isArray(pair) || pair.length !== 2) return false;
  const ident: unknown = pair[0];
  if (!(ident instanceof Keyword)) return false;
  return transaction.attributeNamed(ident)?.unique === 'identity';
}

function currentTx(transaction: Transaction, name: EdnData): number {
  if (name !== DB.currentTx) transaction.tempids.use(name, transaction.tx);
  return transaction.tx;
}
