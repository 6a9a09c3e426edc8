/** The protocol in a process of its own: configured by the file of a Datahike server, over what the process stores, with what outlives it. */
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import type { EdnData } from '../../../engine/index.ts';
import { readEdn } from '../../../engine/index.ts';
import { callPeer } from '../../../services/datahike/http/client.ts';
import type { OurProcess } from '../../support/our-process.ts';
import { startProcess } from '../../support/our-process.ts';
import { temporaryFolder } from '../../support/temporary-folder.ts';

const TOKEN = 'securerandompassword';

const running: OurProcess[] = [];
afterEach(async () => {
  for (const one of running.splice(0)) await one.end('SIGKILL');
});

async function start(
  env: Readonly<Record<string, string>>,
  ...args: ReadonlyArray<string>
): Promise<{ readonly process: OurProcess; readonly url: string }> {
  const process = await startProcess({
    args: ['gateway/main.ts', 'writer', ...args],
    env: { DATAHIKE_GATEWAY_WRITER_PORT: '0', DATAHIKE_GATEWAY_DEVELOPMENT: 'false', ...env },
    readyWhen: /^Writer /,
  });
  running.push(process);
  const [, url = ''] = /^Datahike (\S+)/m.exec(process.output()) ?? [];
  return { process, url };
}

it('keeps what was written, for the next process and the handles of the last', async () => {
  const { path: folder } = temporaryFolder();
  const file = join(folder, 'server.edn');
  writeFileSync(
    file,
    `{:port 0 :host "127.0.0.1" :level :info :join? false :dev-mode false :token "${TOKEN}" :cache {:get {:max-age 5}}}`,
  );
  const env = { DATAHIKE_GATEWAY_STORE: 'file', DATAHIKE_GATEWAY_DIRECTORY: join(folder, 'data') };
  const first = await start(env, '--datahike', file);
  const asked =
    (url: string) =>
    (name: string, ...args: ReadonlyArray<EdnData>): Promise<EdnData> =>
      callPeer({ url, token: TOKEN }, name, args);
  const ask = asked(first.url);
  const made = await ask('create-database', readEdn('{:schema-flexibility :read}'));
  const connection = await ask('connect', made);
  await ask('transact', connection, readEdn('[{:name "Ada"}]'));
  await first.process.end('SIGKILL');

  const second = await start(env, '--datahike', file);
  const again = asked(second.url);
  await again('connect', made);
  const db = await again('db', connection);
  expect(await again('q', '[:find ?n . :where [_ :name ?n]]', db)).toBe('Ada');
  await again('transact', connection, readEdn('[{:name "Bob"}]'));
  expect(
    await again('q', '[:find (count ?n) . :where [_ :name ?n]]', await again('db', connection)),
  ).toBe(2);
  expect(await second.process.end('SIGTERM')).toBe(0);
  expect(second.process.output()).not.toContain(TOKEN);
  expect(readFileSync(file, 'utf8')).toContain(TOKEN);
});

describe('a process refuses to start', () => {
  const output = async (
    env: Readonly<Record<string, string>>,
    ...args: ReadonlyArray<string>
  ): Promise<string> => {
    try {
      await start({ DATAHIKE_GATEWAY_STORE: 'memory', ...env }, ...args);
    } catch (error) {
      return (error as Error).message;
    }
    throw new Error('Expected it not to start');
  };

  it('82: where anybody could do anything from elsewhere', async () => {
    const file = join(temporaryFolder().path, 'open.edn');
    writeFileSync(file, '{:port 0 :host "0.0.0.0" :dev-mode true}');
    expect(await output({}, '--datahike', file)).toContain('Development mode is for this machine');
  });

  it('82: on a port that is taken', async () => {
    const { url } = await start({
      DATAHIKE_GATEWAY_STORE: 'memory',
      DATAHIKE_GATEWAY_DATAHIKE_TOKEN: TOKEN,
    });
    const port = new URL(url).port;
    expect(
      await output({
        DATAHIKE_GATEWAY_DATAHIKE_TOKEN: TOKEN,
        DATAHIKE_GATEWAY_DATAHIKE_PORT: port,
      }),
    ).toMatch(/BAD_CONFIG: Expected to listen on 127\.0\.0\.1 port \d+/);
  });

  it.each([
    ['no EDN', '{:port', 'cannot be read as EDN'],
    ['no map', '[1]', 'Expected a map'],
    ['a port of letters', '{:port "4444"}', 'Expected a number as :port'],
    ['a token without one', '{:tokens [{:rights #{:read}}]}', 'among the :tokens'],
    ['a right that is none', '{:tokens [{:token "x" :rights #{:root}}]}', 'among the :tokens'],
  ])('81: with a file that is %s', async (_what, text, message) => {
    const file = join(temporaryFolder().path, 'server.edn');
    writeFileSync(file, text);
    const told = await output({}, '--datahike', file);
    expect(told).toContain(`BAD_CONFIG`);
    expect(told).toContain(message);
  });
});

it('82: says nothing where nobody may ask', async () => {
  const { url } = await start({ DATAHIKE_GATEWAY_STORE: 'memory' });
  expect(url).toBe('');
});
