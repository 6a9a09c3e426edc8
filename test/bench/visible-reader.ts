/**
 * A program: follows the database `items` and a bare Redis channel, and notes when it saw each transaction and heard each bare message, on the
 * clock that all processes of the machine share. Prints all of it as JSON when it is asked to end.
 */
import { Redis } from 'ioredis';
import type { Store } from '../../engine/index.ts';
import { NodeCache, openPostgresStoreHost } from '../../engine/index.ts';
import { connect, createLog, openRedisBus } from '../../services/index.ts';
import { BARE_CHANNEL, nanoseconds } from './visible.ts';
import type { Seen } from './visible.ts';

const [, , url = '', schema = '', redisUrl = ''] = process.argv;
const POLL_INTERVAL_MS = 1_000;

const seen: Seen = { transactions: [], bare: [] };
let storeReads = 0;
const log = createLog({ level: 'silent' });
const host = await openPostgresStoreHost({ url, schema });
const connection = await connect({
  store: countAll(await host.open('items')),
  bus: await openRedisBus({ url: redisUrl, log }),
  nodeCache: new NodeCache(64 * 2 ** 20),
  pollIntervalMs: POLL_INTERVAL_MS,
  log,
});
const bare = new Redis(redisUrl);
bare.on('error', () => undefined);
bare.on('message', (_channel: string, text: string) =>
  seen.bare.push([Number(text.split(' ')[0]), nanoseconds()]),
);
await bare.subscribe(BARE_CHANNEL);
// Opening reads; following is not to.
storeReads = 0;
connection.onAdvance(({ maxTx }) => seen.transactions.push([maxTx, nanoseconds(), storeReads]));
process.once('SIGTERM', () => {
  console.log(JSON.stringify(seen));
  process.exit(0);
});
console.log('Following');

/** Reads of versions aside: the poll asks for them whether there is news or not. */
function countAll(store: Store): Store {
  return new Proxy(store, {
    get(target, name) {
      const member: unknown = Reflect.get(target, name);
      if (typeof member !== 'function') return member;
      const method = member.bind(target) as (...args: unknown[]) => unknown;
      const isRead = name === 'readRoot' || name === 'readLog' || name === 'read';
      if (!isRead) return method;
      return (...args: unknown[]) => {
        storeReads++;
        return method(...args);
      };
    },
  });
}
