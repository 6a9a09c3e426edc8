/** Databases as commands open them: a branch to read, a point in time to see it from, a writer to write with. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Command } from 'commander';
import { Option } from 'commander';
import { DatabaseError } from '../../schema/error.ts';
import { kw } from '../../schema/keyword.ts';
import type { Connection } from '../../services/connection/connection.ts';
import type { Writer } from '../../services/connection/writer-port.ts';
import type { Db, TimePoint } from '../../services/database-values.ts';
import { asOf, history, pull, since } from '../../services/database-values.ts';
import { RemoteWriter } from '../../services/rpc/remote-writer.ts';
import { openDatabase } from '../../services/storage.ts';
import { startWriter } from '../../services/writer/start-writer.ts';
import { branchOption } from './guide.ts';
import type { Session } from './session.ts';

export async function withDatabase<T>(
  { storage }: Pick<Session, 'storage'>,
  database: string,
  branch: string | undefined,
  work: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await openDatabase(storage, database, branch);
  try {
    return await work(connection);
  } finally {
    await connection.release();
  }
}

export interface ViewOptions {
  readonly branch?: string;
  readonly asOf?: TimePoint;
  readonly since?: TimePoint;
  readonly history?: boolean;
}

/** The branch and the time from which a database is seen. */
export function addViewOptions(command: Command): Command {
  return command
    .addOption(branchOption())
    .addOption(
      new Option('--as-of <point>', 'as it was after a transaction, or at a time').argParser(
        parsePoint,
      ),
    )
    .addOption(
      new Option(
        '--since <point>',
        'only what came after a transaction, or after a time',
      ).argParser(parsePoint),
    )
    .option('--history', 'all that ever was, also what was retracted');
}

/** @throws BAD_USER_INPUT where the database keeps no history */
export function viewOf(db: Db, options: ViewOptions): Db {
  let view = db;
  if (options.asOf !== undefined) view = asOf(view, options.asOf);
  if (options.since !== undefined) view = since(view, options.since);
  return options.history === true ? history(view) : view;
}

/** @throws BAD_USER_INPUT */
export function parsePoint(text: string): TimePoint {
  if (/^\d+$/.test(text)) return Number(text);
  const time = new Date(text);
  if (!Number.isNaN(time.getTime())) return time;
  throw new DatabaseError(
    'BAD_USER_INPUT',
    `Expected the number of a transaction, or a time such as 2026-01-31T12:00:00Z, got ${text}`,
  );
}

/** How long to wait for another command that writes. */
const PATIENCE_MS = 10_000;
const LOOK_INTERVAL_MS = 100;

/**
 * Writes a branch: through the writer that lives, or as its writer where none does. Another command that writes is waited for.
 *
 * @throws BRANCH_LOCKED where the branch is written by a process that takes nothing from others
 */
export async function withWriter<T>(
  { storage, config, signal }: Pick<Session, 'storage' | 'config' | 'signal'>,
  database: string,
  connection: Connection,
  work: (writer: Writer) => Promise<T>,
): Promise<T> {
  const { store, branch } = connection;
  const giveUpAt = performance.now() + PATIENCE_MS;
  for (;;) {
    const lease = await store.leases.current(branch);
    if (lease !== undefined && lease.address !== null)
      return work(new RemoteWriter({ database, store, branch }));
    if (lease === undefined) {
      const writer = await startWriter({
        ...storage,
        connection,
        leaseTtlMs: config.writer.leaseTtlMs,
        address: null,
      }).catch((error: unknown) => {
        if (error instanceof DatabaseError && error.code === 'BRANCH_LOCKED') return undefined;
        throw error;
      });
      if (writer !== undefined) return work(writer).finally(() => writer.stop());
    } else if (performance.now() > giveUpAt)
      throw new DatabaseError(
        'BRANCH_LOCKED',
        `${lease.owner} writes the branch ${branch} of ${database} and takes no transactions from other processes; nothing was written. Try again when it has ended`,
      );
    await wait(LOOK_INTERVAL_MS, undefined, { signal });
  }
}

const TX_INSTANT = kw('db/txInstant');

/** When a transaction was; null where the database does not keep that. */
export async function instantOf(db: Db, tx: number): Promise<Date | null> {
  const found = (await pull(db, [TX_INSTANT], tx))?.get(TX_INSTANT);
  return found instanceof Date ? found : null;
}
