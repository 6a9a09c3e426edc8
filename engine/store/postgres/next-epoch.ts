/**
 * Gives out the next writer epoch of a database. The caller holds the row of the branch.
 */
import { epochsExhausted, MAX_EPOCH } from '../epoch.ts';
import type { Query } from './connections.ts';

/** @throws STORE_UNAVAILABLE where the database has no epoch left to give out */
export async function nextEpoch(
  query: Query,
  schema: string,
  databaseId: number,
  branch: string,
): Promise<number> {
  // A commit may have come with a later epoch than was given out.
  const { rows } = await query<{ readonly epoch: number }>(
    `UPDATE ${schema}.databases d SET epoch = greatest(d.epoch, b.epoch) + 1
      FROM ${schema}.branches b
      WHERE d.database_id = $1 AND b.database_id = $1 AND b.branch = $2
        AND greatest(d.epoch, b.epoch) < $3
      RETURNING d.epoch`,
    [databaseId, branch, MAX_EPOCH],
  );
  const [row] = rows;
  if (row === undefined) throw epochsExhausted(String(databaseId));
  return row.epoch;
}
