/**
 * How long nobody writes when the writer is killed, or asked to end, while another process stands by with the default settings: from the signal
 * to the first transaction that is acknowledged after it. Everything that was acknowledged has to be there afterwards.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { q } from '../../engine/index.ts';
import type { Connection } from '../../services/index.ts';
import { closeStorage, createLog, openDatabase, openStorage } from '../../services/index.ts';
import type { OurProcess } from '../support/our-process.ts';
import { startProcess } from '../support/our-process.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { GATEWAY, buildPrograms } from '../support/programs.ts';
import { installRedis, startRedis } from '../support/redis-server.ts';
import type { Result } from './harness.ts';
import { ITEM_SCHEMA, item } from './items.ts';

const DATABASE = 'items';
const SCHEMA = 'takeover';
const ROUNDS = 25;
const CLIENTS = 8;
/** How long clients write before each signal, about. */
const QUIET_MS = 300;

const GOALS_MS = { SIGKILL: 3_000, SIGTERM: 300 } as const;
type Signal = keyof typeof GOALS_MS;

export async function takeoverBench(): Promise<Result[]> {
  const postgres = await startPostgres();
  const redis = await startRedis(await installRedis());
  const url = `postgres://gateway@127.0.0.1:${postgres.port}/gateway`;
  const redisUrl = `redis://127.0.0.1:${redis.port}`;
  const { gateway } = await buildPrograms('bench', { gateway: GATEWAY });
  const startWriter = (): Promise<OurProcess> =>
    startProcess({
      args: [gateway, 'writer', '--standby', '--port', '0'],
      nodeOptions: [],
      env: {
        DATABASE_URL: url,
        REDIS_URL: redisUrl,
        DATAHIKE_GATEWAY_SCHEMA: SCHEMA,
        DATAHIKE_GATEWAY_DATABASES: DATABASE,
        DATAHIKE_GATEWAY_LOG_LEVEL: 'error',
      },
    });
  const writers = [await startWriter(), await startWriter()];
  const storage = await openStorage(
    {
      store: { kind: 'postgres', url, schema: SCHEMA, poolSize: 4 },
      bus: { kind: 'redis', url: redisUrl },
      nodeCacheBytes: 64 * 2 ** 20,
      pollIntervalMs: 1_000,
    },
    createLog({ level: 'silent' }),
  );
  try {
    const connection = await openDatabase(storage, DATABASE);
    const clients = new Clients(connection);
    await clients.start();
    const results: Result[] = [];
    for (const signal of ['SIGKILL', 'SIGTERM'] as const)
      results.push(await measure(signal, writers, startWriter, clients));
    await clients.stop();
    await connection.release();
    return results;
  } finally {
    await closeStorage(storage);
    for (const writer of writers) await writer.end('SIGTERM');
    await redis.stop();
    await postgres.stop();
  }
}

async function measure(
  signal: Signal,
  writers: OurProcess[],
  startWriter: () => Promise<OurProcess>,
  clients: Clients,
): Promise<Result> {
  const gaps: number[] = [];
  for (let round = 0; round < ROUNDS; round++) {
    await wait(QUIET_MS * (0.5 + Math.random()));
    const leader = await clients.leader();
    const place = writers.findIndex(({ writerUrl }) => writerUrl === leader);
    const from = performance.now();
    const ended = writers[place]!.end(signal);
    gaps.push((await clients.nextAcknowledged(leader)) - from);
    await ended;
    writers[place] = await startWriter();
  }
  const lost = await clients.lost();
  if (lost.length > 0) throw new Error(`Acknowledged and not there: ${lost.join(', ')}`);
  gaps.sort((a, b) => a - b);
  const [median, longest] = [gaps[ROUNDS >> 1]!, gaps.at(-1)!];
  return {
    name: `the longest of ${ROUNDS} takeovers after ${signal} (median ${median.toFixed(0)} ms, none of ${clients.acknowledged} lost)`,
    ours: longest,
    peer: 'the goal',
    theirs: GOALS_MS[signal],
    ratio: GOALS_MS[signal] / longest,
    unit: 'ms',
  };
}

/** Clients that write one item after the other, each under a key, through whoever is the writer. */
class Clients {
  readonly #connection: Connection;
  readonly #acknowledged: number[] = [];
  #lastId = 0;
  #isStopped = false;
  #working: Promise<unknown> = Promise.resolve();
  #onAcknowledged: () => void = () => undefined;

  constructor(connection: Connection) {
    this.#connection = connection;
  }

  get acknowledged(): number {
    return this.#acknowledged.length;
  }

  async start(): Promise<void> {
    await this.#connection.transact({ txData: ITEM_SCHEMA });
    this.#working = Promise.all(Array.from({ length: CLIENTS }, () => this.#write()));
  }

  async stop(): Promise<void> {
    this.#isStopped = true;
    await this.#working;
  }

  /** The address in the lease. */
  async leader(): Promise<string | null> {
    const { store, branch } = this.#connection;
    for (;;) {
      const address = (await store.leases.current(branch))?.address;
      if (address !== undefined) return address;
      await wait(1);
    }
  }

  /** When a transaction was acknowledged that another writer than this one wrote. */
  async nextAcknowledged(former: string | null): Promise<number> {
    while ((await this.leader()) === former) await wait(1);
    await new Promise<void>((resolve) => (this.#onAcknowledged = resolve));
    return performance.now();
  }

  /** Items that were acknowledged and are not there. */
  async lost(): Promise<ReadonlyArray<number>> {
    const acknowledged = [...this.#acknowledged];
    const rows = (await q(
      '[:find [?id ...] :where [_ :item/id ?id]]',
      this.#connection.db(),
    )) as number[];
    const found = new Set(rows);
    return acknowledged.filter((id) => !found.has(id));
  }

  async #write(): Promise<void> {
    while (!this.#isStopped) {
      const id = ++this.#lastId;
      await this.#connection.transact({ txData: [item(id)], key: `item ${id}` });
      this.#acknowledged.push(id);
      this.#onAcknowledged();
    }
  }
}
