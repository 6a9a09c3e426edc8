/** `datahike-gateway collect`, `verify`, `backup`, `restore` and `renew` as a user runs them. */
import { readFile, readdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { beforeAll, expect, it } from 'vitest';
import { openFileStoreHost } from '../../../engine/index.ts';
import { exported, opened } from '../../support/exported.ts';
import type { EndedProcess } from '../../support/our-process.ts';
import { endOfProcess } from '../../support/our-process.ts';
import { testFolder } from '../../support/test-folder.ts';
import { writtenDatabase } from '../../support/written-database.ts';
import { fill } from '../../conformance/maintenance-fixtures.ts';

let folder: string;
let directory: string;
let maxTx: number;

beforeAll(async () => {
  folder = await testFolder();
  directory = join(folder, 'data');
  const host = await openFileStoreHost(directory);
  const config = { allowIndexBackfill: true };
  const database = await writtenDatabase({ host, foldThreshold: 60, config });
  await fill(database, 30);
  maxTx = database.connection.db().maxTx;
  await database.close();
  await host.close();
});

function command(args: ReadonlyArray<string>, input?: Buffer): Promise<EndedProcess> {
  return endOfProcess({
    args: ['gateway/main.ts', ...args],
    env: { DATAHIKE_GATEWAY_DIRECTORY: directory, DATAHIKE_GATEWAY_COLLECT_RETAIN_DAYS: '0' },
    ...(input === undefined ? {} : { input }),
  });
}

it('collects what nothing needs, and says how much that was', async () => {
  const first = await command(['collect', 'test']);
  expect(first.code).toBe(0);
  expect(first.said).toMatch(/^Freed [1-9]\d* nodes with [\d,]+ bytes of test, .*\nKept [1-9]/);
  expect((await command(['collect', 'test'])).said).toMatch(/^Freed 0 nodes with 0 bytes/);
});

it('backs up to a file, restores it, and finds no fault', async () => {
  const file = join(folder, 'test.backup');
  const taken = await command(['backup', 'test', '--output', file]);
  expect([taken.code, taken.said]).toEqual([0, expect.stringMatching(/^Backed up .* of test\n$/)]);
  expect((await readdir(folder)).filter((name) => name.includes('.part'))).toEqual([]);
  const restored = await command(['restore', 'copy', file]);
  expect([restored.code, restored.said]).toEqual([
    0,
    expect.stringMatching(new RegExp(`into copy as of transaction ${maxTx}\n$`)),
  ]);
  const { code, said } = await command(['verify', 'copy']);
  expect([code, said]).toEqual([0, expect.stringMatching(/^copy: no fault in [\d,]+ nodes/)]);
  const host = await openFileStoreHost(directory);
  const [one, other] = [await opened(host, 'test'), await opened(host, 'copy')];
  expect(await exported(other)).toEqual(await exported(one));
  await host.close();
});

it('backs up an earlier transaction to standard output', async () => {
  const { code, out } = await command(['backup', 'test', '--at', String(maxTx - 9)]);
  expect(code).toBe(0);
  expect((await command(['restore', 'earlier'], out)).said).toContain(`transaction ${maxTx - 9}`);
});

it('refuses a backup that is damaged, and finds a database that is', async () => {
  const file = join(folder, 'test.backup');
  const bytes = await readFile(file);
  bytes[bytes.length >>> 1]! ^= 1;
  await writeFile(file, bytes);
  const refused = await command(['restore', 'bad', file]);
  expect([refused.code, refused.said]).toEqual([
    2,
    expect.stringMatching(/^BAD_BACKUP: .*at block/),
  ]);

  const packs = join(directory, 'db-copy', 'nodes');
  for (const name of await readdir(packs)) {
    const pack = await readFile(join(packs, name));
    pack[pack.length - 9]! ^= 1;
    await writeFile(join(packs, name), pack);
  }
  const { code, said } = await command(['verify', 'copy']);
  expect(code).toBe(1);
  expect(said).toMatch(/^node \d+ of (current|temporal) [ae]v?[aevt]+: .*\n/);
  expect(said).toMatch(/copy: [1-9]\d* faults in/);
});

it('renews the databases that are named, or all', async () => {
  const ids = async (): Promise<Record<string, string>> => {
    const host = await openFileStoreHost(directory);
    const names = await host.list();
    const found = await Promise.all(names.map(async (name) => [name, (await host.open(name)).id]));
    await host.close();
    return Object.fromEntries(found);
  };
  const before = await ids();
  const one = await command(['renew', 'test']);
  expect([one.code, one.said]).toEqual([0, expect.stringMatching(/^Renewed test: .*\n$/)]);
  const between = await ids();
  expect(between).toEqual({ ...before, test: between['test'] });
  expect(between['test']).not.toBe(before['test']);
  const all = await command(['renew']);
  expect([all.code, all.said.trim().split('\n')]).toEqual([
    0,
    Object.keys(before).map((name) => expect.stringContaining(`Renewed ${name}`)),
  ]);
  expect((await command(['verify', 'test'])).code).toBe(0);
});

it.each([
  [['renew', 'nobody'], 3, 'DATABASE_NOT_FOUND: '],
  [['verify', 'nobody'], 3, 'DATABASE_NOT_FOUND: '],
  [['collect', 'nobody'], 3, 'DATABASE_NOT_FOUND: '],
  [
    ['backup', 'test', '--at', 'yesterday'],
    2,
    'BAD_USER_INPUT: Expected the number of a transaction',
  ],
  [['backup', 'test', '--at', '7'], 2, 'BAD_USER_INPUT: Expected a transaction from'],
  [
    ['restore', 'copy', 'none.backup'],
    2,
    'BAD_USER_INPUT: Expected a file to read at none.backup, got ENOENT',
  ],
  [['restore', 'test', 'package.json'], 2, 'BAD_BACKUP: Expected a backup of this software'],
])('says in one line why %j fails, and ends with %i', async (args, expected, message) => {
  const { code, said } = await command(args);
  expect([code, said.trim().split('\n').length]).toEqual([expected, 1]);
  expect(said).toContain(message);
});
