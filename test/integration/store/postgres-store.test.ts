import { afterAll, beforeAll } from 'vitest';
import { runStoreSuite } from '../../conformance/store-suite.ts';
import { postgresBackend } from '../../support/backends.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';

let place: TestSchema;

beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

runStoreSuite('postgres store', () => postgresBackend(place));
