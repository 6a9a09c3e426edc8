import { afterAll, beforeAll, expect, it, vi } from 'vitest';
import { decodeRecord } from '../../../engine/index.ts';
import { collectNodes } from '../../../services/index.ts';
import { runCollectSuite } from '../../conformance/collect-suite.ts';
import { postgresBackend } from '../../support/backends.ts';
import { freshSchema, type TestSchema } from '../../support/postgres.ts';
import { PERSON_SCHEMA, writtenDatabase } from '../../support/written-database.ts';

const DAY_MS = 86_400_000;

let place: TestSchema;

beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

runCollectSuite('postgres store', () => postgresBackend(place));

it('goes by the clock of the server, however wrong those of writers and collectors are', async () => {
  const backend = await postgresBackend(place);
  const { host } = backend;
  const database = await writtenDatabase({ host, foldThreshold: 60 });
  const { store, transact } = database;
  await transact(PERSON_SCHEMA);
  const pastOf = async (): Promise<number | undefined> =>
    decodeRecord((await store.readRoot('db'))!.record).past;
  const replaceTrees = async (): Promise<void> => {
    const before = await pastOf();
    for (let i = 0; (await pastOf()) === before; i++) await transact([{ 'person/age': i }]);
  };
  const now = Date.now.bind(Date);
  const clock = vi.spyOn(Date, 'now').mockImplementation(() => now() + 10 * DAY_MS);
  await replaceTrees();
  const ahead = await collectNodes(store, { retainMs: DAY_MS });
  clock.mockImplementation(() => now() - 10 * DAY_MS);
  await replaceTrees();
  clock.mockRestore();
  const { oldestRetained } = await collectNodes(store, { retainMs: DAY_MS });
  expect(oldestRetained).toEqual(ahead.oldestRetained);
  expect(Math.abs(oldestRetained!.replacedAt.getTime() - now())).toBeLessThan(DAY_MS / 24);
  expect((await store.retention.state()).keptSinceMs).toBeLessThan(now() - DAY_MS / 2);
  await database.close();
  await backend.dispose();
});
