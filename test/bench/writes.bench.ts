/**
 * What durable writes cost on PostgreSQL: transactions one after the other and 256 in flight, against bare clients that insert one row per commit
 * on the same server.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import type { EdnData, StoreHost } from '../../engine/index.ts';
import { NodeCache, kw, openPostgresStoreHost, readEdn } from '../../engine/index.ts';
import type { Connection, LocalWriter } from '../../services/index.ts';
import {
  connect,
  createDatabase,
  createLog,
  createMemoryBus,
  startWriter,
} from '../../services/index.ts';
import { createServers } from '../support/servers.ts';
import type { Result } from './harness.ts';
import { compareRates } from './harness.ts';

const SCHEMA = `[
  {:db/ident :item/id :db/valueType :db.type/long :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :item/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :item/size :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :item/note :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]`;

const ONE_BY_ONE = 2_000;
const AT_ONCE = 40_000;
const IN_FLIGHT = 256;
const BARE_CONNECTIONS = 8;
/** What a commit of one such transaction has as its row. */
const ROW_BYTES = 500;
const CACHE_BYTES = 256 * 1024 * 1024;

export async function writesBench(): Promise<Result[]> {
  const servers = createServers();
  const url = await servers.postgresUrl();
  const schema = `bench_${randomBytes(6).toString('hex')}`;
  const host = await openPostgresStoreHost({ url, schema });
  const bare = await Promise.all(Array.from({ length: BARE_CONNECTIONS }, () => clientOf(url)));
  try {
    const written = await Written.open(host);
    await bare[0]!.query(
      `CREATE TABLE ${schema}.bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, bytes bytea)`,
    );
    // What runs for the first time is not what is measured.
    await written.write(10_000, IN_FLIGHT);
    const results = [
      await compareRates({
        name: 'durable transactions of five datoms, one after the other',
        peer: 'pg, one row per commit',
        unit: '/s',
        ours: () => written.write(ONE_BY_ONE, 1),
        theirs: () => insert(bare.slice(0, 1), schema, ONE_BY_ONE),
      }),
      await compareRates({
        name: `durable transactions of five datoms, ${IN_FLIGHT} in flight`,
        peer: `pg, one row per commit on ${BARE_CONNECTIONS} connections`,
        unit: '/s',
        ours: () => written.write(AT_ONCE, IN_FLIGHT),
        theirs: () => insert(bare, schema, AT_ONCE / 2),
      }),
    ];
    await written.close();
    return results;
  } finally {
    await Promise.all(bare.map((client) => client.end()));
    await host.close();
    await servers.stop();
  }
}

async function clientOf(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  await client.connect();
  return client;
}

async function insert(
  clients: ReadonlyArray<Client>,
  schema: string,
  count: number,
): Promise<number> {
  const bytes = randomBytes(ROW_BYTES);
  const text = `INSERT INTO ${schema}.bare (bytes) VALUES ($1)`;
  let left = count;
  await Promise.all(
    clients.map(async (client) => {
      while (left-- > 0) await client.query({ name: 'insert', text, values: [bytes] });
    }),
  );
  return count;
}

/** A database with its writer. */
class Written {
  readonly #connection: Connection;
  readonly #writer: LocalWriter;
  #lastId = 0;

  private constructor(connection: Connection, writer: LocalWriter) {
    this.#connection = connection;
    this.#writer = writer;
  }

  static async open(host: StoreHost): Promise<Written> {
    await createDatabase(host, 'items');
    const log = createLog({ level: 'error' });
    const bus = createMemoryBus();
    const connection = await connect({
      store: await host.open('items'),
      bus,
      nodeCache: new NodeCache(CACHE_BYTES),
      pollIntervalMs: 60_000,
      log,
    });
    const writer = await startWriter({ connection, bus, log });
    await writer.transact({ txData: readEdn(SCHEMA) as EdnData[] });
    return new Written(connection, writer);
  }

  /** So many transactions, never more than some of them unanswered. */
  async write(count: number, inFlight: number): Promise<number> {
    let left = count;
    const sender = async (): Promise<void> => {
      while (left-- > 0) await this.#writer.transact({ txData: [this.#item()] });
    };
    await Promise.all(Array.from({ length: inFlight }, sender));
    return count;
  }

  async close(): Promise<void> {
    await this.#writer.stop();
    await this.#connection.release();
  }

  #item(): EdnData {
    const id = ++this.#lastId;
    return new Map<EdnData, EdnData>([
      [kw('item/id'), id],
      [kw('item/name'), `item ${id}`],
      [kw('item/size'), id % 100],
      [kw('item/note'), 'some text'],
    ]);
  }
}
