/**
 * PostgreSQL and Redis for tests and benchmarks: those that `DATABASE_URL` and `REDIS_URL` name, or private ones on free
 * loopback ports, made when they are first asked for. There is no third way: without a server a test fails.
 */
import { installRedis, startRedis } from './redis-server.ts';
import { startPostgres } from './postgres-server.ts';
import type { StartedServer } from './child-server.ts';

export interface Servers {
  /** A database whose owner is an ordinary user. */
  postgresUrl(): Promise<string>;
  redisUrl(): Promise<string>;
  /** The servers themselves, where they were started here. */
  started(): Promise<ReadonlyArray<StartedServer>>;
  /** Stops what was started here, and removes its files. */
  stop(): Promise<void>;
}

export function createServers(
  env: Readonly<Record<string, string | undefined>> = process.env,
): Servers {
  const started: Promise<StartedServer>[] = [];
  const startedOnce = (
    givenUrl: string | undefined,
    start: () => Promise<StartedServer>,
    urlOf: (port: number) => string,
  ): (() => Promise<string>) => {
    let server: Promise<StartedServer> | undefined;
    return async () => {
      if (givenUrl) return givenUrl;
      if (server === undefined) started.push((server = start()));
      return urlOf((await server).port);
    };
  };
  return {
    postgresUrl: startedOnce(
      env['DATABASE_URL'],
      startPostgres,
      (port) => `postgres://gateway@127.0.0.1:${port}/gateway`,
    ),
    redisUrl: startedOnce(
      env['REDIS_URL'],
      async () => startRedis(await installRedis()),
      (port) => `redis://127.0.0.1:${port}`,
    ),
    started: () => Promise.all(started),
    async stop() {
      for (const server of await Promise.allSettled(started.splice(0))) {
        if (server.status === 'fulfilled') await server.value.stop();
      }
    },
  };
}
