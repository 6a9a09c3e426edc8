/** What storage costs: a point read from PostgreSQL of which no node is in memory, against a bare client that selects one row. */
import { randomBytes } from 'node:crypto';
import { Pool } from 'pg';
import { NodeCache, kw, openPostgresStoreHost, pull } from '../../engine/index.ts';
import type { Db, EdnMap } from '../../engine/index.ts';
import {
  createMemoryBus,
  connect,
  createDatabase,
  createLog,
  startWriter,
} from '../../services/index.ts';
import { createServers } from '../support/servers.ts';
import type { Result } from './harness.ts';
import { compareTimes } from './harness.ts';
import { PEOPLE_SCHEMA, people, personForm } from './people.ts';

const COUNT = 20_000;
const NODE_BYTES = 4_000;
const CACHE_BYTES = 64 * 1024 * 1024;

export async function storageBench(): Promise<Result[]> {
  const servers = createServers();
  try {
    return [await coldPointRead(await servers.postgresUrl())];
  } finally {
    await servers.stop();
  }
}

async function coldPointRead(url: string): Promise<Result> {
  const schema = `bench_${randomBytes(6).toString('hex')}`;
  const host = await openPostgresStoreHost({ url, schema });
  const pool = new Pool({ connectionString: url, max: 1 });
  // The server may end before it has taken note that we did.
  pool.on('error', () => undefined);
  try {
    await createDatabase(host, 'people');
    const store = await host.open('people');
    const { db, release } = await importPeople(store);
    await pool.query(`CREATE TABLE ${schema}.bare (id int8 PRIMARY KEY, bytes bytea)`);
    await pool.query(
      `INSERT INTO ${schema}.bare SELECT i, decode(repeat('ab', ${NODE_BYTES}), 'hex') FROM generate_series(1, 1000) i`,
    );
    let next = 0;
    const result = await compareTimes({
      name: 'cold point read from PostgreSQL (tree of two levels)',
      peer: `pg, one row of ${NODE_BYTES} bytes by primary key`,
      ours: async () => {
        const nodes = new NodeCache(CACHE_BYTES).open(store);
        const cold: Db = { ...db, base: { ...db.base, source: nodes } };
        await pull(cold, PATTERN, db.maxEid - (next++ % COUNT));
      },
      theirs: () =>
        pool.query({
          name: 'bare',
          text: `SELECT bytes FROM ${schema}.bare WHERE id = $1`,
          values: [1 + (next++ % 1_000)],
        }),
    });
    await release();
    return result;
  } finally {
    await pool.query(`DROP SCHEMA ${schema} CASCADE`);
    await pool.end();
    await host.close();
  }
}

const PATTERN = ['name', 'age'].map(kw);

/** Writes people until all of them are in the base trees. */
async function importPeople(
  store: Awaited<ReturnType<Awaited<ReturnType<typeof openPostgresStoreHost>>['open']>>,
): Promise<{ readonly db: Db; readonly release: () => Promise<void> }> {
  const log = createLog({ level: 'error' });
  const bus = createMemoryBus();
  const nodeCache = new NodeCache(CACHE_BYTES);
  const connection = await connect({ store, bus, nodeCache, pollIntervalMs: 60_000, log });
  const writer = await startWriter({
    connection,
    bus,
    log,
    leaseTtlMs: 10_000,
    address: null,
    foldThreshold: 1,
  });
  const write = (txData: ReadonlyArray<EdnMap>): Promise<unknown> => writer.transact({ txData });
  await write(PEOPLE_SCHEMA);
  await write(people(COUNT).map(personForm));
  while (connection.db().novelty.size > 0) await new Promise((resolve) => setImmediate(resolve));
  const release = async (): Promise<void> => {
    await writer.stop();
    await connection.release();
  };
  return { db: connection.db(), release };
}
