/** What a fault is, and what it is given. */
import { setTimeout as wait } from 'node:timers/promises';
import { Client as PgClient } from 'pg';
import type { Client } from './client.ts';
import type { Cluster, WriterSeat } from './cluster.ts';
import { LEASE_TTL_MS } from './cluster.ts';
import type { Random } from './random.ts';

export interface FaultContext {
  readonly cluster: Cluster;
  readonly clients: ReadonlyArray<Client>;
  readonly random: Random;
  /** The address that the lease names now. */
  readonly leader: () => Promise<string | null>;
  /** Something for the line of the fault, beside its counts. */
  readonly note: (what: string) => void;
  /** Something that must not be. */
  readonly violated: (what: string) => void;
}

/** Harm that is done to the cluster while clients write: it is undone before `inject` resolves. */
export interface Fault {
  /** As in the list of faults that the project holds itself to. */
  readonly what: string;
  /** @throws NotPossibleHere where this machine does not allow the harm */
  readonly inject: (context: FaultContext) => Promise<void>;
}

export type Faults = Readonly<Record<string, Fault>>;

/** The machine lacks what a fault needs: it is passed over, and says what was missing. */
export class NotPossibleHere extends Error {}

/** By when the cluster has to acknowledge again after a fault. */
export const RECOVERY_MS = 30_000;

/** Long enough for a lease to lapse. */
export const OUTLASTING_MS = 2 * LEASE_TTL_MS;

/** The writer that holds the lease, as soon as there is one. */
export async function leaderSeat({ cluster, leader }: FaultContext): Promise<WriterSeat> {
  for (const from = performance.now(); performance.now() - from < RECOVERY_MS;) {
    const seat = cluster.seatAt(await leader().catch(() => null));
    if (seat !== undefined) return seat;
    await wait(50);
  }
  throw new Error(`Expected one of the writers to hold the lease within ${RECOVERY_MS} ms`);
}

/** Works on the database of the cluster as the superuser of its server, past every proxy. */
export async function asSuperuser(
  { postgres }: Cluster,
  work: (client: PgClient) => Promise<void>,
): Promise<void> {
  const client = new PgClient({
    host: '127.0.0.1',
    port: postgres.port,
    user: 'postgres',
    database: 'gateway',
  });
  client.on('error', () => undefined);
  await client.connect();
  try {
    await work(client);
  } finally {
    await client.end();
  }
}
