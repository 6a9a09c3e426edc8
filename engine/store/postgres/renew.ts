/**
 * A database under another id, after the server was set back to an earlier copy of its data; see `StoreHost.renew`.
 */
import { MAX_EPOCH, RENEWED_EPOCHS, epochsExhausted } from '../epoch.ts';
import { databaseNotFound } from '../store-errors.ts';
import type { Connections } from './connections.ts';

/** @throws DATABASE_NOT_FOUND, STORE_UNAVAILABLE where there are not enough epochs left */
export function renewDatabase(
  connections: Connections,
  schema: string,
  name: string,
): Promise<void> {
  return connections.transaction(async (query) => {
    const found = await query<{ readonly database_id: number }>(
      `SELECT database_id FROM ${schema}.databases WHERE name = $1`,
      [name],
    );
    const [database] = found.rows;
    if (database === undefined) throw databaseNotFound(name);
    const { database_id: databaseId } = database;
    // The rows of the branches first, as whoever takes a lease does.
    const { rows: branches } = await query<{ readonly epoch: number }>(
      `UPDATE ${schema}.branches
        SET owner = NULL, address = NULL, lease_epoch = NULL, lease_until = NULL
        WHERE database_id = $1 RETURNING epoch`,
      [databaseId],
    );
    const latest = Math.max(0, ...branches.map(({ epoch }) => epoch));
    const { rows } = await query<{ readonly epoch: number }>(
      `UPDATE ${schema}.databases
        SET uuid = gen_random_uuid(), epoch = greatest(epoch, $2) + $3
        WHERE database_id = $1 AND greatest(epoch, $2) + $3 <= $4 RETURNING epoch`,
      [databaseId, latest, RENEWED_EPOCHS, MAX_EPOCH],
    );
    const [renewed] = rows;
    if (renewed === undefined) throw epochsExhausted(name);
    await query(`UPDATE ${schema}.branches SET epoch = $2 WHERE database_id = $1`, [
      databaseId,
      renewed.epoch,
    ]);
  });
}
