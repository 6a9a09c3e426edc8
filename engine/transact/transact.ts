/** The transactor: a database value and transaction data to the next database value. Pure; the clock is an argument. */
import { DB } from '../../schema/bootstrap.ts';
import { DatabaseError } from '../../schema/error.ts';
import { printEdn } from '../../schema/edn-print.ts';
import { Keyword } from '../../schema/keyword.ts';
import { EdnList } from '../../schema/value.ts';
import type { EdnData, EdnMap } from '../../schema/value.ts';
import { advance } from '../datom/chunk-cursor.ts';
import { datomsWith } from '../db/lookup.ts';
import type { Db } from '../db/db.ts';
import { PRESENT } from '../db/db.ts';
import { scan } from '../db/scan.ts';
import type { SettledDb } from '../db/scan.ts';
import { must } from '../shared/assert.ts';
import { PAUSE } from '../shared/suspend.ts';
import type { Suspended } from '../shared/suspend.ts';
import { flushTuples } from './composite-tuples.ts';
import { applyEntityMap } from './entity-map.ts';
import { addFact, attributeOf } from './facts.ts';
import { applyOperation } from './operations.ts';
import { checkSchemaChanges } from './schema-check.ts';
import { NOTHING_LEARNED, TempidResolved } from './tempids.ts';
import { Transaction } from './transaction.ts';
import { misfit, syntaxError, txError } from './tx-error.ts';
import type { TxReport, TxRequest } from './tx-report.ts';
import { checkChangedWindows, checkValidTimes } from './valid-time.ts';

/**
 * Applies transaction data: entity maps and operation vectors, in order.
 *
 * @throws BAD_TRANSACTION, SCHEMA_VIOLATION, UNIQUE_CONFLICT, UPSERT_CONFLICT, CAS_CONFLICT, ENTITY_NOT_FOUND; then nothing happened
 */
export function* transact(db: Db, request: TxRequest): Suspended<TxReport> {
  if (db.view !== PRESENT)
    throw new DatabaseError(
      'BAD_TRANSACTION',
      'Expected the present database, got a view: only the present can be changed',
      { kind: 'transaction/filtered' },
    );
  if (!Array.isArray(request.txData))
    throw syntaxError(
      `Bad transaction data ${printEdn(request.txData)}, expected sequential collection`,
      request.txData,
    );
  checkValidTimes(request.txMeta);
  const before = db.topEntity === undefined ? yield* withTopEntity(db) : db;
  const instant = yield* instantOf(before, request);
  for (let learned = NOTHING_LEARNED; ;) {
    const transaction = new Transaction(before, learned, request.hasTypedNumbers === true);
    try {
      yield* apply(transaction, request, instant);
      return yield* report(db, transaction, request, instant);
    } catch (error) {
      if (!(error instanceof TempidResolved)) throw error;
      ({ learned } = error);
    }
  }
}

/** So that it need not be asked what is said already of the entity of the transaction. */
function* withTopEntity(db: SettledDb): Suspended<SettledDb> {
  const rows = scan(db, 'eavt', {}, true);
  const topEntity = (yield* advance(rows)) ? rows.keys.e[rows.hi - 1] : 0;
  return { ...db, topEntity };
}

function* apply(transaction: Transaction, request: TxRequest, instant: Date): Suspended<void> {
  if (transaction.before.config.keepHistory) {
    yield* addMeta(transaction, DB.txInstant, instant);
    for (const [key, value] of request.txMeta ?? [])
      if (key !== DB.txInstant) yield* addMeta(transaction, key, value);
  }
  for (const [index, form] of request.txData.entries()) {
    if (form !== null) yield* applyForm(transaction, form);
    if (!transaction.tuples.isEmpty) yield* flushTuples(transaction);
    if (index % 64 === 63) yield PAUSE;
  }
  transaction.tempids.use(DB.currentTx, transaction.tx);
  if (transaction.changedWindows.length > 0) yield* checkChangedWindows(transaction);
  if (transaction.db.schema !== transaction.before.schema) yield* checkSchemaChanges(transaction);
}

function* applyForm(transaction: Transaction, form: EdnData): Suspended<void> {
  if (form instanceof Map) {
    yield* applyEntityMap(transaction, form as EdnMap);
    return;
  }
  const items = form instanceof EdnList ? form.items : form;
  if (!Array.isArray(items))
    throw txError(
      'transact/syntax',
      `Bad entity type at ${printEdn(form)}, expected map or vector`,
      { 'tx-data': form },
    );
  const instead = yield* applyOperation(transaction, items as ReadonlyArray<EdnData>);
  for (const each of instead ?? []) if (each !== null) yield* applyForm(transaction, each);
}

function* addMeta(transaction: Transaction, key: EdnData, value: EdnData): Suspended<void> {
  if (!(key instanceof Keyword))
    throw syntaxError(`Bad attribute ${printEdn(key)} in :tx-meta, expected keyword`, key);
  const { tx } = transaction;
  const attribute = attributeOf(transaction, key, [key, value], true);
  if (!transaction.assertPlain(tx, attribute, value))
    yield* addFact(transaction, tx, attribute, value);
}

/** Given, or the clock's, and then later than the last transaction's. */
function* instantOf(db: SettledDb, { txMeta, now }: TxRequest): Suspended<Date> {
  const given = txMeta?.get(DB.txInstant);
  if (given instanceof Date) return given;
  if (given !== undefined && given !== null) {
    const attribute = must(
      db.schema.attributeNamed(DB.txInstant),
      'an attribute of every database',
    );
    throw misfit(db.schema, attribute, given, [DB.txInstant, given]);
  }
  // Without history transactions are no entities.
  const last = db.config.keepHistory ? yield* lastInstantOf(db) : undefined;
  return new Date(Math.max(now.getTime(), (last?.getTime() ?? -Infinity) + 1));
}

function* lastInstantOf(db: SettledDb): Suspended<Date | undefined> {
  if (db.lastInstant?.tx === db.maxTx) return db.lastInstant.at;
  const [last] = yield* datomsWith(db, 'eavt', { e: db.maxTx, a: db.schema.names.txInstant });
  return last?.v instanceof Date ? last.v : undefined;
}

function* report(
  dbBefore: Db,
  transaction: Transaction,
  { txMeta }: TxRequest,
  instant: Date,
): Suspended<TxReport> {
  return {
    dbBefore,
    dbAfter: yield* transaction.finish(),
    tx: transaction.tx,
    instant,
    txData: transaction.txData,
    changes: transaction.changes,
    purged: transaction.purged,
    tempids: transaction.tempids.used,
    txMeta: new Map(txMeta).set(DB.txInstant, instant),
  };
}
