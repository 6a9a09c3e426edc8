/** Two servers over one PostgreSQL: whichever is asked, one of them writes, and both know what was written. */
import { afterAll, expect, it } from 'vitest';
import type { EdnData, EdnMap } from '../../../engine/index.ts';
import { readEdn } from '../../../engine/index.ts';
import { callPeer } from '../../../services/datahike/http/client.ts';
import type { OurProcess } from '../../support/our-process.ts';
import { startProcess } from '../../support/our-process.ts';
import { createServers } from '../../support/servers.ts';

const servers = createServers();
const running: OurProcess[] = [];
afterAll(async () => {
  await Promise.all(running.map((one) => one.end('SIGKILL')));
  await servers.stop();
});

async function start(
  url: string,
  database: string,
): Promise<(name: string, ...args: ReadonlyArray<EdnData>) => Promise<EdnData>> {
  const process = await startProcess({
    args: ['gateway/main.ts', 'writer'],
    env: {
      DATABASE_URL: url,
      DATAHIKE_GATEWAY_WRITER_PORT: '0',
      DATAHIKE_GATEWAY_DATABASES: database,
      DATAHIKE_GATEWAY_LEASE_TTL_MS: '500',
    },
    readyWhen: /^Writer /,
  });
  running.push(process);
  const [, address = ''] = /^Datahike (\S+)/m.exec(process.output()) ?? [];
  return (name, ...args) => callPeer({ url: address }, name, args);
}

function withBranch(config: EdnData, branch: string): EdnData {
  return new Map([...(config as EdnMap), [readEdn(':branch'), readEdn(branch)]]);
}

it('write one after the other, and go on when one of them is gone', async () => {
  const url = await servers.postgresUrl();
  const [one, other] = [await start(url, 'one'), await start(url, 'other')];
  const config = await one('create-database', readEdn('{:schema-flexibility :read}'));
  const connection = await one('connect', config);
  await other('connect', config);
  const ask = [one, other] as const;
  for (let i = 0; i < 20; i++) await ask[i % 2]?.('transact', connection, readEdn(`[{:n ${i}}]`));
  const count = '[:find (count ?e) . :where [?e :n]]';
  // Each knows at least what it wrote; a handle of the one is good for the other.
  const db = await other('db', connection);
  expect(await other('q', count, db)).toBe(20);
  expect(await one('q', count, db)).toBe(20);
  // Branches beside the main one, too.
  await one('branch!', connection, readEdn(':db'), readEdn(':draft'));
  const draft = await one('connect', withBranch(config, ':draft'));
  for (let i = 0; i < 4; i++) await ask[i % 2]?.('transact', draft, readEdn(`[{:draft ${i}}]`));
  const drafts = '[:find (count ?e) . :where [?e :draft]]';
  expect(await one('q', drafts, await one('db', draft))).toBe(4);
  expect(await one('q', drafts, await one('db', connection))).toBeNull();
  await running[0]?.end('SIGKILL');
  const attempt = async (): Promise<EdnData> => other('transact', connection, readEdn('[{:n 20}]'));
  await expect
    .poll(
      () =>
        attempt().then(
          () => 'written',
          () => 'waits',
        ),
      { timeout: 10_000 },
    )
    .toBe('written');
  expect(await other('q', count, await other('db', connection))).toBe(21);
});
