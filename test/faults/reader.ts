/**
 * A process that reads: it takes a database value and reads it again and again, each time from the store, and the newest one beside it. What it found
 * it says in lines, of which `readings.ts` knows what they mean.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { DatabaseError, qWithin } from '../../engine/index.ts';
import type { Connection } from '../../services/index.ts';
import { createLog, openDatabase, openStorage } from '../../services/index.ts';
import { contentsOf, notesOf } from './contents.ts';
import type { ReaderSettings } from './readings.ts';

/** Every pair of these: the columns take some tens of megabytes, and the rows of the answer some hundreds. */
const QUERY_OF_DEATH = '[:find ?a ?b :in $ [?a ...] [?b ...]]';
const MANY = Array.from({ length: 2_000 }, (_, i) => i);
const REST_MS = 50;

const { url, redisUrl, schema, database, leaseMs, tooMuch } = JSON.parse(
  process.argv[2] ?? '',
) as ReaderSettings;
const storage = await openStorage(
  {
    store: { kind: 'postgres', url, schema, poolSize: 2, durability: 'warn' },
    bus: { kind: 'redis', url: redisUrl },
    nodeCacheBytes: 32 * 2 ** 20,
    pollIntervalMs: 500,
    collect: { intervalMs: 0, retainDays: 0, readerLeaseMs: leaseMs },
  },
  createLog({ level: 'silent' }),
);
const connection = await openDatabase(storage, database);
await readAgainAndAgain(connection);

async function readAgainAndAgain({ nodes }: Connection): Promise<never> {
  let old = connection.db();
  let held = await contentsOf(old);
  console.log('Reading');
  if (tooMuch !== undefined)
    await said(
      async () => `Answered ${String(await qWithin(tooMuch, QUERY_OF_DEATH, old, MANY, MANY))}`,
    );
  for (;;) {
    nodes.clear();
    const isHeld = await said(async () => {
      const contents = await contentsOf(old);
      return contents === held ? 'Same' : `Other: ${held} were held, ${contents} are there`;
    });
    const isNew = await said(async () => {
      await connection.refresh();
      const db = connection.db();
      const line = `At ${db.maxTx} ${await notesOf(db)}`;
      if (!isHeld) [old, held] = [db, await contentsOf(db)];
      return line;
    });
    await wait(isNew ? REST_MS : 2 * REST_MS);
  }
}

/** Prints what came, or why it was refused; gives whether it came. */
async function said(work: () => Promise<string>): Promise<boolean> {
  try {
    console.log(await work());
    return true;
  } catch (error) {
    const isKnown = error instanceof DatabaseError && error.code !== 'INTERNAL';
    console.log(isKnown ? `Refused ${error.code}` : `Failed ${String(error)}`);
    return false;
  }
}
