/**
 * Rewrites segments in the rows of the log, some rows at a time, so that nobody waits long for the row of the branch: a lease
 * is renewed there. Each time the epoch is looked at again, because a deposed writer must not undo what its successor wrote.
 */
import { DatabaseError } from '../../../schema/error.ts';
import { decodeSegments, encodeSegments } from '../segment-list.ts';
import type { StoredSegment } from '../store.ts';
import type { Connections, Query } from './connections.ts';
import { logParts } from './log-rows.ts';

const TRANSACTIONS_PER_LOOKUP = 5_000;
const ROWS_PER_TRANSACTION = 100;

interface LogKey {
  readonly branch_id: number;
  readonly last_tx: number;
  readonly [column: string]: unknown;
}

export class PostgresLogRewrite {
  readonly #connections: Connections;
  readonly #schema: string;
  readonly #databaseId: number;

  constructor(connections: Connections, schema: string, databaseId: number) {
    this.#connections = connections;
    this.#schema = schema;
    this.#databaseId = databaseId;
  }

  async rewrite(
    branch: string,
    epoch: number,
    segments: ReadonlyArray<StoredSegment>,
  ): Promise<boolean> {
    const branchId = await this.#connections.transaction((query) =>
      this.#lockBranch(query, branch, epoch),
    );
    if (branchId === undefined) return false;
    const bytesByTx = new Map(segments.map(({ tx, bytes }) => [tx, bytes]));
    const keys = await this.#rowsOf(branchId, [...bytesByTx.keys()]);
    for (let start = 0; start < keys.length; start += ROWS_PER_TRANSACTION) {
      const some = keys.slice(start, start + ROWS_PER_TRANSACTION);
      const isDone = await this.#connections.transaction(async (query) => {
        if ((await this.#lockBranch(query, branch, epoch)) !== branchId) return false;
        await this.#rewriteRows(query, some, bytesByTx);
        return true;
      });
      if (isDone) continue;
      if (start === 0) return false;
      throw deposed(branch);
    }
    return true;
  }

  /** The id of the branch, whose row is locked until the transaction ends, where the epoch may write it. */
  async #lockBranch(query: Query, branch: string, epoch: number): Promise<number | undefined> {
    const { rows } = await query<{ readonly branch_id: number }>(
      `SELECT branch_id FROM ${this.#schema}.branches
        WHERE database_id = $1 AND branch = $2 AND version > 0 AND epoch <= $3 FOR UPDATE`,
      [this.#databaseId, branch, epoch],
    );
    return rows[0]?.branch_id;
  }

  /** The keys of the rows that hold any of the transactions, in the order of these. */
  async #rowsOf(branchId: number, txs: ReadonlyArray<number>): Promise<LogKey[]> {
    const keys: LogKey[] = [];
    for (let start = 0; start < txs.length; start += TRANSACTIONS_PER_LOOKUP) {
      const some = txs.slice(start, start + TRANSACTIONS_PER_LOOKUP);
      const { rows } = await this.#connections.query<LogKey>({
        text: `SELECT DISTINCT part.source_id AS branch_id, l.last_tx
          FROM unnest($3::bigint[]) AS wanted (tx)
          CROSS JOIN (${logParts(this.#schema, '$2::integer')}) part
          CROSS JOIN LATERAL (
            SELECT first_tx, last_tx FROM ${this.#schema}.log
            WHERE database_id = $1 AND branch_id = part.source_id AND last_tx >= wanted.tx
              AND last_tx > part.after_tx AND last_tx <= part.until_tx
            ORDER BY last_tx LIMIT 1
          ) l
          WHERE l.first_tx <= wanted.tx`,
        values: [this.#databaseId, branchId, `{${some.join(',')}}`],
      });
      keys.push(...rows);
    }
    // Two that share rows lock them in the same order, so that they never wait for each other.
    return keys.sort((a, b) => a.last_tx - b.last_tx);
  }

  async #rewriteRows(
    query: Query,
    keys: ReadonlyArray<LogKey>,
    bytesByTx: ReadonlyMap<number, Uint8Array>,
  ): Promise<void> {
    for (const { branch_id: branchId, last_tx: lastTx } of keys) {
      const key = [this.#databaseId, branchId, lastTx];
      const isRow = 'database_id = $1 AND branch_id = $2 AND last_tx = $3';
      const { rows } = await query<{ readonly bytes: Buffer }>(
        `SELECT bytes FROM ${this.#schema}.log WHERE ${isRow} FOR UPDATE`,
        key,
      );
      const [row] = rows;
      if (row === undefined) continue;
      const rewritten = decodeSegments(row.bytes).map(({ tx, bytes }) => ({
        tx,
        bytes: bytesByTx.get(tx) ?? bytes,
      }));
      const bytes = encodeSegments(rewritten);
      if (bytes.equals(row.bytes)) continue;
      await query(`UPDATE ${this.#schema}.log SET bytes = $4 WHERE ${isRow}`, [...key, bytes]);
    }
  }
}

function deposed(branch: string): DatabaseError {
  return new DatabaseError(
    'WRITER_DEPOSED',
    `Another writer has taken over the branch ${JSON.stringify(branch)} while its log was rewritten`,
    { data: { branch } },
  );
}
