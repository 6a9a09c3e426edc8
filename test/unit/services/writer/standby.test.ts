/** Several processes that could write a branch, of which one does. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StoreHost } from '../../../../engine/index.ts';
import { NodeCache, createMemoryStoreHost, toTxData } from '../../../../engine/index.ts';
import type { Bus, Connection } from '../../../../services/index.ts';
import { Standby, connect, createDatabase, createMemoryBus } from '../../../../services/index.ts';
import { log } from '../../../support/written-database.ts';

/** Longer than a test, so that nobody renews it meanwhile. */
const LEASE_TTL_MS = 60_000;

/** How often a process looks for itself. */
const LOOK_INTERVAL_MS = 500;

interface Candidate {
  readonly connection: Connection;
  readonly standby: Standby;
}

let host: StoreHost;
let bus: Bus;
let clockMs: number;
let candidates: Candidate[];

beforeEach(async () => {
  clockMs = 0;
  // The leases lapse when a test says so.
  host = createMemoryStoreHost({ nowMs: () => clockMs });
  bus = createMemoryBus();
  candidates = [];
  await createDatabase(host, 'test');
});

afterEach(async () => {
  for (const { standby, connection } of candidates) {
    await standby.stop();
    await connection.release();
  }
});

async function candidate(): Promise<Candidate> {
  const store = await host.open('test');
  const nodeCache = new NodeCache(0);
  const connection = await connect({ store, bus, nodeCache, pollIntervalMs: 60_000, log });
  const standby = new Standby({ connection, bus, log, leaseTtlMs: LEASE_TTL_MS });
  const added = { connection, standby };
  candidates.push(added);
  return added;
}

const leads = ({ standby }: Candidate): Promise<void> =>
  vi.waitFor(() => expect(standby.leader).toBeDefined(), { interval: 5, timeout: 5_000 });

const write = ({ connection }: Candidate): Promise<unknown> =>
  connection.transact({ txData: toTxData([{ 'db/ident': ':x' }]) });

it('lets one lead, and the next one where that has gone, at once', async () => {
  const first = await candidate();
  await leads(first);
  const second = await candidate();
  expect(second.standby.leader).toBeUndefined();
  await write(first);
  const startedAt = performance.now();
  await first.standby.stop();
  await leads(second);
  // It was told.
  expect(performance.now() - startedAt).toBeLessThan(LOOK_INTERVAL_MS);
  await write(second);
  await expect(write(first)).rejects.toMatchObject({ code: 'WRITER_UNAVAILABLE' });
});

it('takes over where the lease has lapsed, and has the deposed one wait for its turn', async () => {
  const first = await candidate();
  await leads(first);
  const second = await candidate();
  const epoch = first.standby.leader!.epoch;
  clockMs += 2 * LEASE_TTL_MS;
  await leads(second);
  expect(second.standby.leader!.epoch).toBeGreaterThan(epoch);
  await expect(write(first)).rejects.toMatchObject({ code: 'WRITER_DEPOSED' });
  await vi.waitFor(() => expect(first.standby.leader).toBeUndefined());
  await write(second);
  await second.standby.stop();
  await leads(first);
  await write(first);
});

it('stops while it waits', async () => {
  const first = await candidate();
  await leads(first);
  const second = await candidate();
  await second.standby.stop();
  await first.standby.stop();
  expect(second.standby.leader).toBeUndefined();
});
