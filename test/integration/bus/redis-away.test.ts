/** A Redis that is not there, does not let us in, or is something else: commits go on, readers poll, and the log says so once. */
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { toTxData } from '../../../engine/index.ts';
import type { Storage } from '../../../services/index.ts';
import {
  closeStorage,
  createDatabase,
  createLog,
  openDatabase,
  openStorage,
  startWriter,
} from '../../../services/index.ts';
import { freePort } from '../../support/child-server.ts';
import type { TestSchema } from '../../support/postgres.ts';
import { freshSchema } from '../../support/postgres.ts';
import { installRedis, startRedis } from '../../support/redis-server.ts';

let place: TestSchema;
beforeAll(async () => {
  place = await freshSchema();
});
afterAll(() => place.drop());

interface Place {
  readonly url: string;
  stop(): Promise<unknown>;
}

const PLACES: ReadonlyArray<readonly [string, () => Promise<Place>]> = [
  [
    'nobody listens',
    async () => ({ url: `redis://127.0.0.1:${await freePort()}`, stop: async () => undefined }),
  ],
  [
    'the password is another one',
    async () => {
      const server = await startRedis(await installRedis(), { args: ['--requirepass', 'right'] });
      return {
        url: `redis://:wrong-secret@127.0.0.1:${server.port}`,
        stop: () => server.stop(),
      };
    },
  ],
  [
    'there is another service',
    async () => {
      const server = createServer((_request, response) => response.end('hello'));
      await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
      const { port } = server.address() as AddressInfo;
      return {
        url: `redis://127.0.0.1:${port}`,
        stop: () => new Promise((resolve) => server.close(resolve)),
      };
    },
  ],
];

describe('84: where', () => {
  it.each(PLACES)('%s', async (name, start) => {
    const { url, stop } = await start();
    const logged: string[] = [];
    const log = createLog({ level: 'error', write: (line) => logged.push(line) });
    const opened = (): Promise<Storage> =>
      openStorage(
        {
          store: { kind: 'postgres', url: place.url, schema: place.schema, poolSize: 2 },
          bus: { kind: 'redis', url },
          nodeCacheBytes: 1 << 20,
          pollIntervalMs: 50,
        },
        log,
      );
    const [writing, reading] = [await opened(), await opened()];
    await createDatabase(writing.host, name);
    const connection = await openDatabase(writing, name);
    const writer = await startWriter({ connection, bus: writing.bus, log });
    const reader = await openDatabase(reading, name);
    const { tx } = await connection.transact({ txData: toTxData('[{:db/doc "x"}]') });
    await vi.waitFor(() => expect(reader.db().maxTx).toBe(tx), { timeout: 10_000 });
    const told = logged.filter((line) => line.includes('redis cannot be used'));
    expect([writing, reading].map(({ bus }) => bus.isConnected)).toEqual([false, false]);
    // Each of the two storages says it.
    expect(told).toHaveLength(2);
    expect(logged.join()).not.toContain('wrong-secret');
    await writer.stop();
    for (const each of [connection, reader]) await each.release();
    for (const each of [writing, reading]) await closeStorage(each);
    await stop();
  });
});
