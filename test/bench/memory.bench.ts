/** What databases weigh in memory, and what a large transaction asks of a process. */
import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { DEFAULT_DATABASE_CONFIG, dbWith, emptyDb, pull, readEdn } from '../../engine/index.ts';
import { ds, emptyPeople, personObject } from './datascript.ts';
import { heapBytes, limited } from './harness.ts';
import type { Result } from './harness.ts';
import { PEOPLE_SCHEMA, people, personForm } from './people.ts';

const COUNT = 20_000;
const ATTRIBUTES = 5;
const MIB = 2 ** 20;

/** The limits that a large transaction has to keep. */
const LIMIT_MS = 50;
const LIMIT_BYTES = 1.5 * 2 ** 30;

export async function memoryBench(): Promise<Result[]> {
  return [...(await weights()), ...(await million())];
}

async function weights(): Promise<Result[]> {
  const everybody = people(COUNT);
  const pattern = readEdn('[*]');
  const ours = await bytesOf(async () => {
    const empty = await dbWith(emptyDb(DEFAULT_DATABASE_CONFIG), PEOPLE_SCHEMA);
    const db = await dbWith(empty, everybody.map(personForm));
    // Warm: whoever was asked for is still as heavy.
    for (let i = 0; i < COUNT; i++) await pull(db, pattern, db.maxEid - i);
    return db;
  });
  const theirs = await bytesOf(async () => ds.db_with(emptyPeople(), everybody.map(personObject)));
  const datoms = COUNT * ATTRIBUTES;
  return [
    {
      name: 'an idle database of 20,000 people, each attribute indexed',
      ours: ours / datoms,
      peer: 'DataScript',
      theirs: theirs / datoms,
      ratio: theirs / ours,
      unit: 'bytes/datom',
    },
  ];
}

/** What the program prints, in milliseconds and bytes. */
interface Million {
  readonly transacted: number;
  readonly exported: number;
  readonly imported: number;
  readonly isIdentical: boolean;
  readonly peakBytes: number;
}

async function million(): Promise<Result[]> {
  const program = fileURLToPath(new URL('million.ts', import.meta.url));
  const run = promisify(execFile);
  const { stdout } = await run(process.execPath, ['--import', 'tsx', program]);
  const found = JSON.parse(stdout) as Million;
  if (!found.isIdentical)
    throw new Error('The export of an imported database is not what was imported');
  const name = '1,000,000 datoms in files, the longest hold of the event loop';
  return [
    limited(`${name}: one transaction`, found.transacted, LIMIT_MS, 'ms'),
    limited(`${name}: their export`, found.exported, LIMIT_MS, 'ms'),
    limited(
      `${name}: their import, exported again as the same bytes`,
      found.imported,
      LIMIT_MS,
      'ms',
    ),
    limited('all of that: peak memory', found.peakBytes / MIB, LIMIT_BYTES / MIB, 'MiB'),
  ];
}

/** What the heap grows by, after garbage was collected. */
async function bytesOf(make: () => Promise<unknown>): Promise<number> {
  const before = await heapBytes();
  const made = await make();
  const after = await heapBytes();
  if (made === undefined) throw new Error('Expected a database');
  return after - before;
}
