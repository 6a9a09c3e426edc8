/**
 * How many bytes go to PostgreSQL for a transaction of five datoms into a million, the index job included: half of them add an item, half rename
 * one at random. Beside it the same where each transaction is folded into the trees, which is what copying paths costs.
 */
import { Client } from 'pg';
import type { Store } from '../../engine/index.ts';
import { createServers } from '../support/servers.ts';
import type { Result } from './harness.ts';
import { Items, item, itemsHost, renamed } from './items.ts';

const ITEMS = 250_000;
const TRANSACTIONS = 100_000;
const COPIED = 200;
const IN_FLIGHT = 256;
const GOAL_BYTES = 3 * 1024;

export async function commitSizeBench(): Promise<Result[]> {
  const servers = createServers();
  try {
    const url = await servers.postgresUrl();
    const logged = await bytesEach(url, TRANSACTIONS, IN_FLIGHT);
    const copied = await bytesEach(url, COPIED, 1, 1);
    const result = (name: string, ours: number, peer: string, theirs: number): Result => ({
      name,
      ours,
      peer,
      theirs,
      ratio: theirs / ours,
      unit: 'bytes',
    });
    return [
      result('sent for a transaction', logged.sent, 'the goal of 3 KiB', GOAL_BYTES),
      result('sent for a transaction', logged.sent, 'each folded at once', copied.sent),
      result('write-ahead log of a transaction', logged.wal, 'each folded at once', copied.wal),
    ];
  } finally {
    await servers.stop();
  }
}

interface Bytes {
  /** In what is stored: segments, records and nodes. */
  readonly sent: number;
  /** In the log of the server, which also has its indices and whole pages. */
  readonly wal: number;
}

async function bytesEach(
  url: string,
  count: number,
  inFlight: number,
  foldThreshold?: number,
): Promise<Bytes> {
  const { host } = await itemsHost(url);
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  let sent = 0;
  const watch = (store: Store): Store => watchWrites(store, (bytes) => (sent += bytes));
  // Loaded with the usual threshold: what folds each transaction would take all day.
  const loading = await Items.open({ host });
  await loading.load(ITEMS);
  await loading.close();
  const items = await Items.open({ host, watch, ...(foldThreshold && { foldThreshold }) });
  const isSettled = (novelty: number): boolean => novelty < (foldThreshold ?? 200_000);
  await items.folded(isSettled);
  const before = await walOf(client);
  sent = 0;
  let round = 0;
  const form = (): ReturnType<typeof item> =>
    ++round % 2 === 0 ? item(ITEMS + round) : renamed(1 + Math.floor(Math.random() * ITEMS), round);
  // Where one is sent after the other, each is folded before the next.
  if (inFlight > 1) await items.transact(count, inFlight, form);
  else
    for (let i = 0; i < count; i++) {
      await items.transact(1, 1, form);
      await items.folded(isSettled);
    }
  await items.folded(isSettled);
  const wal = (await walOf(client)) - before;
  await items.close();
  await client.end();
  await host.close();
  return { sent: sent / count, wal: wal / count };
}

/** The same store; tells of all bytes that go to it. */
function watchWrites(store: Store, onBytes: (count: number) => void): Store {
  const commit: Store['commit'] = (each) => {
    onBytes(each.record.length + lengthOf(each.segments));
    return store.commit(each);
  };
  const write: Store['write'] = (nodes) => {
    onBytes(lengthOf(nodes));
    return store.write(nodes);
  };
  return new Proxy(store, {
    get(target, name) {
      if (name === 'commit') return commit;
      if (name === 'write') return write;
      const member: unknown = Reflect.get(target, name);
      return typeof member === 'function' ? (member.bind(target) as unknown) : member;
    },
  });
}

function lengthOf(pieces: ReadonlyArray<{ readonly bytes: Uint8Array }>): number {
  return pieces.reduce((sum, { bytes }) => sum + bytes.length, 0);
}

async function walOf(client: Client): Promise<number> {
  const { rows } = await client.query<{ readonly at: string }>(
    `SELECT pg_current_wal_lsn() - '0/0'::pg_lsn AS at`,
  );
  return Number(rows[0]?.at);
}
