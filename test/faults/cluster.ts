/**
 * Real servers and processes with a proxy on each way between them: PostgreSQL, Redis, two processes that stand by to write, and readers.
 *
 *     writers --proxy each--> PostgreSQL <--proxy-- clients
 *        \-----------proxy--> Redis <-----proxy-------/
 */
import { randomBytes } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { pathToFileURL } from 'node:url';
import type { StartedServer } from '../support/child-server.ts';
import type { OurProcess } from '../support/our-process.ts';
import { startProcess } from '../support/our-process.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { GATEWAY, buildPrograms } from '../support/programs.ts';
import { installRedis, startRedis } from '../support/redis-server.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';
import { temporaryFolder } from '../support/temporary-folder.ts';
import type { Orders } from './inside.ts';

export const DATABASE = 'tried';
export const LEASE_TTL_MS = 1_000;
const WRITERS = 2;
const RESTART_MS = 100;
/** So few that base trees are replaced all the time. */
const FOLD_THRESHOLD = 2_000;
/** How often writers collect, and what they keep: long enough for whoever looks through a whole database. */
const COLLECT_MS = 2_000;
const RETAIN_DAYS = 20 / 86_400;

/** A process that stands by to write, started again where it ends. */
export interface WriterSeat {
  readonly proxy: TcpProxy;
  process: OurProcess;
  /** Where the process finds what it is to do to itself, see `inside.ts`. */
  readonly ordersFile: string;
  /** Whether it is not started again for now. */
  isClosed: boolean;
}

/** What is run as processes of its own. */
const PROGRAMS = {
  gateway: GATEWAY,
  inside: 'test/faults/inside.ts',
  reader: 'test/faults/reader.ts',
} as const;

export class Cluster {
  /** The files to run. */
  readonly programs: Readonly<Record<keyof typeof PROGRAMS, string>>;
  readonly postgres: StartedServer;
  readonly redis: StartedServer;
  /** What the clients have of PostgreSQL. */
  readonly clientProxy: TcpProxy;
  /** What all have of Redis. */
  readonly redisProxy: TcpProxy;
  readonly schema = `faults_${randomBytes(6).toString('hex')}`;
  readonly writers: WriterSeat[] = [];
  /** How many writers had to be started again. */
  restarts = 0;
  readonly #folder = temporaryFolder();
  #isStopping = false;

  private constructor(
    programs: Cluster['programs'],
    postgres: StartedServer,
    redis: StartedServer,
    clientProxy: TcpProxy,
    redisProxy: TcpProxy,
  ) {
    this.programs = programs;
    this.postgres = postgres;
    this.redis = redis;
    this.clientProxy = clientProxy;
    this.redisProxy = redisProxy;
  }

  static async start(): Promise<Cluster> {
    const programs = await buildPrograms('faults', PROGRAMS);
    const postgres = await startPostgres();
    const redis = await startRedis(await installRedis());
    const clientProxy = await startTcpProxy('127.0.0.1', postgres.port);
    const redisProxy = await startTcpProxy('127.0.0.1', redis.port);
    const cluster = new Cluster(programs, postgres, redis, clientProxy, redisProxy);
    for (let i = 0; i < WRITERS; i++) {
      const proxy = await startTcpProxy('127.0.0.1', postgres.port);
      const ordersFile = join(cluster.#folder.path, `orders-${i}.json`);
      const process = await cluster.#startWriter(proxy, ordersFile);
      const seat = { proxy, ordersFile, process, isClosed: false };
      cluster.writers.push(seat);
      cluster.#keepAlive(seat);
    }
    return cluster;
  }

  /** A URL of the database, past all proxies. */
  get directUrl(): string {
    return postgresUrl(this.postgres.port);
  }

  get clientUrl(): string {
    return postgresUrl(this.clientProxy.port);
  }

  get redisUrl(): string {
    return `redis://127.0.0.1:${this.redisProxy.port}`;
  }

  /** The seat of a writer by the address in the lease. */
  seatAt(address: string | null): WriterSeat | undefined {
    return this.writers.find(({ process }) => process.writerUrl === address);
  }

  async stop(): Promise<void> {
    this.#isStopping = true;
    for (const { process: each } of this.writers) {
      signal(each, 'SIGCONT');
      await each.end('SIGTERM');
    }
    await this.redis.stop();
    await this.postgres.stop();
    for (const proxy of [this.clientProxy, this.redisProxy, ...this.writers.map((w) => w.proxy)])
      await proxy.close();
    this.#folder.remove();
  }

  /** The settings of a process of ours. */
  environment(url = this.directUrl): Record<string, string> {
    return {
      DATABASE_URL: url,
      REDIS_URL: this.redisUrl,
      DATAHIKE_GATEWAY_SCHEMA: this.schema,
      DATAHIKE_GATEWAY_DATABASES: DATABASE,
      DATAHIKE_GATEWAY_LOG_LEVEL: 'info',
    };
  }

  #startWriter(proxy: TcpProxy, ordersFile: string): Promise<OurProcess> {
    const inside = pathToFileURL(this.programs.inside);
    inside.searchParams.set('orders', ordersFile);
    return startProcess({
      args: [this.programs.gateway, 'writer', '--standby', '--port', '0'],
      nodeOptions: ['--import', inside.href],
      env: {
        ...this.environment(postgresUrl(proxy.port)),
        DATAHIKE_GATEWAY_LEASE_TTL_MS: String(LEASE_TTL_MS),
        DATAHIKE_GATEWAY_FOLD_THRESHOLD: String(FOLD_THRESHOLD),
        DATAHIKE_GATEWAY_COLLECT_INTERVAL_MS: String(COLLECT_MS),
        DATAHIKE_GATEWAY_COLLECT_RETAIN_DAYS: RETAIN_DAYS.toFixed(6),
        DATAHIKE_GATEWAY_READER_LEASE_MS: String(2 * LEASE_TTL_MS),
      },
    });
  }

  #keepAlive(seat: WriterSeat): void {
    void seat.process.ended.then(async () => {
      if (this.#isStopping) return;
      this.restarts++;
      for (;;) {
        await wait(RESTART_MS);
        if (this.#isStopping) return;
        if (seat.isClosed) continue;
        try {
          seat.process = await this.#startWriter(seat.proxy, seat.ordersFile);
          break;
        } catch {
          // The store may be away.
        }
      }
      this.#keepAlive(seat);
    });
  }
}

function postgresUrl(port: number): string {
  return `postgres://gateway@127.0.0.1:${port}/gateway`;
}

/** Has a process do something to itself; a process that is started in the seat later begins with that. */
export function order({ process: told, ordersFile }: WriterSeat, orders: Orders): void {
  writeFileSync(ordersFile, JSON.stringify(orders));
  signal(told, 'SIGUSR2');
}

export function signal({ pid }: Pick<OurProcess, 'pid'>, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
