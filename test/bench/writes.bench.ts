/**
 * What durable writes cost on PostgreSQL: transactions one after the other and 256 in flight, against bare clients that insert one row per commit
 * on the same server.
 */
import { randomBytes } from 'node:crypto';
import { Client } from 'pg';
import { createServers } from '../support/servers.ts';
import type { Result } from './harness.ts';
import { compareRates } from './harness.ts';
import { Items, itemsHost } from './items.ts';

const ONE_BY_ONE = 2_000;
const AT_ONCE = 40_000;
const IN_FLIGHT = 256;
const BARE_CONNECTIONS = 8;
/** What Datahike 0.8 did on a JVM and a PostgreSQL of this machine. */
const DATAHIKE_SINGLE_MS = 17;
const DATAHIKE_PIPELINED = 3_700;
/** What a commit of one such transaction has as its row. */
const ROW_BYTES = 500;

export async function writesBench(): Promise<Result[]> {
  const servers = createServers();
  const url = await servers.postgresUrl();
  const { host, schema } = await itemsHost(url);
  const bare = await Promise.all(Array.from({ length: BARE_CONNECTIONS }, () => clientOf(url)));
  try {
    const items = await Items.open({ host });
    await bare[0]!.query(
      `CREATE TABLE ${schema}.bare (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, bytes bytea)`,
    );
    // What runs for the first time is not what is measured: it takes seconds until the last of the code on the way is compiled.
    await items.add(10_000, IN_FLIGHT);
    await items.add(10_000, 1);
    await insert(bare.slice(0, 1), schema, 10_000);
    const results = [
      await compareRates({
        name: 'durable transactions of five datoms, one after the other',
        peer: 'pg, one row per commit',
        unit: '/s',
        ours: () => items.add(ONE_BY_ONE, 1),
        theirs: () => insert(bare.slice(0, 1), schema, ONE_BY_ONE),
      }),
      await compareRates({
        name: `durable transactions of five datoms, ${IN_FLIGHT} in flight`,
        peer: `pg, one row per commit on ${BARE_CONNECTIONS} connections`,
        unit: '/s',
        ours: () => items.add(AT_ONCE, IN_FLIGHT),
        theirs: () => insert(bare, schema, AT_ONCE / 2),
      }),
    ];
    await items.close();
    const [single, many] = results;
    return [
      ...results,
      {
        name: 'one durable transaction',
        ours: 1_000 / single!.ours,
        peer: 'Datahike on the JVM, measured before',
        theirs: DATAHIKE_SINGLE_MS,
        ratio: DATAHIKE_SINGLE_MS / (1_000 / single!.ours),
        unit: 'ms',
      },
      {
        name: `durable transactions, ${IN_FLIGHT} in flight`,
        ours: many!.ours,
        peer: 'Datahike on the JVM, pipelined, measured before',
        theirs: DATAHIKE_PIPELINED,
        ratio: many!.ours / DATAHIKE_PIPELINED,
        unit: '/s',
      },
    ];
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
