/** Rewriting logs and packs in files, by processes that stop anywhere on the way. */
import { spawn } from 'node:child_process';
import {
  copyFile,
  appendFile,
  open,
  readdir,
  readFile,
  readlink,
  rename,
  writeFile,
} from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { encodeFrame, markerOf, markingFrame } from '../../../engine/store/file/log-frame.ts';
import { folderOf } from '../../../engine/store/file/paths.ts';
import { openFileStoreHost } from '../../../engine/store/file-store.ts';
import type { Store, StoreHost } from '../../../engine/store/store.ts';
import { testFolder } from '../../support/test-folder.ts';

const SECRET = 'a secret that was told in confidence';

let directory: string;
const hosts: StoreHost[] = [];

async function openHost(): Promise<StoreHost> {
  const host = await openFileStoreHost(directory);
  hosts.push(host);
  return host;
}

const reopened = async (): Promise<Store> => (await openHost()).open('a');
const inDatabase = (...path: string[]): string => join(directory, 'db-a', ...path);
const logPath = (generation: number): string => inDatabase('branch-db', `log-1-${generation}`);

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

const commitOf = (expectedVersion: number) => ({
  branch: 'db',
  expectedVersion,
  epoch: 0,
  record: new Uint8Array(),
  indexedTx: 0,
  segments: [{ tx: 100 + expectedVersion, bytes: Buffer.from(SECRET) }],
});

async function storeWithCommits(count: number): Promise<Store> {
  const store = await (await openHost()).create('a');
  for (let i = 0; i < count; i++) await store.commit(commitOf(i));
  return store;
}

async function textsOf(store: Store): Promise<string[]> {
  const log = await store.readLog('db', 0, 1_000);
  return log.map(({ bytes }) => Buffer.from(bytes).toString());
}

const REPLACED = [100, 101].map((tx) => ({ tx, bytes: Buffer.from('nothing') }));

beforeEach(async () => {
  directory = await testFolder();
});
afterEach(async () => {
  await Promise.all(hosts.splice(0).map((host) => host.close()));
});

describe('a rewritten log', () => {
  it('leaves no old bytes, also of frames that never counted', async () => {
    const store = await storeWithCommits(2);
    const whole = await readFile(logPath(1));
    await appendFile(logPath(1), whole.subarray(24)); // versions that are there already
    await appendFile(logPath(1), whole.subarray(24, 60)); // and a torn one
    await store.rewriteLog('db', 0, REPLACED);
    expect(await filesWith(SECRET)).toEqual([]);
    expect(await filesWith('nothing')).toEqual(['log-1-2']);
    expect(await textsOf(await reopened())).toEqual(['nothing', 'nothing']);
  });

  it('that was not finished is finished when it is rewritten again', async () => {
    const store = await storeWithCommits(2);
    await copyFile(logPath(1), inDatabase('before'));
    await store.rewriteLog('db', 0, REPLACED);
    // As if the process had stopped before it removed the old file.
    await rename(inDatabase('before'), logPath(1));
    await writeFile(inDatabase('branch-db', 'log.new'), SECRET);
    const after = await reopened();
    expect(await textsOf(after)).toEqual(['nothing', 'nothing']);
    expect(await after.rewriteLog('db', 0, REPLACED)).toBe(true);
    expect(await filesWith(SECRET)).toEqual([]);
    expect(await readdir(inDatabase('branch-db'))).not.toContain('log-1-1');
  });

  it('that was sealed and no more can be read, and written and rewritten as well', async () => {
    const store = await storeWithCommits(2);
    const reader = await reopened();
    const marker = markerOf(await readFile(logPath(1)))!;
    const seal = () => appendFile(logPath(1), encodeFrame(marker, markingFrame('seal', 0)));
    await seal();
    for (const each of [reader, await reopened()]) {
      expect(await textsOf(each)).toEqual([SECRET, SECRET]);
      expect(await each.readRoot('db')).toMatchObject({ version: 2 });
    }
    expect(await readdir(inDatabase('branch-db'))).toContain('log-1-1');
    expect(await store.commit(commitOf(2))).toBe(true);
    expect(await readdir(inDatabase('branch-db'))).toContain('log-1-2');
    for (const each of [store, reader, await reopened()]) {
      expect(await textsOf(each)).toEqual([SECRET, SECRET, SECRET]);
    }
    await (await reopened()).rewriteLog('db', 0, REPLACED);
    expect(await textsOf(reader)).toEqual(['nothing', 'nothing', SECRET]);
  });

  it('that was sealed can be leased and deleted', async () => {
    const store = await storeWithCommits(1);
    const marker = markerOf(await readFile(logPath(1)))!;
    await appendFile(logPath(1), encodeFrame(marker, markingFrame('seal', 0)));
    const request = { branch: 'db', owner: 'first', address: null, ttlMs: 60_000 };
    expect(await store.leases.acquire(request)).toMatchObject({ acquired: true });
    await appendFile(
      logPath(2),
      encodeFrame(markerOf(await readFile(logPath(2)))!, markingFrame('seal', 0)),
    );
    await (await reopened()).deleteBranch('db');
    expect(await store.readVersion('db')).toBe(0);
    expect(await filesWith(SECRET)).toEqual([]);
  });

  it('of which the old file is half overwritten is not read from there', async () => {
    const store = await storeWithCommits(3);
    const reader = await reopened();
    await reader.readVersion('db');
    const old = await open(logPath(1), 'r+'); // keeps the file that the rewriting removes
    await store.rewriteLog('db', 0, REPLACED);
    await old.close();
    expect(await textsOf(reader)).toEqual(['nothing', 'nothing', SECRET]);
    expect(await reader.readVersion('db')).toBe(3);
  });
});

describe('rewritten packs', () => {
  const nodes = (addresses: number[], text: string) =>
    addresses.map((address) => ({ address, bytes: Buffer.from(`${text} ${address}`) }));

  it('leave no bytes of deleted nodes', async () => {
    const store = await (await openHost()).create('a');
    await store.write(nodes([1, 2, 3], SECRET));
    await (await reopened()).write(nodes([2, 4], SECRET));
    await store.deleteNodes([1, 2, 4]);
    expect(await filesWith(`${SECRET} 3`)).toHaveLength(1);
    for (const address of [1, 2, 4]) expect(await filesWith(`${SECRET} ${address}`)).toEqual([]);
    expect(await readdir(inDatabase('nodes'))).toHaveLength(1);
  });

  it('that were half overwritten are removed, and read from where they went', async () => {
    const store = await (await openHost()).create('a');
    await store.write(nodes([1, 2], SECRET));
    const reader = await reopened();
    await reader.read([2]);
    const [pack = ''] = await readdir(inDatabase('nodes'));
    const half = await readFile(inDatabase('nodes', pack));
    await store.deleteNodes([1]);
    // As if the process had stopped while it was overwriting the old pack.
    half.fill(0, 0, 20);
    await writeFile(inDatabase('nodes', pack), half);
    for (const each of [reader, await reopened()]) {
      expect((await each.read([2])).map(String)).toEqual([`${SECRET} 2`]);
      await expect(each.read([1])).rejects.toMatchObject({ data: { address: 1 } });
    }
    await store.deleteNodes([1]);
    expect(await filesWith(`${SECRET} 1`)).toEqual([]);
  });

  it('that were closed and copied in part hold everything, and can be rewritten again', async () => {
    const store = await (await openHost()).create('a');
    await store.write(nodes([1, 2, 3], SECRET));
    const [pack = ''] = await readdir(inDatabase('nodes'));
    const file = await open(inDatabase('nodes', pack), 'r+');
    await file.write('DHGPACKX', 0);
    await file.close();
    const other = await reopened();
    await other.write(nodes([2], SECRET)); // what had been copied
    await store.write(nodes([5], SECRET));
    expect(await readdir(inDatabase('nodes'))).toHaveLength(3);
    for (const each of [store, other]) expect(await each.read([1, 2, 3, 5])).toHaveLength(4);
    await other.deleteNodes([1]);
    for (const each of [store, other, await reopened()]) {
      expect(await each.read([2, 3, 5])).toHaveLength(3);
    }
  });

  it('never carry a damaged node on', async () => {
    const store = await (await openHost()).create('a');
    await store.write(nodes([1, 2], SECRET));
    const [pack = ''] = await readdir(inDatabase('nodes'));
    const bytes = await readFile(inDatabase('nodes', pack));
    bytes[bytes.length - 1]! ^= 1;
    await writeFile(inDatabase('nodes', pack), bytes);
    await expect(store.deleteNodes([1])).rejects.toMatchObject({
      code: 'STORE_CORRUPT',
      data: { address: 2, pack },
    });
    expect(await readdir(inDatabase('nodes'))).toContain(pack);
  });
});

describe('a process that is killed while it rearranges files', () => {
  it('loses nothing that was confirmed, and leaves nothing in the way of the next one', async () => {
    await (await openHost()).create('a');
    const reader = await reopened();
    for (let round = 0; round < 12; round++) {
      const { version, rewrittenTx } = await killed(`process ${round}`, 25 * round, reader);
      for (const store of [reader, await reopened()]) await check(store, version, rewrittenTx);
    }
    const store = await reopened();
    const log = await store.readLog('db', 0, 1e9);
    expect(log.length).toBeGreaterThan(20);
    const segments = log.map(({ tx }) => ({ tx, bytes: Buffer.from(`another text for ${tx};`) }));
    for (const branch of await store.branches()) {
      if (branch !== 'db') await store.deleteBranch(branch);
    }
    expect(await store.rewriteLog('db', 1_000, segments)).toBe(true);
    expect(await filesWith('the original of')).toEqual([]);
    expect(await filesWith('another text for')).toHaveLength(1);
  });

  interface Confirmed {
    readonly version: number;
    readonly rewrittenTx: number;
  }

  async function check(store: Store, version: number, rewrittenTx: number): Promise<void> {
    const root = (await store.readRoot('db'))!;
    // What was written and not confirmed may be there, but never more than the one commit under way.
    expect(root.version - version).toBeOneOf([0, 1]);
    const log = await store.readLog('db', 0, 1e9);
    expect(log.map(({ tx }) => tx)).toEqual(Array.from(log, (_, i) => 1_000 + i));
    expect(log).toHaveLength(root.version);
    for (const { tx, bytes } of log) {
      const texts = [`another text for ${tx};`, `the original of ${tx};`];
      expect(Buffer.from(bytes).toString()).toBeOneOf(
        tx <= rewrittenTx ? texts.slice(0, 1) : texts,
      );
    }
    for (const branch of await store.branches()) {
      const txs = (await store.readLog(branch, 0, 1e9)).map(({ tx }) => tx);
      expect(txs).toEqual(Array.from(txs, (_, i) => 1_000 + i));
      if (branch !== 'db') expect(txs).toHaveLength(Number(branch.slice(5)) - 1_000);
    }
    const { address } = JSON.parse(Buffer.from(root.record).toString()) as { address: number };
    expect(await store.read([address])).toHaveLength(1);
  }

  /** What a process confirmed before it was killed; meanwhile a reader of this one never finds a gap. */
  async function killed(owner: string, afterMs: number, reader: Store): Promise<Confirmed> {
    const program = ['--import', 'tsx', 'test/support/file-rearranger.ts', directory, owner];
    const child = spawn(process.execPath, program, { stdio: ['ignore', 'pipe', 'inherit'] });
    let output = '';
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
    await new Promise((resolve) => child.stdout.once('data', resolve));
    const ended = new Promise((resolve) => child.once('close', resolve));
    const reading = new AbortController();
    let seen = 0;
    const watching = (async () => {
      while (!reading.signal.aborted) {
        const log = await reader.readLog('db', 0, 1e9);
        expect(log.map(({ tx }) => tx)).toEqual(Array.from(log, (_, i) => 1_000 + i));
        expect(log.length).toBeGreaterThanOrEqual(seen);
        seen = log.length;
      }
    })();
    await wait(afterMs); // any moment will do
    child.kill('SIGKILL');
    await ended;
    reading.abort();
    await watching;
    const lines = output.trim().split('\n').slice(-2);
    const confirmed = lines.map((line) => JSON.parse(line) as Partial<Confirmed>);
    return {
      version: confirmed.at(-1)?.version ?? 0,
      rewrittenTx: confirmed.at(-1)?.rewrittenTx ?? 0,
    };
  }
});

/** How many packs of a database this process has open, where the system tells. */
async function openPacks(name: string): Promise<number> {
  const handles = await readdir('/proc/self/fd').catch(() => undefined);
  if (handles === undefined) return 1;
  const paths = await Promise.all(
    handles.map((handle) => readlink(join('/proc/self/fd', handle)).catch(() => '')),
  );
  const folder = join(directory, folderOf('db', name));
  return paths.filter((path) => path.startsWith(folder) && path.includes('.pack')).length;
}

it('reads what it wrote although others listed the nodes while the pack was made', async () => {
  const host = await openHost();
  for (let round = 0; round < 20; round++) {
    const name = `packs ${round}`;
    const store = await host.create(name);
    const another = await (await openHost()).open(name);
    const bytes = Buffer.from(`node of ${round}`);
    let isWritten = false;
    const writing = store
      .write([
        { address: 1, bytes },
        { address: 2, bytes },
      ])
      .finally(() => (isWritten = true));
    while (!isWritten) for await (const _ of store.listNodes());
    await writing;
    // Opened twice, one of the two would never be forgotten, nor closed.
    expect(await openPacks(name)).toBe(1);
    await another.deleteNodes([2]);
    expect(Buffer.from((await store.read([1]))[0]!)).toEqual(bytes);
  }
});
