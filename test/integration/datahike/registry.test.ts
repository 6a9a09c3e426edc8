/** The databases of a process, in two stores and while they are left and taken again. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import type { EdnData } from '../../../engine/index.ts';
import { readEdn, toTxData } from '../../../engine/index.ts';
import type { StoreConfig } from '../../../config/config.ts';
import type { OpenedDatabase } from '../../../services/datahike/live.ts';
import { Registry } from '../../../services/datahike/registry.ts';
import { templates } from '../../../services/datahike/store-policy.ts';
import { createLog } from '../../../services/shared/log.ts';
import type { Storage } from '../../../services/storage.ts';
import { closeStorage, openStorage } from '../../../services/storage.ts';
import { testFolder } from '../../support/test-folder.ts';

const log = createLog({ level: 'silent' });
const ID = '0c1ba75c-9f0b-4b5e-8c1c-3f4f8c9a7d10';

let storages: ReadonlyArray<Storage>;
let registry: Registry;

async function open(store: StoreConfig): Promise<Storage> {
  const limits = { nodeCacheBytes: 2 ** 22, pollIntervalMs: 1_000 };
  return openStorage({ store, bus: { kind: 'none' }, ...limits }, log);
}

beforeAll(async () => {
  storages = [
    await open({ kind: 'memory' }),
    await open({ kind: 'file', directory: await testFolder() }),
  ];
});
beforeEach(() => {
  const backends = ['memory', 'file'];
  const stores = templates(
    storages.map((storage, i) => ({
      backend: backends[i] ?? '',
      open: () => Promise.resolve(storage),
    })),
  );
  registry = new Registry({ stores, log });
  return async () => {
    await registry.delete(config('memory'));
    await registry.delete(config('file'));
    await registry.close();
  };
});
afterAll(async () => {
  await Promise.all(storages.map(closeStorage));
});

function config(backend: string): EdnData {
  return readEdn(`{:store {:backend :${backend} :id #uuid "${ID}"} :schema-flexibility :read}`);
}

async function made(backend: string): Promise<OpenedDatabase> {
  await registry.create(config(backend));
  return registry.connect(config(backend));
}

function add(of: OpenedDatabase, n: number): Promise<unknown> {
  return registry.transact(of, { txData: toTxData(`[{:n ${n}}]`) });
}

it('opens no two databases of one id, for which a handle stands', async () => {
  const memory = await made('memory');
  await registry.create(config('file'));
  await expect(registry.connect(config('file'))).rejects.toMatchObject({
    code: 'BAD_CONFIG',
    kind: 'config-does-not-match-existing-connections',
  });
  expect(registry.opened(memory.place)).toBe(memory);
  registry.release(memory);
  const file = await registry.connect(config('file'));
  expect(registry.opened(memory.place)).toBe(file);
});

it('deletes the database of one store, and leaves that of the other open', async () => {
  const file = await made('file');
  await registry.create(config('memory'));
  await registry.delete(config('memory'));
  expect(registry.opened(file.place)).toBe(file);
});

it('knows nothing of what was in a database that is deleted', async () => {
  const of = await made('memory');
  await add(of, 1);
  const { db } = await registry.db(of);
  await add(of, 2);
  const commit = db.commit?.id ?? '';
  expect((await registry.dbAt(of, commit))?.db.maxTx).toBe(db.maxTx);
  await registry.delete(config('memory'));
  expect(await registry.dbAt(await made('memory'), commit)).toBeUndefined();
});

it('writes again at once what it is about to leave', async () => {
  const of = await made('file');
  for (let n = 0; n < 20; n++) {
    const leaving = registry.leave(of);
    await Promise.all([add(of, 2 * n), add(of, 2 * n + 1), leaving]);
  }
  expect((await registry.db(of)).db.maxTx - 0x20000000).toBe(40);
});
