import { afterAll, beforeAll } from 'vitest';
import { runBackupSuite } from '../../conformance/backup-suite.ts';
import { fileBackend, postgresBackend } from '../../support/backends.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';

let place: TestSchema;

beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

const postgres = () => postgresBackend(place);

runBackupSuite('PostgreSQL into files', postgres, fileBackend);
runBackupSuite('files into PostgreSQL', fileBackend, postgres);
