import { readdir } from 'node:fs/promises';
import { expect, it, vi } from 'vitest';
import type { StoreConfig } from '../../../config/config.ts';
import { q, toTxData } from '../../../engine/index.ts';
import {
  closeStorage,
  createDatabase,
  openDatabase,
  openStorage,
  startWriter,
} from '../../../services/index.ts';
import { testFolder } from '../../support/test-folder.ts';
import { log, PERSON_SCHEMA } from '../../support/written-database.ts';

const open = (store: StoreConfig) =>
  openStorage(
    { store, bus: { kind: 'none' }, nodeCacheBytes: 1 << 20, pollIntervalMs: 60_000 },
    log,
  );

it('keeps copies of nodes where the configuration says so', async () => {
  const directory = await testFolder();
  const cache = { kind: 'file', directory: await testFolder(), maxBytes: 1 << 20 } as const;
  const storage = await open({ kind: 'file', directory, cache });
  await createDatabase(storage.host, 'people');
  const connection = await openDatabase(storage, 'people');
  const { bus } = storage;
  const writer = await startWriter({
    connection,
    bus,
    log,
    leaseTtlMs: 60_000,
    address: null,
    foldThreshold: 1,
  });
  await writer.transact({ txData: toTxData(PERSON_SCHEMA) });
  await writer.transact({ txData: toTxData([{ 'person/name': 'Ada' }]) });
  await writer.stop();
  await connection.release();
  const reader = await openDatabase(storage, 'people');
  expect(await q('[:find ?name . :where [_ :person/name ?name]]', reader.db())).toBe('Ada');
  await reader.release();
  await vi.waitFor(async () =>
    expect(
      (await readdir(cache.directory, { recursive: true })).filter((name) =>
        name.endsWith('.pack'),
      ),
    ).toHaveLength(1),
  );
  await closeStorage(storage);
});
