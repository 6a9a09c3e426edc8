import { afterAll, beforeAll } from 'vitest';
import { openPostgresStoreHost } from '../../../engine/store/postgres-store.ts';
import type { StoreHost } from '../../../engine/store/store.ts';
import { tieredStoreHost } from '../../../engine/store/tiered-store.ts';
import { openFileFront } from '../../../engine/store/tiered/file-front.ts';
import { runStoreSuite } from '../../conformance/store-suite.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';
import { testFolder } from '../../support/test-folder.ts';

let place: TestSchema;

beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

/** Every host has a front of its own over the same folder, as the processes of one machine have. */
runStoreSuite('files in front of PostgreSQL', async () => {
  const directory = await testFolder();
  const open = async (): Promise<StoreHost> =>
    tieredStoreHost(
      await openPostgresStoreHost({ url: place.url, schema: place.schema, poolSize: 2 }),
      await openFileFront({ directory, maxBytes: 1 << 22 }),
    );
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
});
