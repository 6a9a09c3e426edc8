/** A thousand databases open in one process, as one of many customers has them. */
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import type { StoreHost } from '../../../../engine/index.ts';
import { MAIN_BRANCH, NodeCache, createMemoryStoreHost } from '../../../../engine/index.ts';
import { Poller } from '../../../../services/connection/poller.ts';
import { ReaderLease } from '../../../../services/connection/reader-lease.ts';
import type { Connection, Storage } from '../../../../services/index.ts';
import {
  OpenDatabases,
  closeStorage,
  createDatabase,
  createLog,
  createMemoryBus,
  openDatabase,
} from '../../../../services/index.ts';

const COUNT = 1_000;
const INTERVAL_MS = 20;

let host: StoreHost;
let storage: Storage;
let connections: Connection[];
const lines: string[] = [];
let questions: number;
let isDown: boolean;
/** What the bus calls when it was away. */
const gaps: (() => void)[] = [];

beforeEach(async () => {
  questions = 0;
  isDown = false;
  lines.length = 0;
  gaps.length = 0;
  const memory = createMemoryStoreHost();
  host = {
    ...memory,
    async readVersions(places) {
      questions++;
      if (isDown) throw new Error('The store does not answer');
      return memory.readVersions(places);
    },
  };
  const log = createLog({ level: 'info', write: (line) => void lines.push(line) });
  const poller = new Poller({
    readVersions: (places) => host.readVersions(places),
    intervalMs: INTERVAL_MS,
    log,
  });
  const pollIntervalMs = INTERVAL_MS;
  const nodeCache = new NodeCache(0);
  const bus = createMemoryBus();
  const listen: typeof bus.listen = (database, branch, onRoot, onGap) => {
    gaps.push(onGap);
    return bus.listen(database, branch, onRoot, onGap);
  };
  const lease = new ReaderLease({ readers: host.readers, ttlMs: undefined, log });
  const databases = new OpenDatabases({
    open: (name, branch) => openDatabase(storage, name, branch),
    log,
  });
  storage = {
    ...{ host, bus: { ...bus, listen }, nodeCache, lease, pollIntervalMs, poller, databases, log },
  };
  connections = [];
  for (let i = 0; i < COUNT; i++) {
    await createDatabase(host, `database ${i}`);
    connections.push(await openDatabase(storage, `database ${i}`));
  }
});
afterEach(async () => {
  await Promise.all(connections.map((connection) => connection.release()));
  await closeStorage(storage);
});

/** Moves the root by one version, as a writer elsewhere does whom nobody announces. */
async function moveRoot({ store }: Connection): Promise<void> {
  const root = (await store.readRoot(MAIN_BRANCH))!;
  const { version: expectedVersion, record, indexedTx } = root;
  await store.commit({
    branch: MAIN_BRANCH,
    expectedVersion,
    epoch: root.epoch,
    record,
    indexedTx,
    segments: [],
  });
}

it('costs one question for each interval, and a look at the roots that moved', async () => {
  const readVersion = connections.map(({ store }) => vi.spyOn(store, 'readVersion'));
  const readRoot = connections.map(({ store }) => vi.spyOn(store, 'readRoot'));
  const askedOf = (spies: typeof readRoot | typeof readVersion): number =>
    spies.filter(({ mock }) => mock.calls.length > 0).length;
  // The host itself asks each of its stores: what counts is how often it is asked.
  const before = questions;
  const startMs = performance.now();
  await vi.waitFor(() => expect(questions - before).toBeGreaterThan(5));
  const intervals = (performance.now() - startMs) / (INTERVAL_MS * 0.9);
  expect(questions - before).toBeLessThanOrEqual(intervals + 2);
  expect(askedOf(readRoot)).toBe(0);

  const moved = connections[COUNT - 1]!;
  const { version } = moved.head;
  await moveRoot(moved);
  await vi.waitFor(() => expect(moved.head.version).toBe(version + 1));
  expect(askedOf(readRoot)).toBe(1);
});

it('says once that the store does not answer', async () => {
  isDown = true;
  const before = questions;
  await vi.waitFor(() => expect(questions - before).toBeGreaterThan(3));
  isDown = false;
  await vi.waitFor(() => expect(lines.some((line) => line.includes('read again'))).toBe(true));
  expect(lines.filter((line) => line.includes('"level":"error"'))).toHaveLength(1);
});

it('asks once where all of them may have missed something', async () => {
  const before = questions;
  expect(gaps).toHaveLength(COUNT);
  for (const reportGap of gaps) reportGap();
  await storage.poller.poll();
  expect(questions - before).toBeGreaterThan(0);
  expect(questions - before).toBeLessThanOrEqual(3);
});
