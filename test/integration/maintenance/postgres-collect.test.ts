import { afterAll, beforeAll } from 'vitest';
import { openPostgresStoreHost } from '../../../engine/store/postgres-store.ts';
import { runCollectSuite } from '../../conformance/collect-suite.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';

let place: TestSchema;

beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

runCollectSuite('postgres store', async () => {
  const open = () => openPostgresStoreHost({ url: place.url, schema: place.schema, poolSize: 2 });
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
