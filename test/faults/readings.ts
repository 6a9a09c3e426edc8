/** Readers as processes of their own, and whether what they said is right. */
import { setTimeout as wait } from 'node:timers/promises';
import { asOf } from '../../engine/index.ts';
import type { Connection } from '../../services/index.ts';
import type { OurProcess } from '../support/our-process.ts';
import { startProcess } from '../support/our-process.ts';
import type { Cluster } from './cluster.ts';
import { DATABASE } from './cluster.ts';
import { notesOf } from './contents.ts';

/** What a reader is started with. */
export interface ReaderSettings {
  readonly url: string;
  readonly redisUrl: string;
  readonly schema: string;
  readonly database: string;
  /** How long what it reads is kept after it was heard of last. */
  readonly leaseMs: number;
  /** Whether it begins with a query that needs more memory than there is, and what that may take. */
  readonly tooMuch?: { readonly maxBytes: number };
}

/** Starts a reader, past every proxy. */
export function startReader(
  { programs, directUrl: url, redisUrl, schema }: Cluster,
  options: Pick<ReaderSettings, 'leaseMs' | 'tooMuch'>,
  nodeOptions: ReadonlyArray<string> = [],
): Promise<OurProcess> {
  const settings: ReaderSettings = { url, redisUrl, schema, database: DATABASE, ...options };
  return startProcess({
    args: [programs.reader, JSON.stringify(settings)],
    nodeOptions,
    readyWhen: /^Reading$/,
  });
}

/** How often a reader said each thing, by the first word. */
export function countedReadings({ output }: OurProcess): Map<string, number> {
  const counts = new Map<string, number>();
  for (const line of output().split('\n')) {
    const what = line.startsWith('Refused') ? line : line.split(' ', 1)[0]!;
    counts.set(what, (counts.get(what) ?? 0) + 1);
  }
  return counts;
}

/** Resolves when the reader has read so often more, and fails where it does not in time. */
export async function readMore(reader: OurProcess, times: number, withinMs: number): Promise<void> {
  const read = (): number => countedReadings(reader).get('At') ?? 0;
  const wanted = read() + times;
  for (const from = performance.now(); read() < wanted; await wait(20))
    if (performance.now() - from > withinMs)
      throw new Error(
        `Expected a reader to read ${times} times more in ${withinMs} ms, got to ${read()} of ${wanted}: ${reader.output().slice(-500)}`,
      );
}

/** What it should not have said: another answer than before, or another one than whoever looks at the same transaction now has. */
export async function wrongReadings(
  { output }: OurProcess,
  connection: Connection,
): Promise<string[]> {
  const lines = output().split('\n');
  const wrong = lines.filter((line) => /^(Other|Failed|Answered)/.test(line));
  const newest = lines.filter((line) => line.startsWith('At ')).slice(-3);
  for (const line of newest) {
    const [, tx = '', ...notes] = line.split(' ');
    const wanted = await notesOf(asOf(await connection.sync(Number(tx)), Number(tx)));
    if (notes.join(' ') !== wanted) wrong.push(`${line}, where ${wanted} are`);
  }
  return wrong;
}
