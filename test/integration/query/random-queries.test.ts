/** Random queries over trees in PostgreSQL have the answer that nested loops find. */
import fc from 'fast-check';
import { afterAll, beforeAll, it } from 'vitest';
import { openPostgresStoreHost } from '../../../engine/store/postgres-store.ts';
import type { StoreHost } from '../../../engine/store/store.ts';
import { askBoth, cases } from '../../property/query-cases.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';
import { runs } from '../../support/runs.ts';

let place: TestSchema;
let host: StoreHost;

beforeAll(async () => {
  place = await freshSchema();
  host = await openPostgresStoreHost({ url: place.url, schema: place.schema, poolSize: 2 });
});
afterAll(async () => {
  await host.close();
  await place.drop();
});

it('a query finds in PostgreSQL what nested loops find', async () => {
  let count = 0;
  await fc.assert(
    fc.asyncProperty(cases, async (one) => {
      const name = `random-${count++}`;
      await askBoth(one, host, name);
      await host.delete(name);
    }),
    runs(12),
  );
});
