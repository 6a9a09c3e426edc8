/** What forking and deleting branches leaves in the files, also where a process stops on the way. */
import {
  copyFile,
  mkdir,
  readdir,
  readFile,
  readlink,
  rename,
  stat,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { replaceFile } from '../../../engine/store/file/durable.ts';
import { openFileStoreHost } from '../../../engine/store/file-store.ts';
import type { Store, StoreHost } from '../../../engine/store/store.ts';
import { testFolder } from '../../support/test-folder.ts';

const SECRET = 'a secret that was told in confidence';
const record = new Uint8Array();

let directory: string;
const hosts: StoreHost[] = [];

async function openHost(): Promise<StoreHost> {
  const host = await openFileStoreHost(directory);
  hosts.push(host);
  return host;
}

const reopened = async (): Promise<Store> => (await openHost()).open('a');
const inDatabase = (...path: string[]): string => join(directory, 'db-a', ...path);

/** All files of the database that hold a text. */
async function filesWith(text: string): Promise<string[]> {
  const entries = await readdir(inDatabase(), { recursive: true, withFileTypes: true });
  const files = entries.filter((entry) => entry.isFile());
  const found = await Promise.all(
    files.map(async ({ parentPath, name }) => {
      const bytes = await readFile(join(parentPath, name));
      return bytes.includes(text) ? [name] : [];
    }),
  );
  return found.flat().sort();
}

const commitOf = (branch: string, tx: number) => ({
  branch,
  epoch: 0,
  record,
  indexedTx: 0,
  segments: [{ tx, bytes: Buffer.from(`${SECRET} ${branch}/${tx};`) }],
});

async function writeCommits(store: Store, branch: string, count: number): Promise<void> {
  for (let i = 0; i < count; i++) {
    const commit = { ...commitOf(branch, 100 + i), expectedVersion: i };
    expect(await store.commit(commit)).toBe(true);
  }
}

async function txsOf(store: Store, branch: string): Promise<number[]> {
  return (await store.readLog(branch, 0, 1_000)).map(({ tx }) => tx);
}

beforeEach(async () => {
  directory = await testFolder();
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

describe('a deleted branch', () => {
  it('leaves no bytes of its log, and what its forks need until they go too', async () => {
    const store = await (await openHost()).create('a');
    await writeCommits(store, 'main', 6);
    const origin = { branch: 'main', tx: 102 };
    await store.fork({ branch: 'fork', origin, record, indexedTx: 102 });
    await store.commit({ ...commitOf('main', 106), expectedVersion: 6, indexedTx: 103 });
    expect(await readdir(inDatabase('branch-main'))).toContain('root');
    await store.deleteBranch('main');
    expect(await filesWith(`${SECRET} main/102;`)).toEqual(['log-1-2']);
    expect(await filesWith(`${SECRET} main/103;`)).toEqual([]);
    expect(await txsOf(await reopened(), 'fork')).toEqual([100, 101, 102]);
    await store.deleteBranch('fork');
    expect(await filesWith(SECRET)).toEqual([]);
    expect(await readdir(inDatabase('branch-main'))).toEqual(['branch.json', 'log-1-3']);
  });

  it('of an earlier life goes with the last fork that needed it', async () => {
    const store = await (await openHost()).create('a');
    await writeCommits(store, 'main', 3);
    const origin = { branch: 'main', tx: 102 };
    await store.fork({ branch: 'fork', origin, record, indexedTx: 102 });
    await store.deleteBranch('main');
    await store.fork({ branch: 'main', origin: { branch: 'fork', tx: 101 }, record, indexedTx: 0 });
    expect(await readdir(inDatabase('branch-main'))).toEqual(
      expect.arrayContaining(['log-1-2', 'log-2-1']),
    );
    await store.deleteBranch('fork');
    expect(await readdir(inDatabase('branch-main'))).not.toContain('log-1-2');
    expect(await txsOf(await reopened(), 'main')).toEqual([100, 101]);
  });

  it('that a process was still removing when it stopped is removed by the next deletion', async () => {
    const store = await (await openHost()).create('a');
    await writeCommits(store, 'main', 3);
    await copyFile(inDatabase('branch-main', 'log-1-1'), inDatabase('before'));
    await store.deleteBranch('main');
    // It had written the next file, and perhaps a part of one, and the old one is still there.
    await rename(inDatabase('before'), inDatabase('branch-main', 'log-1-1'));
    await writeFile(inDatabase('branch-main', 'log.new'), SECRET);
    const after = await reopened();
    expect(await after.readVersion('main')).toBe(0);
    await writeCommits(after, 'other', 1);
    await after.deleteBranch('other');
    expect(await filesWith(SECRET)).toEqual([]);
  });
});

it('many deleted branches leave a small mark each, and no open file', async () => {
  const store = await (await openHost()).create('a');
  await writeCommits(store, 'main', 2);
  const names = Array.from({ length: 12 }, (_, i) => `fork ${i}`);
  for (const branch of names) {
    await store.fork({ branch, origin: { branch: 'main', tx: 101 }, record, indexedTx: 100 });
  }
  for (const branch of names) await store.deleteBranch(branch);
  const after = await reopened();
  expect(await after.branches()).toEqual(['main']);
  expect(await readdir(inDatabase('epochs'))).toHaveLength(1);
  const handles = await readdir('/proc/self/fd').catch(() => []); // Linux alone says
  const paths = await Promise.all(
    handles.map((each) => readlink(`/proc/self/fd/${each}`).catch(() => '')),
  );
  const open = paths.filter((path) => path.startsWith(inDatabase('branch-fork')));
  expect(open).toEqual([]);
  const folders = (await readdir(inDatabase())).filter((each) => each.startsWith('branch-fork'));
  expect(folders).toHaveLength(12);
  for (const folder of folders) {
    expect(await readdir(inDatabase(folder))).toEqual(['branch.json', 'log-1-2']);
    expect((await stat(inDatabase(folder, 'log-1-2'))).size).toBeLessThan(250);
  }
});

it('a branch of which only the folder was made does not exist, and can be made', async () => {
  const store = await (await openHost()).create('a');
  await mkdir(inDatabase('branch-main'));
  expect(await store.branches()).toEqual([]);
  await writeCommits(store, 'main', 1);
  expect(await (await reopened()).branches()).toEqual(['main']);
});

it('a fork is opened from its root file', async () => {
  const store = await (await openHost()).create('a');
  await writeCommits(store, 'main', 3);
  await store.fork({ branch: 'fork', origin: { branch: 'main', tx: 102 }, record, indexedTx: 101 });
  const commit = { branch: 'fork', epoch: 0, record, expectedVersion: 1, segments: [] };
  await store.commit({ ...commit, indexedTx: 102 });
  const log = await readFile(inDatabase('branch-fork', 'log-1-1'));
  // What is in front of the position is not read, so nobody notices that the fork frame is gone.
  log.fill(0, 24, log.length - 65);
  await writeFile(inDatabase('branch-fork', 'log-1-1'), log);
  const root = await (await reopened()).readRoot('fork');
  expect(root).toMatchObject({ version: 2, indexedTx: 102, segments: [] });
  expect((await (await reopened()).readLog('fork', 0, 102)).map(({ tx }) => tx)).toEqual([
    100, 101,
  ]);
});

describe('the lock of the folder', () => {
  it('of a process that is gone is taken over, and not that of one that lives', async () => {
    const store = await (await openHost()).create('a');
    await writeCommits(store, 'main', 1);
    await store.deleteBranch('main');
    const [name = ''] = await readdir(inDatabase('locks'));
    const file = JSON.parse(await readFile(inDatabase('locks', name), 'utf8')) as object;
    const gone = { ...file, isHeld: true, processStart: '1' };
    await writeFile(inDatabase('locks', name), JSON.stringify(gone));
    await store.deleteNodes([1]);
    const living = { ...file, isHeld: true };
    const [next = ''] = await readdir(inDatabase('locks'));
    expect(next).not.toBe(name);
    await writeFile(inDatabase('locks', next), JSON.stringify(living));
    let isDone = false;
    const done = store.deleteNodes([1]).then(() => (isDone = true));
    await new Promise((resolve) => setTimeout(resolve, 100));
    expect(isDone).toBe(false);
    // As a whole: whoever waits reads it again and again.
    await replaceFile(inDatabase('locks', next), Buffer.from(JSON.stringify(file)));
    await done;
  });
});
