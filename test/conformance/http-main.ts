/** `npm run conformance:http -- FOLDER`: replays recorded exchanges against a server of ours, and prints what differs. */
import { protocolServer } from '../support/protocol-server.ts';
import { readExchanges } from './recorded-http.ts';
import { replay } from './replay-http.ts';

const MAX_SHOWN = 600;

async function main(folder: string): Promise<void> {
  const server = await protocolServer();
  const replayed = await replay(server.url, readExchanges(folder));
  await server.stop();
  const failures = replayed.filter(({ differences }) => differences.length > 0);
  for (const { exchange, actual, differences } of failures)
    console.log(
      `${exchange.name}: ${differences.join('; ')}\n  - ${shorten(exchange.expected.body)}\n  + ${shorten(actual.body)}\n`,
    );
  console.log(`${replayed.length - failures.length} passed, ${failures.length} failed`);
  process.exitCode = failures.length === 0 && replayed.length > 0 ? 0 : 1;
}

function shorten(text: string): string {
  return text.length <= MAX_SHOWN ? text : `${text.slice(0, MAX_SHOWN)} …`;
}

const [folder] = process.argv.slice(2);
if (folder === undefined) {
  console.error('Expected a folder, e.g. npm run conformance:http -- test/conformance/http/json');
  process.exitCode = 2;
} else {
  await main(folder);
}
