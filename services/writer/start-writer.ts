/** Becomes the writer of a database. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import type { Bus } from '../bus/bus.ts';
import type { Connection } from '../connection/connection.ts';
import type { Log } from '../shared/log.ts';
import { takeLease } from './lease-keeper.ts';
import { LocalWriter } from './local-writer.ts';
import type { QueueLimits } from './request-queue.ts';

export interface StartWriterOptions extends QueueLimits {
  readonly connection: Connection;
  readonly bus: Bus;
  readonly log: Log;
  /** How long the branch stays locked after a writer that died; 2 s by default. */
  readonly leaseTtlMs?: number;
  /** Where other processes send transactions; by default only this one writes. */
  readonly address?: string | null;
  /** See {@link LocalWriter}. */
  readonly foldThreshold?: number;
  readonly foldQuietMs?: number;
}

/** @throws BRANCH_LOCKED where another writer lives */
export async function startWriter(options: StartWriterOptions): Promise<LocalWriter> {
  const { connection, leaseTtlMs = 2000, address = null, ...rest } = options;
  const { store, branch } = connection;
  // Every start is another owner, so that a writer never takes over from itself unnoticed.
  const owner = `${hostname()}:${process.pid}:${randomUUID()}`;
  const ttlMs = leaseTtlMs;
  const lease = await takeLease({ store, branch, owner, address, ttlMs, log: rest.log });
  try {
    return await LocalWriter.start({ ...rest, connection, lease });
  } catch (error) {
    await lease.release();
    throw error;
  }
}
