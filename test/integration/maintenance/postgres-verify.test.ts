import { afterAll, beforeAll } from 'vitest';
import { runVerifySuite } from '../../conformance/verify-suite.ts';
import { postgresBackend } from '../../support/backends.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';

let place: TestSchema;

beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

runVerifySuite('postgres store', () => postgresBackend(place));
