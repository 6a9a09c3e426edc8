/**
 * Purging: facts are removed for good, from what holds and from history, and the transaction does not say which. What remains of them in
 * stored trees and the log goes when the transaction is committed.
 */
import { printEdn } from '../../schema/edn-print.ts';
import type { EdnData } from '../../schema/value.ts';
import { attributeName } from '../datom/attribute-number.ts';
import { advance, prefixRange } from '../datom/chunk-cursor.ts';
import type { Bound } from '../datom/columns.ts';
import type { Datom } from '../datom/datom.ts';
import { historyOf } from '../db/settle.ts';
import { datomsWith, requireEntity, resolveEntity } from '../db/lookup.ts';
import type { SettledDb } from '../db/scan.ts';
import { scanEra } from '../db/scan.ts';
import type { IndexOrder } from '../datom/index-order.ts';
import type { Era } from '../indices/base-index.ts';
import type { Suspended } from '../shared/suspend.ts';
import { PAUSE } from '../shared/suspend.ts';
import { isTempid } from './tempids.ts';
import type { Transaction } from './transaction.ts';
import { syntaxError, tempidElsewhere, txError } from './tx-error.ts';

type Form = ReadonlyArray<EdnData>;

/** `[:db/purge e a v]`: one fact and its history, all values without `v`. */
export function* purgeFact(transaction: Transaction, form: Form): Suspended<void> {
  const [, ref = null, name = null, value = null] = form;
  const past = pastOf(transaction, form);
  const e = yield* entityIn(past, ref, form);
  const a = past.schema.numberFor(name);
  if (a === undefined) return;
  const isRef = past.schema.attribute(a)?.valueType === 'ref';
  const v = isRef && value !== null ? yield* requireEntity(past, value) : value;
  transaction.purged.push([e, attributeName(a), v]);
  yield* purgeRows(transaction, 'eavt', v === null ? { e, a } : { e, a, v: v as Datom['v'] });
}

/** `[:db.purge/attribute e a]`, with the components that it led to. */
export function* purgeAttribute(transaction: Transaction, form: Form): Suspended<void> {
  const [, ref = null, name = null] = form;
  const past = pastOf(transaction, form, 'Purge attribute');
  const e = yield* entityIn(past, ref, form);
  const a = past.schema.numberFor(name);
  if (a === undefined) return;
  transaction.purged.push([e, attributeName(a), null]);
  yield* purgeComponents(transaction, yield* purgeRows(transaction, 'eavt', { e, a }));
}

/** `[:db.purge/entity e]`, with the references to it and its components. */
export function* purgeEntity(transaction: Transaction, form: Form): Suspended<void> {
  const past = pastOf(transaction, form, 'Purge entity');
  const e = yield* entityIn(past, form[1] ?? null, form);
  yield* purgeComponents(transaction, yield* purgeAllAbout(transaction, e));
}

/** `[:db.history.purge/before inst]`: what holds no more, of transactions before a time. */
export function* purgeBefore(transaction: Transaction, form: Form): Suspended<void> {
  const past = pastOf(transaction, form, 'Purge entity');
  const [, before] = form;
  if (!(before instanceof Date))
    throw syntaxError(`Expected an instant in ${printEdn(form)}`, form);
  const isBefore = new Map<number, boolean>();
  const rows = yield* rowsOf(transaction, 'temporal', 'eavt', {});
  const purged: Datom[] = [];
  for (const [i, row] of rows.entries()) {
    let isOld = isBefore.get(row.tx);
    if (isOld === undefined) {
      const times = yield* datomsWith(past, 'eavt', { e: row.tx, a: past.schema.names.txInstant });
      isOld = times.some(({ v }) => v instanceof Date && v < before);
      isBefore.set(row.tx, isOld);
    }
    if (!isOld) continue;
    transaction.purged.push([row.e, row.attribute, row.v, row.tx, row.added]);
    transaction.purge(row, 'temporal');
    purged.push(row);
    if (i % ROWS_PER_PAUSE === 0) yield PAUSE;
  }
  yield* purgeComponents(transaction, purged);
}

const ROWS_PER_PAUSE = 256;

/** The database with its history, where names are looked up. */
function pastOf({ db }: Transaction, form: Form, what = 'Purge'): SettledDb {
  if (db.config.keepHistory) return historyOf(db);
  throw txError(
    'transact/purge',
    `${what} is only available in temporal databases.`,
    { context: form },
    'BAD_TRANSACTION',
    ` This one was created with keep-history? false, so nothing is kept that ${printEdn(form)} could purge`,
  );
}

function* entityIn(past: SettledDb, ref: EdnData, form: Form): Suspended<number> {
  if (isTempid(ref)) throw tempidElsewhere(form);
  const e = yield* resolveEntity(past, ref);
  if (e !== undefined) return e;
  throw txError('transact/purge', `Can't find entity with ID ${printEdn(ref)} to be purged`, {
    form,
  });
}

function* purgeAllAbout(transaction: Transaction, e: number): Suspended<Datom[]> {
  transaction.purged.push([e, null, null]);
  const own = yield* purgeRows(transaction, 'eavt', { e });
  for (const { number } of transaction.db.schema.refs) {
    transaction.purged.push([null, attributeName(number), e]);
    yield* purgeRows(transaction, 'avet', { a: number, v: e });
  }
  return own;
}

function* purgeComponents(transaction: Transaction, purged: ReadonlyArray<Datom>): Suspended<void> {
  const pending = componentsIn(transaction, purged);
  const done = new Set<number>();
  for (let e = pending.pop(); e !== undefined; e = pending.pop()) {
    if (done.has(e)) continue;
    done.add(e);
    pending.push(...componentsIn(transaction, yield* purgeAllAbout(transaction, e)));
  }
}

function componentsIn(transaction: Transaction, datoms: ReadonlyArray<Datom>): number[] {
  return datoms.flatMap(({ a, v }) => {
    const { component, valueType } = transaction.attributeOf(a);
    return component && valueType === 'ref' && typeof v === 'number' ? [v] : [];
  });
}

/** Purges all rows with some leading components, and gives them. */
function* purgeRows(transaction: Transaction, order: IndexOrder, bound: Bound): Suspended<Datom[]> {
  const purged: Datom[] = [];
  for (const era of ['current', 'temporal'] as const)
    for (const [i, row] of (yield* rowsOf(transaction, era, order, bound)).entries()) {
      transaction.purge(row, era);
      purged.push(row);
      if (i % ROWS_PER_PAUSE === 0) yield PAUSE;
    }
  return purged;
}

function* rowsOf(
  { db }: Transaction,
  era: Era,
  order: IndexOrder,
  bound: Bound,
): Suspended<Datom[]> {
  const rows = scanEra(db, era, order, prefixRange(bound), false);
  const found: Datom[] = [];
  while (yield* advance(rows)) {
    for (let row = rows.lo; row < rows.hi; row++) found.push(rows.keys.datom(row));
    yield PAUSE;
  }
  return found;
}
