/** Processes go on while their PostgreSQL is set back to an earlier copy of its data, as by a backup that is put in place. */
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { DatabaseError, Db } from '../../../engine/index.ts';
import { databaseConfig, datoms, printEdn, q, readEdn, toTxData } from '../../../engine/index.ts';
import type { Connection, Storage, TransactResult } from '../../../services/index.ts';
import {
  Standby,
  closeStorage,
  createDatabase,
  createLog,
  listen,
  openDatabase,
  openStorage,
  verifyDatabase,
} from '../../../services/index.ts';
import { PERSON_SCHEMA, log } from '../../support/written-database.ts';
import type { StartedPostgres } from '../../support/postgres-server.ts';
import { startPostgres } from '../../support/postgres-server.ts';
import { redisUrl } from '../../support/server-urls.ts';
import { testFolder } from '../../support/test-folder.ts';

const NAMES = '[:find [?n ...] :where [_ :person/name ?n]]';
const LEASE_TTL_MS = 500;
/** Little, so that base trees are replaced all the time. */
const FOLD_THRESHOLD = 60;

async function namesIn(db: Db): Promise<string[]> {
  return ((await q(NAMES, db)) as string[]).sort();
}

/** Every row of every index, straight from the trees. */
async function rowsOf(db: Db): Promise<string[]> {
  const rows: string[] = [];
  for (const order of ['eavt', 'aevt', 'avet'] as const)
    for await (const { e, attribute, v, tx } of datoms(db, order))
      rows.push(`${order} ${printEdn([e, attribute, v, tx])}`);
  return rows;
}

describe.each(['redis', 'none'] as const)('with %s to announce commits', (bus) => {
  let server: StartedPostgres;
  let cache: string;
  const storages: Storage[] = [];
  const standbys: Standby[] = [];
  let lines: string[] = [];

  const open = async (): Promise<Connection> => {
    const storage = await openStorage(
      {
        store: {
          kind: 'postgres',
          schema: 'set_back',
          url: `postgres://gateway@127.0.0.1:${server.port}/gateway`,
          poolSize: 2,
          cache: { kind: 'file', directory: cache, maxBytes: 1 << 24 },
        },
        bus: bus === 'redis' ? { kind: 'redis', url: await redisUrl() } : { kind: 'none' },
        nodeCacheBytes: 1 << 20,
        pollIntervalMs: 100,
      },
      createLog({ level: 'error', write: (line) => lines.push(line) }),
    );
    storages.push(storage);
    if ((await storage.host.list()).length === 0)
      await createDatabase(storage.host, 'test', databaseConfig({}));
    return openDatabase(storage, 'test');
  };
  const standBy = async (): Promise<Standby> => {
    const connection = await open();
    const options = { connection, log, leaseTtlMs: LEASE_TTL_MS, foldThreshold: FOLD_THRESHOLD };
    const standby = new Standby({ ...options, bus: storages.at(-1)!.bus });
    standbys.push(standby);
    return standby;
  };
  const leader = () =>
    vi.waitUntil(() => standbys.find((each) => each.leader !== undefined)?.leader, {
      timeout: 30_000,
    });
  const write = async (name: string): Promise<TransactResult> =>
    (await leader()).transact({ txData: toTxData([{ 'person/name': name }]) });
  /** Each is sent until a writer has it: what was refused was not written. */
  const writeMany = async (what: string, count: number): Promise<number> => {
    let tx = 0;
    for (let i = 0; i < count; i++)
      tx = await vi.waitFor(async () => (await write(`${what} ${i}`)).tx, { timeout: 30_000 });
    return tx;
  };

  beforeEach(async () => {
    lines = [];
    server = await startPostgres();
    cache = await testFolder();
  });
  afterEach(async () => {
    for (const each of standbys.splice(0)) await each.stop();
    for (const each of storages.splice(0)) await closeStorage(each);
    await server.stop();
  });

  it('a reader ends with what the store has, and was told; old values do not lie', async () => {
    await standBy();
    const reader = await open();
    await (await leader()).transact({ txData: readEdn(PERSON_SCHEMA) as [] });
    await reader.sync(await writeMany('before', 50));

    await server.end('SIGINT');
    const putBack = await server.copyData();
    await server.start();
    await vi.waitFor(() => write('lost'), { timeout: 30_000 });

    // What a listener keeps, in the order in which it was told.
    let kept = await namesIn(reader.db());
    const rebuilt: Db[] = [];
    const made: Promise<void>[] = [];
    listen(
      reader,
      ({ txData }) => {
        for (const { attribute, v, added } of txData)
          if (printEdn(attribute) === ':person/name' && added) kept.push(String(v));
      },
      'test',
      (db) => {
        rebuilt.push(db);
        kept = [];
        made.push(namesIn(db).then((names) => void kept.push(...names)));
      },
    );
    await reader.sync(await writeMany('lost', 40));
    const old = reader.db();
    const oldRows = await rowsOf(old);
    const oldVersion = reader.head.version;

    await server.end('SIGINT');
    putBack();
    // Sent to a writer that knows nothing of it yet.
    const sent = Array.from({ length: 5 }, (_, i) => `open ${i}`);
    const answers = Promise.allSettled(sent.map((name) => write(name)));
    await server.start();
    await standBy();
    const tx = await vi.waitFor(() => writeMany('after', 60), { timeout: 60_000 });

    await vi.waitFor(() => expect(reader.db().maxTx).toBeGreaterThanOrEqual(tx), {
      timeout: 10_000,
    });
    await vi.waitUntil(() => rebuilt.length > 0);
    expect(rebuilt).toHaveLength(1);
    await vi.waitFor(async () => {
      const fresh = await open();
      expect(await rowsOf(reader.db())).toEqual(await rowsOf(fresh.db()));
    });
    const names = await namesIn(reader.db());
    expect(names.filter((name) => name.startsWith('before'))).toHaveLength(50);
    expect(names.filter((name) => name.startsWith('after'))).toHaveLength(60);
    expect(names.filter((name) => name.startsWith('lost'))).toEqual([]);
    await Promise.all(made);
    await vi.waitFor(() => expect([...kept].sort()).toEqual(names));

    expect(lines.some((line) => line.includes('store was set back'))).toBe(true);
    expect(reader.head.version).not.toBe(oldVersion);
    // Either what it was, out of memory, or nothing.
    const again = await rowsOf(old).catch((error: unknown) => error);
    if (again instanceof Error) expect(again).toMatchObject({ code: 'SNAPSHOT_EXPIRED' });
    else expect(again).toEqual(oldRows);

    for (const [i, answer] of (await answers).entries()) {
      if (answer.status === 'fulfilled') expect(names).toContain(sent[i]);
      else if ((answer.reason as DatabaseError).code === 'WRITER_DEPOSED')
        expect(names).not.toContain(sent[i]);
    }
    expect((await verifyDatabase(reader.store)).faults).toEqual([]);
  });
});
