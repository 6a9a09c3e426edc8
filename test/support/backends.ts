/** Places where databases are stored, for suites that go over several. */
import {
  createMemoryStoreHost,
  openFileStoreHost,
  openPostgresStoreHost,
} from '../../engine/index.ts';
import type { StoreBackend } from '../conformance/store-fixtures.ts';
import type { TestSchema } from './postgres.ts';
import { testFolder } from './test-folder.ts';

export async function memoryBackend(): Promise<StoreBackend> {
  const host = createMemoryStoreHost();
  return { host, openAnother: async () => host, dispose: () => host.close() };
}

export async function fileBackend(): Promise<StoreBackend> {
  const directory = await testFolder();
  return backendOf(() => openFileStoreHost(directory));
}

export function postgresBackend({ url, schema }: TestSchema): Promise<StoreBackend> {
  return backendOf(() => openPostgresStoreHost({ url, schema, poolSize: 2 }));
}

/** Whatever opens it, once for each process that a suite pretends to have. */
export async function backendOf(open: () => Promise<StoreBackend['host']>): Promise<StoreBackend> {
  const host = await open();
  const hosts = [host];
  return {
    host,
    async openAnother() {
      const another = await open();
      hosts.push(another);
      return another;
    },
    async dispose() {
      for (const name of await host.list()) await host.delete(name);
      await Promise.all(hosts.map((each) => each.close()));
    },
  };
}
