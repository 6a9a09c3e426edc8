/**
 * Real servers and processes with a proxy on each way between them: PostgreSQL, Redis, two processes that stand by to write, and readers.
 *
 *     writers --proxy each--> PostgreSQL <--proxy-- clients
 *        \-----------proxy--> Redis <-----proxy-------/
 */
import { randomBytes } from 'node:crypto';
import { resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { build } from 'esbuild';
import type { StartedServer } from '../support/child-server.ts';
import type { OurProcess } from '../support/our-process.ts';
import { startProcess } from '../support/our-process.ts';
import { startPostgres } from '../support/postgres-server.ts';
import { installRedis, startRedis } from '../support/redis-server.ts';
import type { TcpProxy } from '../support/tcp-proxy.ts';
import { startTcpProxy } from '../support/tcp-proxy.ts';

export const DATABASE = 'tried';
export const LEASE_TTL_MS = 1_000;
const WRITERS = 2;
const RESTART_MS = 100;
const PROGRAM = resolve('node_modules/.cache/datahike-gateway/faults.mjs');

/** A process that stands by to write, started again where it ends. */
export interface WriterSeat {
  readonly proxy: TcpProxy;
  process: OurProcess;
  /** Whether it is not started again for now. */
  isClosed: boolean;
}

export class Cluster {
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
  #isStopping = false;

  private constructor(
    postgres: StartedServer,
    redis: StartedServer,
    clientProxy: TcpProxy,
    redisProxy: TcpProxy,
  ) {
    this.postgres = postgres;
    this.redis = redis;
    this.clientProxy = clientProxy;
    this.redisProxy = redisProxy;
  }

  static async start(): Promise<Cluster> {
    await build({
      entryPoints: ['gateway/main.ts'],
      outfile: PROGRAM,
      bundle: true,
      packages: 'external',
      platform: 'node',
      format: 'esm',
      target: 'node20',
      logLevel: 'error',
    });
    const postgres = await startPostgres();
    const redis = await startRedis(await installRedis());
    const clientProxy = await startTcpProxy('127.0.0.1', postgres.port);
    const redisProxy = await startTcpProxy('127.0.0.1', redis.port);
    const cluster = new Cluster(postgres, redis, clientProxy, redisProxy);
    for (let i = 0; i < WRITERS; i++) {
      const proxy = await startTcpProxy('127.0.0.1', postgres.port);
      const seat = { proxy, process: await cluster.#startWriter(proxy), isClosed: false };
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
  }

  #startWriter(proxy: TcpProxy): Promise<OurProcess> {
    return startProcess({
      args: [PROGRAM, 'writer', '--standby', '--port', '0'],
      nodeOptions: [],
      env: {
        DATABASE_URL: postgresUrl(proxy.port),
        REDIS_URL: this.redisUrl,
        DATAHIKE_GATEWAY_SCHEMA: this.schema,
        DATAHIKE_GATEWAY_DATABASES: DATABASE,
        DATAHIKE_GATEWAY_LEASE_TTL_MS: String(LEASE_TTL_MS),
        DATAHIKE_GATEWAY_LOG_LEVEL: 'info',
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
          seat.process = await this.#startWriter(seat.proxy);
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

export function signal({ pid }: Pick<OurProcess, 'pid'>, name: NodeJS.Signals): void {
  try {
    process.kill(pid, name);
  } catch {
    // It has ended by itself.
  }
}
