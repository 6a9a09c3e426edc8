/**
 * Reads the log of a branch: its own rows, and those that it inherits. A fork inherits whole rows only, and no transaction is
 * in two rows of one branch.
 */
import { decodeSegments } from '../segment-list.ts';
import type { StoredSegment } from '../store.ts';
import type { Connections } from './connections.ts';

const ROWS_PER_READ = 200;
const LAST_TX = '9223372036854775807';

/**
 * The rows `source_id, after_tx, until_tx` of which the log of a branch is made; needs the database id as the first
 * parameter of the statement.
 */
export function logParts(schema: string, branchId: string): string {
  return `SELECT ${branchId} AS source_id, -1::bigint AS after_tx, ${LAST_TX} AS until_tx
    UNION ALL SELECT source_id, after_tx, until_tx FROM ${schema}.inherited_logs
    WHERE database_id = $1 AND branch_id = ${branchId}`;
}

export async function readLogRows(
  connections: Connections,
  schema: string,
  databaseId: number,
  branch: string,
  fromTx: number,
  toTx: number,
): Promise<ReadonlyArray<StoredSegment>> {
  const found: StoredSegment[] = [];
  for (let firstTx = fromTx; ;) {
    const { rows } = await connections.query<{ last_tx: number; bytes: Buffer }>({
      name: 'log',
      // Of the rows that end at or behind the last wanted transaction only the first can hold it.
      text: `SELECT l.last_tx, l.bytes FROM ${schema}.branches b
        CROSS JOIN LATERAL (${logParts(schema, 'b.branch_id')}) part
        CROSS JOIN LATERAL (
          SELECT last_tx, bytes FROM ${schema}.log
          WHERE database_id = $1 AND branch_id = part.source_id
            AND last_tx > part.after_tx AND last_tx <= part.until_tx
            AND last_tx >= $3 AND first_tx < $4
            AND last_tx <= coalesce((
              SELECT last_tx FROM ${schema}.log
              WHERE database_id = $1 AND branch_id = part.source_id AND last_tx >= $4 - 1
              ORDER BY last_tx LIMIT 1), ${LAST_TX})
          ORDER BY last_tx LIMIT ${ROWS_PER_READ}
        ) l
        WHERE b.database_id = $1 AND b.branch = $2
        ORDER BY l.last_tx LIMIT ${ROWS_PER_READ}`,
      values: [databaseId, branch, firstTx, toTx],
    });
    for (const { bytes } of rows) found.push(...decodeSegments(bytes));
    const lastRow = rows.at(-1);
    if (lastRow === undefined || rows.length < ROWS_PER_READ) break;
    firstTx = lastRow.last_tx + 1;
  }
  return found.filter(({ tx }) => tx >= fromTx && tx < toTx);
}
