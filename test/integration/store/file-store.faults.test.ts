import { spawn } from 'node:child_process';
import { appendFile, open, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openFileStoreHost } from '../../../engine/store/file-store.ts';
import type { Commit, Store, StoreHost } from '../../../engine/store/store.ts';
import { testFolder } from '../../support/test-folder.ts';

const BRANCH = 'db';

let directory: string;
const hosts: StoreHost[] = [];

async function openHost(): Promise<StoreHost> {
  const host = await openFileStoreHost(directory);
  hosts.push(host);
  return host;
}

const reopened = async (): Promise<Store> => (await openHost()).open('a');
const inDatabase = (...path: string[]): string => join(directory, 'db-a', ...path);

const logPath = (): string => inDatabase('branch-db', 'log-1-1');

const commitOf = (expectedVersion: number, changes: Partial<Commit> = {}): Commit => ({
  branch: BRANCH,
  expectedVersion,
  epoch: 0,
  record: Uint8Array.from([expectedVersion]),
  indexedTx: 0,
  segments: [{ tx: 100 + expectedVersion, bytes: new Uint8Array(200).fill(expectedVersion) }],
  ...changes,
});

async function txsOf(store: Store): Promise<number[]> {
  return (await store.readLog(BRANCH, 0, 1_000_000)).map(({ tx }) => tx);
}

beforeEach(async () => {
  directory = await testFolder();
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

describe('a torn frame', () => {
  it.each([1, 20, 40, 200])(
    'of %i bytes is dropped, and the log goes on behind it',
    async (length) => {
      const store = await (await openHost()).create('a');
      await store.commit(commitOf(0));
      const whole = await readFile(logPath());
      await appendFile(logPath(), whole.subarray(24, 24 + length));
      const after = await reopened();
      expect(await after.readRoot(BRANCH)).toMatchObject({ version: 1 });
      expect(await after.commit(commitOf(1))).toBe(true);
      expect(await store.commit(commitOf(2))).toBe(true);
      for (const each of [store, after, await reopened()]) {
        expect(await each.readRoot(BRANCH)).toMatchObject({ version: 3 });
        expect(await txsOf(each)).toEqual([100, 101, 102]);
      }
    },
  );

  it('with damaged bytes is dropped', async () => {
    const store = await (await openHost()).create('a');
    await store.commit(commitOf(0));
    await store.commit(commitOf(1));
    const path = logPath();
    const { length } = await readFile(path);
    const file = await open(path, 'r+');
    await file.write(Buffer.from([99]), 0, 1, length - 5);
    await file.close();
    const after = await reopened();
    expect(await after.readRoot(BRANCH)).toMatchObject({ version: 1 });
    expect(await after.commit(commitOf(1, { record: Uint8Array.from([7]) }))).toBe(true);
    expect(await txsOf(await reopened())).toEqual([100, 101]);
  });
});

describe('the root file', () => {
  const rootPath = (): string => inDatabase('branch-db', 'root');

  async function storeWithCheckpoints(): Promise<void> {
    const store = await (await openHost()).create('a');
    for (let version = 0; version < 50; version++) {
      const indexedTx = version < 10 ? 0 : version < 30 ? 105 : 125;
      await store.commit(commitOf(version, { indexedTx }));
    }
  }

  it('saves an opening the log before it', async () => {
    await storeWithCheckpoints();
    const log = await readFile(logPath());
    // What is in front of the position is not read, so nobody notices that it is gone.
    log.fill(0, 24, 24 + 20 * 200);
    await writeFile(logPath(), log);
    const root = await (await reopened()).readRoot(BRANCH);
    expect(root).toMatchObject({ version: 50, indexedTx: 125 });
    expect(root!.segments.map(({ tx }) => tx)).toEqual(
      Array.from({ length: 24 }, (_, i) => 126 + i),
    );
  });

  it.each([
    ['is missing', () => rm(rootPath())],
    ['is damaged', () => writeFile(rootPath(), 'nonsense')],
    ['is empty', () => writeFile(rootPath(), '')],
  ])('may be bad: it %s', async (_, damage) => {
    await storeWithCheckpoints();
    await damage();
    const store = await reopened();
    expect(await store.readRoot(BRANCH)).toMatchObject({ version: 50, indexedTx: 125 });
    expect(await txsOf(store)).toHaveLength(50);
  });
});

describe('nodes', () => {
  it('that are damaged are never handed out', async () => {
    const store = await (await openHost()).create('a');
    await store.write([{ address: 9, bytes: new Uint8Array(1_000) }]);
    const [pack = ''] = await readdir(inDatabase('nodes'));
    const file = await open(inDatabase('nodes', pack), 'r+');
    await file.write(Buffer.from([1]), 0, 1, 500);
    await file.close();
    for (const each of [store, await reopened()]) {
      await expect(each.read([9])).rejects.toMatchObject({
        code: 'STORE_CORRUPT',
        data: { address: 9, pack },
      });
    }
  });

  it('behind a batch that was cut off are found in another pack', async () => {
    const store = await (await openHost()).create('a');
    await store.write([{ address: 1, bytes: Uint8Array.from([1]) }]);
    const [pack = ''] = await readdir(inDatabase('nodes'));
    await appendFile(inDatabase('nodes', pack), 'BTCH and no more');
    const after = await reopened();
    await after.write([{ address: 2, bytes: Uint8Array.from([2]) }]);
    const read = await (await reopened()).read([1, 2]);
    expect(read.map((bytes) => Array.from(bytes))).toEqual([[1], [2]]);
  });
});

it('a folder of a later layout is refused', async () => {
  await (await openHost()).create('a');
  await writeFile(inDatabase('database.json'), '{"format":1000,"id":"x","name":"a"}');
  await expect(reopened()).rejects.toMatchObject({ code: 'STORE_CORRUPT' });
});

it('a database that is deleted under a store is gone', async () => {
  const store = await (await openHost()).create('a');
  await store.commit(commitOf(0));
  await (await openHost()).delete('a');
  await expect(store.readRoot(BRANCH)).rejects.toMatchObject({ code: 'DATABASE_NOT_FOUND' });
  await expect(store.commit(commitOf(0, { branch: 'new' }))).rejects.toMatchObject({
    code: 'DATABASE_NOT_FOUND',
  });
});

it('loses no confirmed commit of a process that is killed, whose lease lapses at once', async () => {
  await (await openHost()).create('a');
  let confirmed = 0;
  for (let round = 0; round < 6; round++) {
    confirmed = await killedWriter(`writer ${round}`, 20 + round * 17);
    const store = await reopened();
    const root = (await store.readRoot(BRANCH))!;
    // What was written and not confirmed may be there, but never more than the one commit under way.
    expect(root.version - confirmed).toBeOneOf([0, 1]);
    expect(await txsOf(store)).toEqual(Array.from({ length: root.version }, (_, i) => 1_000 + i));
    const { address } = JSON.parse(Buffer.from(root.record).toString()) as { address: number };
    expect(await store.read([address])).toHaveLength(1);
    expect(await store.leases.current(BRANCH)).toBeUndefined();
  }
  expect(confirmed).toBeGreaterThan(6);
});

/** The last version that a writer confirmed before it was killed. */
async function killedWriter(owner: string, afterMs: number): Promise<number> {
  const program = ['--import', 'tsx', 'test/support/file-writer.ts', directory, owner];
  const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await new Promise((resolve) => child.stdout.once('data', resolve));
  await wait(afterMs); // any moment will do
  const ended = new Promise((resolve) => child.once('close', resolve));
  child.kill('SIGKILL');
  await ended;
  return Number(output.trim().split('\n').at(-1));
}
