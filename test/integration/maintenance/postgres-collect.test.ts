import { afterAll, beforeAll } from 'vitest';
import { runCollectSuite } from '../../conformance/collect-suite.ts';
import { postgresBackend } from '../../support/backends.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';

let place: TestSchema;

beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

runCollectSuite('postgres store', () => postgresBackend(place));
