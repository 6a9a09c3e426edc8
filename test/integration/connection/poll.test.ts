/** What it costs to have a thousand connections open on PostgreSQL, counted on the way there. */
import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import type { Connection, Storage } from '../../../services/index.ts';
import {
  closeStorage,
  createDatabase,
  createLog,
  openDatabase,
  openStorage,
} from '../../../services/index.ts';
import { freshSchema, withClient, type TestSchema } from '../../support/postgres.ts';
import {
  startTransactionPooler,
  type TransactionPooler,
} from '../../support/transaction-pooler.ts';

const DATABASES = 50;
const CONNECTIONS = 1_000;
const INTERVAL_MS = 200;

let place: TestSchema;
let pooler: TransactionPooler;
let storage: Storage;
const connections: Connection[] = [];

beforeAll(async () => {
  place = await freshSchema();
  pooler = await startTransactionPooler(place.url, { connections: 4 });
  storage = await openStorage(
    {
      store: { kind: 'postgres', url: pooler.url, schema: place.schema, poolSize: 4 },
      bus: { kind: 'none' },
      nodeCacheBytes: 1 << 20,
      pollIntervalMs: INTERVAL_MS,
    },
    createLog({ level: 'silent' }),
  );
  for (let i = 0; i < DATABASES; i++) await createDatabase(storage.host, `database ${i}`);
  for (let i = 0; i < CONNECTIONS; i++) {
    connections.push(await openDatabase(storage, `database ${i % DATABASES}`));
  }
});
afterAll(async () => {
  await Promise.all(connections.map((connection) => connection.release()));
  await closeStorage(storage);
  await pooler.close();
  await place.drop();
});

it('is one statement for each interval', async () => {
  const startMs = performance.now();
  const before = pooler.transactions();
  const count = (): number => pooler.transactions() - before;
  await vi.waitFor(() => expect(count()).toBeGreaterThanOrEqual(10), { timeout: 20_000 });
  // It is asked after four fifths of an interval at the earliest.
  const intervals = (performance.now() - startMs) / (INTERVAL_MS * 0.8);
  expect(count()).toBeLessThanOrEqual(intervals + 2);
});

it('moves every connection of a branch whose root has moved', async () => {
  const first = connections[0]!;
  const { version } = first.head;
  await withClient(place.url, (client) =>
    client.query(
      `UPDATE ${place.schema}.branches b SET version = version + 1
        FROM ${place.schema}.databases d WHERE d.database_id = b.database_id AND name = 'database 0'`,
    ),
  );
  const same = connections.filter((_, i) => i % DATABASES === 0);
  await vi.waitFor(() =>
    expect(new Set(same.map(({ head }) => head.version))).toEqual(new Set([version + 1])),
  );
  expect(connections[1]!.head.version).toBe(version);
});
