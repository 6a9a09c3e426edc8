/**
 * A program: one transaction of a million datoms through a writer into files. Prints the longest time for which the event loop was held, and
 * the most memory that the process had, as JSON.
 */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { NodeCache, openFileStoreHost, toTxData } from '../../engine/index.ts';
import {
  connect,
  createDatabase,
  createLog,
  createMemoryBus,
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

let longestMs = 0;
let last = performance.now();
const watch = setInterval(() => {
  const now = performance.now();
  longestMs = Math.max(longestMs, now - last);
  last = now;
}, 1);
const startedAt = performance.now();
const { datomCount } = await writer.transact({ txData: forms });
const seconds = (performance.now() - startedAt) / 1_000;
// The index job goes on after the answer.
await writer.stop();
clearInterval(watch);
const peakBytes = process.resourceUsage().maxRSS * 1_024;
await connection.release();
await host.close();
await rm(directory, { recursive: true });
console.log(JSON.stringify({ datomCount, seconds, longestMs, peakBytes }));
