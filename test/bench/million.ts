/**
 * A program: one transaction of a million datoms through a writer into files, then its export, the import of that, and the export of the
 * imported. Prints for how long each of them held the event loop at most, whether both exports are the same bytes, and the most memory that the
 * process had, as JSON.
 */
import { createReadStream, createWriteStream } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { NodeCache, openFileStoreHost, toTxData } from '../../engine/index.ts';
import {
  connect,
  createDatabase,
  createLog,
  createMemoryBus,
  exportDatabase,
  importDatabase,
  startWriter,
} from '../../services/index.ts';
import { PEOPLE_SCHEMA, people, personForm } from './people.ts';

/** Of five attributes each. */
const PEOPLE = 200_000;
const CACHE_BYTES = 256 * 2 ** 20;

/** Told apart from what a process needs that does nothing. */
const forms = people(PEOPLE).map(personForm);

const directory = await mkdtemp(join(tmpdir(), 'million-'));
const host = await openFileStoreHost(directory);
await createDatabase(host, 'million');
const store = await host.open('million');
const bus = createMemoryBus();
const log = createLog({ level: 'silent' });
const nodeCache = new NodeCache(CACHE_BYTES);
const connection = await connect({ store, bus, nodeCache, pollIntervalMs: 60_000, log });
const writer = await startWriter({ connection, bus, log, leaseTtlMs: 10_000, address: null });
await writer.transact({ txData: toTxData(PEOPLE_SCHEMA) });

const transacted = await held(async () => {
  await writer.transact({ txData: forms });
  // The index job goes on after the answer.
  await writer.stop();
});
const [first, second] = [join(directory, 'first.edn'), join(directory, 'second.edn')];
const exported = await held(() =>
  pipeline(exportDatabase(connection.db()), createWriteStream(first)),
);
const imported = await held(() => importDatabase(host, 'copy', createReadStream(first)));
const copyStore = await host.open('copy');
const copy = await connect({ store: copyStore, bus, nodeCache, pollIntervalMs: 60_000, log });
await pipeline(exportDatabase(copy.db()), createWriteStream(second));
const isIdentical = (await readFile(first)).equals(await readFile(second));
const peakBytes = process.resourceUsage().maxRSS * 1_024;
for (const each of [connection, copy]) await each.release();
await host.close();
await rm(directory, { recursive: true });
console.log(JSON.stringify({ transacted, exported, imported, isIdentical, peakBytes }));

/** The longest time, in milliseconds, for which nothing else could run beside some work. */
async function held(work: () => Promise<unknown>): Promise<number> {
  let longestMs = 0;
  let last = performance.now();
  const watch = setInterval(() => {
    const now = performance.now();
    longestMs = Math.max(longestMs, now - last);
    last = now;
  }, 1);
  await work();
  clearInterval(watch);
  return longestMs;
}
