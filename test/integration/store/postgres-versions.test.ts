import { afterAll, beforeAll } from 'vitest';
import { runVersionsSuite } from '../../conformance/versions-suite.ts';
import { postgresBackend } from '../../support/backends.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';

let place: TestSchema;

beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

runVersionsSuite('postgres store', () => postgresBackend(place));
