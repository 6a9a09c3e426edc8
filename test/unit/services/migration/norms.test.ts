import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Db } from '../../../../engine/index.ts';
import { databaseConfig, kw, q, registerFunction } from '../../../../engine/index.ts';
import { ensureNorms, updateChecksums, verifyChecksums } from '../../../../services/index.ts';
import { testFolder } from '../../../support/test-folder.ts';
import type { WrittenDatabase } from '../../../support/written-database.ts';
import { writtenDatabase } from '../../../support/written-database.ts';

const FIRST = `{:tx-data [{:db/ident :p/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]}`;
const SECOND = `{:tx-data [{:p/name "Ada"}] :tx-fn norms.test/more}`;

let folder: string;
let database: WrittenDatabase;

beforeEach(async () => {
  folder = await testFolder();
  database = await writtenDatabase();
  registerFunction('norms.test/more', async (db: Db) => [{ 'p/name': `after ${db.maxTx}` }]);
});
afterEach(() => database.close());

async function put(file: string, text: string): Promise<void> {
  await writeFile(join(folder, file), text);
}

async function putBoth(): Promise<void> {
  await put('001 first.edn', FIRST);
  await mkdir(join(folder, 'later'));
  await put('later/002-second.edn', SECOND);
  await put('notes.txt', 'no norm');
  await updateChecksums(folder);
}

const ask = (query: string): Promise<unknown> => q(query, database.connection.db());

describe('norms', () => {
  it('are applied once each, in order, and recorded on their transactions', async () => {
    await putBoth();
    expect(await ensureNorms(database, folder)).toEqual([kw('001-first'), kw('002-second')]);
    expect(await ask('[:find ?n ?tx :where [?tx :tx/norm ?n] [?tx :db/txInstant]]')).toEqual([
      [kw('001-first'), 536_870_914],
      [kw('002-second'), 536_870_915],
    ]);
    expect(await ask('[:find [?n ...] :where [_ :p/name ?n]]')).toEqual(['Ada', 'after 536870914']);
    expect(await ensureNorms(database, folder)).toEqual([]);
    expect(database.connection.db().maxTx).toBe(536_870_915);
  });

  it.each([
    { keepHistory: false },
    { attributeRefs: true },
    { schemaFlexibility: 'read' as const },
  ])('are applied once to a database of %j', async (config) => {
    const other = await writtenDatabase({ config: databaseConfig(config) });
    await putBoth();
    expect((await ensureNorms(other, folder)).length).toBe(2);
    expect(await ensureNorms(other, folder)).toEqual([]);
    const query = '[:find [?n ...] :where [_ :tx/norm ?n]]';
    expect(await q(query, other.connection.db())).toEqual([kw('001-first'), kw('002-second')]);
    await other.close();
  });

  it('that come later are applied later', async () => {
    await putBoth();
    await ensureNorms(database, folder);
    await put('003-third.edn', '{:tx-data [{:p/name "Cy"}]}');
    await expect(ensureNorms(database, folder)).rejects.toMatchObject({
      code: 'BAD_NORM',
      message: expect.stringContaining(
        'Norm 003-third.edn: Expected a checksum in checksums.edn, got none',
      ),
    });
    await updateChecksums(folder);
    expect(await ensureNorms(database, folder)).toEqual([kw('003-third')]);
  });

  it('are all refused where one is not what its checksum says', async () => {
    await putBoth();
    await put('001 first.edn', `${FIRST} `);
    const sum = /[\da-f]{64}/;
    await expect(ensureNorms(database, folder)).rejects.toMatchObject({
      code: 'BAD_NORM',
      data: {
        file: '001-first.edn',
        expected: expect.stringMatching(sum),
        actual: expect.stringMatching(sum),
      },
    });
    expect(database.connection.db().maxTx).toBe(536_870_912);
  });

  it('are refused where one of the checksums has no norm', async () => {
    await putBoth();
    await put('checksums.edn', '{:gone.edn "abc"}');
    await expect(verifyChecksums(folder)).rejects.toMatchObject({ code: 'BAD_NORM' });
  });

  it('that fail leave those before them applied, and are applied when they are right', async () => {
    await put('001-first.edn', FIRST);
    await put('002-wrong.edn', '{:tx-data [{:p/nmae "Ada"}]}');
    await updateChecksums(folder);
    await expect(ensureNorms(database, folder)).rejects.toMatchObject({ code: 'SCHEMA_VIOLATION' });
    await put('002-wrong.edn', '{:tx-data [{:p/name "Ada"}]}');
    await updateChecksums(folder);
    expect(await ensureNorms(database, folder)).toEqual([kw('002-wrong')]);
  });

  it.each([
    ['{:tx-data [', 'Norm a.edn: Expected "]" for what opens here'],
    ['[1]', 'Expected a map {:tx-data [...], :tx-fn my.ns/f}, got [1]'],
    ['{:tx-dta []}', 'Expected :tx-data and :tx-fn, got :tx-dta'],
    ['{:tx-data {}}', 'Expected a vector as :tx-data, got {}'],
    ['{:tx-fn "f"}', 'Expected the name of a function as :tx-fn, got "f"'],
    [
      '{:tx-fn norms.test/unknown}',
      'Expected a registered function as :tx-fn, got norms.test/unknown',
    ],
  ])('that say %s are refused by name', async (text, message) => {
    await put('a.edn', text);
    await updateChecksums(folder);
    await expect(ensureNorms(database, folder)).rejects.toMatchObject({
      code: 'BAD_NORM',
      message: expect.stringContaining(message),
    });
  });

  it('need a folder, its checksums, and names of their own', async () => {
    await expect(ensureNorms(database, join(folder, 'none'))).rejects.toMatchObject({
      code: 'BAD_NORM',
    });
    await expect(ensureNorms(database, folder)).rejects.toThrow(
      'Norm checksums.edn: Expected a file',
    );
    await put('a b.edn', '{}');
    await put('a-b.edn', '{}');
    await updateChecksums(folder);
    await expect(ensureNorms(database, folder)).rejects.toMatchObject({ code: 'BAD_NORM' });
  });
});
