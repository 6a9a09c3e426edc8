/**
 * The branches that this process writes for Datahike's clients. It becomes the writer of a branch when the first transaction for it comes, where nobody
 * else is it, and leaves it when nothing was written for a while.
 */
import { DatabaseError, MAIN_BRANCH } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { Writer } from '../connection/writer-port.ts';
import type { CollectJobOptions } from '../maintenance/collect-job.ts';
import { startCollectJob } from '../maintenance/collect-job.ts';
import type { Log } from '../shared/log.ts';
import { OnDemand } from '../shared/on-demand.ts';
import type { Storage } from '../storage.ts';
import { startWriter } from '../writer/start-writer.ts';

export interface WriterSeatsOptions {
  /** See `startWriter`. */
  readonly leaseTtlMs?: number;
  readonly foldThreshold?: number;
  /** For how long nothing must have been written to a branch that is left to others; 300,000 ms by default. */
  readonly idleMs?: number;
  /** How often what nothing needs any more is deleted of what is written here, and for how long it is kept; by default only when somebody asks. */
  readonly collect?: Pick<CollectJobOptions, 'intervalMs' | 'retainMs'> | undefined;
  /** Where other processes send transactions for databases of a storage; by default this one alone writes. */
  readonly published?: PublishedWriters | undefined;
  readonly log: Log;
}

/** What a `WriterServer` takes transactions for: main branches, by the names of their databases. */
export interface PublishedWriters {
  readonly storage: Storage;
  /** What leases say of the process. */
  readonly address: string;
  readonly writers: Map<string, Writer>;
}

const DEFAULT_IDLE_MS = 300_000;
const MAX_IDLE_SEATS = 1_000;

/** For so long it is not tried again where another process was the writer. */
const LOCKED_MS = 1_000;

interface Seat {
  readonly storage: Storage;
  readonly name: string;
  readonly connection: Connection;
}

interface TakenSeat {
  /** Takes no more transactions, and writes those that it took. */
  readonly leave: () => Promise<void>;
}

export class WriterSeats {
  readonly #writers: OnDemand<TakenSeat>;
  readonly #seats = new Map<string, Seat>();
  readonly #lockedUntilMs = new WeakMap<Connection, number>();

  constructor({
    log,
    idleMs = DEFAULT_IDLE_MS,
    published,
    collect,
    ...limits
  }: WriterSeatsOptions) {
    this.#writers = new OnDemand<TakenSeat>({
      open: async (key) => {
        const seat = this.#seats.get(key);
        if (seat === undefined) throw new Error(`Expected a seat of ${key}`);
        const { storage, name, connection } = seat;
        const isMain = connection.branch === MAIN_BRANCH;
        const shared = isMain && published?.storage === storage ? published : undefined;
        const address = shared?.address ?? null;
        const writer = await startWriter({ ...limits, connection, bus: storage.bus, address, log });
        writer.onDeposed(() => void this.#writers.drop((other) => other === key));
        shared?.writers.set(name, writer);
        const { store } = connection;
        const job = collect === undefined ? undefined : startCollectJob({ ...collect, store, log });
        const leave = async (): Promise<void> => {
          shared?.writers.delete(name);
          await job?.stop();
          await writer.stop();
        };
        return { leave };
      },
      close: ({ leave }) => leave(),
      idleMs,
      maxOpen: MAX_IDLE_SEATS,
      onFault: (error) => log.error({ event: 'writer not stopped', error }),
    });
  }

  /** Becomes the writer of a branch where nobody is it. Afterwards the connection leads to the writer, wherever that is. */
  async take(storage: Storage, name: string, connection: Connection): Promise<void> {
    if ((this.#lockedUntilMs.get(connection) ?? 0) > performance.now()) return;
    const key = keyOf(connection);
    const isOurs = this.#writers.peek(key) !== undefined;
    if (connection.hasLocalWriter && !isOurs) return;
    this.#seats.set(key, { storage, name, connection });
    try {
      // Used now: its time begins anew.
      const { release } = await this.#writers.hold(key);
      release();
    } catch (error) {
      if (!(error instanceof DatabaseError) || error.code !== 'BRANCH_LOCKED') throw error;
      this.#lockedUntilMs.set(connection, performance.now() + LOCKED_MS);
    }
  }

  /** Stops writing all branches of a database, or the one that is named. */
  async leave(storage: Storage, name: string, branch?: string): Promise<void> {
    const keys = new Set<string>();
    for (const [key, seat] of this.#seats)
      if (
        seat.storage === storage &&
        seat.name === name &&
        seat.connection.branch === (branch ?? seat.connection.branch)
      )
        keys.add(key);
    await this.#writers.drop((key) => keys.has(key));
    for (const key of keys) this.#seats.delete(key);
  }

  close(): Promise<void> {
    return this.#writers.close();
  }
}

function keyOf({ store, branch }: Connection): string {
  return JSON.stringify([store.id, branch]);
}
