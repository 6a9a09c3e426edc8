/** `datahike-gateway export`, `import` and `norms` as a user runs them. */
import { mkdir, readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import {
  dbWith,
  emptyDb,
  DEFAULT_DATABASE_CONFIG,
  openFileStoreHost,
  q,
} from '../../../engine/index.ts';
import { importDatabase } from '../../../services/index.ts';
import { exported, opened } from '../../support/exported.ts';
import type { EndedProcess } from '../../support/our-process.ts';
import { endOfProcess, startProcess } from '../../support/our-process.ts';
import { testFolder } from '../../support/test-folder.ts';

let folder: string;
let directory: string;
let bytes: Buffer;

beforeAll(async () => {
  folder = await testFolder();
  directory = join(folder, 'data');
  const db = await dbWith(
    emptyDb(DEFAULT_DATABASE_CONFIG),
    '[{:db/ident :p/name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}]',
  );
  bytes = await exported(await dbWith(db, '[{:p/name "Ada"} {:p/name "Bob"}]'));
  const host = await openFileStoreHost(directory);
  await importDatabase(host, 'people', [bytes]);
  await host.close();
});

function command(args: ReadonlyArray<string>, input?: Buffer): Promise<EndedProcess> {
  return endOfProcess({
    args: ['gateway/main.ts', ...args],
    env: { DATAHIKE_GATEWAY_DIRECTORY: directory },
    ...(input === undefined ? {} : { input }),
  });
}

it('exports to standard output, and imports from standard input', async () => {
  const ended = await command(['export', 'people']);
  expect(ended).toEqual({
    code: 0,
    out: bytes,
    said: 'Exported 7 datoms of people as of transaction 536870914\n',
  });
  expect(await command(['import', 'from-input'], bytes)).toMatchObject({
    code: 0,
    said: 'Imported 7 datoms into from-input\n',
  });
  expect((await command(['export', 'from-input'])).out).toEqual(bytes);
});

it('exports to a file, and imports from one', async () => {
  const file = join(folder, 'people.cbor');
  const ended = await command(['export', 'people', '--format', 'cbor', '--output', file]);
  expect([ended.code, ended.out.length]).toEqual([0, 0]);
  expect((await readdir(folder)).filter((name) => name.includes('.part'))).toEqual([]);
  expect((await command(['import', 'from-file', file])).code).toBe(0);
  expect((await command(['export', 'from-file', '--format', 'cbor'])).out).toEqual(
    await readFile(file),
  );
});

it.each([
  [['export', 'nobody'], 3, 'DATABASE_NOT_FOUND: '],
  [
    ['import', 'people', 'package.json'],
    2,
    'BAD_EXPORT: Expected an item, got what is none, at item 1',
  ],
  [
    ['import', 'other', 'none.edn'],
    2,
    'BAD_USER_INPUT: Expected a file to read at none.edn, got ENOENT',
  ],
])('says in one line why %j fails, and ends with %i', async (args, expected, message) => {
  const { code, said } = await command(args);
  expect([code, said.trim().split('\n').length]).toEqual([expected, 1]);
  expect(said).toContain(message);
});

it('refuses to import into a database that exists', async () => {
  const { code, said } = await command(['import', 'people'], bytes);
  expect(code).toBe(4);
  expect(said).toMatch(/^DATABASE_EXISTS: .*people.*\n$/);
});

it('applies norms itself, or through the writer that lives', async () => {
  const norms = join(folder, 'norms');
  await mkdir(norms);
  await writeFile(join(norms, '001-first.edn'), '{:tx-data [{:p/name "Cy"}]}');
  expect((await command(['norms', 'people', norms])).said).toContain(
    'BAD_NORM: Norm checksums.edn',
  );
  expect(await command(['norms', 'people', norms, '--update-checksums'])).toMatchObject({
    code: 0,
    said: 'Applied to people: :001-first\n',
  });

  await writeFile(join(norms, '002-second.edn'), '{:tx-data [{:p/name "Di"}]}');
  const writer = await startProcess({
    args: ['gateway/main.ts', 'writer', '--port', '0'],
    env: { DATAHIKE_GATEWAY_DIRECTORY: directory, DATAHIKE_GATEWAY_DATABASES: 'people' },
  });
  expect(await command(['norms', 'people', norms, '--update-checksums'])).toMatchObject({
    code: 0,
    said: 'Applied to people: :002-second\n',
  });
  await writer.end('SIGTERM');
  const host = await openFileStoreHost(directory);
  const names = await q('[:find [?n ...] :where [_ :p/name ?n]]', await opened(host, 'people'));
  expect(names).toEqual(['Ada', 'Bob', 'Cy', 'Di']);
  await host.close();
});
