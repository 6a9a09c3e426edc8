/**
 * What it costs one process to work with a thousand customers' databases: the time to open each and ask it something, and the memory of those
 * that are open and idle. The peer is a bare client that reads from each a row as large as a root and a row as large as a node.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { openPostgresStoreHost, q, toTxData } from '../../engine/index.ts';
import type { Storage } from '../../services/index.ts';
import {
  backupDatabase,
  closeStorage,
  createDatabase,
  createLog,
  openStorage,
  restoreDatabase,
  startWriter,
} from '../../services/index.ts';
import { createServers } from '../support/servers.ts';
import { heapBytes, limited, median } from './harness.ts';
import type { Result } from './harness.ts';

const DATABASES = 1_000;
/** Of five datoms each. */
const PEOPLE = 200;
const ROUNDS = 3;
const LIMIT_MS = 5;
const LIMIT_KIB = 20;
const [ROOT_BYTES, NODE_BYTES] = [500, 6_000];

const SCHEMA = `[
  {:db/ident :person/email :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :person/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :person/city :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :person/age :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :person/friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`;

const QUESTION = `[:find ?name . :in $ ?email
  :where [?p :person/email ?email] [?p :person/name ?name]]`;

const log = createLog({ level: 'error' });

export async function databasesBench(): Promise<Result[]> {
  const servers = createServers();
  const url = await servers.postgresUrl();
  const schema = `bench_${randomBytes(6).toString('hex')}`;
  const open = async (): Promise<Storage> =>
    openStorage(
      {
        store: { kind: 'postgres', url, schema, poolSize: 8 },
        bus: { kind: 'redis', url: await servers.redisUrl() },
        nodeCacheBytes: 256 * 2 ** 20,
        pollIntervalMs: 1_000,
        open: { idleMs: 3_600_000, maxOpen: DATABASES },
      },
      log,
    );
  const bare = new Client({ connectionString: url });
  await bare.connect();
  try {
    await makeDatabases(url, schema);
    await makeRows(bare, schema);
    const ours: number[] = [];
    const theirs: number[] = [];
    const [whole, withoutNodes]: [number[], number[]] = [[], []];
    for (let round = 0; round < ROUNDS; round++) {
      theirs.push(await msPerDatabase((i) => readRows(bare, schema, i)));
      const storage = await open();
      await storage.databases.db(nameOf(0)); // connects
      const before = await heapBytes();
      ours.push(await msPerDatabase((i) => ask(storage, i)));
      whole.push(((await heapBytes()) - before) / DATABASES / 1_024);
      for (let i = 0; i < DATABASES; i++)
        await storage.databases.use(nameOf(i), ({ nodes }) => nodes.clear());
      withoutNodes.push(((await heapBytes()) - before) / DATABASES / 1_024);
      await closeStorage(storage);
    }
    const name = `one of ${DATABASES} databases, 1,000 datoms each, opened and asked for an entity`;
    const [mine, other] = [median(ours), median(theirs)];
    const compared = { ours: mine, theirs: other, ratio: other / mine, unit: 'ms' };
    return [
      { name, peer: 'pg, one root row and one node row', ...compared },
      limited(name, mine, LIMIT_MS, 'ms'),
      limited('an idle open database', median(withoutNodes), LIMIT_KIB, 'KiB'),
      limited('the same with its nodes in the cache', median(whole), LIMIT_KIB, 'KiB'),
    ];
  } finally {
    await bare.query(`DROP SCHEMA IF EXISTS ${schema} CASCADE`);
    await bare.end();
    await servers.stop();
  }
}

/** All of them are restored from one backup. */
async function makeDatabases(url: string, schema: string): Promise<void> {
  const host = await openPostgresStoreHost({ url, schema });
  const storage = await openStorage(
    {
      store: { kind: 'postgres', url, schema, poolSize: 2, durability: 'warn' },
      bus: { kind: 'none' },
      nodeCacheBytes: 0,
      pollIntervalMs: 60_000,
    },
    log,
  );
  const backup = await backupOf(storage);
  await closeStorage(storage);
  let made = 0;
  const restoreSome = async (): Promise<void> => {
    while (made < DATABASES) await restoreDatabase(host, nameOf(made++), backup);
  };
  await Promise.all(Array.from({ length: 4 }, restoreSome));
  await host.close();
}

async function backupOf(storage: Storage): Promise<Uint8Array[]> {
  await createDatabase(storage.host, 'template');
  const { value: connection } = await storage.databases.hold('template');
  const writer = await startWriter({ connection, bus: storage.bus, log, foldThreshold: 1 });
  await writer.transact({ txData: toTxData(SCHEMA) });
  const people = Array.from({ length: PEOPLE }, (_, i) => ({
    'db/id': `person ${i}`,
    'person/email': `person${i}@example.test`,
    'person/name': `Person ${i}`,
    'person/city': `City ${i % 20}`,
    'person/age': 20 + (i % 60),
    'person/friend': `person ${(i * 7 + 1) % PEOPLE}`,
  }));
  const { tx } = await writer.transact({ txData: toTxData(people) });
  // The next commit after the index job names its trees.
  while (connection.db().indexedTx < tx)
    await writer.transact({ txData: toTxData([{ 'person/email': 'last@example.test' }]) });
  await writer.stop();
  const backup: Uint8Array[] = [];
  for await (const block of backupDatabase(connection)) backup.push(block);
  return backup;
}

async function ask({ databases }: Storage, i: number): Promise<void> {
  const email = `person${i % PEOPLE}@example.test`;
  const name = await q(QUESTION, await databases.db(nameOf(i)), email);
  if (name !== `Person ${i % PEOPLE}`) throw new Error(`Expected the name of ${email}`);
}

async function makeRows(bare: Client, schema: string): Promise<void> {
  for (const [table, bytes] of [
    ['bare_roots', ROOT_BYTES],
    ['bare_nodes', NODE_BYTES],
  ] as const) {
    await bare.query(`CREATE TABLE ${schema}.${table} (id integer PRIMARY KEY, bytes bytea)`);
    await bare.query(
      `INSERT INTO ${schema}.${table} SELECT id, $1::bytea FROM generate_series(1, $2::integer) id`,
      [randomBytes(bytes), DATABASES],
    );
  }
}

async function readRows(bare: Client, schema: string, i: number): Promise<void> {
  for (const table of ['bare_roots', 'bare_nodes']) {
    const text = `SELECT bytes FROM ${schema}.${table} WHERE id = $1`;
    await bare.query({ name: table, text, values: [i + 1] });
  }
}

function nameOf(i: number): string {
  return `customer ${i}`;
}

async function msPerDatabase(work: (i: number) => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  for (let i = 0; i < DATABASES; i++) await work(i);
  return (performance.now() - startedAt) / DATABASES;
}
