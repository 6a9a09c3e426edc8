import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { expect, it, vi } from 'vitest';
import type { StoreConfig } from '../../../config/config.ts';
import { q, toTxData } from '../../../engine/index.ts';
import type { Connection, LocalWriter, Storage } from '../../../services/index.ts';
import {
  closeStorage,
  createDatabase,
  openDatabase,
  openStorage,
  startWriter,
} from '../../../services/index.ts';
import { testFolder } from '../../support/test-folder.ts';
import { log, PERSON_SCHEMA } from '../../support/written-database.ts';

const open = (store: StoreConfig, pollIntervalMs = 60_000) =>
  openStorage({ store, bus: { kind: 'none' }, nodeCacheBytes: 1 << 20, pollIntervalMs }, log);

/** So that what is written is soon in nodes. */
const foldingWriter = ({ bus }: Storage, connection: Connection): Promise<LocalWriter> =>
  startWriter({ connection, bus, log, leaseTtlMs: 60_000, address: null, foldThreshold: 1 });

it('keeps copies of nodes where the configuration says so', async () => {
  const directory = await testFolder();
  const cache = { kind: 'file', directory: await testFolder(), maxBytes: 1 << 20 } as const;
  const storage = await open({ kind: 'file', directory, cache });
  await createDatabase(storage.host, 'people');
  const connection = await openDatabase(storage, 'people');
  const writer = await foldingWriter(storage, connection);
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

it('keeps no copy of what was purged elsewhere', async () => {
  const store = { kind: 'file', directory: await testFolder() } as const;
  const cache = { kind: 'file', directory: await testFolder(), maxBytes: 1 << 20 } as const;
  const there = await open(store);
  await createDatabase(there.host, 'people');
  const written = await openDatabase(there, 'people');
  const writer = await foldingWriter(there, written);
  await writer.transact({ txData: toTxData(PERSON_SCHEMA) });
  await writer.transact({ txData: toTxData([{ 'person/name': 'Ada Lovelace' }]) });
  await vi.waitFor(async () =>
    expect((await written.store.readRoot('db'))!.indexedTx).toBe(written.db().maxTx),
  );

  const here = await open({ ...store, cache }, 20);
  const reader = await openDatabase(here, 'people');
  const query = '[:find ?name . :where [_ :person/name ?name]]';
  expect(await q(query, reader.db())).toBe('Ada Lovelace');
  const isCopied = async (): Promise<boolean> => {
    const files = await readdir(cache.directory, { recursive: true });
    const packs = files.filter((name) => name.endsWith('.pack'));
    const contents = await Promise.all(packs.map((name) => readFile(join(cache.directory, name))));
    return contents.some((bytes) => bytes.includes('Ada Lovelace'));
  };
  await vi.waitFor(async () => expect(await isCopied()).toBe(true));

  const purge = '[[:db.purge/entity [:person/name "Ada Lovelace"]]]';
  const { tx } = await writer.transact({ txData: toTxData(purge) });
  await reader.sync(tx);
  await vi.waitFor(async () => expect(await isCopied()).toBe(false));
  expect(await q(query, reader.db())).toBeNull();

  await reader.release();
  await writer.stop();
  await written.release();
  await closeStorage(here);
  await closeStorage(there);
});
