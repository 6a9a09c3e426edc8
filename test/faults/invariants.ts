/** What must hold of the stored database, whatever was done to it, and of what clients were told. */
import { readSegment, run, TX0 } from '../../engine/index.ts';
import type { Connection } from '../../services/index.ts';
import { audit, transactions } from '../../services/index.ts';
import { Client as PgClient } from 'pg';
import { checkLists } from './checker.ts';
import type { Client } from './client.ts';
import { readList } from './client.ts';
import type { Cluster } from './cluster.ts';
import { readNotes } from './contents.ts';

/** Looks at all of it with a connection that has just been opened, past every proxy; gives what is wrong. */
export async function violations(
  cluster: Cluster,
  clients: ReadonlyArray<Client>,
  fresh: Connection,
): Promise<string[]> {
  return [
    ...clients.flatMap(({ violations: seen }) => seen),
    ...(await noteFaults(clients, fresh)),
    ...(await listFaults(clients, fresh)),
    ...(await readerFaults(clients, fresh)),
    ...(await logFaults(fresh)),
    ...(await rowFaults(cluster)),
    ...(await audit(fresh)).faults.map(({ what, where, why }) => `${what} ${where}: ${why}`),
  ];
}

/** Acknowledged writes are there, refused ones are not, and none is there twice. */
async function noteFaults(clients: ReadonlyArray<Client>, fresh: Connection): Promise<string[]> {
  const ids = await readNotes(fresh.db());
  const there = new Set(ids);
  const faults =
    ids.length === there.size ? [] : [`${ids.length - there.size} notes are there twice`];
  for (const { id, outcome } of clients.flatMap(({ notes }) => notes)) {
    if (outcome === 'ok' && !there.has(id)) faults.push(`lost: note ${id} was acknowledged`);
    if (outcome === 'failed' && there.has(id)) faults.push(`a ghost: note ${id} was refused`);
  }
  return faults;
}

async function listFaults(clients: ReadonlyArray<Client>, fresh: Connection): Promise<string[]> {
  const history = clients.flatMap(({ lists }) => lists);
  const keys = new Set(history.flatMap(({ reads }) => reads.map(({ key }) => key)));
  const finals = new Map<string, string[]>();
  for (const key of keys) finals.set(key, await readList(fresh.db(), key));
  return checkLists(history, finals);
}

/** Who followed all the time has what who looks now has. */
async function readerFaults(clients: ReadonlyArray<Client>, fresh: Connection): Promise<string[]> {
  const wanted = (await readNotes(fresh.db())).sort().join();
  const faults: string[] = [];
  for (const [i, { connection }] of clients.entries()) {
    await connection.refresh();
    const db = connection.db();
    if (db.maxTx !== fresh.db().maxTx)
      faults.push(`reader ${i} is at ${db.maxTx}, and the root at ${fresh.db().maxTx}`);
    else if ((await readNotes(db)).sort().join() !== wanted)
      faults.push(`reader ${i} has other notes than a new one at the same transaction`);
  }
  return faults;
}

/** The log has every transaction once, and time does not go back. */
async function logFaults(fresh: Connection): Promise<string[]> {
  const faults: string[] = [];
  let [lastTx, lastMs] = [TX0, -Infinity];
  for await (const { tx, instant } of transactions(fresh)) {
    if (tx !== lastTx + 1) faults.push(`transaction ${tx} follows ${lastTx} in the log`);
    const ms = instant?.getTime() ?? NaN;
    if (!(ms >= lastMs)) faults.push(`transaction ${tx} is earlier than the one before`);
    [lastTx, lastMs] = [tx, ms];
  }
  if (lastTx !== fresh.db().maxTx) faults.push(`the log ends at ${lastTx}`);
  const [first] = await fresh.store.readLog(fresh.branch, lastTx, lastTx + 1);
  if (first !== undefined) await run(readSegment(first.bytes));
  return faults;
}

/** Versions of the log grow one by one where there are rows, and epochs do not go back. */
async function rowFaults(cluster: Cluster): Promise<string[]> {
  const client = new PgClient({ connectionString: cluster.directUrl });
  await client.connect();
  try {
    const { rows } = await client.query<{ readonly count: string }>(
      `SELECT count(*) FROM (
         SELECT epoch < lag(epoch) OVER log AS back, version <= lag(version) OVER log AS same,
           first_tx <> lag(last_tx) OVER log + 1 AS gap
         FROM ${cluster.schema}.log WINDOW log AS (ORDER BY last_tx)
       ) rows WHERE back OR same OR gap`,
    );
    const count = Number(rows[0]?.count);
    return count === 0 ? [] : [`${count} rows of the log do not follow the row before them`];
  } finally {
    await client.end();
  }
}
