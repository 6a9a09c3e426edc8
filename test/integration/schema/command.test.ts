/** `datahike-gateway schema` and `relock` as a user runs them. */
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openFileStoreHost, readEdn } from '../../../engine/index.ts';
import type { EdnData } from '../../../engine/index.ts';
import type { EndedProcess } from '../../support/our-process.ts';
import { endOfProcess, startProcess } from '../../support/our-process.ts';
import { testFolder } from '../../support/test-folder.ts';
import { writtenDatabase } from '../../support/written-database.ts';

const SCHEMA = readEdn(`[
  {:db/ident :person/first-name :db/valueType :db.type/string :db/cardinality :db.cardinality/one}
  {:db/ident :person/friend :db/valueType :db.type/ref :db/cardinality :db.cardinality/one}]`) as EdnData[];

let folder: string;
let directory: string;

beforeAll(async () => {
  folder = await testFolder();
  directory = join(folder, 'data');
  const host = await openFileStoreHost(directory);
  const database = await writtenDatabase({ host });
  await database.writer.transact({ txData: SCHEMA });
  await database.close();
  await host.close();
});

function command(...args: ReadonlyArray<string>): Promise<EndedProcess> {
  return endOfProcess({
    args: ['gateway/main.ts', ...args],
    env: { DATAHIKE_GATEWAY_DIRECTORY: directory },
  });
}

it('prints the schema, which stays as it was first served until it is relocked', async () => {
  const first = await command('schema', 'test');
  expect(first.code).toBe(0);
  expect(String(first.out)).toMatch(
    /type Person implements Entity & Node \{[^]*?\n {2}firstName: String/,
  );

  const gateway = await startProcess({
    args: ['gateway/main.ts', 'start', '--port', '0'],
    env: { DATAHIKE_GATEWAY_DIRECTORY: directory, DATAHIKE_GATEWAY_DATABASES: 'test' },
  });
  await fetch(`${gateway.url}/v1/test/person`);
  await gateway.end('SIGTERM');

  const api = join(folder, 'api.json');
  const named = { attributes: { ':person/first-name': { name: 'givenName' } } };
  await writeFile(api, JSON.stringify({ models: { test: named } }));
  const config = join(folder, 'config.json');
  await writeFile(config, JSON.stringify({ api: { file: api } }));

  const locked = await command('schema', 'test', '--config', config);
  expect(String(locked.out)).toContain('firstName: String');
  expect(locked.said).toContain(
    ':person/first-name is locked as Person.firstName; relock to rename it',
  );

  const refused = await command('relock', 'test', '--config', config);
  expect(refused.code).toBe(1);
  expect(refused.said).toContain('Person.firstName was removed.');
  expect(refused.said).toMatch(/changes break what clients may rely on; nothing was changed/);
  expect(String((await command('schema', 'test', '--config', config)).out)).toContain('firstName');

  const accepted = await command('relock', 'test', '--config', config, '--accept');
  expect([accepted.code, accepted.said]).toEqual([
    0,
    expect.stringMatching(/test is locked anew\n$/),
  ]);
  expect(String((await command('schema', 'test')).out)).toContain('givenName: String');
  expect((await command('relock', 'test', '--config', config)).said).toBe(
    'test is shown as its attributes say already\n',
  );
});
