/** What a Datahike server was asked over HTTP is answered as it answered, but for what `docs/differences.md` says. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, it } from 'vitest';
import { protocolServer } from '../support/protocol-server.ts';
import { readExchanges } from './recorded-http.ts';
import { replay } from './replay-http.ts';

const DIFFERENCES = readFileSync(new URL('../../docs/differences.md', import.meta.url), 'utf8');

it.each(['json', 'edn'])('%s', async (format) => {
  const exchanges = readExchanges(fileURLToPath(new URL(`http/${format}`, import.meta.url)));
  const server = await protocolServer();
  const replayed = await replay(server.url, exchanges);
  await server.stop();
  const failures = replayed.filter(({ differences }) => differences.length > 0);
  const told = Array.from(
    DIFFERENCES.matchAll(new RegExp(`\`http/${format}/([^\`]+)\``, 'g')),
    ([, name]) => name,
  );
  expect(exchanges.length).toBeGreaterThan(130);
  expect(failures.map(({ exchange }) => exchange.name)).toEqual(told.sort());
});
