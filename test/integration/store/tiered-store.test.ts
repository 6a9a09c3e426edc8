import { afterAll, beforeAll } from 'vitest';
import { openPostgresStoreHost } from '../../../engine/store/postgres-store.ts';
import type { StoreHost } from '../../../engine/store/store.ts';
import { tieredStoreHost } from '../../../engine/store/tiered-store.ts';
import { openFileFront } from '../../../engine/store/tiered/file-front.ts';
import { runStoreSuite } from '../../conformance/store-suite.ts';
import { backendOf } from '../../support/backends.ts';
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
  return backendOf(open);
});
