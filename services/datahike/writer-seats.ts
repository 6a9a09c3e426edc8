/**
 * The branches that this process writes for Datahike's clients. It becomes the writer of a branch when the first transaction for it comes, where nobody
 * else is it, and leaves it when nothing was written for a while.
 */
import { DatabaseError } from '../../engine/index.ts';
import type { Connection } from '../connection/connection.ts';
import type { TransactRequest, TransactResult, Writer } from '../connection/writer-port.ts';
import { writerKey } from '../connection/writer-port.ts';
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

/** What a `WriterServer` takes transactions for. */
export interface PublishedWriters {
  readonly storage: Storage;
  /** What leases say of the process. */
  readonly address: string;
  /** By `writerKey`. */
  readonly writers: Map<string, Writer>;
}

const DEFAULT_IDLE_MS = 300_000;
const MAX_IDLE_SEATS = 1_000;

/** For so long it is not tried again where another process was the writer. */
const LOCKED_MS = 1_000;

/** A branch that is written here. */
interface Seat {
  /** Takes no more transactions, and writes those that it took. */
  readonly stop: () => Promise<void>;
}

export class WriterSeats {
  readonly #options: WriterSeatsOptions;
  readonly #seats: OnDemand<Seat>;
  readonly #lockedUntilMs = new WeakMap<Connection, number>();
  readonly #numbers = new WeakMap<Storage, number>();
  #lastNumber = 0;

  constructor(options: WriterSeatsOptions) {
    const { log, idleMs = DEFAULT_IDLE_MS } = options;
    this.#options = options;
    this.#seats = new OnDemand<Seat>({
      close: ({ stop }) => stop(),
      idleMs,
      maxOpen: MAX_IDLE_SEATS,
      onFault: (error) => log.error({ event: 'writer not stopped', error }),
    });
  }

  /** Writes a transaction, as the writer of the branch where nobody else is it. @throws as `Writer.transact` */
  async transact(
    { storage, name, connection }: Place,
    request: TransactRequest,
  ): Promise<TransactResult> {
    const key = this.#keyOf(storage, name, connection.branch);
    for (;;) {
      await this.#take(key, { storage, name, connection });
      const [seat, isOurs] = [this.#seats.peek(key), this.#seats.has(key)];
      try {
        return await connection.transact(request);
      } catch (error) {
        const isLeft = isOurs && (seat === undefined || seat !== this.#seats.peek(key));
        // It was left in this very moment: nothing was written, and it can be taken again.
        if (!isLeft || !isCode(error, 'WRITER_UNAVAILABLE')) throw error;
      }
    }
  }

  /** Becomes the writer of a branch where nobody is it. Afterwards the connection leads to the writer, wherever that is. */
  async #take(key: string, place: Place): Promise<void> {
    const { connection } = place;
    if ((this.#lockedUntilMs.get(connection) ?? 0) > performance.now()) return;
    if (connection.hasLocalWriter && !this.#seats.has(key)) return;
    const onDeposed = (): void => void this.#seats.drop((other) => other === key);
    try {
      // Used now: its time begins anew.
      const { release } = await this.#seats.hold(key, () => start(place, this.#options, onDeposed));
      release();
    } catch (error) {
      if (!isCode(error, 'BRANCH_LOCKED')) throw error;
      this.#lockedUntilMs.set(connection, performance.now() + LOCKED_MS);
    }
  }

  /** Stops writing all branches of a database, or the one that is named. */
  leave(storage: Storage, name: string, branch?: string): Promise<void> {
    const prefix = this.#keyOf(storage, name, branch);
    return this.#seats.drop((key) => key.startsWith(prefix));
  }

  close(): Promise<void> {
    return this.#seats.close();
  }

  /** Without a branch what the keys of all branches begin with. */
  #keyOf(storage: Storage, name: string, branch?: string): string {
    let number = this.#numbers.get(storage);
    if (number === undefined) this.#numbers.set(storage, (number = ++this.#lastNumber));
    const database = `${number} ${JSON.stringify(name)} `;
    return branch === undefined ? database : database + JSON.stringify(branch);
  }
}

/** Where a branch is, open for as long as it is written. */
interface Place {
  readonly storage: Storage;
  readonly name: string;
  readonly connection: Connection;
}

/** Becomes the writer of a branch, which other processes reach where they are told how. @throws BRANCH_LOCKED */
async function start(
  { storage, name, connection }: Place,
  { published, collect, ...limits }: WriterSeatsOptions,
  onDeposed: () => void,
): Promise<Seat> {
  const { store, branch } = connection;
  const shared = published?.storage === storage ? published : undefined;
  const writer = await startWriter({
    ...limits,
    connection,
    bus: storage.bus,
    address: shared?.address ?? null,
  });
  writer.onDeposed(onDeposed);
  shared?.writers.set(writerKey(name, branch), writer);
  const job =
    collect === undefined ? undefined : startCollectJob({ ...collect, store, log: limits.log });
  return {
    async stop() {
      shared?.writers.delete(writerKey(name, branch));
      await job?.stop();
      await writer.stop();
    },
  };
}

function isCode(error: unknown, code: DatabaseError['code']): boolean {
  return error instanceof DatabaseError && error.code === code;
}
