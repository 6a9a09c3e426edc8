/** A database goes from store to store and stays what it is, also where an import is killed on the way. */
import { createReadStream } from 'node:fs';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Db, StoreHost } from '../../../engine/index.ts';
import {
  DEFAULT_DATABASE_CONFIG,
  createMemoryStoreHost,
  databaseConfig,
  dbWith,
  emptyDb,
  openFileStoreHost,
  openPostgresStoreHost,
} from '../../../engine/index.ts';
import { importDatabase } from '../../../services/index.ts';
import { FORMATS, exported, opened } from '../../support/exported.ts';
import { startProcess } from '../../support/our-process.ts';
import type { TestSchema } from '../../support/postgres.ts';
import { freshSchema } from '../../support/postgres.ts';
import { testFolder } from '../../support/test-folder.ts';

let place: TestSchema;
beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

const SCHEMA = `[{:db/ident :p/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/unique :db.unique/identity}
  {:db/ident :p/text :db/valueType :db.type/string :db/cardinality :db.cardinality/one :db/index true}
  {:db/ident :p/n :db/valueType :db.type/long :db/cardinality :db.cardinality/one}
  {:db/ident :p/friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/many}]`;

/** Some 20,000 datoms, a third of them past. */
async function people(config = DEFAULT_DATABASE_CONFIG): Promise<Db> {
  let db = await dbWith(emptyDb(config), SCHEMA);
  for (let round = 0; round < 4; round++)
    db = await dbWith(
      db,
      Array.from({ length: 1_000 }, (_, i) => ({
        'p/name': `person ${(i * 7) % 1_000}`,
        'p/text': `text ${(i * 7919) % 1_000} of round ${round % 3}`,
        'p/n': i + (round % 2),
        'p/friend': round === 0 ? [] : [[':p/name', `person ${i}`]],
      })),
    );
  return db;
}

const HOSTS: ReadonlyArray<readonly [string, () => Promise<StoreHost>]> = [
  ['memory', async () => createMemoryStoreHost()],
  ['files', async () => openFileStoreHost(await testFolder())],
  ['PostgreSQL', () => openPostgresStoreHost({ ...place, poolSize: 2 })],
];

describe.each(HOSTS)('into %s', (_, openHost) => {
  it.each([
    ['by default', DEFAULT_DATABASE_CONFIG],
    ['with attribute references', databaseConfig({ attributeRefs: true })],
  ])('a database comes as it was: %s', async (_, config) => {
    const host = await openHost();
    const db = await people(config);
    for (const format of FORMATS) {
      const bytes = await exported(db, format);
      const name = `people-${format}-${String(config.attributeRefs)}`;
      await importDatabase(host, name, [bytes], { batchRows: 3_000 });
      const copy = await opened(host, name);
      expect((await exported(copy, format)).equals(bytes)).toBe(true);
      await expect(importDatabase(host, name, [bytes])).rejects.toMatchObject({
        code: 'DATABASE_EXISTS',
      });
    }
    await host.close();
  });
});

it('an import that is killed leaves nothing to read, and the next one of the name succeeds', async () => {
  const directory = await testFolder();
  const file = join(directory, 'people.edn');
  const bytes = await exported(await people());
  await writeFile(file, bytes);
  const data = join(directory, 'data');
  const killed = await startProcess({
    args: ['test/support/half-import.ts', data, file],
    readyWhen: /^half$/,
  });
  await killed.end('SIGKILL');

  const host = await openFileStoreHost(data);
  await expect(opened(host, 'people')).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' });
  await importDatabase(host, 'people', createReadStream(file));
  expect((await exported(await opened(host, 'people'))).equals(bytes)).toBe(true);
  await host.close();
});
