/** `npm start` as a user meets it: first start, a crash in the middle, the second start, and a second process. */
import { expect, it } from 'vitest';
import { MAIN_BRANCH, NodeCache, openFileStoreHost } from '../../../engine/index.ts';
import { connect, createLocalReader, createLog, createMemoryBus } from '../../../services/index.ts';
import { kw } from '../../../engine/index.ts';
import { CITY_COUNT } from '../../../examples/world/import-world.ts';
import { readCities } from '../../../examples/world/world-data.ts';
import { readEvents } from '../../gateway/listening.ts';
import { graphql, startProcess } from '../../support/our-process.ts';
import { testFolder } from '../../support/test-folder.ts';

const WORLD = 'examples/world/main.ts';

async function countStoredCities(directory: string): Promise<number> {
  const host = await openFileStoreHost(directory);
  const connection = await connect({
    store: await host.open('world'),
    branch: MAIN_BRANCH,
    bus: createMemoryBus(),
    nodeCache: new NodeCache(0),
    pollIntervalMs: 60_000,
    log: createLog({ level: 'silent' }),
  });
  const snapshot = createLocalReader(connection).current();
  const id = kw('city/geonameid');
  const cities = snapshot.attributes.has(id) ? await snapshot.count(id) : 0;
  await connection.release();
  await host.close();
  return cities;
}

it('imports the world, serves it, finds it again at the second start, and stops on Ctrl-C', async () => {
  const env = { DATAHIKE_GATEWAY_DIRECTORY: await testFolder() };
  const args = [WORLD, '--cities', '3000', '--port', '0'];
  const first = await startProcess({ args, env });
  expect(first.output()).toMatch(/Imported \d+ datoms/);
  const query = '{ cityConnection(first: 1) { totalCount } country(by: {cca2: "CH"}) { name } }';
  const expected = { cityConnection: { totalCount: 3000 }, country: { name: 'Switzerland' } };
  expect((await graphql(first.url, query)).data).toEqual(expected);
  // A stream that is open does not keep it from stopping.
  const live = 'subscription { country(by: {cca2: "CH"}) { name } }';
  const events = await readEvents(`${first.url}/graphql`, { query: live });
  expect((await events.answer()).data).toEqual({ country: { name: 'Switzerland' } });
  expect(await first.end('SIGINT')).toBe(0);
  expect(await events.next()).toBeUndefined();

  const second = await startProcess({ args, env });
  expect(second.output()).not.toMatch(/Imported/);
  expect((await graphql(second.url, query)).data).toEqual(expected);
  expect(await second.end('SIGTERM')).toBe(0);
});

it('keeps every transaction that was acknowledged before kill -9, and goes on with the import', async () => {
  const directory = await testFolder();
  const env = { DATAHIKE_GATEWAY_DIRECTORY: directory };
  const args = [WORLD, '--cities', '60000', '--port', '0'];
  const acknowledged = /(\d+)\/60000 cities/;
  const first = await startProcess({ args, env, readyWhen: acknowledged });
  await first.end('SIGKILL');
  const counts = Array.from(first.output().matchAll(new RegExp(acknowledged, 'g')), ([, n]) =>
    Number(n),
  );
  const stored = await countStoredCities(directory);
  expect(stored).toBeGreaterThanOrEqual(Math.max(...counts));
  expect(stored).toBeLessThan(60_000);

  const second = await startProcess({ args, env });
  expect((await graphql(second.url, '{ cityConnection(first: 1) { totalCount } }')).data).toEqual({
    cityConnection: { totalCount: 60_000 },
  });
  await second.end('SIGINT');
});

it('refuses a second writer while the first lives, with one line that names it', async () => {
  const env = { DATAHIKE_GATEWAY_DIRECTORY: await testFolder() };
  const args = ['gateway/main.ts', 'start', '--port', '0'];
  const first = await startProcess({ args, env });
  await expect(startProcess({ args, env })).rejects.toThrow(
    new RegExp(`BRANCH_LOCKED: Another writer holds branch db: [^ ]*:${first.pid}:`),
  );
  await first.end('SIGTERM');
  const next = await startProcess({ args, env });
  expect(await next.end('SIGTERM')).toBe(0);
});

it('ends at once where a setting is wrong, with one line that names it', async () => {
  const env = { DATAHIKE_GATEWAY_POLL_INTERVAL_MS: 'often' };
  await expect(startProcess({ args: ['gateway/main.ts', 'start'], env })).rejects.toThrow(
    'Ended with 2: BAD_CONFIG: DATAHIKE_GATEWAY_POLL_INTERVAL_MS: expected a whole number from 10 to 3600000, got "often"',
  );
});

it('ends at once where the port is taken, with one line, and leaves the database free', async () => {
  const env = { DATAHIKE_GATEWAY_DIRECTORY: await testFolder() };
  const first = await startProcess({ args: ['gateway/main.ts', 'start', '--port', '0'], env });
  const { port } = new URL(first.url);
  const other = { DATAHIKE_GATEWAY_DIRECTORY: await testFolder() };
  const args = ['gateway/main.ts', 'start', '--port', port];
  await expect(startProcess({ args, env: other })).rejects.toThrow(
    new RegExp(
      `Ended with 2: .*BAD_CONFIG: Expected to listen on 127.0.0.1 port ${port}, got`,
      's',
    ),
  );
  await first.end('SIGTERM');
  const next = await startProcess({ args, env: other });
  expect(await next.end('SIGTERM')).toBe(0);
});

it('refuses to be open to everybody', async () => {
  const start = (env: Record<string, string>): Promise<unknown> =>
    startProcess({ args: ['gateway/main.ts', 'start', '--port', '0'], env });
  await expect(start({ DATAHIKE_GATEWAY_DEVELOPMENT: 'false' })).rejects.toThrow(
    'Ended with 2: BAD_CONFIG: Nobody said who may use the gateway: set DATAHIKE_GATEWAY_TOKEN',
  );
  await expect(start({ HOST: '0.0.0.0' })).rejects.toThrow(
    'Ended with 2: BAD_CONFIG: Development mode is for this machine',
  );
});

it('knows how many cities there are', () => {
  expect(readCities()).toHaveLength(CITY_COUNT);
});
