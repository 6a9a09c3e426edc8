/** Writing, and telling what a transaction did: with the values of the database before and after it, wherever it was written. */
import type { Datom, Db, EdnData } from '../../engine/index.ts';
import { TX0, databaseAt, kw } from '../../engine/index.ts';
import { Tagged } from '../../schema/value.ts';
import type { Connection } from '../connection/connection.ts';
import type { EntityRecord } from '../connection/load-entities.ts';
import { loadEntities } from '../connection/load-entities.ts';
import type { TransactRequest, TransactResult } from '../connection/writer-port.ts';
import { transactions } from '../versions/transactions.ts';
import { all, dataOf, itemsOf, openedOf, uuidOf } from './arguments.ts';
import type { Answer, Argument, DatabaseReport, OpenedDatabase } from './live.ts';
import { DatabaseValue, Reported } from './live.ts';
import type { Registry } from './registry.ts';

/** Has a transaction written, and tells what it did. */
export async function report(
  registry: Registry,
  of: OpenedDatabase,
  request: TransactRequest,
): Promise<Reported> {
  return new Reported(await reportOf(of, request, await registry.transact(of, request)));
}

const COMMIT_ID = kw('db/commitId');
const TX_INSTANT = kw('db/txInstant');

async function reportOf(
  of: OpenedDatabase,
  { txMeta }: TransactRequest,
  { tx, instant, commitId: id, tempids, report: told }: TransactResult,
): Promise<DatabaseReport> {
  const { dbBefore, dbAfter, txData } = told ?? (await toldByLog(of, tx));
  const meta = new Map<EdnData, EdnData>([[TX_INSTANT, instant], ...(txMeta ?? [])]);
  return {
    // Transactions that were written together share a commit; what it was before one of them is told by its last transaction.
    before: DatabaseValue.whole(dbBefore, of, dbBefore.commit?.id ?? id),
    after: DatabaseValue.whole(dbAfter, of, id),
    txData,
    tempids,
    txMeta: meta.set(COMMIT_ID, uuidOf(id ?? null)),
  };
}

/** What a transaction did that another process wrote. */
function toldByLog(
  of: OpenedDatabase,
  tx: number,
): Promise<{ readonly dbBefore: Db; readonly dbAfter: Db; readonly txData: ReadonlyArray<Datom> }> {
  return using(of, async (connection) => {
    const { store, nodes, branch } = connection;
    await connection.sync(tx);
    const at = (last: number): Promise<Db | undefined> =>
      connection.reading(() => databaseAt(store, nodes, branch, last));
    const [logged] = await all(transactions(connection, { from: tx, to: tx + 1 }));
    const [dbBefore, dbAfter] = [tx - 1 > TX0 ? await at(tx - 1) : undefined, await at(tx)];
    const after = dbAfter ?? connection.db();
    return { dbBefore: dbBefore ?? after, dbAfter: after, txData: logged?.txData ?? [] };
  });
}

/** Writes datoms of another database, and tells what the last of their transactions did. */
export async function load(
  registry: Registry,
  connection?: Argument,
  records?: Argument,
): Promise<Answer> {
  const of = openedOf(connection);
  const rows = itemsOf(dataOf(records)).map((record) =>
    record instanceof Tagged ? record.value : record,
  ) as unknown as ReadonlyArray<EntityRecord>;
  const writer = { transact: (request: TransactRequest) => registry.transact(of, request) };
  const results = await using(of, (opened) => loadEntities(opened, writer, rows));
  const [last] = results.slice(-1);
  return last === undefined ? null : new Reported(await reportOf(of, { txData: [] }, last));
}

/** Does something with the connection of a database. */
export function using<T>(
  { storage, name, branch }: OpenedDatabase,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  return storage.databases.use(name, work, branch);
}
