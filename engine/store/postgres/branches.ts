/**
 * Finds, forks and deletes branches.
 *
 * A fork has rows of its own for the transactions that its trees do not hold, and refers to the rows before: of its origin,
 * and of all that its origin refers to, so that reading never walks a chain. Both the fork and a deletion hold the row of the
 * branch: while it lives all that it refers to stays, and when it goes its forks are known.
 *
 * The row of a deleted branch stays with version 0 and an epoch that no writer of it has, under a new branch id.
 */
import { parseCommitId } from '../commit-id.ts';
import { checkName } from '../names.ts';
import { decodeSegments, encodeSegments } from '../segment-list.ts';
import { databaseNotFound, originNotFound, snapshotSwept } from '../store-errors.ts';
import type { CommitPlace, ForkRequest } from '../store.ts';
import type { Connections, Query } from './connections.ts';
import { isOtherCommit } from '../postgres-migrations.ts';
import { logParts } from './log-rows.ts';
import { nextEpoch } from './next-epoch.ts';
import { lockedState } from './retention.ts';

const ROWS_PER_STATEMENT = 2_000;

interface BranchRow {
  readonly branch: string;
  readonly branch_id: number;
  readonly version: number;
  readonly lease_epoch: number | null;
  readonly [column: string]: unknown;
}

export class PostgresBranches {
  readonly #connections: Connections;
  readonly #schema: string;
  readonly #databaseId: number;

  constructor(connections: Connections, schema: string, databaseId: number) {
    this.#connections = connections;
    this.#schema = schema;
    this.#databaseId = databaseId;
  }

  async names(): Promise<ReadonlyArray<string>> {
    const { rows } = await this.#connections.query<{ readonly branch: string }>({
      text: `SELECT branch FROM ${this.#schema}.branches WHERE database_id = $1 AND version > 0`,
      values: [this.#databaseId],
    });
    return rows.map(({ branch }) => branch).sort();
  }

  async findCommit(id: string): Promise<CommitPlace | undefined> {
    const commitId = parseCommitId(id);
    if (commitId === undefined) return undefined;
    const isTimed = commitId[14] === '7';
    const { rows } = await this.#connections.query<{ branch: string; tx: number }>({
      name: isTimed ? 'find commit' : 'find other commit',
      text: `SELECT b.branch, l.last_tx AS tx FROM ${this.#schema}.log l
        CROSS JOIN LATERAL (
          SELECT l.branch_id UNION ALL
          SELECT branch_id FROM ${this.#schema}.inherited_logs
          WHERE database_id = $1 AND source_id = l.branch_id
            AND after_tx < l.last_tx AND l.last_tx <= until_tx
        ) holder
        JOIN ${this.#schema}.branches b ON b.branch_id = holder.branch_id
        WHERE l.database_id = $1 AND l.commit_id = $2 AND b.version > 0
          ${isTimed ? '' : `AND ${isOtherCommit('l.commit_id')}`}
        ORDER BY b.branch LIMIT 1`,
      values: [this.#databaseId, commitId],
    });
    return rows[0];
  }

  async fork(request: ForkRequest): Promise<boolean> {
    checkName('branch', request.branch);
    return this.#connections.transaction(async (query) => {
      await this.#ensureBranch(query, request.branch);
      const rows = await this.#lockBranches(query, [request.branch, request.origin.branch]);
      const fork = rows.find(({ branch }) => branch === request.branch);
      if (fork === undefined) throw databaseNotFound(String(this.#databaseId));
      if (fork.version > 0) return false;
      const origin = rows.find(({ branch }) => branch === request.origin.branch);
      if (origin === undefined || origin.version === 0) throw originNotFound(request.origin.branch);
      if (request.sweeps !== undefined) {
        const state = await lockedState(query, this.#schema, this.#databaseId);
        if (state?.sweeps !== request.sweeps) throw snapshotSwept(request.branch);
      }
      await this.#copyRows(query, request, fork.branch_id, origin.branch_id);
      await this.#inherit(query, request.origin.tx, fork.branch_id, origin.branch_id);
      await query(
        `UPDATE ${this.#schema}.branches
          SET version = 1, root_epoch = 0, attempt = 0, record = $3, indexed_tx = $4
          WHERE database_id = $1 AND branch_id = $2`,
        [this.#databaseId, fork.branch_id, Buffer.from(request.record), request.indexedTx],
      );
      return true;
    });
  }

  async delete(branch: string): Promise<void> {
    await this.#connections.transaction(async (query) => {
      const [row] = await this.#lockBranches(query, [branch]);
      if (row === undefined || (row.version === 0 && row.lease_epoch === null)) return;
      const epoch = await nextEpoch(query, this.#schema, this.#databaseId, branch);
      await query(
        `UPDATE ${this.#schema}.branches
          SET branch_id = DEFAULT, version = 0, epoch = $3, root_epoch = 0, attempt = 0,
            record = ''::bytea, indexed_tx = 0, void_epoch = NULL, void_attempt = NULL,
            owner = NULL, address = NULL, lease_epoch = NULL, lease_until = NULL
          WHERE database_id = $1 AND branch_id = $2`,
        [this.#databaseId, row.branch_id, epoch],
      );
      await query(
        `DELETE FROM ${this.#schema}.inherited_logs WHERE database_id = $1 AND branch_id = $2`,
        [this.#databaseId, row.branch_id],
      );
      await query(`INSERT INTO ${this.#schema}.deleted_branches VALUES ($1, $2)`, [
        this.#databaseId,
        row.branch_id,
      ]);
    });
    await this.#removeUnneeded();
  }

  async #ensureBranch(query: Query, branch: string): Promise<void> {
    await query(
      `INSERT INTO ${this.#schema}.branches (database_id, branch)
        SELECT database_id, $2 FROM ${this.#schema}.databases WHERE database_id = $1
        ON CONFLICT DO NOTHING`,
      [this.#databaseId, branch],
    );
  }

  /** In the order of their names, so that two that ask for the same ones never wait for each other. */
  async #lockBranches(query: Query, branches: ReadonlyArray<string>): Promise<BranchRow[]> {
    const { rows } = await query<BranchRow>(
      `SELECT branch, branch_id, version, lease_epoch FROM ${this.#schema}.branches
        WHERE database_id = $1 AND branch = ANY($2::text[]) ORDER BY branch FOR UPDATE`,
      [this.#databaseId, branches],
    );
    return rows;
  }

  /** Copies what the trees of the fork do not hold, and the row that holds its last transaction where that goes on behind. */
  async #copyRows(
    query: Query,
    { origin: { tx }, indexedTx }: ForkRequest,
    forkId: number,
    originId: number,
  ): Promise<void> {
    await query(
      `INSERT INTO ${this.#schema}.log
          (database_id, branch_id, last_tx, first_tx, version, epoch, attempt, bytes, commit_id)
        SELECT $1, $2, last_tx, first_tx, 1, 0, 0, bytes, commit_id
        FROM (${logParts(this.#schema, '$3::integer')}) part
        JOIN ${this.#schema}.log l ON l.database_id = $1 AND l.branch_id = part.source_id
          AND l.last_tx > part.after_tx AND l.last_tx <= part.until_tx
        WHERE l.last_tx > $5 AND l.last_tx <= $4`,
      [this.#databaseId, forkId, originId, tx, Math.min(indexedTx, tx)],
    );
    const { rows } = await query<{ readonly bytes: Buffer }>(
      `SELECT next.bytes FROM (${logParts(this.#schema, '$3::integer')}) part
        CROSS JOIN LATERAL (
          SELECT first_tx, bytes FROM ${this.#schema}.log
          WHERE database_id = $1 AND branch_id = part.source_id
            AND last_tx > greatest(part.after_tx, $2) AND last_tx <= part.until_tx
          ORDER BY last_tx LIMIT 1
        ) next
        WHERE next.first_tx <= $2`,
      [this.#databaseId, tx, originId],
    );
    const [row] = rows;
    if (row === undefined) return;
    const segments = decodeSegments(row.bytes).filter((segment) => segment.tx <= tx);
    await query(
      `INSERT INTO ${this.#schema}.log
          (database_id, branch_id, last_tx, first_tx, version, epoch, attempt, bytes)
        VALUES ($1, $2, $3, $4, 1, 0, 0, $5)`,
      [
        this.#databaseId,
        forkId,
        segments.at(-1)?.tx,
        segments[0]?.tx,
        encodeSegments(segments), // not the whole commit, so not its id
      ],
    );
  }

  /** Refers to what the origin has before the first row that was copied. */
  async #inherit(query: Query, tx: number, forkId: number, originId: number): Promise<void> {
    await query(
      `WITH inherited AS (
          SELECT source_id, after_tx, until_tx FROM ${this.#schema}.inherited_logs
          WHERE database_id = $1 AND branch_id = $3
        ), part AS (
          TABLE inherited UNION ALL
          SELECT $3, coalesce(max(until_tx), -1), $4 FROM inherited
        ), last AS (
          SELECT coalesce(min(first_tx) - 1, $4) AS tx FROM ${this.#schema}.log
          WHERE database_id = $1 AND branch_id = $2
        )
        INSERT INTO ${this.#schema}.inherited_logs
          (database_id, branch_id, source_id, after_tx, until_tx)
        SELECT $1, $2, source_id, after_tx, least(until_tx, last.tx) FROM part, last
        WHERE after_tx < last.tx`,
      [this.#databaseId, forkId, originId, tx],
    );
  }

  /** Removes the rows of deleted branches that no fork needs, in small steps; what was interrupted the next one completes. */
  async #removeUnneeded(): Promise<void> {
    const { rows } = await this.#connections.query<{ readonly branch_id: number }>({
      text: `SELECT branch_id FROM ${this.#schema}.deleted_branches WHERE database_id = $1`,
      values: [this.#databaseId],
    });
    for (const { branch_id: branchId } of rows) {
      await this.#connections.query({
        text: `DELETE FROM ${this.#schema}.keys WHERE database_id = $1 AND branch_id = $2`,
        values: [this.#databaseId, branchId],
      });
      await this.#removeUnneededRows(branchId);
      await this.#connections.query({
        text: `DELETE FROM ${this.#schema}.deleted_branches
          WHERE database_id = $1 AND branch_id = $2 AND NOT EXISTS (
            SELECT FROM ${this.#schema}.log WHERE database_id = $1 AND branch_id = $2)`,
        values: [this.#databaseId, branchId],
      });
    }
  }

  async #removeUnneededRows(branchId: number): Promise<void> {
    for (;;) {
      const { rowCount } = await this.#connections.query({
        text: `DELETE FROM ${this.#schema}.log WHERE ctid = ANY (ARRAY(
          SELECT ctid FROM ${this.#schema}.log
          WHERE database_id = $1 AND branch_id = $2 AND last_tx > (
            SELECT coalesce(max(until_tx), -1) FROM ${this.#schema}.inherited_logs
            WHERE database_id = $1 AND source_id = $2)
          LIMIT ${ROWS_PER_STATEMENT}))`,
        values: [this.#databaseId, branchId],
      });
      if ((rowCount ?? 0) < ROWS_PER_STATEMENT) return;
    }
  }
}
