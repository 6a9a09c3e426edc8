/**
 * `npm run faults -- [NAME...] [--seconds N] [--seed N] [--list]`: real PostgreSQL, Redis, writers and readers as processes, harmed while clients
 * write, and checked afterwards. One line for each fault; what was violated below it, and then the exit code is 1.
 */
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { toTxData } from '../../engine/index.ts';
import { closeStorage, openDatabase } from '../../services/index.ts';
import { Client, SCHEMA, openClientStorage } from './client.ts';
import { Cluster, DATABASE } from './cluster.ts';
import type { Fault } from './fault.ts';
import { NotPossibleHere, RECOVERY_MS } from './fault.ts';
import { FAULTS } from './faults.ts';
import type { Outcome } from './history.ts';
import { violations } from './invariants.ts';
import { Random } from './random.ts';

const CLIENTS = 4;
/** How long clients write before a fault, and after it. */
const QUIET_MS = 500;

interface Count {
  ok: number;
  unknown: number;
  failed: number;
}

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    options: {
      seconds: { type: 'string' },
      seed: { type: 'string' },
      list: { type: 'boolean', default: false },
    },
    allowPositionals: true,
  });
  if (values.list) {
    for (const [name, { what }] of Object.entries(FAULTS))
      console.log(`${name.padEnd(18)} ${what}`);
    return 0;
  }
  const unknown = positionals.find((name) => !Object.hasOwn(FAULTS, name));
  if (unknown !== undefined) {
    console.error(`Expected one of ${Object.keys(FAULTS).join(', ')}, got ${unknown}`);
    return 1;
  }
  const names = positionals.length === 0 ? Object.keys(FAULTS) : positionals;
  const seed = values.seed === undefined ? Date.now() % 2 ** 31 : Number(values.seed);
  console.log(`seed ${seed}`);
  const cluster = await Cluster.start();
  try {
    return await tryAll(cluster, names, new Random(seed), Number(values.seconds ?? 0) * 1_000);
  } finally {
    await cluster.stop();
  }
}

async function tryAll(
  cluster: Cluster,
  names: ReadonlyArray<string>,
  random: Random,
  durationMs: number,
): Promise<number> {
  const started = performance.now();
  const clients: Client[] = [];
  for (let i = 0; i < CLIENTS; i++)
    clients.push(await Client.open(cluster, `client ${i}`, new Random(random.between(0, 2 ** 31))));
  await clients[0]!.connection.transact({ txData: toTxData(SCHEMA) });
  let faultCount = 0;
  try {
    // Each of them once, and then for as long as there is time.
    const isOver = (tried: number): boolean =>
      tried >= names.length && (faultCount > 0 || performance.now() - started >= durationMs);
    for (let tried = 0; !isOver(tried); tried++) {
      const name = names[tried % names.length]!;
      faultCount += await tryFault(cluster, clients, name, FAULTS[name]!, random);
    }
  } finally {
    for (const client of clients) await client.close();
  }
  const total = countOf(clients);
  console.log(
    `${total.ok} acknowledged, ${total.unknown} unknown, ${total.failed} refused, ${faultCount} violations, ${cluster.restarts} writers started again`,
  );
  return faultCount === 0 ? 0 : 1;
}

async function tryFault(
  cluster: Cluster,
  clients: ReadonlyArray<Client>,
  name: string,
  { inject }: Fault,
  random: Random,
): Promise<number> {
  const before = countOf(clients);
  const startedAt = performance.now();
  for (const client of clients) client.run();
  await wait(QUIET_MS + random.between(0, QUIET_MS));
  const { store, branch } = clients[0]!.connection;
  const leader = async (): Promise<string | null> =>
    (await store.leases.current(branch))?.address ?? null;
  const injectedAt = performance.now();
  const [skipped, notes, found]: [string[], string[], string[]] = [[], [], []];
  await inject({
    ...{ cluster, clients, random, leader },
    note: (what) => notes.push(what),
    violated: (what) => found.push(what),
  }).catch((error: unknown) => {
    if (error instanceof NotPossibleHere) skipped.push(`SKIPPED: ${error.message}`);
    else found.push(`the harm itself failed: ${messageOf(error)}`);
  });
  const undoneAt = performance.now();
  const recoveryMs = await recovered(clients);
  await wait(QUIET_MS);
  for (const client of clients) await client.stop();
  const stoppedAt = performance.now();
  const storage = await openClientStorage(cluster, cluster.directUrl);
  const fresh = await openDatabase(storage, DATABASE);
  found.push(
    ...(await violations(cluster, clients, fresh).catch((error: unknown) => [messageOf(error)])),
  );
  await fresh.release();
  await closeStorage(storage);
  if (recoveryMs === undefined) found.push('nothing was acknowledged any more');
  const count = countOf(clients);
  console.log(
    [
      name.padEnd(18),
      ...skipped,
      `${count.ok - before.ok} acknowledged`,
      `${count.unknown - before.unknown} unknown`,
      `${count.failed - before.failed} refused`,
      `again after ${recoveryMs?.toFixed(0) ?? '-'} ms`,
      `${found.length} violations`,
      `${seconds(startedAt, performance.now())} (harm ${seconds(injectedAt, undoneAt)}, check ${seconds(stoppedAt, performance.now())})`,
      ...notes,
    ].join(', '),
  );
  for (const each of found.slice(0, 20)) console.log(`  ${each}`);
  return found.length;
}

function messageOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}

function seconds(fromMs: number, toMs: number): string {
  return `${((toMs - fromMs) / 1_000).toFixed(1)} s`;
}

/** How long it takes until every client is acknowledged something again; undefined where that never happens. */
async function recovered(clients: ReadonlyArray<Client>): Promise<number | undefined> {
  const startedAt = performance.now();
  const known = clients.map(({ acknowledged }) => acknowledged);
  while (clients.some(({ acknowledged }, i) => acknowledged === known[i])) {
    if (performance.now() - startedAt > RECOVERY_MS) return undefined;
    await wait(5);
  }
  return performance.now() - startedAt;
}

function countOf(clients: ReadonlyArray<Client>): Count {
  const count: Count = { ok: 0, unknown: 0, failed: 0 };
  const add = ({ outcome }: { readonly outcome: Outcome }): void => void count[outcome]++;
  for (const { notes, lists } of clients) {
    notes.forEach(add);
    lists.forEach(add);
  }
  return count;
}

process.exitCode = await main();
